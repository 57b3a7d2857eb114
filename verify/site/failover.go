package site

import (
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/verify"
	"github.com/offlicense/offlicense/verify/machine"
	"github.com/offlicense/offlicense/verify/site/internal/emergency"
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

// FailoverOptions say what cannot be found out. The first three are for StartFailover alone.
type FailoverOptions struct {
	Why        string           // required: 1 to 128 bytes of text
	Verifier   *verify.Verifier // required
	Components []machine.Value  // that the operator gives, as in Program

	Now    time.Time                // required
	Getenv func(name string) string // as in Program
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
	program := Program{Components: o.Components, Getenv: o.Getenv, Emergency: true}
	q, err := s.question(o.Verifier, program, o.Now)
	if err != nil {
		return nil, err
	}
	q.anyProduct = true
	license, err := s.judgeUnwritten(q)
	if q.superseded(err) {
		o.Getenv = program.withoutLicense().Getenv
		return s.StartFailover(o)
	}
	if err != nil {
		return nil, err
	}
	if license.Type != format.TypeFailover {
		return nil, notFailover(license.Type)
	}
	a, now := activationOfLicense(license), s.floored(o.Now)
	e, err := s.emergencies().Of(a, now)
	if err != nil {
		return nil, err
	}
	already := e.Declared != nil
	if !already {
		e.Declare(emergency.Declaration{Since: now.UTC().Truncate(time.Second), Vendor: a.Vendor, Activation: a.ID, Why: o.Why}, a, now)
	}
	// What has not begun must not begin with no day left.
	facts := verify.Facts{
		Now: o.Now, AnyProduct: true, AnyMachine: true, Emergency: true, EmergencyDays: e.Day, Revocations: q.known.all(),
	}
	if _, err := q.opened.Check(facts); err != nil {
		return nil, err
	}
	if !already {
		if err := s.write(declarationFile, e.Declared.Marshal(), publicMode); err != nil {
			return nil, err
		}
	}
	if err := s.record(e, e.Due); err != nil {
		return nil, err
	}
	f := failoverOf(e, a, now)
	f.Already = already
	return f, nil
}

// StopFailover ends the emergency, whatever the license says by now. Its days stay used.
// Where none goes on, nothing happens. By a clock that is far ahead of all that the site has
// seen, and would use up every day, the days are counted up to a day after that.
func (s *State) StopFailover(o FailoverOptions) (*Failover, error) {
	f, e, err := s.failover(o)
	if err == nil && f.Declared && f.UsedUp {
		record, _ := s.readClock() // one that cannot be read says nothing
		if plausible := later(record.highest, f.Since).Add(maxStep); plausible.Before(o.Now) {
			o.Now = plausible
			f, e, err = s.failover(o)
		}
	}
	switch {
	case err == nil:
		if err := s.record(e, e.Ended); err != nil {
			return nil, err
		}
	case errors.Is(err, verify.NoLicense), errors.Is(err, ErrNotFailover), errors.Is(err, emergency.ErrDeclaration), errors.Is(err, ErrLicenseVariable):
		f = &Failover{} // no days to count by, and yet to be ended
	default:
		return nil, err
	}
	if err := s.endEmergency(); err != nil {
		return nil, err
	}
	return f, nil
}

// Failover returns the status of the failover license that [State.Verify] judges, which is not
// judged here.
func (s *State) Failover(o FailoverOptions) (*Failover, error) {
	f, _, err := s.failover(o)
	return f, err
}

func (s *State) failover(o FailoverOptions) (*Failover, emergency.Emergency, error) {
	if o.Now.IsZero() {
		return nil, emergency.Emergency{}, errors.New("failover: no time is given")
	}
	text, place, err := s.inUse(o.Getenv)
	var l *format.LicenseClaims
	if err == nil {
		l, err = unverifiedLicense(text)
	}
	switch {
	case errors.Is(err, verify.NoLicense), errors.Is(err, fs.ErrPermission), errors.Is(err, ErrLicenseVariable):
		return nil, emergency.Emergency{}, err
	case err != nil:
		return nil, emergency.Emergency{}, fmt.Errorf("%w: %q: %v", ErrNotFailover, place, cause(err))
	case l.Terms.Type != format.TypeFailover:
		return nil, emergency.Emergency{}, notFailover(l.Terms.Type)
	}
	a, now := activationOf(l), s.floored(o.Now)
	e, err := s.emergencies().Of(a, now)
	if err != nil {
		return nil, emergency.Emergency{}, err
	}
	return failoverOf(e, a, now), e, nil
}

func failoverOf(e emergency.Emergency, a emergency.Activation, now time.Time) *Failover {
	f := &Failover{
		Activation: a.ID, DaysUsed: e.Used(a, now), DaysGranted: a.Granted,
		UsedUp: a.Granted > 0 && e.Day > a.Granted,
	}
	if d := e.Declared; d != nil {
		f.Declared, f.Since, f.Why = true, d.Since, d.Why
	}
	return f
}

func notFailover(kind string) error { return fmt.Errorf("%w: its type is %s", ErrNotFailover, kind) }

// floored returns the time, or the highest that the site has seen if that is later.
func (s *State) floored(now time.Time) time.Time {
	record, _ := s.readClock() // one that cannot be read floors nothing
	return later(now, record.highest)
}
