package site

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"strings"
	"time"

	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/verify"
)

// releasedLicense is one license that this site has released: a line of the file released.
// From it and the machine key the release can be signed again, byte for byte.
type releasedLicense struct {
	verify.ReleasedLicense // At is in whole seconds

	release format.ID
	days    uint64 // emergency days that were used
}

const releasedHeader = "offlicense released 1\n"

// marshalReleased returns the content, one line a license:
//
//	offlicense released 1
//	LICENSE RELEASE 2026-11-22T12:00:00Z 0 "acme.example" "K7QX2MPA3ZL4N"
//
// with the two ids, the time, the emergency days, the vendor and the activation.
func marshalReleased(list []releasedLicense) []byte {
	b := []byte(releasedHeader)
	for _, r := range list {
		b = fmt.Appendf(b, "%s %s %s %d %q %q\n", r.License, r.release, r.At.UTC().Format(time.RFC3339), r.days, r.Vendor, r.Activation)
	}
	return b
}

// parseReleased reads exactly what marshalReleased wrote.
func parseReleased(text []byte) ([]releasedLicense, error) {
	malformed := errors.New("malformed list of released licenses: restore it from a backup, or ask the vendor what was released here")
	rest, ok := strings.CutPrefix(string(text), releasedHeader)
	if !ok || len(text) >= maxFile {
		return nil, malformed
	}
	var list []releasedLicense
	for line := range strings.Lines(rest) {
		r, err := parseReleasedLine(strings.TrimSuffix(line, "\n"))
		if err != nil {
			return nil, malformed
		}
		list = append(list, r)
	}
	if !bytes.Equal(marshalReleased(list), text) {
		return nil, malformed
	}
	return list, nil
}

func parseReleasedLine(line string) (r releasedLicense, err error) {
	f := strings.SplitN(line, " ", 6)
	if len(f) != 6 {
		return r, errors.New("a field is missing")
	}
	var failed [6]error
	r.License, failed[0] = format.ParseID(f[0])
	r.release, failed[1] = format.ParseID(f[1])
	r.At, failed[2] = time.Parse(time.RFC3339, f[2])
	r.days, failed[3] = strconv.ParseUint(f[3], 10, 64)
	r.Vendor, failed[4] = strconv.Unquote(f[4])
	r.Activation, failed[5] = strconv.Unquote(f[5])
	return r, errors.Join(failed[:]...)
}

// released returns what this site has given up. A list that cannot be read is an error:
// what it says must not be passed over.
func (s *State) released() ([]releasedLicense, error) {
	text, err := s.read(releasedFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	list, err := parseReleased(text)
	if err != nil {
		return nil, fmt.Errorf("%q: %w", s.path(releasedFile), err)
	}
	return list, nil
}
