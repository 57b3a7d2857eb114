//go:build unix

package regular

import "syscall"

// neverWait: for the other end of a pipe, nor for a terminal.
const neverWait = syscall.O_NONBLOCK | syscall.O_NOCTTY
