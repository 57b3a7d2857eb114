package atomicfile

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

func TestFullDisk(t *testing.T) {
	disk := t.TempDir()
	if err := syscall.Mount("tmpfs", disk, "tmpfs", 0, "size=64k"); err != nil {
		t.Skip("cannot mount a small disk:", err)
	}
	defer func() {
		if err := syscall.Unmount(disk, 0); err != nil {
			t.Error(err)
		}
	}()
	path := filepath.Join(disk, "f")
	if err := Write(path, []byte("old"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := Write(path, content(1), 0o644); !errors.Is(err, syscall.ENOSPC) {
		t.Fatalf("Write: got %v, want ENOSPC", err)
	}
	if err := Create(filepath.Join(disk, "g"), content(1), 0o644); !errors.Is(err, syscall.ENOSPC) {
		t.Fatalf("Create: got %v, want ENOSPC", err)
	}
	onlyFile(t, disk, "f", "old")
	// The failed writes gave their space back.
	if err := Write(path, make([]byte, 32<<10), 0o644); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Size() != 32<<10 {
		t.Fatalf("got %v, %v", info, err)
	}
}

// A single file that is mounted into a container cannot be renamed over.
func TestFileIsMountPoint(t *testing.T) {
	directory := t.TempDir()
	path := filepath.Join(directory, "f")
	if err := os.WriteFile(path, []byte("old"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount(path, path, "", syscall.MS_BIND, ""); err != nil {
		t.Skip("cannot mount a file:", err)
	}
	defer func() {
		if err := syscall.Unmount(path, 0); err != nil {
			t.Error(err)
		}
	}()
	if err := Write(path, []byte("new"), 0o644); !errors.Is(err, syscall.EBUSY) {
		t.Fatalf("got %v, want EBUSY", err)
	}
	onlyFile(t, directory, "f", "old")
}
