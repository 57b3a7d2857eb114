package site

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"github.com/offlicense/offlicense/verify"
)

const (
	// raiseAfter is how much later than the recorded time it must be to record it again.
	raiseAfter = time.Hour

	// maxStep is the most by which the recorded time is raised at once.
	maxStep = 24 * time.Hour

	// maxPause is how long after a jump the clock goes on from there; what is further on is another jump.
	maxPause = 32 * 24 * time.Hour
)

// seen is the content of the clock file. Both times are whole seconds.
type seen struct {
	highest time.Time // never later than raised
	raised  time.Time // what the clock said when highest was last raised
}

const clockHeader = "offlicense clock 1\n"

// marshal returns the content:
//
//	offlicense clock 1
//	highest 2026-11-21T12:00:00Z
//	raised 2026-11-21T12:00:00Z
func (s seen) marshal() []byte {
	return fmt.Appendf(nil, "%shighest %s\nraised %s\n", clockHeader,
		s.highest.UTC().Format(time.RFC3339), s.raised.UTC().Format(time.RFC3339))
}

// parseClock reads exactly what marshal wrote.
func parseClock(text []byte) (seen, error) {
	malformed := errors.New("malformed clock file: remove it once this machine's clock is right")
	rest, ok := strings.CutPrefix(string(text[:min(len(text), 128)]), clockHeader)
	if !ok {
		return seen{}, malformed
	}
	highest, raised, _ := strings.Cut(rest, "\n")
	var s seen
	var err error
	if s.highest, err = time.Parse("highest "+time.RFC3339, highest); err != nil {
		return seen{}, malformed
	}
	if s.raised, err = time.Parse("raised "+time.RFC3339, strings.TrimSuffix(raised, "\n")); err != nil {
		return seen{}, malformed
	}
	if s.highest.After(s.raised) || !bytes.Equal(s.marshal(), text) {
		return seen{}, malformed
	}
	return s, nil
}

// next returns the record once the clock says now, and whether it has to be written.
func (s seen) next(now time.Time) (seen, bool) {
	now = now.UTC().Truncate(time.Second)
	ahead := now.Sub(s.highest) // at most 292 years
	wasCut := s.highest.Before(s.raised)
	switch {
	case ahead < raiseAfter, now.Year() > 9999:
		return s, false
	case wasCut && !now.Before(s.raised) && now.Before(s.raised.Add(maxStep)):
		return s, false // still the jump that was cut
	case wasCut && now.After(s.raised.Add(maxPause)):
		return seen{s.highest, now}, true // to yet another future, and the record is ahead already
	case ahead <= maxStep:
		return seen{now, now}, true
	case wasCut && now.Before(s.raised):
		return s, false // another jump, while the first is not yet caught up with
	}
	return seen{s.highest.Add(maxStep), now}, true
}

// plausible refuses a time that no statement and no file here can say, so that nothing is
// written that cannot be read.
func plausible(now time.Time) error {
	if now.Unix() > 0 && now.Year() <= 9999 {
		return nil
	}
	r := &verify.Refusal{
		Reason:  verify.ClockRolledBack,
		Message: fmt.Sprintf("this machine's clock says the year %d", now.Year()),
	}
	return r.WithHint("set the clock to the right time and try again")
}

// orSigned returns the record, or one of the time at which the vendor signed if that is
// later: it has passed, too. So a clock that is a year ahead when a license is first
// installed makes a record that is a day ahead.
func (s seen) orSigned(at time.Time) seen {
	if s.highest.Before(at) {
		return seen{at, at}
	}
	return s
}

// readClock returns what the directory has recorded, the zero value if it has no record.
// A record that cannot be read is an error for a warning.
func (s *State) readClock() (seen, error) {
	text, err := s.read(clockFile)
	if errors.Is(err, fs.ErrNotExist) {
		return seen{}, nil
	}
	var record seen
	if err == nil {
		record, err = parseClock(text)
	}
	if err != nil {
		return seen{}, fmt.Errorf("the time seen before is not known: %q: %w", s.path(clockFile), cause(err))
	}
	return record, nil
}

// recordClock raises the record to now if that is due.
func (s *State) recordClock(record seen, now time.Time) error {
	next, due := record.next(now)
	if !due {
		return nil
	}
	if err := s.write(clockFile, next.marshal(), publicMode); err != nil {
		return fmt.Errorf("the time could not be recorded in %q: %w", s.path(clockFile), cause(err))
	}
	return nil
}
