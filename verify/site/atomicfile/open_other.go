//go:build !unix

package atomicfile

const noWait = 0 // no name in a directory leads to a pipe
