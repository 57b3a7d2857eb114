package ledger_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/format"
)

// What stays good of a key is a set in one spelling: a thief who writes to the log must
// not get in what a list would say in another way.
func TestRevokedKeyWire(t *testing.T) {
	public := key(t, 102).Public()
	low, high := bytes.Repeat([]byte{1}, 16), bytes.Repeat([]byte{2}, 16)
	for name, test := range map[string]struct {
		keep []byte
		n    int // -1: refused
	}{
		"none":           {nil, 0},
		"one":            {low, 1},
		"two":            {slices.Concat(low, high), 2},
		"too short":      {low[1:], -1},
		"a rest":         {append(bytes.Clone(low), 1), -1},
		"twice the same": {slices.Concat(low, low), -1},
		"descending":     {slices.Concat(high, low), -1},
	} {
		k := ledger.RevokedKey{Name: "anna", Public: public.Bytes(), Keep: test.keep}
		wire, err := k.Wire()
		if test.n < 0 {
			if err == nil || !strings.Contains(err.Error(), "digests") || !strings.Contains(err.Error(), `"anna"`) {
				t.Errorf("%s: %+v, %v", name, wire, err)
			}
			continue
		}
		if err != nil || wire.Keep.Len() != test.n || wire.Thumbprint != public.Thumbprint() || !bytes.Equal(ledger.JoinSet(wire.Keep), test.keep) {
			t.Errorf("%s: %+v, %v", name, wire, err)
		}
	}
	k := ledger.RevokedKey{Name: "anna", Public: []byte("short")}
	if _, err := k.Wire(); err == nil || !strings.Contains(err.Error(), `"anna"`) {
		t.Errorf("a key of 5 bytes: %v", err)
	}
	if _, err := k.Key(); err == nil {
		t.Error("a key of 5 bytes")
	}
}

func TestJoinSetIsInOrder(t *testing.T) {
	joined := ledger.JoinSet(format.NewSet([16]byte{2}, [16]byte{1}, [16]byte{2}))
	if want := append(make([]byte, 0, 32), slices.Concat([]byte{1}, make([]byte, 15), []byte{2}, make([]byte, 15))...); !bytes.Equal(joined, want) {
		t.Errorf("got %x, want %x", joined, want)
	}
}

// A key's signature is looked for by the key, not by its id alone.
func TestSignedBy(t *testing.T) {
	root, staff := key(t, 1), key(t, 2)
	claims := format.DelegationClaims{Issuer: "acme.example", Name: "anna", IssuedAt: now.Unix(), NotBefore: now.Unix(), Expires: now.Unix() + 1e6,
		Key: staff.Public().Bytes(), ID: format.ID{7}, Scope: format.Scope{Revocations: true}}
	payload, err := claims.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	delegation := func(sign func([]byte) ([]byte, error)) format.Statement {
		t.Helper()
		raw, err := format.Seal(format.Delegation, root.Public().ID(), payload, sign)
		if err != nil {
			t.Fatal(err)
		}
		s, err := format.ParseStatement(raw, format.Delegation)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	good := delegation(root.Sign)
	if !ledger.SignedBy(root.Public(), good) || ledger.SignedBy(staff.Public(), good) {
		t.Error("the root's own signature")
	}
	if ledger.SignedBy(root.Public(), delegation(staff.Sign)) {
		t.Error("a signature by another key under the root's id")
	}
	name, public, err := ledger.DelegatedKey(good)
	if err != nil || name != "anna" || public != staff.Public() {
		t.Errorf("delegated: %q, %v, %v", name, public, err)
	}
}
