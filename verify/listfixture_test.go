package verify_test

import (
	"bytes"
	"slices"
	"testing"

	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/keys"
	"github.com/offlicense/offlicense/verify"
)

// The revocation lists of the tests. The vendor has a standby root, and a staff key for
// revocation lists.

func standbyKey(t testing.TB) keys.PrivateKey { return seededKey(t, 5) }
func listKey(t testing.TB) keys.PrivateKey    { return seededKey(t, 6) }

const listIssued = "2026-11-22T06:00:00Z" // six hours before the now of the tests

func testList(number uint64) *format.RevocationClaims {
	return &format.RevocationClaims{
		Issuer: "acme.example", IssuedAt: issued.Unix() + dayLong*3/4, ID: format.ID{4}, Number: number,
	}
}

func revoking(number uint64, licenses ...[16]byte) *format.RevocationClaims {
	c := testList(number)
	c.Licenses = format.NewSet(licenses...)
	return c
}

// revokingKey is a list that revokes a key but for what is kept.
func revokingKey(number uint64, key keys.PrivateKey, keep ...[16]byte) *format.RevocationClaims {
	c := testList(number)
	c.Keys = []format.RevokedKey{{Thumbprint: key.Public().Thumbprint(), Keep: format.NewSet(keep...)}}
	return c
}

// listDelegation is to the key for revocation lists.
func listDelegation(t testing.TB) *format.DelegationClaims {
	d := testDelegation(t)
	d.Name, d.ID, d.Key = "lists", format.ID{5}, listKey(t).Public().Bytes()
	d.Scope = format.Scope{Revocations: true}
	return d
}

// rootList returns a list as a root signs it.
func rootList(t testing.TB, c *format.RevocationClaims, root keys.Signer) []byte {
	t.Helper()
	return listOf(t, nil, seal(t, format.Revocation, payloadOf(t, c), root))
}

// staffList returns a list as the key for lists signs it, under a delegation of the
// first root.
func staffList(t testing.TB, c *format.RevocationClaims) []byte {
	t.Helper()
	return listOf(t, sealDelegation(t, listDelegation(t), rootKey(t)), seal(t, format.Revocation, payloadOf(t, c), listKey(t)))
}

// byStandbys returns the same under a delegation of the standby root.
func byStandbys(t testing.TB, c *format.RevocationClaims) []byte {
	t.Helper()
	return listOf(t, sealDelegation(t, listDelegation(t), standbyKey(t)), seal(t, format.Revocation, payloadOf(t, c), listKey(t)))
}

func listOf(t testing.TB, delegation, revocation []byte) []byte {
	t.Helper()
	list, err := format.MarshalList(delegation, revocation)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func listText(raw []byte) []byte { return format.EncodeFile(format.RevocationFile, raw) }

func openList(t testing.TB, v *verify.Verifier, raw []byte) *verify.RevocationList {
	t.Helper()
	l, err := v.OpenRevocationList(listText(raw))
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// twoRoots trusts the active root and the standby.
func twoRoots(t testing.TB) *verify.Verifier {
	t.Helper()
	v, err := verify.New(rootKey(t).Public(), standbyKey(t).Public())
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func digestOf(t testing.TB, kind format.Kind, raw []byte) [16]byte {
	t.Helper()
	s, err := format.ParseStatement(raw, kind)
	if err != nil {
		t.Fatal(err)
	}
	return s.Digest()
}

func licenseDigest(t testing.TB, l *format.LicenseClaims) [16]byte {
	t.Helper()
	return digestOf(t, format.License, seal(t, format.License, payloadOf(t, l), staffKey(t)))
}

// withList returns the license file of a scenario with a list attached. Written here,
// for MarshalFile refuses what an attacker would not.
func withList(t testing.TB, s *scenario, list []byte) []byte {
	t.Helper()
	file := slices.Concat([]byte{0x83}, fileOf(t, s.delegation, s.license)[1:], list)
	return format.EncodeFile(format.LicenseFile, file)
}

// changed replaces what stands exactly once.
func changed(t testing.TB, b []byte, old, by string) []byte {
	t.Helper()
	if n := bytes.Count(b, []byte(old)); n != 1 {
		t.Fatalf("%q stands there %d times", old, n)
	}
	return bytes.Replace(b, []byte(old), []byte(by), 1)
}
