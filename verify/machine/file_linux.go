package machine

import (
	"bytes"
	"errors"
	"io"
	"os"
	"strings"
	"syscall"
)

const (
	maxID         = 256     // bytes of a file that holds an id
	maxMountTable = 4 << 20 // bytes; a node with ten thousand mounts has half of it
	maxEntries    = 4096    // files looked at in one directory
)

// errNotRegular is why a pipe, a device or a directory is refused unread.
var errNotRegular = errors.New("not a regular file")

// readFile returns the contents of a regular file of at most limit bytes. Opening does
// not wait for the other end of a pipe or for a terminal.
func readFile(path string, limit int) ([]byte, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK|syscall.O_NOCTTY, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, errNotRegular
	}
	// The system makes these files while they are read: in few pieces it has less to do.
	b := bytes.NewBuffer(make([]byte, 0, min(limit, 4<<10)+bytes.MinRead))
	if _, err := b.ReadFrom(io.LimitReader(f, int64(limit)+1)); err != nil {
		return nil, err
	}
	if b.Len() > limit {
		return nil, errTooLong
	}
	return b.Bytes(), nil
}

// readWord returns a small file without the white space around it, or "" if there is none to
// be had.
func readWord(path string) string {
	b, err := readFile(path, maxID)
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(b))
}

// listDirectory returns the names in a directory, as the system lists them, at most maxEntries.
func listDirectory(path string) []string {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK|syscall.O_DIRECTORY, 0)
	if err != nil {
		return nil
	}
	defer f.Close()
	names, _ := f.Readdirnames(maxEntries) // what was listed before an error is still true
	return names
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
