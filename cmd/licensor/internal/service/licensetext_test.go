package service

import (
	"bytes"
	"crypto/rand"
	"strings"
	"testing"

	"github.com/offlicense/offlicense/cmd/licensor/internal/issuer"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/keys"
	"github.com/offlicense/offlicense/verify"
)

// A license on record that is written again goes out with a warning if a key behind it
// was revoked and it is not kept.
func TestWarningOfALicenseThatIsGoodNoMore(t *testing.T) {
	t.Parallel()
	var all []keys.PrivateKey
	for seed := range byte(3) {
		k, err := keys.FromSeed(bytes.Repeat([]byte{seed + 1}, keys.SeedSize))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, k)
	}
	root, anna, bert := all[0], all[1], all[2]
	_, text, err := issuer.Delegate(root, anna.Public(), format.DelegationClaims{Issuer: "acme.example", Name: "anna", IssuedAt: 1, NotBefore: 1, Expires: 2e9}, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	delegation, err := format.DecodeTextAs(text, format.Delegation)
	if err != nil {
		t.Fatal(err)
	}
	signed, err := format.Seal(format.License, anna.Public().ID(), []byte("a license"), anna.Sign)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := format.MarshalFile(delegation, signed, nil)
	if err != nil {
		t.Fatal(err)
	}
	file, err := format.ParseFile(raw)
	if err != nil {
		t.Fatal(err)
	}
	of := func(key keys.PrivateKey, keep ...[16]byte) []format.RevokedKey {
		return []format.RevokedKey{{Thumbprint: key.Public().Thumbprint(), Keep: format.NewSet(keep...)}}
	}
	for name, c := range map[string]struct {
		revoked []format.RevokedKey
		warns   bool
	}{
		"no key":                                  {nil, false},
		"another key":                             {of(bert), false},
		"its key":                                 {of(anna), true},
		"its key, but it is kept":                 {of(anna, file.License.Digest()), false},
		"its key, and its delegation is kept":     {of(anna, file.Delegation.Digest()), true},
		"its root":                                {of(root), true},
		"its root, but its delegation is kept":    {of(root, file.Delegation.Digest()), false},
		"its root and its key, and one is kept":   {append(of(root, file.Delegation.Digest()), of(anna)...), true},
		"its root and its key, and both are kept": {append(of(root, file.Delegation.Digest()), of(anna, file.License.Digest())...), false},
	} {
		var warnings []string
		options := Options{Warn: func(s string) { warnings = append(warnings, s) }}
		list := LicenseTexts{warn: &options, newest: &verify.RevocationList{RevocationClaims: format.RevocationClaims{Number: 7, Keys: c.revoked}}}
		if _, err := list.Text(&ledger.License{File: raw, SignedBy: "anna"}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if warned := strings.Contains(strings.Join(warnings, " "), "no longer valid: revocation list 7"); warned != c.warns {
			t.Errorf("%s: %q", name, warnings)
		}
	}
}
