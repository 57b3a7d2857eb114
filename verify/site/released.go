package site

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/verify"
	"github.com/offlicense/offlicense/verify/site/atomicfile"
)

// releasedLicense is one license that this site has released: a file in the directory
// released. From it and the machine key the release is signed, byte for byte the same each
// time.
type releasedLicense struct {
	verify.ReleasedLicense // At is in whole seconds

	release format.ID
	days    uint64 // emergency days that were used
}

func (r releasedLicense) claims() format.ReleaseClaims {
	return format.ReleaseClaims{
		Activation: r.Activation, Vendor: r.Vendor, IssuedAt: r.At.Unix(), ID: r.release, License: r.License, EmergencyDays: r.days,
	}
}

const releasedHeader = "offlicense released 1\n"

// marshal returns the content:
//
//	offlicense released 1
//	LICENSE RELEASE 2026-11-22T12:00:00Z 0 "acme.example" "K7QX2MPA3ZL4N"
//
// with the two ids, the time, the emergency days, the vendor and the activation.
func (r releasedLicense) marshal() []byte {
	return fmt.Appendf(nil, "%s%s %s %s %d %q %q\n", releasedHeader,
		r.License, r.release, r.At.UTC().Format(time.RFC3339), r.days, r.Vendor, r.Activation)
}

// parseReleased reads exactly what marshal wrote.
func parseReleased(text []byte) (r releasedLicense, err error) {
	if len(text) == 0 {
		return r, errors.New("the record of a release is empty, as after a crash: remove it, and release the license again")
	}
	malformed := errors.New("malformed record of a release: restore it from a backup, or ask the vendor what was released here")
	line, ok := strings.CutPrefix(string(text), releasedHeader)
	f := strings.SplitN(strings.TrimSuffix(line, "\n"), " ", 6)
	if !ok || len(f) != 6 {
		return r, malformed
	}
	var failed [6]error
	r.License, failed[0] = format.ParseID(f[0])
	r.release, failed[1] = format.ParseID(f[1])
	r.At, failed[2] = time.Parse(time.RFC3339, f[2])
	r.days, failed[3] = strconv.ParseUint(f[3], 10, 64)
	r.Vendor, failed[4] = strconv.Unquote(f[4])
	r.Activation, failed[5] = strconv.Unquote(f[5])
	if errors.Join(failed[:]...) != nil || !bytes.Equal(r.marshal(), text) {
		return releasedLicense{}, malformed
	}
	return r, nil
}

func releasedName(license format.ID) string { return filepath.Join(releasedDir, license.String()) }

// recordRelease makes the record of a release, durably, and returns it, or the one that is
// there already: of several processes that release at the same time the first one's counts.
func (s *State) recordRelease(r releasedLicense) (releasedLicense, error) {
	// What cannot be signed must not stop the license.
	claims := r.claims()
	if _, err := claims.Marshal(); err != nil {
		return releasedLicense{}, err
	}
	if err := s.makeSubdirectory(releasedDir); err != nil {
		return releasedLicense{}, err
	}
	path := s.path(releasedName(r.License))
	err := atomicfile.Create(path, r.marshal(), publicMode)
	if errors.Is(err, fs.ErrExist) {
		return s.readReleased(releasedName(r.License))
	}
	if err != nil {
		return releasedLicense{}, &fs.PathError{Op: "write", Path: path, Err: cause(err)}
	}
	return r, nil
}

func (s *State) readReleased(name string) (releasedLicense, error) {
	text, err := s.read(name)
	if err != nil {
		return releasedLicense{}, err
	}
	r, err := parseReleased(text)
	if err == nil && releasedName(r.License) != name {
		err = fmt.Errorf("it is the record of license %s", r.License)
	}
	if err != nil {
		return releasedLicense{}, fmt.Errorf("%q: %w", s.path(name), err)
	}
	return r, nil
}

// released returns what this site has given up. A record that cannot be read is an error:
// what it says must not be passed over.
func (s *State) released() ([]releasedLicense, error) {
	entries, err := s.entries(releasedDir)
	if err != nil {
		return nil, err
	}
	var list []releasedLicense
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), ".") { // what a crash has left of one that is not there yet
			continue
		}
		r, err := s.readReleased(filepath.Join(releasedDir, e.Name()))
		if err != nil {
			return nil, err
		}
		list = append(list, r)
	}
	return list, nil
}
