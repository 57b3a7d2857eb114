package atomicfile

import (
	"io/fs"
	"os"
)

// Open opens a regular file for reading. It looks at what is open, not at what has the
// name, and never waits: a pipe or a device in the place of the file, or swapped in at any
// moment, is ErrNotRegular.
func Open(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|noWait, 0)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = &fs.PathError{Op: "open", Path: path, Err: ErrNotRegular}
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}
