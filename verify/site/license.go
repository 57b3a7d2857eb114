package site

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"syscall"
	"time"

	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/verify"
	"github.com/offlicense/offlicense/verify/machine"
	"github.com/offlicense/offlicense/verify/site/internal/emergency"
)

// Verify judges the installed license, records the time, and keeps the revocation list of
// the program or of the license file if it is the newest that the site has met. What
// hinders the recording is a warning in the license.
func (s *State) Verify(v *verify.Verifier, p Program, now time.Time) (*verify.License, error) {
	_, license, err := s.check(v, p, now)
	return license, err
}

// check is Verify, and returns what it has judged by; nil where the license could not be
// judged.
func (s *State) check(v *verify.Verifier, p Program, now time.Time) (*evidence, *verify.License, error) {
	q, err := s.question(v, p, now)
	if err != nil {
		return nil, nil, err
	}
	readOnly := p.ReadOnly || s.dir == ""
	unwritten := map[string]error{}
	if !readOnly {
		unwritten[revocationsDir] = s.keepMet(v, q.known, q.opened, now)
	}
	e, err := s.evidence(q)
	if err != nil {
		return nil, nil, err
	}
	if readOnly {
		e.uncounted = errReadOnly
		e.warnings = append(e.warnings, s.readOnly())
	}
	license, of, err := e.judge(now)
	if q.superseded(err) {
		e, license, err := s.check(v, p.withoutLicense(), now)
		if err == nil {
			older := s.older()
			e.warnings, license.Warnings = append(e.warnings, older), append(license.Warnings, older)
		}
		return e, license, err
	}
	if readOnly {
		return e, license, err
	}
	if err == nil || errors.Is(err, verify.Standby) {
		e.uncounted = s.record(of, of.Due)
		unwritten[talliesFile] = e.uncounted
	}
	if err == nil && of.Unproven && e.uncounted != nil {
		license, _, err = e.judge(now)
	}
	switch {
	case e.clockErr != nil:
	case err == nil:
		unwritten[clockFile] = s.recordClock(e.sees(e.record.orSigned(signedAt(license)), now), now)
	case errors.Is(err, verify.Expired) && e.record != seen{}:
		// Otherwise a clock that stands before the end would never be recorded.
		unwritten[clockFile] = s.recordClock(e.sees(e.record, now), now)
	}
	failed := s.unwrittenWarnings(unwritten)
	e.warnings = append(e.warnings, failed...)
	if err != nil {
		return e, nil, err
	}
	license.Warnings = append(license.Warnings, failed...)
	return e, license, nil
}

// unwrittenWarnings tells what was not recorded, and who does it: once for all that a user
// who is not the owner of the directory may not write.
func (s *State) unwrittenWarnings(failed map[string]error) (warnings []verify.Warning) {
	denied, readOnly := false, false
	for _, name := range slices.Sorted(maps.Keys(failed)) {
		switch err := failed[name]; {
		case err == nil:
		case errors.Is(err, fs.ErrPermission):
			denied = true
		case errors.Is(err, syscall.EROFS):
			readOnly = true
		default:
			warnings = append(warnings, s.notRecorded(name, err))
		}
	}
	if readOnly {
		warnings = append(warnings, s.readOnly())
	}
	if denied {
		warnings = append(warnings, verify.Warning{Code: NotOwner, Value: s.dir}.Says(
			"this user may not write to the state directory %q: the next check by its owner records the time, the lists and the emergency days", s.dir))
	}
	return warnings
}

var errReadOnly = errors.New("the state directory is not written")

// readOnly says which protection is off where nothing is recorded.
func (s *State) readOnly() verify.Warning {
	w := verify.Warning{Code: ReadOnly, Value: s.dir}
	if s.dir == "" {
		return w.Says("there is no state directory: neither the time nor revocation lists are remembered, and a clock that is behind is known by what is signed alone")
	}
	return w.Says("the state directory %q is not written: from now on neither the time, nor revocation lists, nor emergency days are remembered, and a clock that is behind is noticed only by what is signed or was recorded before", s.dir)
}

func (s *State) notRecorded(name string, err error) verify.Warning {
	return verify.Warning{Code: NotRecorded, Value: s.path(name)}.Says("%s", err.Error())
}

// Judge judges the text of a license file, or of a short license, as if it were installed. It
// refuses one that the installed license has superseded or that was released here, and writes nothing.
func (s *State) Judge(v *verify.Verifier, text []byte, p Program, now time.Time) (*verify.License, error) {
	known, err := s.lists(v, p)
	if err != nil {
		return nil, err
	}
	opened, err := s.Open(v, text, nil)
	if err != nil {
		return nil, err
	}
	return s.judgeUnwritten(question{Program: p, opened: opened, installed: s.installed(v), now: now, known: known})
}

// judgeUnwritten judges by what the directory has recorded, and records nothing.
func (s *State) judgeUnwritten(q question) (*verify.License, error) {
	e, err := s.evidence(q)
	if err != nil {
		return nil, err
	}
	license, _, err := e.judge(q.now)
	return license, err
}

// question is whether a license holds for this site.
type question struct {
	Program
	anyProduct bool // the program is not known
	opened     *verify.Opened
	installed  *verify.Opened // whose place it would take; nil: none
	installing bool           // so what matches now is what it begins with
	checker    *machine.User  // who checks; nil: this user
	now        time.Time
	known      lists
}

// evidence is all that was read to answer a question. Nothing is read after that, so any
// other time can be judged by it.
type evidence struct {
	question
	facts     verify.Facts // but for the time and an emergency
	record    seen
	clockErr  error // why the record of the time is not known
	clockPath string
	emergency emergency.Known
	nowhere   bool  // there is no directory, and so no site
	uncounted error // why an emergency day could not be recorded
	unread    unread
	warnings  []verify.Warning
}

func (s *State) evidence(q question) (*evidence, error) {
	e := &evidence{question: q, nowhere: s.dir == "", clockPath: s.path(clockFile), warnings: networkWarnings(s.dir, fsMagic(s.dir))}
	if e.record, e.clockErr = s.readClock(); e.clockErr != nil {
		e.warnings = append(e.warnings, verify.Warning{Code: ClockUnknown, Value: e.clockPath}.Says("%s", e.clockErr.Error()))
	}
	if !q.Emergency {
		e.emergency = s.emergencies()
	}
	var err error
	e.facts, err = s.facts(q, e.record.highest, &e.unread)
	return e, err
}

// sees makes later answers know the time that is recorded now, also where that fails. It
// returns the record.
func (e *evidence) sees(record seen, now time.Time) seen {
	next, _ := record.next(now)
	e.facts.Seen = later(e.facts.Seen, next.highest)
	return record
}

// judge answers the question for a time. The emergency is that of a failover license, which
// is to be recorded where it is the installed one.
func (e *evidence) judge(now time.Time) (*verify.License, emergency.Emergency, error) {
	facts := e.facts
	facts.Now = now
	license, of, err := e.judgeFailover(&facts)
	if err == nil && of.Unproven && e.uncounted != nil {
		err = unprovenRefusal(of, e.uncounted)
	}
	if refusal, ok := errors.AsType[*verify.Refusal](err); ok && e.nowhere && refusal.Reason == verify.WrongSite {
		named := *refusal
		err = named.WithHint("it is bound to a site: give the state directory with its request, which may be read-only")
	}
	if err != nil {
		return nil, of, e.known.nameBad(e.unread.name(e.nameRecord(err, facts)), e.opened.Vendor())
	}
	license.Warnings = slices.Concat(license.Warnings, e.known.warnings(license), e.warnings)
	return license, of, nil
}

// facts collects what the judgement asks for, but for an emergency.
func (s *State) facts(q question, highest time.Time, unread *unread) (verify.Facts, error) {
	f := q.Program.facts(q.now)
	f.AnyProduct, f.Revocations, f.Seen = q.anyProduct, q.known.all(), highest
	f.Site = &verify.Site{Installed: q.installed}
	released, err := s.released()
	if err != nil {
		return f, err
	}
	for _, r := range released {
		f.Site.Released = append(f.Site.Released, r.ReleasedLicense)
	}
	hash, bound := q.opened.RequestHash()
	if !bound {
		return f, nil
	}
	made, err := s.requests(hash)
	if err != nil {
		return f, err
	}
	if f.Site.Requests, f.Site.Matched = made.hashes, s.matched(hash); f.Site.Matched == 0 && q.installing {
		f.Site.Matched = 1
	}
	if made.answered != nil {
		f.Site.Key = made.answered.Key
		given, err := q.given()
		if err != nil {
			return f, err
		}
		f.Site.Components, *unread, err = offered(made.answered, given, q.checker)
		return f, err
	}
	return f, nil
}

// offered reads what this machine offers the user who checks, of what a request named, and
// what of the operator's components cannot be read.
func offered(asked *verify.Request, given []machine.Value, checker *machine.User) ([]format.Component, unread, error) {
	if len(asked.Components) == 0 {
		return nil, unread{}, nil
	}
	wantMAC := slices.ContainsFunc(asked.Components, func(c format.Component) bool { return c.Label == format.LabelMAC })
	hostID := slices.ContainsFunc(asked.Components, machine.OfHost)
	o := machine.Options{Product: asked.Product, Extra: given, MAC: wantMAC, HostID: hostID}
	read := machine.Read
	if checker != nil {
		read = func(o machine.Options) (*machine.Identity, error) { return machine.ReadAs(*checker, o) }
	}
	identity, err := read(o)
	if err != nil {
		return nil, unread{}, err
	}
	missed := firstUnread(given, identity)
	if missed.label == "" {
		missed.own = ownUnread(asked, identity)
	}
	return identity.Components, missed, nil
}

// judgeFailover adds the emergency to the facts. Whose emergency counts, and with how many
// days, a license says once it was judged: so a failover license is judged as in an
// emergency first, and then as in the one that is on record for its activation.
func (e *evidence) judgeFailover(facts *verify.Facts) (*verify.License, emergency.Emergency, error) {
	if e.Emergency {
		license, err := e.opened.Check(*facts)
		return license, emergency.Emergency{}, err
	}
	facts.Emergency = e.emergency.Declared != nil || e.emergency.Undeclared != nil
	license, err := e.opened.Check(*facts)
	if err != nil || !facts.Emergency || license.Type != format.TypeFailover {
		return license, emergency.Emergency{}, err
	}
	of, err := e.emergency.Of(activationOfLicense(license), later(facts.Now, facts.Seen))
	if err != nil {
		return nil, emergency.Emergency{}, err
	}
	facts.Emergency = of.Declared != nil
	if facts.Emergency {
		facts.EmergencySince, facts.EmergencyDays = of.Declared.Since, of.Day
	}
	license, err = e.opened.Check(*facts)
	return license, of, err
}

// nameRecord tells of a clock that nothing but the site's own record speaks against where
// that record stands: it may be the clock of last week that was wrong.
func (e *evidence) nameRecord(err error, facts verify.Facts) error {
	refusal, ok := errors.AsType[*verify.Refusal](err)
	if !ok || refusal.Reason != verify.ClockRolledBack {
		return err
	}
	facts.Seen = time.Time{}
	if _, without := e.opened.Check(facts); errors.Is(without, verify.ClockRolledBack) {
		return err
	}
	named := *refusal
	return named.WithHint("set the clock, or if it was ahead for a while and is right now, remove %q", e.clockPath)
}

// readLicense returns the text of the installed license file; the error says what to do
// where there is none.
func (s *State) readLicense() ([]byte, error) {
	text, err := s.read(licenseFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, s.noLicense()
	}
	return text, err
}

// installed opens the installed license. It is nil where there is none, or one that no
// verifier would accept: such a license hinders no other.
func (s *State) installed(v *verify.Verifier) *verify.Opened {
	text, err := s.read(licenseFile)
	if err != nil {
		return nil
	}
	opened, _ := v.Open(text)
	return opened
}

// unverifiedLicense returns what the installed license says of itself, for the commands
// that need no root keys. Nobody has checked it: it grants nothing.
func (s *State) unverifiedLicense() (*format.LicenseClaims, error) {
	text, err := s.readLicense()
	if err != nil {
		return nil, err
	}
	return unverifiedLicense(text)
}

func unverifiedLicense(text []byte) (*format.LicenseClaims, error) {
	raw, err := format.DecodeTextAs(text, format.LicenseFile)
	if err != nil {
		return nil, err
	}
	file, err := format.ParseFile(raw)
	if err != nil {
		return nil, err
	}
	return format.UnmarshalLicense(file.License.UnverifiedPayload())
}

func (s *State) noLicense() error {
	r := &verify.Refusal{
		Reason:  verify.NoLicense,
		Message: fmt.Sprintf("no license is installed in %q", s.dir),
	}
	if s.dir == "" {
		r.Message = "there is neither a state directory nor a license in " + LicenseVariable
	}
	if names, err := s.requestNames(); err == nil && len(names) > 0 {
		return r.WithHint(`install the license that the vendor sends back with "offlicense install"`)
	}
	return r.WithHint(`make a request with "offlicense request", or check the path of the state directory`)
}
