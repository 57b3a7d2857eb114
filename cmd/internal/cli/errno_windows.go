package cli

import "golang.org/x/sys/windows"

var (
	readOnly = []error{windows.ERROR_WRITE_PROTECT}
	diskFull = []error{windows.ERROR_DISK_FULL, windows.ERROR_HANDLE_DISK_FULL}
)
