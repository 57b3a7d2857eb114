//go:build unix

package keyfile

import (
	"errors"
	"io/fs"
	"os"
	"syscall"
)

// neverWait: opening a named pipe would wait for its writer, perhaps forever.
const neverWait = syscall.O_NONBLOCK | syscall.O_NOCTTY

// othersCanRead goes by the mode alone, for root too: root reads everything, and the
// file would still be open to others.
func othersCanRead(mode fs.FileMode) bool { return mode.Perm()&0o077 != 0 }

// syncDirectory makes a new name in the directory last through a power cut.
func syncDirectory(path string) error {
	directory, err := os.Open(path)
	if err != nil {
		return err
	}
	defer directory.Close()
	err = directory.Sync()
	// Some network and virtual file systems cannot do this; they keep the name as they can.
	if errors.Is(err, syscall.EINVAL) || errors.Is(err, errors.ErrUnsupported) {
		return nil
	}
	return err
}
