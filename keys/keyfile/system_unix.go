//go:build unix

package keyfile

import (
	"errors"
	"io/fs"
	"os"
	"syscall"
)

// othersCanRead goes by the mode alone, for root too: root reads everything, and the
// file would still be open to others.
func othersCanRead(mode fs.FileMode) bool { return mode.Perm()&0o077 != 0 }

// noWait opens a pipe without its writer, and a terminal without becoming its process.
const noWait = syscall.O_NONBLOCK | syscall.O_NOCTTY

// syncDirectory makes a new name in the directory last through a power cut.
func syncDirectory(path string) error {
	directory, err := os.OpenFile(path, os.O_RDONLY|syscall.O_DIRECTORY|noWait, 0)
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
