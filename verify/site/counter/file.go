package counter

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/offlicense/offlicense/verify/site/atomicfile"
)

const fileName = "users"

func notWritable(err error) error { return fmt.Errorf("%w: %w", ErrNotWritable, err) }

// errReplaced says that the file was removed or replaced while it was waited for.
var errReplaced = errors.New("replaced")

// open returns the file under its lock, which closing it ends. It is made if it is missing.
func open(path string) (*os.File, error) {
	for range 100 {
		f, err := openLocked(path)
		switch {
		case errors.Is(err, errReplaced):
		case !errors.Is(err, fs.ErrNotExist):
			return f, err
		default:
			// What all may do in the directory they may do with the file, whatever the umask.
			info, err := os.Stat(filepath.Dir(path))
			if err != nil {
				return nil, notWritable(err)
			}
			err = atomicfile.Create(path, book{}.marshal(), info.Mode().Perm()&0o666)
			if err != nil && !errors.Is(err, fs.ErrExist) {
				return nil, notWritable(err)
			}
		}
	}
	return nil, notWritable(&fs.PathError{Op: "open", Path: path, Err: errReplaced})
}

func openLocked(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDWR|noFollow, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	if err != nil {
		return nil, notWritable(err)
	}
	if err := lockFile(f, path); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

func lockFile(f *os.File, path string) error {
	info, err := f.Stat()
	if err == nil && (!info.Mode().IsRegular() || otherNames(info)) {
		err = &fs.PathError{Op: "open", Path: path, Err: atomicfile.ErrNotRegular}
	}
	if err != nil {
		return notWritable(err)
	}
	for wait := time.Millisecond; ; wait += time.Millisecond {
		err := tryLock(f)
		if err == nil {
			break
		}
		if !errors.Is(err, errLocked) {
			return notWritable(err)
		}
		if wait > 63*time.Millisecond { // two seconds in all
			return ErrBusy
		}
		time.Sleep(wait)
	}
	if now, err := os.Lstat(path); err != nil || !os.SameFile(now, info) {
		return errReplaced
	}
	return nil
}

// errLocked says that another process has the lock.
var errLocked = errors.New("locked")
