//go:build !linux

package picture

import (
	"os"
	"syscall"
)

func self() (string, error) { return os.Executable() }

func attributes() *syscall.SysProcAttr { return nil }

const directory = "" // as its parent's

// limit does nothing: Go's own limit is set, and the parent watches the time.
func limit() error { return nil }
