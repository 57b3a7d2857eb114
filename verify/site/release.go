package site

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/verify"
)

// ReleaseOptions say what Release cannot find out.
type ReleaseOptions struct {
	Now    time.Time // required
	Random io.Reader // required; makes the release's id

	// Verifier checks that the vendor signed the license. nil: it is not checked. The vendor
	// looks the license up in any case, so a release of a forged license is worth nothing.
	// With it, a license that a list at hand revokes is refused: it frees no seat.
	Verifier *verify.Verifier

	Key Key // as in RequestOptions

	// Getenv reads the environment, as in Program: a license that stands there is given up, unless the
	// installed one is newer.
	Getenv func(name string) string

	// License is the text of a license that another one has replaced here; nil: the one that a check judges. It is
	// given up unless it is of the same activation as the installed license, which goes on: [ErrReplaced].
	License []byte
}

// ErrReplaced says that a license was replaced by the installed one of the same activation.
var ErrReplaced = errors.New("the license was replaced by the installed one, which has its seat: there is nothing to give up")

// Release is a release that the machine key has signed.
type Release struct {
	format.ReleaseClaims
	Text []byte // the signed release (OLR1), as files carry it
	Code string // the same, as a QR code carries it

	Warnings []verify.Warning
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

// Release gives up the installed license for good. First its record is made, durably, and
// the license stops here; then the release is signed, which frees its seat at the vendor's.
// The release is not kept: any later call signs the same bytes again from the record, and
// so do several at the same time, and the one after a crash in between.
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
		if p.entry, err = s.recordRelease(p.entry); err != nil {
			return nil, err
		}
	}
	r, err := p.entry.sign(p.key)
	if err != nil {
		return nil, err
	}
	if o.Key == nil {
		r.Warnings = s.keyWarnings()
	}
	if o.License != nil {
		return r, nil // the emergency is another license's
	}
	if err := s.endEmergency(); err != nil {
		r.Warnings = append(r.Warnings, s.notRecorded(declarationFile, err))
	}
	return r, nil
}

// releasePlan is a release for which all is known.
type releasePlan struct {
	license *format.LicenseClaims
	key     Key
	entry   releasedLicense
	again   bool // it is on record already
}

func (s *State) planRelease(o ReleaseOptions) (*releasePlan, error) {
	if o.Now.IsZero() || o.Random == nil {
		return nil, errors.New("release: Now or Random is not set")
	}
	text, place, err := s.inUse(o.Getenv)
	if o.License != nil {
		text, err = o.License, nil
	}
	if err != nil {
		return nil, err
	}
	l, err := s.toRelease(o, text, place)
	if err != nil {
		return nil, err
	}
	p := &releasePlan{license: l}
	if p.key, err = s.madeKey(o.Key); err != nil {
		return nil, err
	}
	if !bytes.Equal(p.key.Public().Bytes(), l.Binding.Key) {
		return nil, (&verify.Refusal{
			Reason:  verify.WrongSite,
			Message: "the installed license is bound to another machine key, so this site cannot give it up",
		}).WithHint("release it on the server that asked for it")
	}
	earlier, err := s.released()
	if err != nil {
		return nil, err
	}
	if i := slices.IndexFunc(earlier, func(r releasedLicense) bool { return r.License == l.ID }); i >= 0 {
		p.entry, p.again = earlier[i], true
		return p, nil
	}
	for _, r := range earlier {
		if err := r.Refuse(l); err != nil {
			return nil, err
		}
	}
	if err := s.refuseRevoked(o.Verifier, text); err != nil {
		return nil, err
	}
	// By a clock that is wrong the vendor's record would free the seat before it was taken.
	record, _ := s.readClock() // one that cannot be read floors nothing
	if err := cmp.Or(plausible(o.Now), verify.CheckClock(o.Now, format.Time(l.IssuedAt), "the license"),
		verify.CheckSeen(o.Now, record.highest)); err != nil {
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

// toRelease reads the license. It is not judged: what has ended, has moved or came
// with a list that does not hold can be given up all the same.
func (s *State) toRelease(o ReleaseOptions, text []byte, place string) (*format.LicenseClaims, error) {
	if o.Verifier != nil {
		if _, err := o.Verifier.Open(text); err != nil {
			return nil, err
		}
	}
	l, err := unverifiedLicense(text)
	if errors.As(err, new(*format.MalformedError)) || errors.As(err, new(*format.WrongKindError)) {
		hint := "install the license again, and release it then"
		if place == LicenseVariable {
			hint = "set " + LicenseVariable + " to the license that is to be given up, or unset it"
		}
		return nil, (&verify.Refusal{
			Reason:  verify.Malformed,
			Message: fmt.Sprintf("%q is not a license", place),
		}).WithHint("%s", hint)
	}
	if err != nil {
		return nil, err
	}
	if l.Binding == nil {
		return nil, ErrNotBound
	}
	if installed, err := s.claimsInUse(o.Getenv); err == nil && installed.ID != l.ID && installed.Issuer == l.Issuer && installed.Activation == l.Activation {
		return nil, ErrReplaced
	}
	return l, nil
}

// refuseRevoked refuses to release what a list at hand revokes, such as a license that
// another has replaced: for it the vendor frees no seat.
func (s *State) refuseRevoked(v *verify.Verifier, text []byte) error {
	if v == nil {
		return nil
	}
	opened, err := v.Open(text)
	if err != nil {
		return err
	}
	_, err = opened.Check(verify.Facts{
		Now: time.Unix(0, 0), AnyProduct: true, AnyMachine: true, Revocations: s.keptLists(v).all(),
	})
	refusal, ok := errors.AsType[*verify.Refusal](err)
	if !ok || refusal.Reason != verify.Revoked || refusal.Undecided {
		return nil
	}
	named := *refusal
	return named.WithHint("install the newer license, if there is one, and release that; otherwise ask %s to free the seat", opened.Vendor())
}

func later(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}

// sign makes the release, which is the same each time.
func (r releasedLicense) sign(key Key) (*Release, error) {
	c := r.claims()
	payload, err := c.Marshal()
	if err != nil {
		return nil, err
	}
	raw, err := seal(format.Release, payload, key)
	if err != nil {
		return nil, err
	}
	return &Release{ReleaseClaims: c, Text: format.EncodeFile(format.Release, raw), Code: format.EncodeText(format.Release, raw)}, nil
}
