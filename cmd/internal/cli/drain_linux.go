package cli

import (
	"os"

	"golang.org/x/sys/unix"
)

// drain waits until a terminal has got all that was written. A serial line takes seconds
// for a screen.
func drain(terminal *os.File) { _ = unix.IoctlSetInt(int(terminal.Fd()), unix.TCSBRK, 1) }
