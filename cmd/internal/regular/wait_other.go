//go:build !unix

package regular

const neverWait = 0
