package format_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/offlicense/offlicense/format"
)

// TestMarshalRefuses: what cannot be read must not be signed.
func TestMarshalRefuses(t *testing.T) {
	request := func(change func(*format.Request)) marshaler { q := mostRequest(); change(q); return q }
	delegation := func(change func(*format.DelegationClaims)) marshaler { d := mostDelegation(); change(d); return d }
	license := func(change func(*format.LicenseClaims)) marshaler { l := mostLicense(); change(l); return l }
	release := func(change func(*format.ReleaseClaims)) marshaler { c := mostRelease(); change(c); return c }
	revocation := func(change func(*format.RevocationClaims)) marshaler { c := mostRevocation(); change(c); return c }
	attestation := func(change func(*format.AttestationClaims)) marshaler { c := mostAttestation(); change(c); return c }
	many := func(n int) map[string]uint64 {
		limits := make(map[string]uint64)
		for _, name := range numbered(n) {
			limits[name] = 1
		}
		return limits
	}
	for name, m := range map[string]marshaler{
		"zero request":    &format.Request{},
		"zero delegation": &format.DelegationClaims{},
		"zero license":    &format.LicenseClaims{},
		"zero release":    &format.ReleaseClaims{},
		"zero revocation": &format.RevocationClaims{},

		"request: no product":       request(func(q *format.Request) { q.Product = "" }),
		"request: long invoice":     request(func(q *format.Request) { q.Invoice = strings.Repeat("1", 33) }),
		"request: unknown type":     request(func(q *format.Request) { q.Type = "lifetime" }),
		"request: time before 1970": request(func(q *format.Request) { q.Time = -1 }),
		"request: short key":        request(func(q *format.Request) { q.Key = q.Key[1:] }),
		"request: seven components": request(func(q *format.Request) {
			q.Components = append(q.Components, format.Component{Label: "y", Hash: []byte("12345678")})
		}),
		"request: label twice":       request(func(q *format.Request) { q.Components[1].Label = format.LabelMachineID }),
		"request: short hash":        request(func(q *format.Request) { q.Components[0].Hash = []byte("12345") }),
		"request: escape in host":    request(func(q *format.Request) { q.Host = "\x1b[2J" }),
		"request: site not in UTF-8": request(func(q *format.Request) { q.Site = "\xff" }),

		"delegation: vendor is no domain": delegation(func(d *format.DelegationClaims) { d.Issuer = "Acme Inc" }),
		"delegation: no key":              delegation(func(d *format.DelegationClaims) { d.Key = nil }),
		"delegation: ends as it begins":   delegation(func(d *format.DelegationClaims) { d.Expires = d.NotBefore }),
		"delegation: term below zero":     delegation(func(d *format.DelegationClaims) { d.Scope.MaxTerm = -1 }),
		"delegation: seats of 64 bits":    delegation(func(d *format.DelegationClaims) { d.Scope.MaxSeats = 1 << 63 }),
		"delegation: empty product":       delegation(func(d *format.DelegationClaims) { d.Scope.Products = []string{""} }),
		"delegation: product twice":       delegation(func(d *format.DelegationClaims) { d.Scope.Products = []string{"a", "a"} }),
		"delegation: 65 products":         delegation(func(d *format.DelegationClaims) { d.Scope.Products = numbered(65) }),

		"license: no seats":             license(func(l *format.LicenseClaims) { l.Terms.Seats = 0 }),
		"license: no epoch":             license(func(l *format.LicenseClaims) { l.Terms.Epoch = 0 }),
		"license: no customer":          license(func(l *format.LicenseClaims) { l.Terms.Customer = "" }),
		"license: ends as it is issued": license(func(l *format.LicenseClaims) { l.NotBefore, l.Expires = 0, l.IssuedAt }),
		"license: ends as it begins":    license(func(l *format.LicenseClaims) { l.Expires = l.NotBefore }),
		"license: ends before 1970":     license(func(l *format.LicenseClaims) { l.Expires = -1 }),
		"license: grace without an end": license(func(l *format.LicenseClaims) { l.Expires = 0 }),
		"license: ten years of grace":   license(func(l *format.LicenseClaims) { l.Terms.GraceDays = 3661 }),
		"license: grace from before 1970": license(func(l *format.LicenseClaims) {
			l.NotBefore, l.IssuedAt, l.Expires, l.Terms.GraceDays = 0, 0, 86400, 1
		}),
		"license: feature twice":             license(func(l *format.LicenseClaims) { l.Terms.Features = []string{"a", "b", "a"} }),
		"license: 65 limits":                 license(func(l *format.LicenseClaims) { l.Terms.Limits = many(65) }),
		"license: limit without a name":      license(func(l *format.LicenseClaims) { l.Terms.Limits = map[string]uint64{"": 1} }),
		"license: limit of 64 bits":          license(func(l *format.LicenseClaims) { l.Terms.Limits = map[string]uint64{"a": 1 << 63} }),
		"license: escape in ext":             license(func(l *format.LicenseClaims) { l.Terms.Ext["a"] = format.TextScalar("\x1b") }),
		"license: empty text in ext":         license(func(l *format.LicenseClaims) { l.Terms.Ext["a"] = format.TextScalar("") }),
		"license: emergency of another type": license(func(l *format.LicenseClaims) { l.Terms.EmergencyDays = 1 }),
		"license: emergency of 64 bits": license(func(l *format.LicenseClaims) {
			l.Terms.Type, l.Terms.EmergencyDays = format.TypeFailover, 1<<63
		}),
		"license: bound, short key":  license(func(l *format.LicenseClaims) { l.Binding.Key = l.Binding.Key[1:] }),
		"license: 2 of 0 must match": license(func(l *format.LicenseClaims) { l.Binding.Components = nil }),
		"license: 0 of 6 must match": license(func(l *format.LicenseClaims) { l.Binding.Need = 0 }),
		"license: 7 of 6 must match": license(func(l *format.LicenseClaims) { l.Binding.Need = 7 }),

		"delegation: lists and a product": delegation(func(d *format.DelegationClaims) { d.Scope = format.Scope{Revocations: true, Products: []string{"*"}} }),
		"delegation: lists and perpetual": delegation(func(d *format.DelegationClaims) { d.Scope = format.Scope{Revocations: true, Perpetual: true} }),
		"license: list of 64 bits":        license(func(l *format.LicenseClaims) { l.Terms.MinRevocation = 1 << 63 }),

		"revocation: vendor is no domain": revocation(func(c *format.RevocationClaims) { c.Issuer = "evoq" }),
		"revocation: time before 1970":    revocation(func(c *format.RevocationClaims) { c.IssuedAt = -1 }),
		"revocation: number 0":            revocation(func(c *format.RevocationClaims) { c.Number = 0 }),
		"revocation: number of 64 bits":   revocation(func(c *format.RevocationClaims) { c.Number = 1 << 63 }),
		"revocation: a key twice":         revocation(func(c *format.RevocationClaims) { c.Keys[1] = c.Keys[0] }),
		"revocation: keys exchanged":      revocation(func(c *format.RevocationClaims) { c.Keys[0], c.Keys[1] = c.Keys[1], c.Keys[0] }),
		"revocation: 1025 keys":           revocation(func(c *format.RevocationClaims) { c.Keys = numberedKeys(1025) }),
		"revocation: more than 1 MiB":     revocation(func(c *format.RevocationClaims) { c.Keys[0].Keep = numberedSet(65536) }),

		"attestation: built before 1970": attestation(func(c *format.AttestationClaims) { c.Built = -1 }),
		"attestation: key of 31 bytes":   attestation(func(c *format.AttestationClaims) { c.Key = bytesOf(31, 1) }),
		"attestation: 65 limits":         attestation(func(c *format.AttestationClaims) { c.Use = many(65) }),
		"attestation: no product":        attestation(func(c *format.AttestationClaims) { c.Product = "" }),

		"release: no activation":        release(func(c *format.ReleaseClaims) { c.Activation = "" }),
		"release: long activation":      release(func(c *format.ReleaseClaims) { c.Activation = strings.Repeat("A", 33) }),
		"release: vendor is no domain":  release(func(c *format.ReleaseClaims) { c.Vendor = "evoq" }),
		"release: time before 1970":     release(func(c *format.ReleaseClaims) { c.IssuedAt = -1 }),
		"release: emergency of 64 bits": release(func(c *format.ReleaseClaims) { c.EmergencyDays = 1 << 63 }),
	} {
		if b, err := m.Marshal(); err == nil || b != nil {
			t.Errorf("%s: got %x, %v, want an error and no bytes", name, b, err)
		}
	}
	for _, at := range []int{63, 64} {
		l := mostLicense()
		l.Terms.Limits, l.Terms.Features = many(at), numbered(at)
		if _, err := l.Marshal(); err != nil {
			t.Errorf("%d limits and features: %v", at, err)
		}
	}
}

func TestSealRefuses(t *testing.T) {
	sign := func([]byte) ([]byte, error) { return bytesOf(64, 1), nil }
	payload := mustMarshal(t, leastLicense())
	noAgent := errors.New("the agent is gone")
	for name, try := range map[string]func() ([]byte, error){
		"a kind without a signature": func() ([]byte, error) { return format.Seal(format.RequestBody, [8]byte{}, payload, sign) },
		"a file of two statements":   func() ([]byte, error) { return format.Seal(format.LicenseFile, [8]byte{}, payload, sign) },
		"no payload":                 func() ([]byte, error) { return format.Seal(format.License, [8]byte{}, nil, sign) },
		"a payload that is too long": func() ([]byte, error) {
			return format.Seal(format.License, [8]byte{}, make([]byte, format.MaxLicenseFile), sign)
		},
		"a short signature": func() ([]byte, error) {
			return format.Seal(format.License, [8]byte{}, payload, func([]byte) ([]byte, error) { return bytesOf(63, 1), nil })
		},
		"a failed signature": func() ([]byte, error) {
			return format.Seal(format.License, [8]byte{}, payload, func([]byte) ([]byte, error) { return bytesOf(64, 1), noAgent })
		},
		"a file with its parts exchanged": func() ([]byte, error) {
			return format.MarshalFile(seal(t, format.License, payload), seal(t, format.Delegation, payload), nil)
		},
		"a file with a request": func() ([]byte, error) {
			return format.MarshalFile(seal(t, format.Delegation, payload), seal(t, format.SignedRequest, payload), nil)
		},
		"a file with half a list": func() ([]byte, error) {
			list := sampleList(t, true)
			return format.MarshalFile(seal(t, format.Delegation, payload), seal(t, format.License, payload), list[:len(list)/2])
		},
		"a file with an empty list": func() ([]byte, error) {
			return format.MarshalFile(seal(t, format.Delegation, payload), seal(t, format.License, payload), []byte{})
		},
		"a file with a revocation that is no list": func() ([]byte, error) {
			return format.MarshalFile(seal(t, format.Delegation, payload), seal(t, format.License, payload), seal(t, format.Revocation, payload))
		},
		"a list of a license": func() ([]byte, error) { return format.MarshalList(nil, seal(t, format.License, payload)) },
		"a list under a license": func() ([]byte, error) {
			return format.MarshalList(seal(t, format.License, payload), seal(t, format.Revocation, payload))
		},
		"a file with half a license": func() ([]byte, error) {
			return format.MarshalFile(seal(t, format.Delegation, payload), seal(t, format.License, payload)[1:], nil)
		},
	} {
		if b, err := try(); err == nil || b != nil {
			t.Errorf("%s: got %x, %v, want an error and no bytes", name, b, err)
		}
	}
	_, err := format.Seal(format.License, [8]byte{}, payload, func([]byte) ([]byte, error) { return nil, noAgent })
	if !errors.Is(err, noAgent) {
		t.Errorf("got %v, want the signer's own error", err)
	}
}

// TestSignedMessage: what is signed is COSE's Sig_structure, so that any COSE library
// can check it.
func TestSignedMessage(t *testing.T) {
	var signed []byte
	raw, err := format.Seal(format.License, [8]byte{1}, []byte("payload"), func(m []byte) ([]byte, error) {
		signed = bytes.Clone(m)
		return bytesOf(64, 1), nil
	})
	if err != nil {
		t.Fatal(err)
	}
	s, err := format.ParseStatement(raw, format.License)
	if err != nil {
		t.Fatal(err)
	}
	protected := placesOf(t, raw, 0).inside[0].inside[0]
	want := enc([]any{"Signature1", raw[protected.head:protected.end], []byte{}, []byte("payload")})
	if !bytes.Equal(signed, want) || !bytes.Equal(s.SignedMessage(), want) {
		t.Errorf("signed  %x\nchecked %x\nwant    %x", signed, s.SignedMessage(), want)
	}
}

func TestMarshalIsDeterministic(t *testing.T) {
	want := mustMarshal(t, mostLicense())
	for range 20 { // maps come in another order each time
		if got := mustMarshal(t, mostLicense()); !bytes.Equal(got, want) {
			t.Fatalf("got %x\nthen %x", want, got)
		}
	}
}
