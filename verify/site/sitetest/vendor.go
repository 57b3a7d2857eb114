// Package sitetest is a vendor with fixed keys, for the tests of a licensed product: it signs any
// license ([Put]) and revokes it ([Revoke]), and has a clock that the test sets ([Clock]).
//
// It is no mode of the library: nothing in it skips a signature or a judgement, and a license of it holds
// only for a program that trusts [Roots]. Its private keys are in this package, so whoever
// reads it can sign in its name. A product hands these roots to its own code in its tests, and in nothing that
// is delivered. For a development build, which people run, make a root of your own with
// "licensor init", and add it from a file with a build tag: see the example Development of package site.
package sitetest

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/keys"
	"github.com/offlicense/offlicense/verify"
)

// Issued is when the vendor signs.
var Issued = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// Ends is when its licenses end.
var Ends = time.Date(2027, 11, 21, 12, 0, 0, 0, time.UTC)

// delegated is so long ago, and for so long, that tests may run at any time.
var delegated = time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)

// key returns the key whose seed is one byte repeated.
func key(seed byte) keys.PrivateKey {
	k, err := keys.FromSeed(bytes.Repeat([]byte{seed}, keys.SeedSize))
	if err != nil {
		panic(err)
	}
	return k
}

func root() keys.PrivateKey  { return key(1) }
func staff() keys.PrivateKey { return key(2) }

// Roots is the vendor's roots file.
func Roots() []byte { return []byte(root().Public().MarshalLine("acme.example") + "\n") }

// OtherRoots is another vendor's.
func OtherRoots() []byte { return []byte(key(9).Public().MarshalLine("other.example") + "\n") }

// Verifier trusts the vendor.
func Verifier(t testing.TB) *verify.Verifier {
	t.Helper()
	v, err := verify.ParseRoots(Roots())
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// Delegation returns the raw delegation of the vendor's one staff key.
func Delegation() ([]byte, error) { return sealDelegation(DelegationClaims()) }

// DelegationClaims returns what it says, to be changed for SealUnder.
func DelegationClaims() *format.DelegationClaims {
	return &format.DelegationClaims{
		Issuer: "acme.example", Name: "anna", ID: format.ID{1}, Key: staff().Public().Bytes(),
		IssuedAt: delegated.Unix(), NotBefore: delegated.Unix(), Expires: delegated.AddDate(100, 0, 0).Unix(),
		Scope: format.Scope{
			Products: []string{format.Any}, Types: []string{format.Any},
			MaxTerm: 10 * 366 * 24 * 60 * 60, MaxSeats: 10, Weakest: format.StrengthAny, Perpetual: true,
		},
	}
}

func sealDelegation(d *format.DelegationClaims) ([]byte, error) {
	payload, err := d.Marshal()
	if err != nil {
		return nil, err
	}
	return format.Seal(format.Delegation, root().Public().ID(), payload, root().Sign)
}

// Sign returns the text of a license that answers the text of a request. change, which
// may be nil, alters the license before it is signed.
func Sign(request []byte, change func(*format.LicenseClaims)) ([]byte, error) {
	l, err := Answer(request)
	if err != nil {
		return nil, err
	}
	if change != nil {
		change(l)
	}
	return Seal(l)
}

// Answer returns a license that answers the text of a request, to be changed and sealed.
func Answer(request []byte) (*format.LicenseClaims, error) {
	q, err := verify.OpenRequest(request)
	if err != nil {
		return nil, err
	}
	l := License()
	l.Product, l.Terms.Invoice, l.Terms.Type, l.Terms.Site = q.Product, q.Invoice, q.Type, q.Site
	l.Binding = &format.Binding{
		Key: q.Key.Bytes(), Request: q.Hash, Components: q.Readable(),
		Need: uint64(len(q.Readable())),
	}
	if len(l.Binding.Components) > 1 {
		l.Binding.Need--
	}
	return l, nil
}

// SignAt is Sign with other times, for tests that run by the real clock.
func SignAt(request []byte, issued, ends time.Time) ([]byte, error) {
	return Sign(request, func(l *format.LicenseClaims) { l.IssuedAt, l.Expires = issued.Unix(), ends.Unix() })
}

// License returns a license for any machine, to be changed and sealed.
func License() *format.LicenseClaims {
	return &format.LicenseClaims{
		Issuer: "acme.example", Activation: "K7QX2MPA3ZL4N", Product: "evoq", ID: format.ID{2},
		IssuedAt: Issued.Unix(), Expires: Ends.Unix(),
		Terms: format.Terms{
			Type: "production", Seats: 1, Epoch: 1, Invoice: "INV0042-1", Customer: "Site Ltd", Edition: "engage",
			Features: []string{"sso"}, Limits: map[string]uint64{"cores": 16, "users": 200},
		},
	}
}

// Seal returns the text of a license file.
func Seal(l *format.LicenseClaims) ([]byte, error) { return SealUnder(DelegationClaims(), l) }

// SealUnder is Seal for another delegation of the staff key.
func SealUnder(d *format.DelegationClaims, l *format.LicenseClaims) ([]byte, error) {
	if l.Terms.EmergencyDays > 0 && l.Terms.EmergencyFrom == 0 {
		const day = 24 * 60 * 60
		l.Terms.EmergencyFrom = l.IssuedAt / day * day
	}
	payload, err := l.Marshal()
	if err != nil {
		return nil, fmt.Errorf("license: %w", err)
	}
	license, err := format.Seal(format.License, staff().Public().ID(), payload, staff().Sign)
	if err != nil {
		return nil, err
	}
	delegation, err := sealDelegation(d)
	if err != nil {
		return nil, err
	}
	file, err := format.MarshalFile(delegation, license, nil)
	if err != nil {
		return nil, err
	}
	return format.EncodeFile(format.LicenseFile, file), nil
}
