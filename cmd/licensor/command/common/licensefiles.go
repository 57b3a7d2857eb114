package common

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/service"
	"github.com/offlicense/offlicense/verify/site/atomicfile"
)

// LicenseEnding is how the name of a license file ends.
const LicenseEnding = ".lic"

// LicenseDirectory is a directory into which many license files go. Each appears whole or
// not at all, and one that is there with the same content is left.
type LicenseDirectory struct {
	env   *cli.Env
	dir   string
	there map[string]bool // what the directory held in the beginning
}

// LicenseFile is one of them.
type LicenseFile struct {
	Name string
	Text []byte
}

// OpenLicenseDirectory makes the directory if it is missing.
func OpenLicenseDirectory(env *cli.Env, dir string) (*LicenseDirectory, error) {
	if dir == "-" || dir == "" {
		return nil, cli.Usagef("the directory for the licenses is missing").WithHint("name it with --out; it is made if it does not exist")
	}
	if strings.HasSuffix(dir, LicenseEnding) && !IsDirectory(dir) {
		return nil, cli.Usagef("of several requests, --out names a directory for the licenses, not %s", cli.Quote(dir))
	}
	if err := os.Mkdir(dir, 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, cli.FileError("create", dir, err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, cli.FileError("read", dir, err)
	}
	f := &LicenseDirectory{env: env, dir: dir, there: make(map[string]bool, len(entries))}
	for _, e := range entries {
		f.there[e.Name()] = true
	}
	return f, nil
}

// Path returns the path of a file in the directory.
func (f *LicenseDirectory) Path(name string) string { return filepath.Join(f.dir, name) }

// Check refuses names under which something else is there.
func (f *LicenseDirectory) Check(names []string) error {
	for _, name := range names {
		if f.there[name] {
			if err := f.env.CheckOutput(f.Path(name), "OLL1:"); err != nil {
				return err
			}
		}
	}
	return nil
}

// Write writes files that have names of their own. It may be called by several
// goroutines.
func (f *LicenseDirectory) Write(files []LicenseFile) error {
	var fresh, others []LicenseFile
	for _, file := range files {
		if f.there[file.Name] {
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
		if old, err := atomicfile.Read(f.Path(file.Name), len(file.Text)); err == nil && bytes.Equal(old, file.Text) {
			continue
		}
		if err := f.env.WriteFile(f.Path(file.Name), file.Text, 0o644); err != nil {
			return f.lost(err)
		}
	}
	return nil
}

// Prepare makes the file of a license of a sale, and says where it goes.
func (f *LicenseDirectory) Prepare(texts *service.LicenseTexts, h *ledger.Holding, license *ledger.License) (file LicenseFile, d service.Delivered, err error) {
	a := ledger.Activation{ID: license.Activation}
	if found := service.Held(h, license.Activation); found != nil {
		a = found.Activation
	}
	file.Name = service.LicenseFileName(&a)
	file.Text, err = texts.Text(license)
	return file, service.Delivered{Activation: a.ID, Site: a.Site, Host: a.Host, License: service.ViewLicense(license), Output: service.Output{File: f.Path(file.Name)}}, err
}

// CheckAndWrite is Check for files whose licenses are on record, and then Write.
func (f *LicenseDirectory) CheckAndWrite(files []LicenseFile) error {
	names := make([]string, len(files))
	for i, file := range files {
		names[i] = file.Name
	}
	if err := f.Check(names); err != nil {
		return f.lost(err)
	}
	return f.Write(files)
}

// lost says of an error in writing that no license is lost.
func (f *LicenseDirectory) lost(err error) error {
	if path, ok := errors.AsType[*fs.PathError](err); ok {
		err = cli.FileError("write", path.Path, err)
	}
	return cli.Fail(err).WithHint("no license is lost: what was signed is on record, and the same command again writes the same files")
}

// IsDirectory reports whether a path leads to a directory.
func IsDirectory(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}
