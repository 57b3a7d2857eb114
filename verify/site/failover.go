package site

import (
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/verify"
	"github.com/offlicense/offlicense/verify/machine"
)

// Failover is the status of a site's failover license.
type Failover struct {
	Activation  string
	Declared    bool      // an emergency goes on
	Since       time.Time // when it was declared; zero: none goes on
	Why         string
	DaysUsed    uint64 // of emergency, today's included, as far as they count for the license
	DaysGranted uint64 // 0: not limited. The license says so, and nobody has checked it
	UsedUp      bool   // the license is back on standby, whatever is declared

	Already bool // the emergency was declared before, and stays as it was
}

// ErrNotFailover says that an emergency makes no difference to the installed license.
var ErrNotFailover = errors.New("the installed license is not a failover license")

// maxWhy is the most bytes of a reason.
const maxWhy = 128

// FailoverOptions say what StartFailover cannot find out.
type FailoverOptions struct {
	Why        string           // required: 1 to 128 bytes of text
	Verifier   *verify.Verifier // required
	Components []machine.Value  // that the operator gives, as in Program
	Now        time.Time        // required
}

// StartFailover declares an emergency, so that the installed failover license runs. One
// that goes on already stays as it was declared. The error is [ErrNotFailover], or a
// *[verify.Refusal] where the license would not run, as when its days are used up.
func (s *State) StartFailover(o FailoverOptions) (*Failover, error) {
	if o.Now.IsZero() || o.Verifier == nil {
		return nil, errors.New("failover: Now or Verifier is not set")
	}
	if err := format.ValidText(o.Why, maxWhy); err != nil {
		return nil, &FieldError{"why", fmt.Errorf("invalid reason %.64q: %w", o.Why, err)}
	}
	if err := plausible(o.Now); err != nil {
		return nil, err
	}
	text, err := s.readLicense()
	if err != nil {
		return nil, err
	}
	opened, err := o.Verifier.Open(text)
	if err != nil {
		return nil, err
	}
	known := s.keptLists(o.Verifier)
	license, err := s.judgeUnwritten(question{
		Program: Program{Components: o.Components, Emergency: true}, anyProduct: true, opened: opened, now: o.Now, known: known,
	})
	if err != nil {
		return nil, err
	}
	if license.Type != format.TypeFailover {
		return nil, notFailover(license.Type)
	}
	a, now := activationOfLicense(license), s.floored(o.Now)
	e, err := s.emergencies().of(a, now)
	if err != nil {
		return nil, err
	}
	already := e.declared != nil
	if !already {
		e.declared = &declaration{since: now.UTC().Truncate(time.Second), vendor: a.vendor, activation: a.id, why: o.Why}
		e.due, _ = e.recorded.on(dayNumber(now), dayNumber(now), a)
		e.ended = e.due
	}
	// What has not begun must not begin with no day left.
	facts := verify.Facts{
		Now: o.Now, AnyProduct: true, AnyMachine: true, Emergency: true, EmergencyDays: e.day, Revocations: known.all(),
	}
	if _, err := opened.Check(facts); err != nil {
		return nil, err
	}
	if !already {
		if err := s.write(declarationFile, e.declared.marshal(), publicMode); err != nil {
			return nil, err
		}
	}
	if err := s.record(e, e.due); err != nil {
		return nil, err
	}
	f := e.failover(a, now)
	f.Already = already
	return f, nil
}

// StopFailover ends the emergency, whatever the license says by now. Its days stay used.
// Where none goes on, nothing happens. By a clock that is far ahead of all that the site has
// seen, and would use up every day, the days are counted up to a day after that.
func (s *State) StopFailover(now time.Time) (*Failover, error) {
	f, e, err := s.failover(now)
	if err == nil && f.Declared && f.UsedUp {
		record, _ := s.readClock() // one that cannot be read says nothing
		if plausible := later(record.highest, f.Since).Add(maxStep); plausible.Before(now) {
			f, e, err = s.failover(plausible)
		}
	}
	switch {
	case err == nil:
		if err := s.record(e, e.ended); err != nil {
			return nil, err
		}
	case errors.Is(err, verify.NoLicense), errors.Is(err, ErrNotFailover), errors.Is(err, errDeclaration):
		f = &Failover{} // no days to count by, and yet to be ended
	default:
		return nil, err
	}
	if err := s.endEmergency(); err != nil {
		return nil, err
	}
	return f, nil
}

// Failover returns the status of the installed failover license, which is not judged.
func (s *State) Failover(now time.Time) (*Failover, error) {
	f, _, err := s.failover(now)
	return f, err
}

func (s *State) failover(now time.Time) (*Failover, emergency, error) {
	if now.IsZero() {
		return nil, emergency{}, errors.New("failover: no time is given")
	}
	l, err := s.unverifiedLicense()
	switch {
	case errors.Is(err, verify.NoLicense), errors.Is(err, fs.ErrPermission):
		return nil, emergency{}, err
	case err != nil:
		return nil, emergency{}, fmt.Errorf("%w: %q: %v", ErrNotFailover, s.path(licenseFile), cause(err))
	case l.Terms.Type != format.TypeFailover:
		return nil, emergency{}, notFailover(l.Terms.Type)
	}
	a, now := activationOf(l), s.floored(now)
	e, err := s.emergencies().of(a, now)
	if err != nil {
		return nil, emergency{}, err
	}
	return e.failover(a, now), e, nil
}

func (e emergency) failover(a activation, now time.Time) *Failover {
	f := &Failover{
		Activation: a.id, DaysUsed: e.used(a, now), DaysGranted: a.granted,
		UsedUp: a.granted > 0 && e.day > a.granted,
	}
	if e.declared != nil {
		f.Declared, f.Since, f.Why = true, e.declared.since, e.declared.why
	}
	return f
}

func notFailover(kind string) error { return fmt.Errorf("%w: its type is %s", ErrNotFailover, kind) }

// floored returns the time, or the highest that the site has seen if that is later.
func (s *State) floored(now time.Time) time.Time {
	record, _ := s.readClock() // one that cannot be read floors nothing
	return later(now, record.highest)
}
