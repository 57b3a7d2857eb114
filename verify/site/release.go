package site

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"time"

	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/keys"
	"github.com/offlicense/offlicense/verify"
	"github.com/offlicense/offlicense/verify/site/atomicfile"
)

// ReleaseOptions say what Release cannot find out.
type ReleaseOptions struct {
	Now    time.Time // required
	Random io.Reader // required; makes the release's id

	// Verifier checks that the vendor signed what is given up. nil: it is not checked.
	// The vendor looks the license up in any case, so a release of a license that no
	// vendor signed is worth nothing and stops nothing else.
	Verifier *verify.Verifier
}

// Release is a release that the machine key has signed and the state folder keeps.
type Release struct {
	format.ReleaseClaims
	Text []byte // the signed release (OLR1), as files carry it
	Code string // the same, as a QR code carries it
	Path string // where the state folder keeps Text

	Warnings []string // each one line for the administrator
}

// Leaving is what a release would give up.
type Leaving struct {
	License       *format.LicenseClaims // checked only with a verifier
	EmergencyDays uint64                // used, which the release tells the vendor
	Since         time.Time             // when it was given up before; zero: it was not
}

// ErrNotBound says that the installed license is bound to no machine: no key could sign
// for its release, and another machine needs none.
var ErrNotBound = errors.New("the installed license is bound to no machine, so there is nothing to give up")

// ErrNoKey says that nothing here can sign any more. The vendor can close the activation.
var ErrNoKey = errors.New("the machine key of this site is gone, and without it nothing can be released")

// Leaving tells what [State.Release] would give up, or why it would refuse to. Nothing
// is written.
func (s *State) Leaving(o ReleaseOptions) (*Leaving, error) {
	p, err := s.planRelease(o)
	if err != nil {
		return nil, err
	}
	leaving := &Leaving{License: p.license, EmergencyDays: p.entry.days}
	if p.again {
		leaving.Since = p.entry.at
	}
	return leaving, nil
}

// Release gives the installed license up, for good: first the license stops here, which
// is durable before anything else, then comes the signed release that frees its seat at
// the vendor's. Where a crash or a full disk came between, the same call once more writes
// it, and at any later time it returns the same bytes again.
//
// A license that has ended can be released, and so can one whose machine has changed. The
// error is [ErrNotBound] for a license that is bound to no machine, and [ErrNoKey] where the
// machine key is gone.
func (s *State) Release(o ReleaseOptions) (*Release, error) {
	p, err := s.planRelease(o)
	if err != nil {
		return nil, err
	}
	if !p.again {
		if err := s.write(releasedFile, marshalReleased(append(p.earlier, p.entry)), publicMode); err != nil {
			return nil, err
		}
	}
	// One that was installed meanwhile runs on: a release must not say that it does not.
	if l, ok := s.installed(); ok && l.Issuer == p.entry.vendor && l.Activation == p.entry.activation && !p.entry.stops(l) {
		return nil, errors.New("a later license of the same activation was installed at the same time: run the release again")
	}
	r, err := p.entry.sign(p.key)
	if err != nil {
		return nil, err
	}
	if r, err = s.keepRelease(r, p.key.Public()); err != nil {
		return nil, err
	}
	r.Warnings = s.keyWarnings()
	if err := s.endEmergency(); err != nil {
		r.Warnings = append(r.Warnings, err.Error())
	}
	return r, nil
}

// releasePlan is a release for which all is known.
type releasePlan struct {
	license *format.LicenseClaims
	key     keys.PrivateKey
	earlier []givenUp
	entry   givenUp
	again   bool // the entry stands in the list already
}

func (s *State) planRelease(o ReleaseOptions) (*releasePlan, error) {
	if o.Now.IsZero() || o.Random == nil {
		return nil, errors.New("release: Now or Random is not set")
	}
	l, err := s.toRelease(o.Verifier)
	if err != nil {
		return nil, err
	}
	p := &releasePlan{license: l}
	if p.key, err = s.readKey(); errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w: %q", ErrNoKey, s.path(keyFile))
	} else if err != nil {
		return nil, err
	}
	if !bytes.Equal(p.key.Public().Bytes(), l.Binding.Key) {
		return nil, &verify.Refusal{
			Reason:  verify.WrongSite,
			Message: "the installed license is bound to another machine key, so this site cannot give it up",
			Next:    "release it on the server that asked for it",
		}
	}
	if p.earlier, err = s.released(); err != nil {
		return nil, err
	}
	for _, g := range p.earlier {
		if g.license == l.ID {
			p.entry, p.again = g, true
			return p, nil
		}
	}
	if err := s.refuseReleased(l); err != nil {
		return nil, err
	}
	record, _ := s.readClock() // one that cannot be read floors nothing
	if err := refuseClock(o.Now, l, record.highest); err != nil {
		return nil, err
	}
	days, err := s.daysUsed(l, later(o.Now, record.highest))
	if err != nil {
		return nil, err
	}
	id, err := format.NewID(o.Random)
	if err != nil {
		return nil, err
	}
	p.entry = givenUp{
		license: l.ID, release: id, at: o.Now.UTC().Truncate(time.Second),
		days: days, vendor: l.Issuer, activation: l.Activation,
	}
	return p, nil
}

// toRelease reads the installed license. It is judged as of the time at which it was
// issued, for any machine and by no revocation list: what has ended, has moved or came
// with a list that does not hold can be given up all the same.
func (s *State) toRelease(v *verify.Verifier) (*format.LicenseClaims, error) {
	text, err := s.read(licenseFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, s.noLicense()
	}
	if err != nil {
		return nil, err
	}
	l, ok := peek(text)
	if !ok {
		return nil, &verify.Refusal{
			Reason:  verify.Malformed,
			Message: fmt.Sprintf("%q is not a license", s.path(licenseFile)),
			Next:    "install the license again, and release it then",
		}
	}
	if v != nil {
		facts := verify.Facts{Now: time.Unix(max(l.IssuedAt, l.NotBefore), 0), Product: l.Product, AnyMachine: true}
		if _, err := v.Check(withoutList(text), facts); err != nil && !genuine(err) {
			return nil, err
		}
	}
	if l.Binding == nil {
		return nil, ErrNotBound
	}
	return l, nil
}

// genuine reports whether a refusal is one that a license gets only after its signatures
// and its signer's scope were found good: the license may ask for a list, and its signer
// may have been appointed later than the time as of which it is judged here.
func genuine(err error) bool {
	return errors.Is(err, verify.Revoked) || errors.Is(err, verify.ClockRolledBack)
}

// withoutList returns the text of a license file without the revocation list in it, which
// is no part of what the license says.
func withoutList(text []byte) []byte {
	raw, err := format.DecodeTextAs(text, format.LicenseFile)
	if err != nil {
		return text
	}
	file, err := format.ParseFile(raw)
	if err != nil || file.RawList == nil {
		return text
	}
	license := raw[1+len(file.RawDelegation) : len(raw)-len(file.RawList)] // behind the head of the array
	if raw, err = format.MarshalFile(file.RawDelegation, license, nil); err != nil {
		return text
	}
	return format.EncodeFile(format.LicenseFile, raw)
}

// refuseClock refuses to sign a time that cannot be right: the vendor's record would
// have the seat freed before it was taken.
func refuseClock(now time.Time, l *format.LicenseClaims, seen time.Time) error {
	floor := later(time.Unix(l.IssuedAt, 0).UTC(), seen)
	if !now.Before(floor.Add(-verify.ClockTolerance)) {
		return nil
	}
	return &verify.Refusal{
		Reason:   verify.ClockRolledBack,
		Message:  fmt.Sprintf("the clock of this machine says %s, and a release tells the vendor when it was made", now.UTC().Format(time.RFC3339)),
		Expected: floor.Format(time.RFC3339) + " or later",
		Found:    now.UTC().Format(time.RFC3339),
		Next:     "set the clock to the right time and try again",
	}
}

func later(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}

// sign makes the release, which is the same each time.
func (g givenUp) sign(key keys.PrivateKey) (*Release, error) {
	c := format.ReleaseClaims{
		Activation: g.activation, Vendor: g.vendor, IssuedAt: g.at.Unix(), ID: g.release, License: g.license, EmergencyDays: g.days,
	}
	payload, err := c.Marshal()
	if err != nil {
		return nil, err
	}
	raw, err := format.Seal(format.Release, key.Public().ID(), payload, key.Sign)
	if err != nil {
		return nil, err
	}
	return newRelease(c, raw), nil
}

func newRelease(c format.ReleaseClaims, raw []byte) *Release {
	return &Release{ReleaseClaims: c, Text: format.EncodeFile(format.Release, raw), Code: format.EncodeText(format.Release, raw)}
}

// keepRelease puts the release into the folder, or returns the one that is there: of two
// processes that release at the same time the first one's counts.
func (s *State) keepRelease(r *Release, key keys.PublicKey) (*Release, error) {
	if err := makeFolder(s.path(releasesDir)); err != nil {
		return nil, err
	}
	name := filepath.Join(releasesDir, r.License.String()+releaseExt)
	r.Path = s.path(name)
	err := atomicfile.Create(r.Path, r.Text, publicMode)
	if err == nil {
		return r, nil
	}
	if !errors.Is(err, fs.ErrExist) {
		return nil, &fs.PathError{Op: "write", Path: r.Path, Err: cause(err)}
	}
	text, err := s.read(name)
	if err != nil {
		return nil, err
	}
	kept, err := verify.OpenRelease(text, func(format.ID) (keys.PublicKey, error) { return key, nil })
	if err != nil || kept.License != r.License {
		return nil, fmt.Errorf("%q is not the release of this license; remove the file and run the release again", r.Path)
	}
	first := newRelease(kept.ReleaseClaims, kept.Raw)
	first.Path = r.Path
	return first, nil
}
