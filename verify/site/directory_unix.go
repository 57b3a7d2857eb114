//go:build unix

package site

import (
	"io"
	"os"
	"syscall"
)

// openToAll gives a directory that was just made the mode that the umask has taken. Whoever
// can write to its parent may have put another one in its place: the mode is changed of
// what is open, no link is followed, and a directory that is not empty, or another user's,
// is not the one that was made and keeps its mode.
func openToAll(path string) error {
	d, err := os.OpenFile(path, os.O_RDONLY|syscall.O_DIRECTORY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
	if err != nil {
		return err
	}
	defer d.Close()
	info, err := d.Stat()
	if err != nil || info.Mode().Perm() == directoryMode {
		return err
	}
	owner, ok := info.Sys().(*syscall.Stat_t)
	if _, err := d.Readdirnames(1); err != io.EOF || !ok || int(owner.Uid) != os.Geteuid() {
		return nil
	}
	return d.Chmod(directoryMode)
}
