//go:build !windows

package cli

import "syscall"

var (
	readOnly = []error{syscall.EROFS}
	diskFull = []error{syscall.ENOSPC}
)
