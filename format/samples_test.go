package format_test

import (
	"bytes"
	"slices"
	"testing"

	"github.com/offlicense/offlicense/format"
)

// The statements of the tests: of each kind one with the least and one with the most in
// it. They are made anew for each caller, who may change them.

func bytesOf(n int, value byte) []byte { return bytes.Repeat([]byte{value}, n) }

func sampleComponents() []format.Component {
	return []format.Component{
		{Label: format.LabelMachineID, Hash: []byte("machine1")},
		{Label: format.LabelProductUUID, Hash: []byte("product1")},
		{Label: format.LabelRootFS, Hash: []byte("rootfs_1")},
	}
}

func leastRequest() *format.Request {
	return &format.Request{
		Product: "evoq", Invoice: "INV0042-1", Account: format.AccountHash("INV0042-1", "ops@site.example"),
		Type: "production", Time: 1795259400, Key: bytesOf(32, 0x11), Components: sampleComponents(),
	}
}

func mostRequest() *format.Request {
	q := leastRequest()
	q.Components = append(q.Components,
		format.Component{Label: format.LabelMAC, Hash: []byte("mac_1234")},
		format.Component{Label: "cluster", Hash: []byte("cluster1")},
		format.Component{Label: "z", Hash: []byte("last_one")})
	q.Site, q.Host, q.Prior = "Straße 7, 東京", "web1.site.example", &format.ID{9}
	q.Unreadable = []string{"product-uuid", "cluster"}
	return q
}

func leastDelegation() *format.DelegationClaims {
	return &format.DelegationClaims{
		Issuer: "acme.example", Name: "anna", Expires: 1829692800, NotBefore: 1795132800, IssuedAt: 1795132800,
		ID: format.ID{1}, Key: bytesOf(32, 0x22),
	}
}

func mostDelegation() *format.DelegationClaims {
	d := leastDelegation()
	d.Scope = format.Scope{
		Products: []string{"evoq", "liquid"}, Types: []string{format.Any},
		MaxTerm: 400 * 86400, MaxSeats: 1 << 40, Weakest: format.StrengthAny, Perpetual: true,
	}
	return d
}

// listsDelegation is to a key that signs revocation lists, and so no licenses.
func listsDelegation() *format.DelegationClaims {
	d := leastDelegation()
	d.Name, d.Scope.Revocations = "lists", true
	return d
}

func leastLicense() *format.LicenseClaims {
	return &format.LicenseClaims{
		Issuer: "acme.example", Activation: "K7QX2MPA3ZL4N", Product: "evoq", IssuedAt: 1795262400, ID: format.ID{2},
		Terms: format.Terms{Type: "production", Seats: 1, Epoch: 1, Invoice: "INV0042-1", Customer: "Site Ltd"},
	}
}

func mostLicense() *format.LicenseClaims {
	l := leastLicense()
	l.Expires, l.NotBefore = 1826841599, 1795305600
	l.Terms.Edition, l.Terms.Site, l.Terms.GraceDays = "engage", "intranet", 14
	l.Terms.UpdatesUntil, l.Terms.MaxVersion = 1826841599, "9.x"
	l.Terms.MinRevocation = 41
	l.Terms.Features = []string{"sso", "reports", "a"}
	l.Terms.Limits = map[string]uint64{"users": 200, "cores": 0, "x": 1<<63 - 1, "apps": 300}
	l.Terms.Ext = map[string]format.Scalar{
		"note": format.TextScalar("ünïcode"), "b": format.BoolScalar(false), "yes": format.BoolScalar(true),
		"n": format.IntScalar(-70000), "zero": format.IntScalar(0),
	}
	l.Binding = &format.Binding{Key: bytesOf(32, 0x33), Request: [32]byte{5}, Need: 2, Components: mostRequest().Components}
	return l
}

// failoverLicense has what no license of another type may have.
func failoverLicense() *format.LicenseClaims {
	l := mostLicense()
	l.Terms.Type, l.Terms.EmergencyDays, l.Terms.EmergencyFrom = format.TypeFailover, 14, 1795219200
	return l
}

func leastRelease() *format.ReleaseClaims {
	return &format.ReleaseClaims{
		Activation: "K7QX2MPA3ZL4N", Vendor: "acme.example", IssuedAt: 1795348800, ID: format.ID{3}, License: format.ID{2},
	}
}

func mostRelease() *format.ReleaseClaims {
	c := leastRelease()
	c.EmergencyDays = 12
	return c
}

func leastAttestation() *format.AttestationClaims {
	return &format.AttestationClaims{
		Activation: "K7QX2MPA3ZL4N", Vendor: "acme.example", IssuedAt: 1795348800, Key: bytesOf(32, 0x44),
		License: format.ID{2}, Digest: [16]byte{7}, Product: "evoq",
	}
}

func mostAttestation() *format.AttestationClaims {
	c := leastAttestation()
	c.Components, c.Floor, c.Version, c.Built = mostRequest().Components, 1795345200, "9.2.0", 1795000000
	c.Use = map[string]uint64{"users": 42, "cores": 0}
	return c
}

// leastRevocation says nothing at all: the first list of a vendor who has nothing to revoke.
func leastRevocation() *format.RevocationClaims {
	return &format.RevocationClaims{Issuer: "acme.example", IssuedAt: 1795435200, ID: format.ID{4}, Number: 1}
}

func mostRevocation() *format.RevocationClaims {
	c := leastRevocation()
	c.Number = 1<<63 - 1
	c.Licenses = format.NewSet(format.ID{0xaa}, format.ID{0xbb}, format.ID{0xcc})
	c.Keys = []format.RevokedKey{
		{Thumbprint: [32]byte{0xd1}, Keep: format.NewSet([16]byte{0xe1}, [16]byte{0xe2})},
		{Thumbprint: [32]byte{0xd2}},
	}
	return c
}

// codec is one kind of content: how to read it and write it again.
type codec struct {
	name    string
	samples [][]byte
	again   func(b []byte) ([]byte, error) // decode, and encode what came out
}

type marshaler interface{ Marshal() ([]byte, error) }

func mustMarshal(t testing.TB, m marshaler) []byte {
	t.Helper()
	b, err := m.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func again[M marshaler](decode func([]byte) (M, error)) func([]byte) ([]byte, error) {
	return func(b []byte) ([]byte, error) {
		m, err := decode(b)
		if err != nil {
			return nil, err
		}
		return m.Marshal()
	}
}

func requestCodec(t testing.TB) codec {
	return codec{"request", [][]byte{mustMarshal(t, leastRequest()), mustMarshal(t, mostRequest())}, again(format.UnmarshalRequest)}
}

func delegationCodec(t testing.TB) codec {
	return codec{"delegation", [][]byte{
		mustMarshal(t, leastDelegation()), mustMarshal(t, mostDelegation()), mustMarshal(t, listsDelegation()),
	}, again(format.UnmarshalDelegation)}
}

func licenseCodec(t testing.TB) codec {
	return codec{"license", [][]byte{mustMarshal(t, leastLicense()), mustMarshal(t, mostLicense()), mustMarshal(t, failoverLicense())}, again(format.UnmarshalLicense)}
}

func releaseCodec(t testing.TB) codec {
	return codec{"release", [][]byte{mustMarshal(t, leastRelease()), mustMarshal(t, mostRelease())}, again(format.UnmarshalRelease)}
}

func attestationCodec(t testing.TB) codec {
	return codec{"attestation", [][]byte{mustMarshal(t, leastAttestation()), mustMarshal(t, mostAttestation())}, again(format.UnmarshalAttestation)}
}

func revocationCodec(t testing.TB) codec {
	return codec{"revocation", [][]byte{mustMarshal(t, leastRevocation()), mustMarshal(t, mostRevocation())}, again(format.UnmarshalRevocation)}
}

// seal makes a statement whose signature is 64 times the same byte: this package checks none.
func seal(t testing.TB, kind format.Kind, payload []byte) []byte {
	t.Helper()
	raw, err := format.Seal(kind, [8]byte{1, 2, 3, 4, 5, 6, 7, 8}, payload,
		func([]byte) ([]byte, error) { return bytesOf(64, 0x5a), nil })
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func sampleFile(t testing.TB) []byte {
	t.Helper()
	file, err := format.MarshalFile(
		seal(t, format.Delegation, mustMarshal(t, mostDelegation())),
		seal(t, format.License, mustMarshal(t, mostLicense())), nil)
	if err != nil {
		t.Fatal(err)
	}
	return file
}

// envelopeCodec reads a statement and seals what it found.
func envelopeCodec(t testing.TB) codec {
	return codec{"statement", [][]byte{seal(t, format.License, mustMarshal(t, mostLicense()))}, sealAgain(format.License)}
}

func sealAgain(kind format.Kind) func([]byte) ([]byte, error) {
	return func(b []byte) ([]byte, error) {
		s, err := format.ParseStatement(b, kind)
		if err != nil {
			return nil, err
		}
		return sealed(s)
	}
}

// sampleList is a list by a delegated key, or by a root.
func sampleList(t testing.TB, delegated bool) []byte {
	t.Helper()
	var delegation []byte
	if delegated {
		delegation = seal(t, format.Delegation, mustMarshal(t, listsDelegation()))
	}
	list, err := format.MarshalList(delegation, seal(t, format.Revocation, mustMarshal(t, mostRevocation())))
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func listCodec(t testing.TB) codec {
	return codec{"revocation list", [][]byte{sampleList(t, false), sampleList(t, true)}, func(b []byte) ([]byte, error) {
		l, err := format.ParseList(b)
		if err != nil {
			return nil, err
		}
		revocation, err := sealed(l.Revocation)
		if err != nil {
			return nil, err
		}
		return format.MarshalList(l.RawDelegation, revocation)
	}}
}

func sampleFileWithList(t testing.TB) []byte {
	t.Helper()
	file, err := format.MarshalFile(
		seal(t, format.Delegation, mustMarshal(t, mostDelegation())),
		seal(t, format.License, mustMarshal(t, mostLicense())), sampleList(t, true))
	if err != nil {
		t.Fatal(err)
	}
	return file
}

func fileCodec(t testing.TB) codec {
	return codec{"license file", [][]byte{sampleFile(t), sampleFileWithList(t), further(t, sampleFile(t), later(t), sampleList(t, true), later(t))}, fileAgain}
}

func fileAgain(b []byte) ([]byte, error) {
	f, err := format.ParseFile(b)
	if err != nil {
		return nil, err
	}
	license, err := sealed(f.License)
	if err != nil {
		return nil, err
	}
	if f.Skipped == 0 {
		return format.MarshalFile(f.RawDelegation, license, f.RawList)
	}
	start := 1 + len(f.RawDelegation) + len(license)
	return slices.Concat(b[:1], f.RawDelegation, license, b[min(start, len(b)):]), nil
}

// sealed writes a statement again.
func sealed(s format.Statement) ([]byte, error) {
	return format.Seal(s.Kind(), s.KeyID(), s.UnverifiedPayload(), func([]byte) ([]byte, error) { return s.Signature(), nil })
}

func allCodecs(t testing.TB) []codec {
	return []codec{
		requestCodec(t), delegationCodec(t), licenseCodec(t), releaseCodec(t), attestationCodec(t), revocationCodec(t),
		envelopeCodec(t), fileCodec(t), listCodec(t), carriedCodec(t),
	}
}
