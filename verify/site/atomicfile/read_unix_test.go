//go:build unix

package atomicfile

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// Whoever can write a directory that is read stalls nobody, whatever he puts there.
func TestStallAReaderByAPipe(t *testing.T) {
	dir := t.TempDir()
	pipe, link := filepath.Join(dir, "pipe"), filepath.Join(dir, "link")
	if err := syscall.Mkfifo(pipe, 0o666); err != nil {
		t.Skip("no named pipes here:", err)
	}
	if err := os.Symlink(pipe, link); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{pipe, link, dir, "/dev/zero", "/dev/tty"} {
		if _, err := Read(path, 100); err == nil || !errors.Is(err, ErrNotRegular) && path != "/dev/tty" {
			t.Errorf("%s: got %v", path, err)
		}
	}
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, []byte(strings.Repeat("x", 100)), 0o600); err != nil {
		t.Fatal(err)
	}
	for most, want := range map[int]int{200: 100, 100: 100, 50: 51} {
		if got, err := Read(file, most); err != nil || len(got) != want {
			t.Errorf("at most %d: %d bytes, %v", most, len(got), err)
		}
	}
}
