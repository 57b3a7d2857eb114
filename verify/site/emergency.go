package site

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/verify"
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
	from       int64  // the day from which they count
}

func activationOf(l *format.LicenseClaims) activation {
	return activation{l.Issuer, l.Activation, l.Terms.EmergencyDays, dayNumber(format.Time(l.Terms.EmergencyFrom))}
}

func activationOfLicense(l *verify.License) activation {
	return activation{l.Vendor, l.Activation, l.EmergencyDays, dayNumber(l.EmergencyFrom)}
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

// tally is what the site knows of the emergency days of one activation: a line of the file
// failover.days.
type tally struct {
	vendor, activation string

	used    days
	settled int64 // up to this day it was decided which ones are used, since the last declaration
	from    int64 // the day from which they counted then
}

const talliesHeader = "offlicense failover days 1\n"

// marshalTallies returns the content, one line an activation:
//
//	offlicense failover days 1
//	2026-11-24 2026-01-01 2026-11-20..2026-11-21,2026-11-24 "acme.example" "K7QX2MPA3ZL4N"
//
// with the day on which the tally was taken, the one from which the days count, the days that
// were used, the vendor and the activation.
func marshalTallies(list []tally) []byte {
	b := []byte(talliesHeader)
	for _, t := range list {
		b = fmt.Appendf(b, "%s %s %s %q %q\n", dateOf(t.settled), dateOf(t.from), t.used, t.vendor, t.activation)
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
		var t tally
		var failed [5]error
		t.settled, failed[0] = parseDate(f[0])
		t.from, failed[1] = parseDate(f[1])
		t.used, failed[2] = parseDays(f[2])
		t.vendor, failed[3] = strconv.Unquote(f[3])
		t.activation, failed[4] = strconv.Unquote(f[4])
		if errors.Join(failed[:]...) != nil || !t.used.inOrder() {
			return nil, malformed
		}
		list = append(list, t)
	}
	if !bytes.Equal(marshalTallies(list), text) {
		return nil, malformed
	}
	return list, nil
}

// tallies returns what the activations have used.
func (s *State) tallies() ([]tally, error) {
	text, err := s.read(talliesFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	list, err := parseTallies(text)
	if err != nil {
		return nil, fmt.Errorf("%q: %w", s.path(talliesFile), err)
	}
	return list, nil
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

// on returns the tally once an emergency that was declared on the day since goes on today,
// and the number that today has among the days that count for a license: more than granted
// (0: any number is) once those are used up.
//
// Every day that has begun since the declaration is used, whether or not somebody asked on
// it. A day that is used stays so, and is used once, whatever the clock says later: each
// stands in the set by itself. So a clock that is ahead when the emergency is declared uses
// that one day, and then those that come. Days on which the server stood by, because all
// were used up, are not used if more are granted later.
func (t tally) on(today, since int64, a activation) (tally, uint64) {
	next := t
	next.from = t.counting(today, a)
	next.used = t.used.with(t.undecided(today, since), today)
	n := next.used.from(next.from)
	switch {
	case a.granted == 0 || n <= a.granted:
		next.settled = today
		return next, n
	case t.used.from(next.from) >= a.granted:
		t.settled = max(t.settled, today)
	}
	return t, n
}

// ended is on for an emergency that ends today. Of days that are not in the set yet, and more
// than there are, the first ones were used.
func (t tally) ended(today, since int64, a activation) tally {
	next, n := t.on(today, since, a)
	if a.granted == 0 || n <= a.granted {
		return next
	}
	from := t.counting(today, a)
	for day := t.undecided(today, since); day <= today && next.used.from(from) < a.granted; day++ {
		next.used = next.used.with(day, day)
	}
	next.settled, next.from = max(next.settled, today), from
	return next
}

// counting returns the day from which days count: before it comes, as after an early
// renewal, that of the license before.
func (t tally) counting(today int64, a activation) int64 {
	if a.from > today {
		return t.from
	}
	return a.from
}

// undecided returns the first day up to today of which the set does not say whether it was
// used. Where the clock was ahead at the declaration, and nothing was counted since, that is
// today.
func (t tally) undecided(today, since int64) int64 {
	if len(t.used) > 0 && t.settled <= today && (t.settled >= since || today < since) {
		return min(t.settled+1, today)
	}
	return min(since, today)
}

// emergency is what the directory knows of an activation's emergency at a time.
type emergency struct {
	declared *declaration // nil: none goes on
	day      uint64       // the number of this emergency day, or that which it would have

	recorded, due, ended tally // what the directory has, should have, and will have if it ends now
	others               []tally

	// unproven: that this day counts follows from nothing but its record. A clock was ahead at
	// the declaration.
	unproven bool
}

// emergencies is what the directory knows of all activations.
type emergencies struct {
	declared   *declaration // nil: none goes on
	tallies    []tally
	undeclared error // why the declaration cannot be read
	untallied  error // why the tallies cannot be read
}

func (s *State) emergencies() (all emergencies) {
	all.declared, all.undeclared = s.declaration()
	all.tallies, all.untallied = s.tallies()
	return all
}

// of returns the emergency of one activation at a time.
func (all emergencies) of(a activation, now time.Time) (e emergency, err error) {
	if err := cmp.Or(all.undeclared, all.untallied); err != nil {
		return emergency{}, err
	}
	if d := all.declared; d != nil && d.vendor == a.vendor && d.activation == a.id {
		e.declared = d // not of a license that was installed here before
	}
	e.recorded = tally{vendor: a.vendor, activation: a.id}
	for _, t := range all.tallies {
		if t.vendor == a.vendor && t.activation == a.id {
			e.recorded = t
		} else {
			e.others = append(e.others, t)
		}
	}
	today := dayNumber(now)
	if e.declared == nil {
		_, e.day = e.recorded.on(today, today, a)
		e.due, e.ended = e.recorded, e.recorded
		return e, nil
	}
	since := dayNumber(e.declared.since)
	e.due, e.day = e.recorded.on(today, since, a)
	e.ended = e.recorded.ended(today, since, a)
	e.unproven = since > today && e.recorded.undecided(today, since) == today && !e.recorded.used.has(today)
	return e, nil
}

// used returns how many emergency days that count for a license are used.
func (e emergency) used(a activation, now time.Time) uint64 {
	return e.ended.used.from(e.recorded.counting(dayNumber(now), a))
}

// record writes what the directory should have.
func (s *State) record(e emergency, should tally) error {
	if should.equal(e.recorded) {
		return nil
	}
	return s.writeTally(should, e.others)
}

func (t tally) equal(o tally) bool {
	return t.settled == o.settled && t.from == o.from && slices.Equal(t.used, o.used)
}

// daysUsed returns how many emergency days the activation of a license has used.
func (s *State) daysUsed(l *format.LicenseClaims, now time.Time) (uint64, error) {
	if l.Terms.Type != format.TypeFailover {
		return 0, nil
	}
	a := activationOf(l)
	e, err := s.emergencies().of(a, now)
	return e.used(a, now), err
}

// unprovenRefusal refuses a day of emergency that could not be recorded, and that nothing else
// would count: otherwise the days would not end.
func unprovenRefusal(e emergency, failed error) error {
	r := &verify.Refusal{
		Reason:  verify.Standby,
		Message: fmt.Sprintf("the clock was ahead when the emergency was declared, and this day of it could not be recorded: %v", cause(failed)),
		Found:   "an emergency declared on " + dateOf(dayNumber(e.declared.since)),
	}
	return r.WithHint("let the owner of the state directory check the license once, or declare the emergency again")
}
