//go:build unix

package site

import (
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/offlicense/offlicense/verify/site/sitetest"
)

// swapping runs swap over and over while do runs, and wants that to end.
func swapping(t *testing.T, swap, do func()) {
	t.Helper()
	stop := make(chan struct{})
	var wait sync.WaitGroup
	wait.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
				swap()
			}
		}
	})
	done := make(chan struct{})
	go func() { do(); close(done) }()
	select {
	case <-done:
	case <-time.After(60 * time.Second):
		t.Fatal("waits forever")
	}
	close(stop)
	wait.Wait()
}

// TestPipeSwappedIn: whoever may write to the directory can put a pipe into the place of a
// file at any moment, and stops no check with it.
func TestPipeSwappedIn(t *testing.T) {
	s, _ := installedState(t)
	path := s.path(clockFile)
	text, beside := file(t, s, clockFile), t.TempDir()
	pipe, regular, next := filepath.Join(beside, "pipe"), filepath.Join(beside, "file"), filepath.Join(beside, "next")
	put(t, &State{}, regular, text)
	if err := syscall.Mkfifo(pipe, 0o644); err != nil {
		t.Skip("no pipes here:", err)
	}
	swapping(t, func() {
		for _, from := range []string{pipe, regular} {
			os.Link(from, next)
			os.Rename(next, path)
		}
	}, func() {
		for range 3000 {
			s.readClock()
		}
		for range 100 {
			s.Verify(sitetest.Verifier(t), program(t), now)
		}
	})
}

// TestDirectoryOpenedToAll: whoever may write to the parent of a directory that is just made
// puts another one, or a link to it, into its place; that one keeps its mode. It is a
// directory with something in it, whoever the owner is.
func TestDirectoryOpenedToAll(t *testing.T) {
	defer syscall.Umask(syscall.Umask(0o077))
	parent := t.TempDir()
	path, secret := filepath.Join(parent, "S"), filepath.Join(parent, "secret")
	if err := os.MkdirAll(filepath.Join(secret, "x"), 0o700); err != nil {
		t.Fatal(err)
	}
	private := func(what string) {
		t.Helper()
		for _, name := range []string{secret, path} {
			if entries, err := os.ReadDir(name); err == nil && len(entries) > 0 {
				if info, err := os.Stat(name); err == nil && info.Mode().Perm() != 0o700 {
					t.Fatalf("%s: the secret has mode %v", what, info.Mode())
				}
			}
		}
	}
	if err := os.Rename(secret, path); err != nil {
		t.Fatal(err)
	}
	if err := openToAll(path); err != nil {
		t.Error(err)
	}
	private("in its place")
	if err := os.Rename(path, secret); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(secret, path); err != nil {
		t.Fatal(err)
	}
	if err := openToAll(path); err == nil {
		t.Error("a link was followed")
	}
	private("a link")
	os.Remove(path)

	swapping(t, func() {
		os.Remove(path) // what was just made, while it is empty
		os.Rename(secret, path)
		os.Rename(path, secret)
		os.Symlink(secret, path)
	}, func() {
		for range 3000 {
			makeDirectory(path)
			os.Remove(path)
		}
	})
	private("swapped")
	if err := makeDirectory(filepath.Join(parent, "new")); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(filepath.Join(parent, "new")); err != nil || info.Mode().Perm() != directoryMode {
		t.Errorf("whatever the umask: got %v, %v", info.Mode(), err)
	}
}
