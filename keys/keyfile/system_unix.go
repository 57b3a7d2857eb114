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

// syncFolder makes a new name in the folder last through a power cut.
func syncFolder(path string) error {
	folder, err := os.Open(path)
	if err != nil {
		return err
	}
	defer folder.Close()
	err = folder.Sync()
	// Some network and virtual file systems cannot do this; they keep the name as they can.
	if errors.Is(err, syscall.EINVAL) || errors.Is(err, errors.ErrUnsupported) {
		return nil
	}
	return err
}
