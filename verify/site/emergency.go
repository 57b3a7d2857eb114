package site

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/verify"
	"github.com/offlicense/offlicense/verify/site/atomicfile"
	"github.com/offlicense/offlicense/verify/site/internal/emergency"
)

func activationOf(l *format.LicenseClaims) emergency.Activation {
	return emergency.Activation{Vendor: l.Issuer, ID: l.Activation, Granted: l.Terms.EmergencyDays, From: format.Time(l.Terms.EmergencyFrom)}
}

func activationOfLicense(l *verify.License) emergency.Activation {
	return emergency.Activation{Vendor: l.Vendor, ID: l.Activation, Granted: l.EmergencyDays, From: l.EmergencyFrom}
}

// endEmergency removes the declaration.
func (s *State) endEmergency() error {
	if _, err := os.Lstat(s.path(declarationFile)); errors.Is(err, fs.ErrNotExist) {
		return nil // also in a directory that cannot be written
	}
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

// emergencies is what the directory knows of all activations.
func (s *State) emergencies() (k emergency.Known) {
	k.Declared, k.Undeclared = parsed(s, declarationFile, emergency.ParseDeclaration)
	k.Tallies, k.Untallied = parsed(s, talliesFile, emergency.ParseTallies)
	return k
}

// parsed reads a file that the directory may have.
func parsed[T any](s *State, name string, parse func([]byte) (T, error)) (v T, err error) {
	text, err := s.read(name)
	if errors.Is(err, fs.ErrNotExist) {
		return v, nil
	}
	if err != nil {
		return v, err
	}
	if v, err = parse(text); err != nil {
		return v, fmt.Errorf("%q: %w", s.path(name), err)
	}
	return v, nil
}

// record writes what the directory should have.
func (s *State) record(e emergency.Emergency, should emergency.Tally) error {
	list := e.With(should)
	if list == nil {
		return nil
	}
	if err := s.write(talliesFile, emergency.MarshalTallies(list), publicMode); err != nil {
		return fmt.Errorf("the emergency days could not be recorded in %q: %w", s.path(talliesFile), cause(err))
	}
	return nil
}

// daysUsed returns how many emergency days the activation of a license has used.
func (s *State) daysUsed(l *format.LicenseClaims, now time.Time) (uint64, error) {
	if l.Terms.Type != format.TypeFailover {
		return 0, nil
	}
	a := activationOf(l)
	e, err := s.emergencies().Of(a, now)
	return e.Used(a, now), err
}

// unprovenRefusal refuses an emergency day that could not be recorded, and that nothing else
// would count: otherwise the days would not end.
func unprovenRefusal(e emergency.Emergency, failed error) error {
	r := &verify.Refusal{
		Reason:  verify.Standby,
		Message: fmt.Sprintf("the clock was ahead when the emergency was declared, and this day of it could not be recorded: %v", cause(failed)),
		Found:   "an emergency declared on " + e.Declared.Since.UTC().Format(time.DateOnly),
	}
	return r.WithHint("let the owner of the state directory check the license once, or declare the emergency again")
}
