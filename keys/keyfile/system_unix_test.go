//go:build unix

package keyfile

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/offlicense/offlicense/keys"
)

// TestPermissions holds for root too, who could read the file in any case.
func TestPermissions(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "it's my key")
	key := testKey(t, 1)
	mustWrite(t, path, key, []byte("right"))
	for _, mode := range []fs.FileMode{0o640, 0o604, 0o644, 0o660, 0o601, 0o620, 0o777} {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		ask, asked := answers(t, "right")
		got, err := Read(path, ask)
		var refused *PermissionError
		if !errors.As(err, &refused) || refused.Mode != mode || refused.Path != path || !got.IsZero() || *asked != 0 {
			t.Errorf("mode %04o: got %v, %v, asked %d times, want a PermissionError", mode, got, err, *asked)
		}
		// What the hint says mends it.
		if out, err := exec.Command("sh", "-c", hintOf(err)).CombinedOutput(); err != nil {
			t.Fatalf("%s: %v: %s", hintOf(err), err, out)
		}
		if _, err := Read(path, nil); !errors.Is(err, ErrPassphrase) {
			t.Errorf("mode %04o mended: got %v, want the question for the passphrase", mode, err)
		}
	}
	if err := os.Chmod(path, 0o400); err != nil {
		t.Fatal(err)
	}
	ask, _ := answers(t, "right")
	if got, err := Read(path, ask); err != nil || got.Public() != key.Public() {
		t.Errorf("mode 0400: got %v, %v", got, err)
	}
}

// TestEveryReaderRefuses a key that others can read: through a link too, whose own mode
// says nothing, and for the group alone.
func TestEveryReaderRefuses(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	openSSH, pkcs8File := filepath.Join(directory, "key"), filepath.Join(directory, "key.pem")
	mustWrite(t, openSSH, testKey(t, 1), nil)
	if err := os.WriteFile(pkcs8File, []byte(pkcs8(rfc8410V1)), 0o600); err != nil {
		t.Fatal(err)
	}
	for path, read := range map[string]func(string) (keys.PrivateKey, error){
		openSSH:   func(path string) (keys.PrivateKey, error) { return Read(path, nil) },
		pkcs8File: ReadPKCS8,
	} {
		link := path + " link"
		if err := os.Symlink(path, link); err != nil {
			t.Fatal(err)
		}
		for _, given := range []string{path, link} {
			for _, mode := range []fs.FileMode{0o640, 0o610, 0o604, 0o644, 0o620} {
				if err := os.Chmod(path, mode); err != nil {
					t.Fatal(err)
				}
				key, err := read(given)
				var refused *PermissionError
				if !errors.As(err, &refused) || refused.Mode != mode || refused.Path != given || !key.IsZero() {
					t.Errorf("%s, mode %04o: got %v, %v, want a PermissionError", given, mode, key, err)
				}
				if out, err := exec.Command("sh", "-c", hintOf(err)).CombinedOutput(); err != nil {
					t.Fatalf("%s: %v: %s", hintOf(err), err, out)
				}
				if _, err := read(given); err != nil {
					t.Errorf("%s, mode %04o mended: %v", given, mode, err)
				}
			}
		}
	}
}

// TestDirectoryOpenToOthers is no reason to refuse: see the package comment.
func TestDirectoryOpenToOthers(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	path := filepath.Join(directory, "key")
	mustWrite(t, path, testKey(t, 1), nil)
	if err := os.Chmod(directory, 0o777); err != nil {
		t.Fatal(err)
	}
	if _, err := Read(path, nil); err != nil {
		t.Error(err)
	}
}

func TestHintIsTheCommand(t *testing.T) {
	err := &PermissionError{Path: "/media/stick/root", Mode: 0o644}
	if got, want := hintOf(err), "chmod 600 /media/stick/root"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestFileSystemWithoutPermissions plays a FAT stick: the new file is open to everybody.
func TestFileSystemWithoutPermissions(t *testing.T) {
	file, err := os.Create(filepath.Join(t.TempDir(), "key"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for mode, want := range map[fs.FileMode]bool{0o755: true, 0o644: true, 0o600: false} {
		if err := file.Chmod(mode); err != nil {
			t.Fatal(err)
		}
		err := refuseSharedDirectory(file.Name(), file)
		if (err != nil) != want || (hintOf(err) != "") != want {
			t.Errorf("mode %04o: got %v, hint %q", mode, err, hintOf(err))
		}
	}
}

// TestNamedPipe: opening one would wait for a writer forever.
func TestNamedPipe(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	done := make(chan error)
	go func() {
		_, err := Read(path, nil)
		done <- err
	}()
	select {
	case err := <-done:
		if err == nil || !strings.Contains(err.Error(), "not a regular file") {
			t.Errorf("got %v", err)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("Read waits for a writer")
	}
	if _, err := Read(os.DevNull, nil); err == nil || !strings.Contains(err.Error(), "not a regular file") {
		t.Errorf("a device: got %v", err)
	}
}

// TestPipeSwappedIn: a pipe that takes the place of a key at any moment makes nobody wait.
func TestPipeSwappedIn(t *testing.T) {
	dir := t.TempDir()
	path, pipe, regular, next := filepath.Join(dir, "key"), filepath.Join(dir, "pipe"), filepath.Join(dir, "file"), filepath.Join(dir, "next")
	if err := errors.Join(syscall.Mkfifo(pipe, 0o600), os.WriteFile(regular, []byte("no key"), 0o600)); err != nil {
		t.Fatal(err)
	}
	stop, swapped, done := make(chan struct{}), make(chan struct{}), make(chan struct{})
	go func() {
		defer close(swapped)
		for {
			select {
			case <-stop:
				return
			default:
			}
			for _, from := range []string{pipe, regular} {
				os.Link(from, next)
				os.Rename(next, path)
			}
		}
	}()
	go func() {
		defer close(done)
		for range 5000 {
			Read(path, nil)
		}
	}()
	select {
	case <-done:
	case <-time.After(60 * time.Second):
		t.Fatal("waits forever")
	}
	close(stop)
	<-swapped
}
