//go:build unix

package cli_test

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/offlicense/offlicense/cmd/internal/cli"
)

// As a shell gives with <(command).
func TestNamedPipes(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(path, 0o660); err != nil {
		t.Skip("no named pipes here:", err)
	}
	env := &cli.Env{}
	for name, c := range map[string]struct {
		read func() ([]byte, error)
		want string
	}{
		"ReadFile":       {func() ([]byte, error) { return env.ReadFile(path, 100) }, "secret\n"},
		"PassphraseFile": {func() ([]byte, error) { return env.PassphraseFile(path) }, "secret"},
	} {
		done := make(chan error, 2)
		go func() { done <- os.WriteFile(path, []byte("secret\n"), 0o600) }()
		go func() {
			got, err := c.read()
			if err == nil && string(got) != c.want {
				t.Errorf("%s: got %q, want %q", name, got, c.want)
			}
			done <- err
		}()
		for range 2 {
			select {
			case err := <-done:
				if err != nil {
					t.Errorf("%s: %v", name, err)
				}
			case <-time.After(20 * time.Second):
				t.Fatalf("%s: reader and writer do not meet", name)
			}
		}
	}
	if info, err := os.Stat(path); err != nil || info.Mode()&os.ModeNamedPipe == 0 {
		t.Errorf("the pipe is now %v, %v", info, err)
	}
}

// As a shell gives with >(command), and nothing else that is not a regular file: in the
// directory of another user a pipe, a link or a device may lead anywhere, and may be swapped
// in at any moment.
func TestWriteThroughOthersDirectory(t *testing.T) {
	env := &cli.Env{}
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if err := env.WriteFile(fmt.Sprint("/dev/fd/", w.Fd()), []byte("OLS1:A"), 0o600); err != nil {
		t.Error(err)
	}
	w.Close()
	if got, err := io.ReadAll(r); err != nil || string(got) != "OLS1:A" {
		t.Errorf("through the shell's pipe: got %q, %v", got, err)
	}
	if err := env.WriteFile("/dev/null", []byte("OLS1:A"), 0o600); err != nil {
		t.Error(err)
	}

	dir := t.TempDir()
	target := filepath.Join(dir, "target")
	path := filepath.Join(dir, "r.olq")
	if err := os.WriteFile(target, []byte("OLS1:hello"), 0o600); err != nil {
		t.Fatal(err)
	}
	file, err := os.OpenFile(target, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	refused := func(path string) {
		t.Helper()
		for _, write := range []func() error{
			func() error { return env.WriteFile(path, []byte("OLS1:A"), 0o600) },
			func() error { return env.CheckOutput(path, "OLS1:") },
		} {
			done := make(chan error, 1)
			go func() { done <- write() }()
			select {
			case err := <-done:
				if err == nil && !strings.HasPrefix(path, "/dev/") {
					t.Errorf("%s: written", path)
				}
			case <-time.After(20 * time.Second):
				t.Fatalf("%s: waits", path)
			}
		}
		if got, err := os.ReadFile(target); err != nil || string(got) != "OLS1:hello" {
			t.Fatalf("%s: the file is now %q, %v", path, got, err)
		}
	}
	refused(fmt.Sprint("/dev/fd/", file.Fd()))
	for _, to := range []string{target, "/dev/full", "/dev/null", "/dev/fd/1", "nowhere"} {
		if err := os.Symlink(to, path); err != nil {
			t.Fatal(err)
		}
		refused(path)
		os.Remove(path)
	}
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Skip("no named pipes here:", err)
	}
	refused(path)
	os.Remove(path)

	// Swapped, as fast as can be.
	stop := make(chan struct{})
	var wait sync.WaitGroup
	wait.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
			}
			syscall.Mkfifo(path, 0o600)
			os.Remove(path)
			os.Symlink(target, path)
			os.Remove(path)
		}
	})
	for range 2000 {
		env.WriteFile(path, []byte("OLS1:A"), 0o600)
	}
	close(stop)
	wait.Wait()
	if got, err := os.ReadFile(target); err != nil || string(got) != "OLS1:hello" {
		t.Errorf("the file is now %q, %v", got, err)
	}
}
