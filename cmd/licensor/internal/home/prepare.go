package home

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/offlicense/offlicense/cmd/internal/hint"
)

// Prepare makes what a new colleague's workstation begins with, the directories for keys
// and delegations, or finds what is there already: a vendor's home, or such a
// beginning. Another directory with something in it is left alone.
func (h Home) Prepare() error {
	if err := h.Preparable(); err != nil {
		return err
	}
	if err := h.Closed(); err != nil {
		return err
	}
	for _, directory := range []string{h.Dir, h.keysDirectory(), h.delegationsDirectory()} {
		if err := os.MkdirAll(directory, 0o700); err != nil {
			return err
		}
	}
	return nil
}

// Preparable returns nil for a place where Prepare would make or find a home.
func (h Home) Preparable() error {
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
	return hint.Errorf("the directory %q is not empty and is no vendor's home; nothing was changed", h.Dir).
		WithHint("name a home, or a directory that is new or empty, with --home")
}

// prepared reports whether Prepare has been here.
func (h Home) prepared() bool {
	info, err := os.Stat(h.keysDirectory())
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

func (h Home) keysDirectory() string        { return filepath.Join(h.Dir, "keys") }
func (h Home) delegationsDirectory() string { return filepath.Join(h.Dir, "delegations") }
