//go:build unix

package cli

import (
	"io/fs"
	"os"
	"syscall"
)

// openFile is [os.Open] without the offer to the poller, which takes no regular file: for a
// small one that would be half of the calls of the system.
func openFile(path string) (*os.File, error) {
	for {
		fd, err := syscall.Open(path, syscall.O_RDONLY|syscall.O_CLOEXEC, 0)
		switch err {
		case nil:
			return os.NewFile(uintptr(fd), path), nil
		case syscall.EINTR:
		default:
			return nil, &fs.PathError{Op: "open", Path: path, Err: err}
		}
	}
}
