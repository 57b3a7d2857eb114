package issuer_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/offlicense/offlicense/cmd/licensor/internal/issuer"
	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/keys"
	"github.com/offlicense/offlicense/verify"
)

// A license asks for the list that is attached to it, so that a server without that
// list does not take it; and for none that cannot.
func TestLicenseAsksForItsList(t *testing.T) {
	i, g := newIssuer(t, wide), grant(t, "production")
	facts := verify.Facts{Now: now, Product: "evoq", AnyMachine: true}
	list := func(number uint64, licenses int) *verify.RevocationList {
		t.Helper()
		var ids [][16]byte
		for n := range licenses {
			ids = append(ids, [16]byte{1, byte(n >> 8), byte(n)})
		}
		text, err := issuer.SignList(keyOf(t, 1), nil, format.RevocationClaims{
			Issuer: "acme.example", Number: number, IssuedAt: now.Unix(), Licenses: format.NewSet(ids...),
		}, i.Verifier, newChance())
		if err != nil {
			t.Fatal(err)
		}
		l, err := i.Verifier.OpenRevocationList(text)
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	asked := func() (file []byte, floor uint64) {
		t.Helper()
		d := one(i, g)
		if d.Err != nil {
			t.Fatal(d.Err)
		}
		parsed, err := format.ParseFile(d.File)
		if err != nil {
			t.Fatal(err)
		}
		claims, err := format.UnmarshalLicense(slices.Clone(parsed.License.UnverifiedPayload()))
		if err != nil {
			t.Fatal(err)
		}
		return d.File, claims.Terms.MinRevocation
	}
	if _, floor := asked(); floor != 0 {
		t.Errorf("without a list it asks for %d", floor)
	}
	i.List = list(7, 1)
	file, floor := asked()
	if floor != 7 {
		t.Errorf("it asks for list %d, want 7", floor)
	}
	if _, err := i.Verifier.Check([]byte(format.EncodeText(format.LicenseFile, file)), facts); !errors.Is(err, verify.Revoked) {
		t.Errorf("without the list: %v", err)
	}
	for number, good := range map[uint64]bool{6: false, 7: true, 8: true} {
		with, err := format.AttachList(file, list(number, 1).Raw)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := i.Verifier.Check([]byte(format.EncodeText(format.LicenseFile, with)), facts); (err == nil) != good {
			t.Errorf("with list %d: %v", number, err)
		}
	}
	i.List = list(8, issuer.MaxAttachedList/16)
	if len(i.List.Raw) <= issuer.MaxAttachedList {
		t.Fatalf("a list of %d bytes", len(i.List.Raw))
	}
	if _, floor := asked(); floor != 0 {
		t.Errorf("it asks for list %d, which has no room in its file", floor)
	}
}

// A list is judged as every server will judge it, before anybody gets it.
func TestSignListChecksItsSignature(t *testing.T) {
	i := newIssuer(t, wide)
	claims := format.RevocationClaims{Issuer: "acme.example", Number: 1, IssuedAt: now.Unix()}
	root := keyOf(t, 1)
	if _, err := issuer.SignList(root, nil, claims, i.Verifier, newChance()); err != nil {
		t.Error(err)
	}
	for name, key := range map[string]keys.Signer{
		"a wrong signature":  &broken{Signer: root, wrong: func(int) bool { return true }},
		"not a root":         i.Key,
		"a key that is gone": failing{root, errGone},
	} {
		if text, err := issuer.SignList(key, nil, claims, i.Verifier, newChance()); err == nil || text != nil {
			t.Errorf("%s: got %d bytes, %v", name, len(text), err)
		}
	}
	// A staff key signs licenses, not lists.
	if text, err := issuer.SignList(i.Key, i.RawDelegation, claims, i.Verifier, newChance()); err == nil || text != nil {
		t.Errorf("a staff key: got %d bytes, %v", len(text), err)
	}
	// The license of the key that the newest list revokes is not given out.
	list := func(claims format.RevocationClaims) *verify.RevocationList {
		t.Helper()
		text, err := issuer.SignList(root, nil, claims, i.Verifier, newChance())
		if err != nil {
			t.Fatal(err)
		}
		l, err := i.Verifier.OpenRevocationList(text)
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	claims.Keys = []format.RevokedKey{{Thumbprint: i.Key.Public().Thumbprint()}}
	i.List = list(claims)
	refused(t, "a revoked key", one(i, grant(t, "production")))
}
