// Package atomicfile writes small files so that a reader, a crash or a full
// disk never sees half of one: the path holds the old content or the new,
// each whole.
//
// The content is staged in a temporary file beside the target, made durable,
// and then given the target's name in one step. What this rests on is that
// the file system renames and links atomically, as all the usual ones do.
//
// A process that is killed may leave its temporary behind
// (".offlicense-*.tmp", mode 0600 or the mode asked for). It is never read,
// and it is not cleaned up later, as it could belong to a running process.
package atomicfile

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// ErrNotRegular is what Write says of a path that exists and is neither a
// regular file nor a directory: replacing a device by a file would break the
// system, and a symbolic link has no right answer. To follow it is how one
// user makes another overwrite a file (root writing to /tmp, with a link
// waiting there); to replace it leaves, in silence, the license outside of
// the disk that the link leads to. Links among the parent directories are followed.
var ErrNotRegular = errors.New("not a regular file")

// Write puts data at path with the mode perm, whatever the umask, replacing
// a regular file that is there.
//
// On an error the old file stays and the temporary is gone, with one
// exception: when only the last step fails, the sync of the directory, the new
// content is in place but a power cut may bring the old one back.
func Write(path string, data []byte, perm fs.FileMode) error {
	return WriteBy(path, perm, bytesOf(data))
}

// WriteBy is Write for a content that fill writes bit by bit. What fill returns is returned as it is.
func WriteBy(path string, perm fs.FileMode, fill func(io.Writer) error) error {
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return err
	case info.IsDir():
		return &fs.PathError{Op: "write", Path: path, Err: syscall.EISDIR}
	case !info.Mode().IsRegular():
		return &fs.PathError{Op: "write", Path: path, Err: ErrNotRegular}
	}
	tmp, err := stage(path, perm, fill)
	if err != nil {
		return err
	}
	if err := os.Rename(tmp, path); err != nil {
		os.Remove(tmp)
		return err
	}
	return SyncDirectory(filepath.Dir(path))
}

// Create is Write for a path that must not exist yet: where anything is
// there, even a dangling link, it stays as it is and the error is
// [fs.ErrExist]. Of several that create the same path, one wins.
//
// On a file system without hard links (FAT, as on most USB sticks) a crash at
// the wrong instant can leave an empty file.
func Create(path string, data []byte, perm fs.FileMode) error {
	if _, err := os.Lstat(path); err == nil {
		return &fs.PathError{Op: "create", Path: path, Err: fs.ErrExist}
	}
	tmp, err := stage(path, perm, bytesOf(data))
	if err != nil {
		return err
	}
	if err := Place(tmp, path); err != nil {
		os.Remove(tmp)
		return err
	}
	return nil
}

// Place is Create for a content that somebody has written to the file tmp, beside path,
// and synced: it gets the name path. On an error tmp stays, unless only the sync of the
// directory has failed.
func Place(tmp, path string) error {
	if err := publish(tmp, path); err != nil {
		return err
	}
	return SyncDirectory(filepath.Dir(path))
}

// publish moves tmp to path unless path exists.
func publish(tmp, path string) error {
	err := os.Link(tmp, path)
	if errors.Is(err, fs.ErrExist) {
		return err
	}
	if err != nil {
		// What a file system without hard links answers differs between
		// systems, so every other error comes here, and a deeper trouble
		// fails here once more.
		return reserve(tmp, path)
	}
	// The name is taken and the content whole: a second name that cannot be
	// removed is litter, not a failure.
	os.Remove(tmp)
	return nil
}

// reserve takes the name with an empty file, which only one can do, and then
// renames tmp over it.
func reserve(tmp, path string) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	f.Close()
	if err := os.Rename(tmp, path); err != nil {
		os.Remove(path)
		return err
	}
	return nil
}

func bytesOf(data []byte) func(io.Writer) error {
	return func(w io.Writer) error {
		_, err := w.Write(data)
		return err
	}
}

// stage returns the name of a durable temporary file beside path.
func stage(path string, perm fs.FileMode, fill func(io.Writer) error) (name string, err error) {
	// CreateTemp: O_EXCL, mode 0600, a random name. The name does not
	// contain path's, which may already have the longest length allowed.
	f, err := os.CreateTemp(filepath.Dir(path), ".offlicense-*.tmp")
	if err != nil {
		return "", err
	}
	err = fill(f)
	if err == nil {
		// Before Sync, so that the mode is durable too.
		err = f.Chmod(perm)
	}
	if err == nil {
		err = f.Sync()
	}
	if e := f.Close(); err == nil {
		err = e
	}
	if err != nil {
		os.Remove(f.Name())
		return "", err
	}
	return f.Name(), nil
}
