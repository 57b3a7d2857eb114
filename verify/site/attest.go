package site

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"time"

	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/verify"
	"github.com/offlicense/offlicense/verify/machine"
)

// AttestOptions say what Attest cannot find out.
type AttestOptions struct {
	// Program says what is told of the program, and judges the license; without a product
	// it may be for any. What is in use is told, and not compared with the limits.
	Program

	Verifier *verify.Verifier // required
	Now      time.Time        // required
	Random   io.Reader        // required; makes the machine key of a site whose license needed none

	Key Key // as in RequestOptions
}

// Attestation is an attestation that the machine key has signed.
type Attestation struct {
	format.AttestationClaims
	License *verify.License
	Text    []byte // the signed attestation (OLA1), as files carry it
	Code    string // the same, as a QR code carries it
}

// Attest says that the installed license is in use here, and signs it. It attests what holds
// by [State.Verify]'s rules, but for two: that a failover license is on standby, or that more
// is in use than the license allows, is no reason to be silent about it. Nothing is recorded,
// and it can be asked at any time.
//
// The error is a *[verify.Refusal] for a license that does not hold, and [ErrNoKey] if the machine
// key is missing.
func (s *State) Attest(o AttestOptions) (*Attestation, error) {
	if o.Now.IsZero() || o.Random == nil || o.Verifier == nil {
		return nil, errors.New("attest: Now, Random or Verifier is not set")
	}
	judged := o.Program
	judged.Use, judged.Emergency = nil, true
	q, err := s.question(o.Verifier, judged, o.Now)
	if err != nil {
		return nil, err
	}
	q.anyProduct = o.Product == ""
	license, err := s.judgeUnwritten(q)
	if q.superseded(err) {
		o.Program = o.withoutLicense()
		return s.Attest(o)
	}
	if err != nil {
		return nil, err
	}
	c := format.AttestationClaims{
		Activation: license.Activation, Vendor: license.Vendor, IssuedAt: o.Now.Unix(),
		License: license.ID, Digest: q.opened.Chain().License, Product: license.Product,
		Version: o.Version, Use: o.Use,
	}
	if !o.Built.IsZero() {
		c.Built = o.Built.Unix()
	}
	if record, err := s.readClock(); err == nil && !record.highest.IsZero() {
		c.Floor = record.highest.Unix()
	}
	key, asked, err := s.attestingKey(q.opened, o)
	if err != nil {
		return nil, err
	}
	c.Key = key.Public().Bytes()
	given, err := q.given()
	if err != nil {
		return nil, err
	}
	identity, err := machine.Read(machine.Options{
		Product: c.Product, Extra: given,
		MAC:    slices.ContainsFunc(asked, func(c format.Component) bool { return c.Label == format.LabelMAC }),
		HostID: slices.ContainsFunc(asked, machine.OfHost),
	})
	if err != nil {
		return nil, &FieldError{"component", err}
	}
	c.Components = identity.Components
	payload, err := c.Marshal()
	if err != nil {
		return nil, err
	}
	raw, err := seal(format.Attestation, payload, key)
	if err != nil {
		return nil, err
	}
	return &Attestation{c, license, format.EncodeFile(format.Attestation, raw), format.EncodeText(format.Attestation, raw)}, nil
}

// attestingKey returns the machine key, and what the request asked for that the license
// answers. For a license that is bound to none the key is made where there is none.
func (s *State) attestingKey(opened *verify.Opened, o AttestOptions) (Key, []format.Component, error) {
	hash, bound := opened.RequestHash()
	if !bound {
		key, err := s.key(o.Key, o.Random)
		return key, nil, err
	}
	made, err := s.requests(hash)
	if err != nil {
		return nil, nil, err
	}
	if made.answered == nil {
		return nil, nil, errors.New("the request that the license answers is gone")
	}
	key, err := s.madeKey(o.Key)
	if err != nil {
		return nil, nil, err
	}
	if !bytes.Equal(key.Public().Bytes(), made.answered.Key.Bytes()) {
		return nil, nil, (&verify.Refusal{
			Reason:  verify.WrongSite,
			Message: "the machine key in the state directory is not the one that the license is bound to",
		}).WithHint("restore the machine key from a backup, or make a new request")
	}
	return key, made.answered.Components, nil
}
