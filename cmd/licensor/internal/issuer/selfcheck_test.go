package issuer

import (
	"bytes"
	"crypto/rand"
	"slices"
	"testing"
	"time"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/keys"
	"github.com/offlicense/offlicense/verify"
)

var checked = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

func seeded(t *testing.T, seed byte) keys.PrivateKey {
	t.Helper()
	k, err := keys.FromSeed(bytes.Repeat([]byte{seed}, keys.SeedSize))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// issuerOf signs with one staff key under a delegation of its own by one root: two of
// them differ in the delegation alone.
func issuerOf(t *testing.T) *Issuer {
	t.Helper()
	root, staff := seeded(t, 1), seeded(t, 2)
	claims, text, err := Delegate(root, staff.Public(), format.DelegationClaims{
		Issuer: "acme.example", Name: "anna", IssuedAt: checked.Unix(), NotBefore: checked.Unix(), Expires: checked.Unix() + 1e8,
		Scope: format.Scope{Products: []string{"*"}, Types: []string{"*"}, MaxTerm: 1e8, MaxSeats: 100, Unbound: true, Perpetual: true},
	}, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := format.DecodeTextAs(text, format.Delegation)
	if err != nil {
		t.Fatal(err)
	}
	v, err := verify.New(root.Public())
	if err != nil {
		t.Fatal(err)
	}
	return &Issuer{Key: staff, Delegation: claims, RawDelegation: raw, Verifier: v, Random: rand.Reader}
}

func (i *Issuer) signedFor(t *testing.T, activation string) *license {
	t.Helper()
	l := i.sign(ledger.Grant{
		Entitlement: &ledger.Entitlement{Invoice: "INV1", Email: "ops@site.example", Customer: "Site Ltd", Product: "evoq", Type: "production", Seats: 1},
		Activation:  activation, Epoch: 1,
	}, checked)
	if l.err != nil {
		t.Fatal(l.err)
	}
	return l
}

// The licenses that are not judged one by one hold what was asked for, under the
// delegation that was given, by a good signature: each of the three is looked at.
func TestHoldTogether(t *testing.T) {
	i := issuerOf(t)
	all := []*license{i.signedFor(t, "ONE"), i.signedFor(t, "TWO"), i.signedFor(t, "THREE")}
	if !i.holdTogether(all) || !i.holdTogether(nil) {
		t.Fatal("good licenses do not hold")
	}
	refused := func(what string, file []byte) {
		t.Helper()
		if bytes.Equal(file, all[1].file) {
			t.Fatalf("%s: nothing is different", what)
		}
		wrong := slices.Clone(all)
		wrong[1] = &license{claims: all[1].claims, payload: all[1].payload, file: file}
		if i.holdTogether(wrong) {
			t.Errorf("%s: not found", what)
		}
		// And what is not found together is found one by one.
		wrong[1], wrong[0] = wrong[0], wrong[1]
		if i.selfCheck(wrong, checked); wrong[0].err == nil {
			t.Errorf("%s: not found as the first one, either", what)
		}
		for _, l := range wrong {
			l.err = nil
		}
	}
	seal := func(key keys.PrivateKey, id [keys.IDSize]byte, payload []byte) []byte {
		t.Helper()
		signed, err := format.Seal(format.License, id, payload, key.Sign)
		if err != nil {
			t.Fatal(err)
		}
		return signed
	}
	file := func(delegation, signed []byte) []byte {
		t.Helper()
		raw, err := format.MarshalFile(delegation, signed, nil)
		if err != nil {
			t.Fatal(err)
		}
		return raw
	}
	staff := seeded(t, 2)
	refused("the license of another activation, which was signed as well", i.signedFor(t, "FOUR").file)
	refused("another key", file(i.RawDelegation, seal(seeded(t, 3), staff.Public().ID(), all[1].payload)))
	refused("another key's id", file(i.RawDelegation, seal(staff, seeded(t, 3).Public().ID(), all[1].payload)))
	refused("no license file", []byte("nothing"))

	// The same key under another good delegation: a stranger would take it. Its scope was
	// not asked.
	other := slices.Clone(all)
	other[1] = &license{claims: all[1].claims, payload: all[1].payload,
		file: file(issuerOf(t).RawDelegation, seal(staff, staff.Public().ID(), all[1].payload))}
	if i.holdTogether(other) {
		t.Error("another delegation: not found")
	}
}
