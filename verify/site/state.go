package site

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/verify/site/atomicfile"
)

const (
	keyFile     = "machine.key"
	requestsDir = "requests"
	requestExt  = ".olq"
	licenseFile = "license.lic"
	clockFile   = "clock"

	revocationsDir = "revocations"
	revocationExt  = ".olv"

	releasedDir = "released"

	declarationFile = "failover"
	talliesFile     = "failover.days"

	directoryMode = 0o755
	publicMode    = 0o644
	privateMode   = 0o600
)

// State is a state directory. It holds nothing but the directory's path, so it may be used by
// many goroutines at once, and several processes may use one directory.
type State struct{ dir string }

// At names the state directory dir. Nothing is read or made; [State.Request] makes the
// directory if it is missing, and so does [State.Install] for a license that needs no request.
// Where dir is "" there is none: no request was made, nothing is remembered, and only a license
// for any machine holds, which [LicenseVariable] then has.
func At(dir string) *State { return &State{dir} }

// Dir returns the path of the directory.
func (s *State) Dir() string { return s.dir }

func (s *State) path(name string) string { return filepath.Join(s.dir, name) }

// LicensePath returns where the installed license is kept.
func (s *State) LicensePath() string { return s.path(licenseFile) }

var (
	// ErrNotState says that a directory holds other things and no state of a site.
	ErrNotState = errors.New("the directory is not empty and is not a state directory")

	// ErrNoRequest says that a license which answers a request is to be installed into a
	// directory that is missing or empty.
	ErrNoRequest = errors.New("no request was made in this directory")

	// ErrIsDirectory says that a directory stands in the place of a file, as where a container
	// mounts a file that is missing.
	ErrIsDirectory = errors.New("it is a directory, and what was to be mounted there is missing")

	// ErrLicenseVariable says that the file cannot be read that [LicenseVariable] names.
	ErrLicenseVariable = errors.New("the license that " + LicenseVariable + " names cannot be read")

	// ErrNoSite says that a revocation list is to be installed into a directory that is
	// missing or empty, so that there is nothing that it could be about.
	ErrNoSite = errors.New("nothing is licensed in this directory: it is missing or empty")
)

// make creates the directory, but not its parents: a misspelled path is more likely than
// a missing parent. A directory full of other things is refused.
func (s *State) make() error {
	if s.dir == "" {
		return errNoDirectory
	}
	if err := makeDirectory(s.dir); err != nil {
		return err
	}
	if _, err := s.fresh(); err != nil {
		return err
	}
	return s.makeSubdirectory(requestsDir)
}

// errNoDirectory is why nothing is written where there is no state directory.
var errNoDirectory = errors.New("there is no state directory")

// entries lists a directory in the state directory; none where it is missing.
func (s *State) entries(name string) ([]fs.DirEntry, error) {
	if s.dir == "" {
		return nil, nil
	}
	all, err := os.ReadDir(s.path(name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, &fs.PathError{Op: "read", Path: s.path(name), Err: cause(err)}
	}
	return all, nil
}

// makeSubdirectory creates a directory in the state directory, durably.
func (s *State) makeSubdirectory(name string) error {
	if s.dir == "" {
		return errNoDirectory
	}
	if err := makeDirectory(s.path(name)); err != nil {
		return err
	}
	if err := atomicfile.SyncDirectory(s.dir); err != nil {
		return &fs.PathError{Op: "write", Path: s.dir, Err: cause(err)}
	}
	return nil
}

// fresh reports whether the directory is missing or empty, and refuses one full of other
// things. What marks a state directory is its key or its requests: a license.lic may lie in
// any directory to which somebody has saved it.
func (s *State) fresh() (bool, error) {
	entries, err := os.ReadDir(s.dir)
	if errors.Is(err, fs.ErrNotExist) {
		return true, nil
	}
	if err != nil {
		return false, &fs.PathError{Op: "read", Path: s.dir, Err: cause(err)}
	}
	foreign := false
	for _, e := range entries {
		switch name := e.Name(); {
		case name == keyFile, name == requestsDir:
			return false, nil
		case name == "lost+found", strings.HasPrefix(name, "."): // its own disk or volume
		default:
			foreign = true
		}
	}
	if foreign {
		return false, fmt.Errorf("cannot use %q: %w", s.dir, ErrNotState)
	}
	return true, nil
}

// makeDirectory creates one directory that all may read, whatever the umask.
func makeDirectory(path string) error {
	err := os.Mkdir(path, directoryMode)
	if errors.Is(err, fs.ErrExist) {
		if info, e := os.Stat(path); e == nil && info.IsDir() {
			return nil
		}
	}
	if err == nil {
		err = openToAll(path)
	}
	if err != nil {
		return &fs.PathError{Op: "create", Path: path, Err: cause(err)}
	}
	return nil
}

// maxFile is the most bytes that are read of any file here.
const maxFile = format.MaxText + 1

// read reads a file of the directory; the error is an *fs.PathError. Of a larger file it
// returns one byte more than any statement has.
func (s *State) read(name string) ([]byte, error) {
	if s.dir == "" {
		return nil, &fs.PathError{Op: "read", Path: name, Err: fs.ErrNotExist}
	}
	path := s.path(name)
	b, err := readRegular(path)
	if err != nil {
		return nil, &fs.PathError{Op: "read", Path: path, Err: cause(err)}
	}
	return b, nil
}

func readRegular(path string) ([]byte, error) {
	f, err := atomicfile.Open(path)
	if err != nil {
		if info, e := os.Stat(path); e == nil && info.IsDir() {
			err = ErrIsDirectory
		}
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	// One byte more than the size, so that the end is found without growing.
	b := make([]byte, min(info.Size(), maxFile)+1)
	n, err := io.ReadFull(f, b)
	if err == io.ErrUnexpectedEOF || err == io.EOF {
		err = nil
	}
	return b[:n], err
}

// write replaces a file of the directory; the error is an *fs.PathError.
func (s *State) write(name string, data []byte, perm fs.FileMode) error {
	if s.dir == "" {
		return errNoDirectory
	}
	path := s.path(name)
	if err := atomicfile.Write(path, data, perm); err != nil {
		return &fs.PathError{Op: "write", Path: path, Err: cause(err)}
	}
	return nil
}

// cause strips what names a path and an operation: those of a temporary file say nothing
// to a user, and the caller names its own.
func cause(err error) error {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return e.Err
	}
	if e, ok := errors.AsType[*os.LinkError](err); ok {
		return e.Err
	}
	return err
}

const checksumSize = 4

// checksum finds damage; it is not security.
func checksum(data []byte) []byte {
	sum := sha256.Sum256(data)
	return sum[:checksumSize]
}
