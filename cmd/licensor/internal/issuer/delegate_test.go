package issuer_test

import (
	"testing"

	"github.com/offlicense/offlicense/cmd/licensor/internal/issuer"
	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/keys"
)

// A delegation is judged as every server will judge it, before anybody gets it.
func TestDelegateChecksItsSignature(t *testing.T) {
	root, staff := keyOf(t, 1), keyOf(t, 2).Public()
	given := format.DelegationClaims{Issuer: "acme.example", Name: "anna", IssuedAt: now.Unix(), NotBefore: now.Unix(), Expires: now.Unix() + 1e8, Scope: wide}
	claims, text, err := issuer.Delegate(root, staff, given, newChance())
	if err != nil {
		t.Fatal(err)
	}
	i := newIssuer(t, wide)
	read, err := i.Verifier.OpenDelegation(text)
	if err != nil || string(claims.Key) != string(staff.Bytes()) || claims.ID == (format.ID{}) || claims.Name != "anna" || read == nil {
		t.Errorf("%+v, %v", claims, err)
	}
	for name, key := range map[string]keys.Signer{
		"a wrong signature":  &broken{Signer: root, wrong: func(int) bool { return true }},
		"a key that is gone": failing{root, errGone},
	} {
		if claims, text, err := issuer.Delegate(key, staff, given, newChance()); err == nil || claims != nil || text != nil {
			t.Errorf("%s: got %d bytes, %v", name, len(text), err)
		}
	}
	given.Name = "\x1b[2J"
	if claims, text, err := issuer.Delegate(root, staff, given, newChance()); err == nil || claims != nil || text != nil {
		t.Errorf("a name with an escape: got %d bytes, %v", len(text), err)
	}
}
