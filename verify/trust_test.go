package verify_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/keys"
	"github.com/offlicense/offlicense/verify"
)

// checkSealed judges a license file made of a delegation and a license statement.
func checkSealed(t *testing.T, delegation, license []byte) (*verify.License, error) {
	t.Helper()
	// Written here, for MarshalFile refuses what an attacker would not.
	file := append(append([]byte{0x82}, delegation...), license...)
	return testVerifier(t).Check(format.EncodeFile(format.LicenseFile, file), testFacts(t))
}

func payloadOf(t testing.TB, m interface{ Marshal() ([]byte, error) }) []byte {
	t.Helper()
	payload, err := m.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	return payload
}

// TestWhoSigned: trust comes from the roots that the caller named and from nothing that
// stands in the file.
func TestWhoSigned(t *testing.T) {
	root, staff, stranger := rootKey(t), staffKey(t), strangerKey(t)
	delegationTo := func(key keys.PrivateKey) []byte {
		d := testDelegation(t)
		d.Key = key.Public().Bytes()
		return payloadOf(t, d)
	}
	license := payloadOf(t, testLicense(t))
	good := seal(t, format.Delegation, delegationTo(staff), root)
	for name, c := range map[string]struct {
		delegation, license []byte
		want                verify.Reason
	}{
		"as it should be": {good, seal(t, format.License, license, staff), verify.Valid},
		"a delegation by another under the root's key id": {
			seal(t, format.Delegation, delegationTo(stranger), impostor{stranger, root.Public()}), seal(t, format.License, license, stranger), verify.BadSignature},
		"a license by another key":                    {good, seal(t, format.License, license, stranger), verify.UnknownKey},
		"a license by another under the staff key id": {good, seal(t, format.License, license, impostor{stranger, staff.Public()}), verify.BadSignature},
		"a license by the root":                       {good, seal(t, format.License, license, root), verify.OutOfScope},
		"a root that delegates to itself": {
			seal(t, format.Delegation, delegationTo(root), root), seal(t, format.License, license, root), verify.OutOfScope},
		"somebody else's signature": {good, splice(t, seal(t, format.License, license, staff), good), verify.BadSignature},
	} {
		t.Run(name, func(t *testing.T) {
			l, err := checkSealed(t, c.delegation, c.license)
			wantReason(t, l, err, c.want)
		})
	}
}

// impostor signs with one key and names another.
type impostor struct {
	keys.PrivateKey
	named keys.PublicKey
}

func (i impostor) Public() keys.PublicKey { return i.named }

// splice gives a statement the signature of another.
func splice(t *testing.T, statement, other []byte) []byte {
	t.Helper()
	return append(bytes.Clone(statement[:len(statement)-64]), other[len(other)-64:]...)
}

// TestAnotherKindIsNamed: who mixes two files up is told which one is which.
func TestAnotherKindIsNamed(t *testing.T) {
	texts := []struct {
		name string
		text []byte
	}{
		{"a request", []byte(format.EncodeText(format.RequestBody, payloadOf(t, testRequest(t))))},
		{"a request", format.EncodeFile(format.SignedRequest, sealedRequest(t))},
		{"a license", textOf(t, testDelegation(t), testLicense(t))},
		{"a delegation", format.EncodeFile(format.Delegation, sealDelegation(t, testDelegation(t), rootKey(t)))},
		{"a release", format.EncodeFile(format.Release, seal(t, format.Release, payloadOf(t, testRelease()), machineKey(t)))},
		{"a revocation list", listText(staffList(t, testList(1)))},
	}
	for door, c := range map[string]struct {
		open func([]byte) error
		hint string
	}{
		"a license":    {func(text []byte) error { _, err := testVerifier(t).Check(text, testFacts(t)); return err }, ""},
		"a delegation": {func(text []byte) error { _, err := testVerifier(t).OpenDelegation(text); return err }, "holder of the root key"},
		"a request":    {func(text []byte) error { _, err := verify.OpenRequest(text); return err }, "offlicense request"},
		"a release": {func(text []byte) error {
			_, err := verify.OpenRelease(text, recorded(format.ID{2}, machineKey(t).Public()))
			return err
		}, "offlicense release"},
		"a revocation list": {func(text []byte) error { _, err := testVerifier(t).OpenRevocationList(text); return err }, "revocation list"},
	} {
		for _, given := range texts {
			name := given.name
			err := c.open(given.text)
			if name == door {
				if err != nil {
					t.Errorf("%s for %s: %v", name, door, err)
				}
				continue
			}
			refusal := new(verify.Refusal)
			if !errors.As(err, &refusal) || !errors.Is(err, verify.Malformed) {
				t.Errorf("%s for %s: got %v, want malformed", name, door, err)
				continue
			}
			if !strings.Contains(refusal.Message, "this is "+name) || !strings.Contains(refusal.Message, door) {
				t.Errorf("%s for %s: %q does not say so", name, door, refusal.Message)
			}
			if !strings.Contains(refusal.Hint(), c.hint) {
				t.Errorf("%s for %s: the hint is %q", name, door, refusal.Hint())
			}
		}
	}
}

// TestTwoRoots: a standby root stands beside the active one.
func TestTwoRoots(t *testing.T) {
	text := textOf(t, testDelegation(t), testLicense(t))
	for _, roots := range [][]keys.PublicKey{
		{rootKey(t).Public(), strangerKey(t).Public()}, {strangerKey(t).Public(), rootKey(t).Public()},
	} {
		v, err := verify.New(roots...)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := v.Check(text, testFacts(t)); err != nil {
			t.Error(err)
		}
		clear(roots)
		another := testDelegation(t)
		another.ID = format.ID{3} // one that the verifier does not remember
		if _, err := v.Check(textOf(t, another, testLicense(t)), testFacts(t)); err != nil {
			t.Errorf("after the caller's slice has changed: %v", err)
		}
	}
}

// TestNothingToTrust: a program that forgot its roots must not run.
func TestNothingToTrust(t *testing.T) {
	line := rootKey(t).Public().MarshalLine("acme.example") + "\n"
	for name, try := range map[string]func() (*verify.Verifier, error){
		"no root":        func() (*verify.Verifier, error) { return verify.New() },
		"a zero root":    func() (*verify.Verifier, error) { return verify.New(rootKey(t).Public(), keys.PublicKey{}) },
		"an empty file":  func() (*verify.Verifier, error) { return verify.ParseRoots(nil) },
		"comments alone": func() (*verify.Verifier, error) { return verify.ParseRoots([]byte("# roots\n\n")) },
		"a cut line":     func() (*verify.Verifier, error) { return verify.ParseRoots([]byte(line[:50])) },
		"an RSA key":     func() (*verify.Verifier, error) { return verify.ParseRoots([]byte("ssh-rsa AAAAB3NzaC1yc2E= x\n")) },
	} {
		if v, err := try(); err == nil || v != nil {
			t.Errorf("%s: got %v, %v", name, v, err)
		}
	}
	v, err := verify.ParseRoots([]byte("# acme\n" + line))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := v.Check(textOf(t, testDelegation(t), testLicense(t)), testFacts(t)); err != nil {
		t.Error(err)
	}
}
