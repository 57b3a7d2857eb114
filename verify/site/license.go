package site

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"

	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/verify"
	"github.com/offlicense/offlicense/verify/machine"
)

// Check judges the license that is installed in the state folder dir: the one call that
// a licensed program needs. The error is a *[verify.Refusal] that says why there is no
// license, unless the question could not be answered at all, as when a file may not be
// read. A license never comes with an error.
func Check(dir string, v *verify.Verifier, p Program, now time.Time) (*verify.License, error) {
	return At(dir).Verify(v, p, now)
}

// Verify judges the installed license, records the time, and keeps the revocation list of
// the program or of the license file if it is the newest that the site has met. What
// hinders the recording is a warning in the license.
func (s *State) Verify(v *verify.Verifier, p Program, now time.Time) (*verify.License, error) {
	text, err := s.read(licenseFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, s.noLicense()
	}
	if err != nil {
		return nil, err
	}
	known, err := s.lists(v, p)
	if err != nil {
		return nil, err
	}
	record, clockErr := s.readClock()
	license, e, err := s.judge(v, text, p, now, record.highest, known)
	listErr := s.keepMet(v, known, text, now)
	var daysErr error
	if err == nil || errors.Is(err, verify.Standby) {
		daysErr = s.record(e, now)
	}
	switch {
	case clockErr != nil:
	case err == nil:
		clockErr = s.recordClock(record.orSigned(signedAt(license)), now)
	case errors.Is(err, verify.Expired) && record != seen{}:
		// Else the clock could stand before the end for ever.
		clockErr = s.recordClock(record, now)
	}
	if err != nil {
		return nil, err
	}
	for _, err := range [...]error{listErr, daysErr, clockErr} {
		if err != nil {
			license.Warnings = append(license.Warnings, err.Error())
		}
	}
	return license, nil
}

// Judge judges the text of a license file as if it were installed. It refuses one that
// the installed license has superseded or that was released here, and writes nothing.
func (s *State) Judge(v *verify.Verifier, text []byte, p Program, now time.Time) (*verify.License, error) {
	known, err := s.lists(v, p)
	if err != nil {
		return nil, err
	}
	record, clockErr := s.readClock()
	license, _, err := s.judge(v, text, p, now, record.highest, known)
	if err != nil {
		return nil, err
	}
	if err := s.superseded(license); err != nil {
		return nil, err
	}
	if clockErr != nil {
		license.Warnings = append(license.Warnings, clockErr.Error())
	}
	return license, nil
}

// judge is the judgement for this site. The emergency is that of a failover license, which
// is to be recorded where it is the installed one.
func (s *State) judge(v *verify.Verifier, text []byte, p Program, now, seen time.Time, known lists) (*verify.License, emergency, error) {
	facts := p.facts(now)
	facts.Revocations = known.all()
	facts.Seen = seen
	facts.Site = &verify.Site{}
	claims, ok := peek(text) // if not, the judgement says why
	if ok {
		if err := s.refuseReleased(claims); err != nil {
			return nil, emergency{}, err
		}
	}
	if ok && claims.Binding != nil {
		requests, err := s.requests(claims.Binding.Request)
		if err != nil {
			return nil, emergency{}, err
		}
		facts.Site.Key, facts.Site.Requests = requests.key, requests.hashes
		if facts.Site.Components, err = offered(claims.Binding, p); err != nil {
			return nil, emergency{}, err
		}
	}
	var e emergency
	if ok && claims.Terms.Type == format.TypeFailover && !p.Emergency {
		var err error
		if e, err = s.emergency(claims, later(now, seen)); err != nil {
			return nil, emergency{}, err
		}
		if e.declared != nil {
			facts.Emergency, facts.EmergencySince, facts.EmergencyDays = true, e.declared.since, e.day
		}
	}
	license, err := v.Check(text, facts)
	if err != nil {
		return nil, e, known.nameBad(s.nameRecord(nameMissing(err, claims, p), v, text, facts), claims)
	}
	license.Warnings = append(license.Warnings, known.warnings(license)...)
	return license, e, nil
}

// nameRecord tells of a clock that nothing but the folder's record speaks against where
// that record stands: it may be the clock of last week that was wrong.
func (s *State) nameRecord(err error, v *verify.Verifier, text []byte, facts verify.Facts) error {
	var refusal *verify.Refusal
	if !errors.As(err, &refusal) || refusal.Reason != verify.ClockRolledBack {
		return err
	}
	facts.Seen = time.Time{}
	if _, without := v.Check(text, facts); errors.Is(without, verify.ClockRolledBack) {
		return err
	}
	named := *refusal
	named.Next = fmt.Sprintf("set the clock to the right time and try again; if this machine's clock was ahead for a while and is right now, remove %q",
		s.path(clockFile))
	return &named
}

// offered reads what this machine offers of what a license is bound to.
func offered(b *format.Binding, p Program) ([]format.Component, error) {
	if len(b.Components) == 0 || p.Product == "" {
		return nil, nil
	}
	wantMAC := slices.ContainsFunc(b.Components, func(c format.Component) bool { return c.Label == format.LabelMAC })
	identity, err := machine.Read(machine.Options{Product: p.Product, Extra: p.Components, MAC: wantMAC})
	if err != nil {
		return nil, err
	}
	return identity.Components, nil
}

// nameMissing tells of a machine that was refused which components the operator could
// have given.
func nameMissing(err error, claims *format.LicenseClaims, p Program) error {
	var refusal *verify.Refusal
	if !errors.As(err, &refusal) || refusal.Reason != verify.WrongMachine {
		return err
	}
	var missing []string
	for _, c := range claims.Binding.Components {
		if !fromSystem(c.Label) && !slices.ContainsFunc(p.Components, func(v machine.Value) bool { return v.Label() == c.Label }) {
			missing = append(missing, c.Label)
		}
	}
	if len(missing) == 0 {
		return err
	}
	named := *refusal
	named.Next = fmt.Sprintf("the license counts on %s, given when the request was made: give the same again with --component %s=VALUE, or in %s",
		strings.Join(missing, " and "), missing[0], ComponentsVariable)
	return &named
}

func fromSystem(label string) bool {
	switch label {
	case format.LabelMachineID, format.LabelProductUUID, format.LabelRootFS, format.LabelMAC:
		return true
	}
	return false
}

// superseded refuses a license that is older than the installed one for the same seat.
func (s *State) superseded(license *verify.License) error {
	installed, ok := s.installed()
	if !ok || installed.Issuer != license.Vendor || installed.Activation != license.Activation ||
		installed.Terms.Epoch <= license.Epoch {
		return nil
	}
	return &verify.Refusal{
		Reason:   verify.Superseded,
		Message:  "a later license for the same activation is installed",
		Expected: fmt.Sprintf("epoch %d or later", installed.Terms.Epoch),
		Found:    fmt.Sprintf("epoch %d, issued on %s", license.Epoch, license.Issued.Format(time.DateOnly)),
		Next:     "keep the installed license, or install the latest one from the vendor",
	}
}

// installed returns what the installed license says of itself. Nobody has checked it
// again, and it only ever leads to a refusal.
func (s *State) installed() (*format.LicenseClaims, bool) {
	text, err := s.read(licenseFile)
	if err != nil {
		return nil, false
	}
	return peek(text)
}

// peek reads a license whose signatures nobody has checked, to learn what to read for
// the judgement.
func peek(text []byte) (*format.LicenseClaims, bool) {
	raw, err := format.DecodeTextAs(text, format.LicenseFile)
	if err != nil {
		return nil, false
	}
	file, err := format.ParseFile(raw)
	if err != nil {
		return nil, false
	}
	claims, err := format.UnmarshalLicense(file.License.UnverifiedPayload())
	return claims, err == nil
}

func (s *State) noLicense() error {
	r := &verify.Refusal{
		Reason:  verify.NoLicense,
		Message: fmt.Sprintf("no license is installed in %q", s.dir),
	}
	switch names, err := s.requestNames(); {
	case err != nil || len(names) == 0:
		r.Next = `make a request with "offlicense request" and send it to the vendor; if that was done, check the path of the state folder`
	default:
		r.Next = `install the license that the vendor sends back with "offlicense install"`
	}
	return r
}
