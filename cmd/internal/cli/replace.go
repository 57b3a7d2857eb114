package cli

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"github.com/offlicense/offlicense/verify/site/atomicfile"
)

// CheckOutput refuses a path to which a file that starts with start could not be
// written, as far as that can be told beforehand: for a command that must not do its
// work only to lose the result. With an empty start it is one that replaces nothing.
func (e *Env) CheckOutput(path, start string) error {
	if path == "-" {
		return nil
	}
	if path == "" {
		return Usagef("the path of the output is empty")
	}
	if isDevice(path) {
		return nil
	}
	if _, err := os.Stat(filepath.Dir(path)); err != nil {
		return FileError("write", path, err)
	}
	if _, err := os.Lstat(path); err == nil && start == "" {
		return FileError("write", path, fs.ErrExist)
	}
	return replaceable(path, []byte(start))
}

// replaceable refuses to replace what is no regular file, and a file by data of another sort.
// An empty file is replaced by anything, and no file by what has no sort.
func replaceable(path string, data []byte) error {
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err == nil && info.IsDir():
		err = syscall.EISDIR
	case err == nil && !info.Mode().IsRegular():
		err = atomicfile.ErrNotRegular
	}
	if err != nil {
		return FileError("write", path, err)
	}
	f, err := atomicfile.Open(path)
	if err != nil {
		return FileError("replace", path, err)
	}
	defer f.Close()
	head := make([]byte, 64)
	n, err := io.ReadFull(f, head)
	if err == io.EOF {
		return nil
	}
	if err != nil && err != io.ErrUnexpectedEOF {
		return FileError("replace", path, err)
	}
	old, ours := sortOf(head[:n])
	if sort, _ := sortOf(data); ours && old == sort {
		return nil
	}
	return Failf("\"%s\" holds %s and is not replaced", Clean(path), old).
		WithHint("give another path, or move that file away first")
}

// sortOf says what a file is by how it starts, and whether one that a tool has written may
// be replaced by the next of its sort. A sort that is not here is replaced by nothing.
func sortOf(data []byte) (sort string, ours bool) {
	for _, known := range [...]struct {
		start, sort string
		ours        bool
	}{
		{"OLQ1:", "a request", true},
		{"OLS1:", "a request", true},
		{"OLL1:", "a license", true},
		{"OLC1:", "a short license", true},
		{"OLD1:", "a delegation", true},
		{"OLR1:", "a release", true},
		{"OLV1:", "a revocation list", true},
		{"OLA1:", "an attestation", true},
		{"\x89PNG", "a picture", true},
		{"<svg ", "a drawing", true},
		{"<!doctype html>", "a page", true},
		{"# HELP offlicense_", "metrics", true},
		{"{\n  \"version\": 1,", "an answer in JSON", true},
		{"<!doctype html>\n<!-- offlicense fleet -->", "a page of a fleet", true},
		{"file,result,", "a report", true},
		{`{"export":1,"`, "an export", true},
		{".TH ", "a manual page", true},
		{"X-Unsent: 1\r\n", "a letter", true},
		{spelledStart, "spelled lines", true},
		{"OLK1:", "the private key of a state directory", false},
		{"-----BEGIN ", "a key", false},
		{"ssh-", "public keys", false},
		{"SQLite format 3", "a database", false},
	} {
		if bytes.HasPrefix(data, []byte(known.start)) {
			return known.sort, known.ours
		}
	}
	return "something else", false
}
