package main

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
)

// licenseFolder is a folder into which many license files go. Each appears whole or
// not at all, and one that is there with the same content is left.
type licenseFolder struct {
	env   *cli.Env
	dir   string
	there map[string]bool // what the folder held in the beginning
}

// licenseFile is one of them.
type licenseFile struct {
	name string
	text []byte
}

func fileOf(name string, license *ledger.License, list newestList) (licenseFile, error) {
	text, err := list.text(license)
	return licenseFile{name, text}, err
}

// openLicenseFolder makes the folder if it is missing.
func openLicenseFolder(env *cli.Env, dir string) (*licenseFolder, error) {
	if dir == "-" || dir == "" {
		return nil, cli.Usagef("the folder for the licenses is missing").WithHint("name it with --out; it is made if it does not exist")
	}
	if strings.HasSuffix(dir, licenseEnding) && !isFolder(dir) {
		return nil, cli.Usagef("of several requests, --out names a folder for the licenses, not %s", cli.Quote(dir))
	}
	if err := os.Mkdir(dir, 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, cli.FileError("create", dir, err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, cli.FileError("read", dir, err)
	}
	f := &licenseFolder{env: env, dir: dir, there: make(map[string]bool, len(entries))}
	for _, e := range entries {
		f.there[e.Name()] = true
	}
	return f, nil
}

func (f *licenseFolder) path(name string) string { return filepath.Join(f.dir, name) }

// check refuses names under which something else is there.
func (f *licenseFolder) check(names []string) error {
	for _, name := range names {
		if f.there[name] {
			if err := f.env.CheckOutput(f.path(name), "OLL1:"); err != nil {
				return err
			}
		}
	}
	return nil
}

// write writes files that have names of their own. It may be called by several
// goroutines.
func (f *licenseFolder) write(files []licenseFile) error {
	var fresh, others []licenseFile
	for _, file := range files {
		if f.there[file.name] {
			others = append(others, file)
		} else {
			fresh = append(fresh, file)
		}
	}
	left, err := createTogether(f.dir, fresh)
	if err != nil {
		return f.lost(err)
	}
	for _, file := range append(others, left...) {
		if old, err := os.ReadFile(f.path(file.name)); err == nil && bytes.Equal(old, file.text) {
			continue
		}
		if err := f.env.WriteFile(f.path(file.name), file.text, 0o644); err != nil {
			return f.lost(err)
		}
	}
	return nil
}

func (f *licenseFolder) lost(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		err = cli.FileError("write", path.Path, err)
	}
	return cli.Fail(err).WithHint("no license is lost: what was signed is on record, and the same command again writes the same files")
}

// nameOf returns a file name for the license of an activation that says whose it is.
func nameOf(a *ledger.Activation) string {
	name := a.ID
	for _, part := range []string{a.Site, a.Host} {
		if part = safeName(part); part != "" {
			name += "-" + part
		}
	}
	return name + ".lic"
}

// safeName keeps of a foreign name what is harmless in a file name on every system.
func safeName(s string) string {
	const most = 40
	s = strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '.' || r == '-' {
			return r
		}
		return '_'
	}, s)
	return strings.Trim(s[:min(len(s), most)], "._-")
}
