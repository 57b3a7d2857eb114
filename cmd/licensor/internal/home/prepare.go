package home

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Prepare makes what a new colleague's workstation begins with, the folders for keys
// and delegations, or finds what is there already: a vendor's home, or such a
// beginning. Another folder with something in it is left alone.
func Prepare(dir string) (Home, error) {
	h := Home{dir}
	if err := h.preparable(); err != nil {
		return Home{}, err
	}
	for _, folder := range []string{dir, h.keysFolder(), h.delegationsFolder()} {
		if err := os.MkdirAll(folder, 0o700); err != nil {
			return Home{}, err
		}
	}
	return h, nil
}

// Preparable returns nil for a place where Prepare would make or find a home.
func Preparable(dir string) error { return Home{dir}.preparable() }

func (h Home) preparable() error {
	if _, err := os.Stat(h.RootsFile()); err == nil || h.prepared() {
		return nil
	}
	entries, err := os.ReadDir(h.Dir)
	switch {
	case errors.Is(err, fs.ErrNotExist), err == nil && len(entries) == 0:
		return nil
	case err != nil:
		return err
	}
	return &Error{
		Message: fmt.Sprintf("the folder %q is not empty and is no vendor's home; nothing was changed", h.Dir),
		Next:    "name a home, or a folder that is new or empty, with --home",
	}
}

// prepared reports whether Prepare has been here.
func (h Home) prepared() bool {
	info, err := os.Stat(h.keysFolder())
	return err == nil && info.IsDir()
}

// Absent returns an fs.ErrExist if there is anything at a path, even a dangling link.
func Absent(path string) error {
	_, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err == nil:
		return fs.ErrExist
	}
	return err
}

func (h Home) keysFolder() string        { return filepath.Join(h.Dir, "keys") }
func (h Home) delegationsFolder() string { return filepath.Join(h.Dir, "delegations") }
