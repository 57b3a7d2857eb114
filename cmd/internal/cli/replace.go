package cli

import (
	"bytes"
	"io"
	"os"
)

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
		{"OLK1:", "the private key of a state folder"},
		{"OLQ", "a request"},
		{"OLS", "a request"},
		{"OLL", "a license"},
		{"OLD", "a delegation"},
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
