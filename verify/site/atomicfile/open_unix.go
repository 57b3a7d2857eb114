//go:build unix

package atomicfile

import "syscall"

// noWait opens a pipe without its writer, and a terminal without becoming its process.
const noWait = syscall.O_NONBLOCK | syscall.O_NOCTTY
