package home

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/offlicense/offlicense/cmd/internal/hint"
	"github.com/offlicense/offlicense/cmd/internal/text"
)

// Closed refuses a home in which others than its owner can write: whoever replaces
// root.pub, a delegation or the ledger says what is signed there. It goes by the modes
// alone, as keys are judged; Windows shows none.
func (h Home) Closed() error {
	open := h.having(0o022, h.files())
	if len(open) == 0 {
		return nil
	}
	return hint.Errorf("others can write in the vendor's home: %s", modes(open)).
		WithHint(`chmod go-w%s; then see whether somebody has: "licensor roots" and "licensor audit"`, words(open))
}

// Exposed returns what a person should know of secrets in the home that others can read,
// "" for nothing.
func (h Home) Exposed() string {
	if len(h.having(0o011, []string{h.Dir})) == 0 {
		return "" // nobody gets so far
	}
	var secrets []string
	for _, path := range h.files() {
		switch filepath.Dir(path) {
		case filepath.Clean(h.Dir):
			if path == h.rootFile() || strings.HasPrefix(path, h.LedgerFile()) {
				secrets = append(secrets, path)
			}
		case h.keysDirectory():
			if filepath.Ext(path) == "" {
				secrets = append(secrets, path)
			}
		}
	}
	open := h.having(0o044, secrets)
	if len(open) == 0 {
		return ""
	}
	return fmt.Sprintf("others can read in the vendor's home: %s: chmod go=%s", modes(open), words(open))
}

// files returns the paths of the home and of all that is in it.
func (h Home) files() []string {
	paths := []string{h.Dir}
	for _, directory := range []string{h.Dir, h.keysDirectory(), h.delegationsDirectory()} {
		entries, _ := os.ReadDir(directory) // what is missing is told by who needs it
		for _, e := range entries {
			paths = append(paths, filepath.Join(directory, e.Name()))
		}
	}
	return paths
}

type openFile struct {
	path string
	mode fs.FileMode
}

// having returns those of the paths whose mode has some of the given bits.
func (h Home) having(bits fs.FileMode, paths []string) (open []openFile) {
	if runtime.GOOS == "windows" {
		return nil
	}
	for _, path := range paths {
		if info, err := os.Stat(path); err == nil && info.Mode().Perm()&bits != 0 {
			open = append(open, openFile{path, info.Mode().Perm()})
		}
	}
	return open
}

func modes(open []openFile) string {
	var all []string
	for _, f := range open {
		all = append(all, fmt.Sprintf("%q (mode %04o)", f.path, f.mode))
	}
	return strings.Join(all, ", ")
}

func words(open []openFile) string {
	all := ""
	for _, f := range open {
		all += " " + text.ShellPath(f.path)
	}
	return all
}
