// Package regular reads files that nobody has chosen one by one, such as those of a
// directory: a pipe, a device or a directory in the place of one is refused and never
// waited for. Each is opened once, and what is open is looked at, for whoever can write
// the directory can swap what a name leads to.
package regular

import (
	"io"
	"io/fs"
	"os"

	"github.com/offlicense/offlicense/verify/site/atomicfile"
)

// Open opens a regular file to read. The error is an *fs.PathError, of something else
// with [atomicfile.ErrNotRegular].
func Open(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|neverWait, 0)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = &fs.PathError{Op: "open", Path: path, Err: atomicfile.ErrNotRegular}
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// Read returns a regular file, of one that is larger than most its first most+1 bytes.
func Read(path string, most int) ([]byte, error) {
	f, err := Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, int64(most)+1))
}
