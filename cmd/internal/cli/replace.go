package cli

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"syscall"
)

// CheckOutput refuses a path to which a file that starts with start could not be
// written, as far as that can be told beforehand: for a command that must not do its
// work only to lose the result.
func (e *Env) CheckOutput(path, start string) error {
	if path == "-" {
		return nil
	}
	if path == "" {
		return Usagef("the path of the output is empty")
	}
	info, err := os.Stat(path)
	switch {
	case err == nil && info.IsDir():
		return FileError("write", path, syscall.EISDIR)
	case err == nil && info.Mode().IsRegular():
		return replaceable(path, []byte(start))
	case err == nil:
		return nil
	}
	if _, err := os.Stat(filepath.Dir(path)); err != nil {
		return FileError("write", path, err)
	}
	return nil
}

// replaceable refuses to replace a file by data of another sort. An empty file is
// replaced by anything.
func replaceable(path string, data []byte) error {
	f, err := os.Open(path)
	if err != nil {
		return FileError("replace", path, err)
	}
	defer f.Close()
	head := make([]byte, 64)
	n, err := io.ReadFull(f, head)
	if n == 0 {
		return nil
	}
	if err != nil && err != io.ErrUnexpectedEOF {
		return FileError("replace", path, err)
	}
	old := sortOf(head[:n])
	if old == sortOf(data) {
		return nil
	}
	return Failf("\"%s\" holds %s and is not replaced", Clean(path), old).
		WithHint("give another path, or move that file away first")
}

// sortOf says what a file is by how it starts.
func sortOf(data []byte) string {
	for _, known := range [...]struct{ start, sort string }{
		{"-----BEGIN ", "a key"},
		{"OLK1:", "the private key of a state directory"},
		{"OLQ", "a request"},
		{"OLS", "a request"},
		{"OLL", "a license"},
		{"OLD", "a delegation"},
		{"OLR", "a release"},
		{"ssh-", "public keys"},
		{"SQLite format 3", "a database"},
		{"\x89PNG", "a picture"},
	} {
		if bytes.HasPrefix(data, []byte(known.start)) {
			return known.sort
		}
	}
	return "something else"
}
