package service

import (
	"bytes"
	"crypto/rand"
	"slices"
	"strings"
	"testing"
	"time"

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
	claims, text, err := issuer.Delegate(root, anna.Public(), format.DelegationClaims{Issuer: "acme.example", Name: "anna", IssuedAt: 1, NotBefore: 1, Expires: 2e9,
		Scope: format.Scope{Products: []string{format.Any}, Types: []string{format.Any}, MaxTerm: 1e9, MaxSeats: 1, Perpetual: true, Weakest: format.StrengthAny}}, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	delegation, err := format.DecodeTextAs(text, format.Delegation)
	if err != nil {
		t.Fatal(err)
	}
	v, err := verify.New(root.Public())
	if err != nil {
		t.Fatal(err)
	}
	i := issuer.Issuer{Key: anna, Delegation: claims, RawDelegation: delegation, Verifier: v, Random: rand.Reader}
	sold := &ledger.Entitlement{Invoice: "I-1", Customer: "Site Ltd", Product: "evoq", Type: ledger.TypeProduction, Seats: 1}
	draft := i.IssueAll([]ledger.Grant{{Entitlement: sold, Activation: "A", Epoch: 1}}, time.Unix(1e9, 0))[0]
	if draft.Err != nil {
		t.Fatal(draft.Err)
	}
	file, err := format.ParseFile(draft.File)
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
		slices.SortFunc(c.revoked, func(a, b format.RevokedKey) int { return bytes.Compare(a.Thumbprint[:], b.Thumbprint[:]) })
		list := LicenseTexts{verifier: v, warn: &options, newest: &verify.RevocationList{RevocationClaims: format.RevocationClaims{Number: 7, Keys: c.revoked}}}
		if _, err := list.Text(&ledger.License{File: draft.File, SignedBy: "anna"}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if warned := strings.Contains(strings.Join(warnings, " "), "no longer valid: revocation list 7"); warned != c.warns {
			t.Errorf("%s: %q", name, warnings)
		}
	}
}
