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

// givenUp is one license that this site has released: a line of the file released. From
// it and the machine key the release can be signed again, byte for byte.
type givenUp struct {
	license    format.ID
	release    format.ID
	at         time.Time // whole seconds
	days       uint64    // of emergency that were used
	vendor     string
	activation string
}

const releasedHeader = "offlicense released 1\n"

// marshalReleased returns the content, one line a license:
//
//	offlicense released 1
//	LICENSE RELEASE 2026-11-22T12:00:00Z 0 "acme.example" "K7QX2MPA3ZL4N"
//
// with the two ids, the time, the days of emergency, the vendor and
// the activation.
func marshalReleased(list []givenUp) []byte {
	b := []byte(releasedHeader)
	for _, g := range list {
		b = fmt.Appendf(b, "%s %s %s %d %q %q\n", g.license, g.release, g.at.UTC().Format(time.RFC3339), g.days, g.vendor, g.activation)
	}
	return b
}

// parseReleased reads exactly what marshalReleased wrote.
func parseReleased(text []byte) ([]givenUp, error) {
	malformed := errors.New("malformed list of released licenses; restore the file from a backup, or ask the vendor what was released here")
	rest, ok := strings.CutPrefix(string(text), releasedHeader)
	if !ok || len(text) >= maxFile {
		return nil, malformed
	}
	var list []givenUp
	for line := range strings.Lines(rest) {
		g, err := parseGivenUp(strings.TrimSuffix(line, "\n"))
		if err != nil {
			return nil, malformed
		}
		list = append(list, g)
	}
	if !bytes.Equal(marshalReleased(list), text) {
		return nil, malformed
	}
	return list, nil
}

func parseGivenUp(line string) (g givenUp, err error) {
	f := strings.SplitN(line, " ", 6)
	if len(f) != 6 {
		return g, errors.New("a field is missing")
	}
	var failed [6]error
	g.license, failed[0] = format.ParseID(f[0])
	g.release, failed[1] = format.ParseID(f[1])
	g.at, failed[2] = time.Parse(time.RFC3339, f[2])
	g.days, failed[3] = strconv.ParseUint(f[3], 10, 64)
	g.vendor, failed[4] = strconv.Unquote(f[4])
	g.activation, failed[5] = strconv.Unquote(f[5])
	return g, errors.Join(failed[:]...)
}

// released returns what this site has given up. A list that cannot be read is an error:
// what it says must not be passed over.
func (s *State) released() ([]givenUp, error) {
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

// stops reports whether a license may not be used here any more: it is the one that was
// given up, or one of the same activation, of whatever epoch. With the release the vendor
// closes the activation; a renewal that crossed it on its way must not open it again.
func (g givenUp) stops(l *format.LicenseClaims) bool {
	return g.license == l.ID || g.vendor == l.Issuer && g.activation == l.Activation
}

// refuseReleased refuses a license that was given up here.
func (s *State) refuseReleased(l *format.LicenseClaims) error {
	list, err := s.released()
	if err != nil {
		return err
	}
	for _, g := range list {
		if g.stops(l) {
			return &verify.Refusal{
				Reason:   verify.Released,
				Message:  fmt.Sprintf("this site gave the license up on %s; install another one", g.at.Format(time.DateOnly)),
				Expected: "a license of another activation",
				Found:    fmt.Sprintf("activation %q", l.Activation),
				Next:     `make a new request with "offlicense request" and send it to the vendor: the license that comes back is another one`,
			}
		}
	}
	return nil
}
