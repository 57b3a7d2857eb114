package site

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/verify/site/atomicfile"
)

// declaration is the content of the file failover: an emergency that goes on. It is
// written by "failover start" and removed by "failover stop" alone, so that a check that
// counts days at the same time cannot bring back what was ended.
type declaration struct {
	since      time.Time // whole seconds
	vendor     string
	activation string // whose license may run
	why        string
}

const declarationHeader = "offlicense failover 1\n"

// marshal returns the content:
//
//	offlicense failover 1
//	since 2026-11-22T12:00:00Z
//	vendor "acme.example"
//	activation "K7QX2MPA3ZL4N"
//	why "the data center is under water"
func (d declaration) marshal() []byte {
	return fmt.Appendf(nil, "%ssince %s\nvendor %q\nactivation %q\nwhy %q\n", declarationHeader,
		d.since.UTC().Format(time.RFC3339), d.vendor, d.activation, d.why)
}

var errDeclaration = errors.New(`malformed declaration of an emergency; end it with "offlicense failover stop"`)

// parseDeclaration reads exactly what marshal wrote.
func parseDeclaration(text []byte) (declaration, error) {
	lines := strings.Split(string(text), "\n")
	if len(lines) != 6 {
		return declaration{}, errDeclaration
	}
	var d declaration
	var failed [4]error
	d.since, failed[0] = time.Parse("since "+time.RFC3339, lines[1])
	d.vendor, failed[3] = strconv.Unquote(strings.TrimPrefix(lines[2], "vendor "))
	d.activation, failed[1] = strconv.Unquote(strings.TrimPrefix(lines[3], "activation "))
	d.why, failed[2] = strconv.Unquote(strings.TrimPrefix(lines[4], "why "))
	if errors.Join(failed[:]...) != nil || !bytes.Equal(d.marshal(), text) {
		return declaration{}, errDeclaration
	}
	return d, nil
}

// activation is one that a failover license is of.
type activation struct {
	vendor, id string
	granted    uint64 // emergency days; 0: not limited
}

func activationOf(l *format.LicenseClaims) activation {
	return activation{l.Issuer, l.Activation, l.Terms.EmergencyDays}
}

// declaration returns the emergency that goes on, nil if none does.
func (s *State) declaration() (*declaration, error) {
	text, err := s.read(declarationFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	d, err := parseDeclaration(text)
	if err != nil {
		return nil, fmt.Errorf("%q: %w", s.path(declarationFile), err)
	}
	return &d, nil
}

// endEmergency removes the declaration.
func (s *State) endEmergency() error {
	err := os.Remove(s.path(declarationFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil {
		err = atomicfile.SyncDirectory(s.dir)
	}
	if err != nil {
		return &fs.PathError{Op: "remove", Path: s.path(declarationFile), Err: cause(err)}
	}
	return nil
}

// tally is how many emergency days one activation has used: a line of the file
// failover.days.
type tally struct {
	vendor, activation string

	used    uint64
	through int64 // the last day that is counted, or on which the days were used up; days since 1970
	spent   bool  // a day more was wanted than there was
}

const talliesHeader = "offlicense failover days 1\n"

// marshalTallies returns the content, one line an activation:
//
//	offlicense failover days 1
//	3 2026-11-24 left "acme.example" "K7QX2MPA3ZL4N"
func marshalTallies(list []tally) []byte {
	b := []byte(talliesHeader)
	for _, t := range list {
		state := "left"
		if t.spent {
			state = "spent"
		}
		b = fmt.Appendf(b, "%d %s %s %q %q\n", t.used, dateOf(t.through), state, t.vendor, t.activation)
	}
	return b
}

// parseTallies reads exactly what marshalTallies wrote.
func parseTallies(text []byte) ([]tally, error) {
	malformed := errors.New("malformed record of the emergency days: restore it from a backup, or remove it and tell the vendor how many were used")
	rest, ok := strings.CutPrefix(string(text), talliesHeader)
	if !ok || len(text) >= maxFile {
		return nil, malformed
	}
	var list []tally
	for line := range strings.Lines(rest) {
		f := strings.SplitN(strings.TrimSuffix(line, "\n"), " ", 5)
		if len(f) != 5 {
			return nil, malformed
		}
		t := tally{spent: f[2] == "spent"}
		var failed [4]error
		var through time.Time
		t.used, failed[0] = strconv.ParseUint(f[0], 10, 64)
		through, failed[1] = time.Parse(time.DateOnly, f[1])
		t.vendor, failed[2] = strconv.Unquote(f[3])
		t.activation, failed[3] = strconv.Unquote(f[4])
		if errors.Join(failed[:]...) != nil {
			return nil, malformed
		}
		t.through = dayNumber(through)
		list = append(list, t)
	}
	if !bytes.Equal(marshalTallies(list), text) {
		return nil, malformed
	}
	return list, nil
}

const daySeconds = 24 * 60 * 60

// dayNumber returns the day of a time, in UTC, as days since 1970.
func dayNumber(t time.Time) int64 {
	seconds := t.Unix()
	return (seconds - ((seconds%daySeconds)+daySeconds)%daySeconds) / daySeconds
}

func dateOf(day int64) string { return time.Unix(day*daySeconds, 0).UTC().Format(time.DateOnly) }

// tally returns what an activation has used, and what others have.
func (s *State) tally(a activation) (own tally, others []tally, err error) {
	own = tally{vendor: a.vendor, activation: a.id}
	text, err := s.read(talliesFile)
	if errors.Is(err, fs.ErrNotExist) {
		return own, nil, nil
	}
	var list []tally
	if err == nil {
		if list, err = parseTallies(text); err != nil {
			err = fmt.Errorf("%q: %w", s.path(talliesFile), err)
		}
	}
	if err != nil {
		return tally{}, nil, err
	}
	others = slices.DeleteFunc(list, func(t tally) bool {
		if t.vendor != a.vendor || t.activation != a.id {
			return false
		}
		own = t
		return true
	})
	return own, others, nil
}

// maxTallies is of how many activations a directory keeps count; the oldest is forgotten.
const maxTallies = 64

func (s *State) writeTally(own tally, others []tally) error {
	list := append(others, own)
	list = list[max(0, len(list)-maxTallies):]
	if err := s.write(talliesFile, marshalTallies(list), publicMode); err != nil {
		return fmt.Errorf("the emergency days could not be recorded in %q: %w", s.path(talliesFile), cause(err))
	}
	return nil
}

// on returns the tally once an emergency that was declared on the day from goes on today,
// and the number that today has among all emergency days: more than granted (0: any
// number is) once those are used up. Every day that has begun since the declaration counts
// as one, whether or not somebody asked on it; a day that an earlier emergency has counted
// does not count again; and no clock that is set back takes a day away.
func (t tally) on(today, from int64, granted uint64) (tally, uint64) {
	today = max(today, from, t.through)
	if t.spent && (granted == 0 || t.used < granted) {
		// More was granted since. The server was on standby meanwhile, today not counted yet.
		t.spent, t.through = false, max(t.through, today-1)
	}
	if t.spent {
		return t, t.used + 1
	}
	before, last := t.used, max(t.through, from-1)
	if today > last {
		t.used, t.through = t.used+uint64(today-last), today
	}
	if granted > 0 && t.used > granted {
		t.used, t.through, t.spent = max(before, granted), max(last, today-1), true
		return t, t.used + 1
	}
	return t, t.used
}

// emergency is what the directory knows of an activation's emergency at a time.
type emergency struct {
	declared *declaration // nil: none goes on
	day      uint64       // the number of this emergency day, or that which it would have

	recorded, due tally // what the directory has, and what it should have
	others        []tally
}

func (s *State) emergency(a activation, now time.Time) (e emergency, err error) {
	if e.declared, err = s.declaration(); err != nil {
		return emergency{}, err
	}
	if d := e.declared; d != nil && (d.vendor != a.vendor || d.activation != a.id) {
		e.declared = nil // of a license that was installed here before
	}
	if e.recorded, e.others, err = s.tally(a); err != nil {
		return emergency{}, err
	}
	e.due = e.recorded
	today, granted := dayNumber(now), a.granted
	if e.declared == nil {
		_, e.day = e.recorded.on(today, today, granted)
	} else {
		e.due, e.day = e.recorded.on(today, dayNumber(e.declared.since), granted)
	}
	return e, nil
}

// record writes what is due.
func (s *State) record(e emergency, now time.Time) error {
	if e.due == e.recorded || now.Year() > 9999 {
		return nil
	}
	return s.writeTally(e.due, e.others)
}

// daysUsed returns how many emergency days the activation of a license has used.
func (s *State) daysUsed(l *format.LicenseClaims, now time.Time) (uint64, error) {
	if l.Terms.Type != format.TypeFailover {
		return 0, nil
	}
	e, err := s.emergency(activationOf(l), now)
	return e.due.used, err
}
