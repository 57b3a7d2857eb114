package site

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"slices"
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

	// Verifier checks that the vendor signed the license. nil: it is not checked. The vendor
	// looks the license up in any case, so a release of a forged license is worth nothing.
	Verifier *verify.Verifier
}

// Release is a release that the machine key has signed and the state directory keeps.
type Release struct {
	format.ReleaseClaims
	Text []byte // the signed release (OLR1), as files carry it
	Code string // the same, as a QR code carries it
	Path string // where the state directory keeps Text

	Warnings []string // each one line for the administrator
}

// ReleasePreview is what a release would give up.
type ReleasePreview struct {
	License       *format.LicenseClaims // checked only with a verifier
	EmergencyDays uint64                // used, which the release tells the vendor
	Since         time.Time             // when it was released before; zero: it was not
}

// ErrNotBound says that the installed license is bound to no machine: no key could sign
// for its release, and another machine needs none.
var ErrNotBound = errors.New("the installed license is bound to no machine, so there is nothing to give up")

// ErrNoKey says that the machine key is missing. The vendor can free the seat without it.
var ErrNoKey = errors.New("the machine key of this site is missing, and only it can sign a release")

// PreviewRelease returns what [State.Release] would give up, or why it would refuse to. Nothing
// is written.
func (s *State) PreviewRelease(o ReleaseOptions) (*ReleasePreview, error) {
	p, err := s.planRelease(o)
	if err != nil {
		return nil, err
	}
	preview := &ReleasePreview{License: p.license, EmergencyDays: p.entry.days}
	if p.again {
		preview.Since = p.entry.At
	}
	return preview, nil
}

// Release gives up the installed license for good. First the license stops here, durably;
// then the release is signed, which frees its seat at the vendor's. After a crash or a full
// disk in between, the same call writes it, and any later call returns the same bytes.
//
// An expired license can be released, and one whose machine has changed. The error is
// [ErrNotBound] for a license that is bound to no machine, and [ErrNoKey] if the machine key
// is missing.
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
	earlier []releasedLicense
	entry   releasedLicense
	again   bool // the entry is in the list already
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
		return nil, (&verify.Refusal{
			Reason:  verify.WrongSite,
			Message: "the installed license is bound to another machine key, so this site cannot give it up",
		}).WithHint("release it on the server that asked for it")
	}
	if p.earlier, err = s.released(); err != nil {
		return nil, err
	}
	if i := slices.IndexFunc(p.earlier, func(r releasedLicense) bool { return r.License == l.ID }); i >= 0 {
		p.entry, p.again = p.earlier[i], true
		return p, nil
	}
	for _, r := range p.earlier {
		if err := r.Refuse(l); err != nil {
			return nil, err
		}
	}
	// By a clock that is wrong the vendor's record would free the seat before it was taken.
	record, _ := s.readClock() // one that cannot be read floors nothing
	if err := cmp.Or(verify.CheckClock(o.Now, format.Time(l.IssuedAt), "the license was issued"),
		verify.CheckClock(o.Now, record.highest, "the clock has been")); err != nil {
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
	p.entry = releasedLicense{
		ReleasedLicense: verify.ReleasedLicense{
			License: l.ID, Vendor: l.Issuer, Activation: l.Activation, At: o.Now.UTC().Truncate(time.Second),
		},
		release: id, days: days,
	}
	return p, nil
}

// toRelease reads the installed license. It is not judged: what has ended, has moved or came
// with a list that does not hold can be given up all the same.
func (s *State) toRelease(v *verify.Verifier) (*format.LicenseClaims, error) {
	text, err := s.readLicense()
	if err != nil {
		return nil, err
	}
	if v != nil {
		if _, err := v.Open(text); err != nil {
			return nil, err
		}
	}
	l, err := s.unverifiedLicense()
	if errors.As(err, new(*format.MalformedError)) || errors.As(err, new(*format.WrongKindError)) {
		return nil, (&verify.Refusal{
			Reason:  verify.Malformed,
			Message: fmt.Sprintf("%q is not a license", s.path(licenseFile)),
		}).WithHint("install the license again, and release it then")
	}
	if err != nil {
		return nil, err
	}
	if l.Binding == nil {
		return nil, ErrNotBound
	}
	return l, nil
}

func later(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}

// sign makes the release, which is the same each time.
func (r releasedLicense) sign(key keys.PrivateKey) (*Release, error) {
	c := format.ReleaseClaims{
		Activation: r.Activation, Vendor: r.Vendor, IssuedAt: r.At.Unix(), ID: r.release, License: r.License, EmergencyDays: r.days,
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

// keepRelease puts the release into the directory, or returns the one that is there: of two
// processes that release at the same time the first one's counts.
func (s *State) keepRelease(r *Release, key keys.PublicKey) (*Release, error) {
	if err := makeDirectory(s.path(releasesDir)); err != nil {
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
