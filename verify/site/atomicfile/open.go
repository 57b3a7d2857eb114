package atomicfile

import (
	"io/fs"
	"os"
)

// Open opens a regular file for reading, and never waits: a pipe or a device in its place,
// or swapped in at any moment, is ErrNotRegular.
func Open(path string) (*os.File, error) {
	notRegular := &fs.PathError{Op: "open", Path: path, Err: ErrNotRegular}
	info, err := os.Stat(path) // to open a device may do something
	if err == nil && !info.Mode().IsRegular() {
		err = notRegular
	}
	if err != nil {
		return nil, err
	}
	f, err := os.OpenFile(path, os.O_RDONLY|noWait, 0)
	if err != nil {
		return nil, err
	}
	// What is open decides: another may have taken the name meanwhile.
	if info, err = f.Stat(); err == nil && !info.Mode().IsRegular() {
		err = notRegular
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}
