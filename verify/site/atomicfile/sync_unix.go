//go:build !windows

package atomicfile

import (
	"errors"
	"os"
	"syscall"
)

// SyncDirectory makes the names in a directory durable: without it a power cut can
// undo a rename. Some network file systems cannot and say so with EINVAL, and
// a directory that may be written but not read cannot be opened; neither is a
// reason to call a completed write a failure.
func SyncDirectory(directory string) error {
	d, err := os.OpenFile(directory, os.O_RDONLY|syscall.O_DIRECTORY|noWait, 0)
	if errors.Is(err, os.ErrPermission) {
		return nil
	}
	if err != nil {
		return err
	}
	defer d.Close()
	err = d.Sync()
	if errors.Is(err, syscall.EINVAL) || errors.Is(err, errors.ErrUnsupported) {
		return nil
	}
	return err
}
