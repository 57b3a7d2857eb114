package verify_test

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"testing"
	"time"

	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/keys"
	"github.com/offlicense/offlicense/verify"
)

// The vendor, the site and the license of the tests. Each is made anew from fixed
// seeds, so a test may change what it wants before it is signed.

var (
	issued = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	ends   = time.Date(2027, 11, 21, 23, 59, 59, 0, time.UTC)
)

const seconds = 1
const dayLong = 24 * 60 * 60 * seconds

func seededKey(t testing.TB, seed byte) keys.PrivateKey {
	t.Helper()
	key, err := keys.FromSeed(bytes.Repeat([]byte{seed}, keys.SeedSize))
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func rootKey(t testing.TB) keys.PrivateKey    { return seededKey(t, 1) }
func staffKey(t testing.TB) keys.PrivateKey   { return seededKey(t, 2) }
func machineKey(t testing.TB) keys.PrivateKey { return seededKey(t, 3) }
func strangerKey(t testing.TB) keys.PrivateKey {
	return seededKey(t, 4)
}

func testDelegation(t testing.TB) *format.DelegationClaims {
	return &format.DelegationClaims{
		Issuer:    "acme.example",
		Name:      "anna",
		IssuedAt:  issued.Unix() - dayLong,
		NotBefore: issued.Unix() - dayLong,
		Expires:   issued.Unix() + 400*dayLong,
		ID:        format.ID{1},
		Key:       staffKey(t).Public().Bytes(),
		Scope: format.Scope{
			Products: []string{format.Any}, Types: []string{format.Any},
			MaxTerm: 400 * dayLong, MaxSeats: 10, Weakest: format.StrengthAny, Perpetual: true,
		},
	}
}

func testComponents() []format.Component {
	return []format.Component{
		{Label: format.LabelMachineID, Hash: []byte("machine1")},
		{Label: format.LabelProductUUID, Hash: []byte("product1")},
		{Label: format.LabelRootFS, Hash: []byte("rootfs_1")},
	}
}

func testRequest(t testing.TB) *format.Request {
	return &format.Request{
		Product:    "evoq",
		Invoice:    "INV0042-1",
		Account:    format.AccountHash("INV0042-1", "ops@site.example"),
		Type:       "production",
		Time:       issued.Unix() - 600,
		Key:        machineKey(t).Public().Bytes(),
		Components: testComponents(),
	}
}

func testRelease() *format.ReleaseClaims {
	return &format.ReleaseClaims{
		Activation: "K7QX2MPA3ZL4N",
		Vendor:     "acme.example",
		IssuedAt:   issued.Unix() + dayLong,
		ID:         format.ID{3},
		License:    format.ID{2},
	}
}

func testAttestation(t testing.TB) *format.AttestationClaims {
	digest := sha256.Sum256(payloadOf(t, testLicense(t)))
	return &format.AttestationClaims{
		Activation: "K7QX2MPA3ZL4N", Vendor: "acme.example", IssuedAt: issued.Unix() + dayLong,
		Key: machineKey(t).Public().Bytes(), License: format.ID{2}, Digest: [16]byte(digest[:]),
		Product: "evoq", Components: testComponents(), Floor: issued.Unix() + dayLong - 3600,
		Version: "9.2.0", Use: map[string]uint64{"users": 42},
	}
}

// recorded is a ledger that knows one license, by the key that it is bound to.
func recorded(license format.ID, key keys.PublicKey) func(format.ID) (keys.PublicKey, error) {
	return func(id format.ID) (keys.PublicKey, error) {
		if id != license {
			return keys.PublicKey{}, errNotOnRecord
		}
		return key, nil
	}
}

var errNotOnRecord = errors.New("that license is not on record")

func testLicense(t testing.TB) *format.LicenseClaims {
	t.Helper()
	body, err := testRequest(t).Marshal()
	if err != nil {
		t.Fatal(err)
	}
	return &format.LicenseClaims{
		Issuer:     "acme.example",
		Activation: "K7QX2MPA3ZL4N",
		Product:    "evoq",
		Expires:    ends.Unix(),
		IssuedAt:   issued.Unix(),
		ID:         format.ID{2},
		Terms: format.Terms{
			Type: "production", Seats: 1, Epoch: 1, Invoice: "INV0042-1", Customer: "Site Ltd",
			Edition: "engage", UpdatesUntil: ends.Unix(),
			Features: []string{"sso"}, Limits: map[string]uint64{"cores": 16, "users": 200},
		},
		Binding: &format.Binding{
			Key: machineKey(t).Public().Bytes(), Request: sha256.Sum256(body),
			Need: 2, Components: testComponents(),
		},
	}
}

func sealDelegation(t testing.TB, d *format.DelegationClaims, root keys.Signer) []byte {
	t.Helper()
	payload, err := d.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	return seal(t, format.Delegation, payload, root)
}

func seal(t testing.TB, kind format.Kind, payload []byte, by keys.Signer) []byte {
	t.Helper()
	raw, err := format.Seal(kind, by.Public().ID(), payload, by.Sign)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// fileOf returns the raw license file of a license under a delegation.
func fileOf(t testing.TB, d *format.DelegationClaims, l *format.LicenseClaims) []byte {
	t.Helper()
	payload, err := l.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	file, err := format.MarshalFile(sealDelegation(t, d, rootKey(t)), seal(t, format.License, payload, staffKey(t)), nil)
	if err != nil {
		t.Fatal(err)
	}
	return file
}

func textOf(t testing.TB, d *format.DelegationClaims, l *format.LicenseClaims) []byte {
	return format.EncodeFile(format.LicenseFile, fileOf(t, d, l))
}

func testVerifier(t testing.TB) *verify.Verifier {
	t.Helper()
	v, err := verify.New(rootKey(t).Public())
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func testFacts(t testing.TB) verify.Facts {
	t.Helper()
	body, err := testRequest(t).Marshal()
	if err != nil {
		t.Fatal(err)
	}
	return verify.Facts{
		Now:     issued.Add(24 * time.Hour),
		Product: "evoq",
		Edition: "engage",
		Version: "9.2.0",
		Built:   time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC),
		Site: &verify.Site{
			Key:        machineKey(t).Public(),
			Requests:   [][32]byte{sha256.Sum256(body)},
			Components: testComponents(),
		},
	}
}
