//go:build linux || darwin

package keyfile

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"
	"testing"
)

// fullDisk names the variable that makes this test program a child whose files may hold
// 100 bytes: a disk that is full after the first half of a key.
const fullDisk = "KEYFILE_TEST_FULL_DISK"

func TestFullDisk(t *testing.T) {
	directory := os.Getenv(fullDisk)
	if directory == "" {
		directory = t.TempDir()
		child := exec.Command(os.Args[0], "-test.run=^TestFullDisk$", "-test.v")
		child.Env = append(os.Environ(), fullDisk+"="+directory)
		out, err := child.CombinedOutput()
		t.Logf("%s", out)
		if err != nil {
			t.Fatal(err)
		}
		// The child came as far as to leave this; a failed key would stand beside it.
		entries, err := os.ReadDir(directory)
		if err != nil || len(entries) != 1 || entries[0].Name() != "reached" {
			t.Errorf("got %v, %v in the directory, want nothing but what the child left at its end", entries, err)
		}
		return
	}
	signal.Ignore(syscall.SIGXFSZ)
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		t.Fatal(err)
	}
	small := limit
	small.Cur = 100
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &small); err != nil {
		t.Fatal(err)
	}
	// A child that measures coverage writes it when the test is over.
	defer syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit)
	path := filepath.Join(directory, "key")
	if err := Write(path, testKey(t, 1), "", nil); !errors.Is(err, syscall.EFBIG) {
		t.Errorf("Write: got %v, want EFBIG", err)
	}
	if err := WritePublic(path, testKey(t, 1).Public(), "a comment that is long enough for the limit"); !errors.Is(err, syscall.EFBIG) {
		t.Errorf("WritePublic: got %v, want EFBIG", err)
	}
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a failed write left its file: %v", err)
	}
	if err := os.WriteFile(filepath.Join(directory, "reached"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
}
