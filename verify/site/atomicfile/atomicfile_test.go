package atomicfile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
)

// onlyFile fails unless directory holds exactly the file name with that content:
// no temporary stayed.
func onlyFile(t *testing.T, directory, name, content string) {
	t.Helper()
	entries, err := os.ReadDir(directory)
	if err != nil {
		t.Fatal(err)
	}
	if len(entries) != 1 || entries[0].Name() != name {
		t.Fatalf("directory holds %v, want only %s", entries, name)
	}
	got, err := os.ReadFile(filepath.Join(directory, name))
	if err != nil || string(got) != content {
		t.Fatalf("content is %.40q, %v; want %.40q", got, err, content)
	}
}

func TestWrite(t *testing.T) {
	directory := t.TempDir()
	path := filepath.Join(directory, "f")
	for _, content := range []string{"first", "", "third and longer"} {
		if err := Write(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
		onlyFile(t, directory, "f", content)
	}
}

func TestModeIgnoresUmask(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no modes on windows")
	}
	for _, perm := range []fs.FileMode{0o600, 0o644, 0o666} {
		path := filepath.Join(t.TempDir(), "f")
		if err := Create(path, nil, perm); err != nil {
			t.Fatal(err)
		}
		if info, err := os.Stat(path); err != nil || info.Mode() != perm {
			t.Errorf("mode %v, %v; want %v", info.Mode(), err, perm)
		}
	}
}

func TestLongestName(t *testing.T) {
	directory := t.TempDir()
	name := strings.Repeat("n", 255)
	if err := os.WriteFile(filepath.Join(directory, name), nil, 0o600); err != nil {
		t.Skip("this system does not take names of 255 bytes:", err)
	}
	if err := Write(filepath.Join(directory, name), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	onlyFile(t, directory, name, "x")
}

func TestCreateNeverReplaces(t *testing.T) {
	directory := t.TempDir()
	path := filepath.Join(directory, "f")
	if err := Create(path, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := Create(path, []byte("other"), 0o600); !errors.Is(err, fs.ErrExist) {
		t.Fatalf("got %v, want fs.ErrExist", err)
	}
	onlyFile(t, directory, "f", "mine")
}

// Both ways to publish must let exactly one of many win, with whole content.
func TestCreateRace(t *testing.T) {
	ways := map[string]func(tmp, path string) error{"link": publish, "reserve": reserve}
	for name, way := range ways {
		t.Run(name, func(t *testing.T) {
			directory := t.TempDir()
			path := filepath.Join(directory, "f")
			const n = 16
			errs := make([]error, n)
			var wg sync.WaitGroup
			for i := range n {
				wg.Go(func() {
					tmp, err := stage(path, 0o600, bytesOf([]byte(fmt.Sprint("content ", i))))
					if err == nil {
						if err = way(tmp, path); err != nil {
							os.Remove(tmp)
						}
					}
					errs[i] = err
				})
			}
			wg.Wait()
			winner := -1
			for i, err := range errs {
				switch {
				case err == nil && winner < 0:
					winner = i
				case err == nil:
					t.Errorf("both %d and %d made the file", winner, i)
				case !errors.Is(err, fs.ErrExist):
					t.Errorf("got %v, want fs.ErrExist", err)
				}
			}
			onlyFile(t, directory, "f", fmt.Sprint("content ", winner))
		})
	}
}

func TestSymlinkIsNeitherFollowedNorReplaced(t *testing.T) {
	directory := t.TempDir()
	target := filepath.Join(t.TempDir(), "target")
	link := filepath.Join(directory, "link")
	if err := os.Symlink(target, link); err != nil {
		t.Skip("no symbolic links here:", err)
	}
	for _, state := range []string{"dangling", "existing"} {
		if err := Write(link, []byte("new"), 0o600); !errors.Is(err, ErrNotRegular) {
			t.Errorf("%s: Write: got %v, want ErrNotRegular", state, err)
		}
		if err := Create(link, []byte("new"), 0o600); !errors.Is(err, fs.ErrExist) {
			t.Errorf("%s: Create: got %v, want fs.ErrExist", state, err)
		}
		if to, err := os.Readlink(link); err != nil || to != target {
			t.Errorf("%s: the link is now %q, %v", state, to, err)
		}
		if state == "dangling" {
			if err := os.WriteFile(target, []byte("old"), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	onlyFile(t, filepath.Dir(target), "target", "old")
}

func TestDirectoryIsNotReplaced(t *testing.T) {
	directory := t.TempDir()
	path := filepath.Join(directory, "sub")
	if err := os.Mkdir(path, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := Write(path, []byte("x"), 0o600); err == nil {
		t.Error("Write replaced a directory")
	}
	if err := Write(filepath.Join(directory, "missing", "f"), nil, 0o600); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("missing directory: got %v, want fs.ErrNotExist", err)
	}
	if entries, _ := os.ReadDir(directory); len(entries) != 1 || !entries[0].IsDir() {
		t.Errorf("directory now holds %v", entries)
	}
}
