package main

import (
	"context"
	"crypto/rand"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/offlicense/offlicense/cmd/licensor/internal/home"
	"github.com/offlicense/offlicense/cmd/licensor/internal/issuer"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/service"
	"github.com/offlicense/offlicense/format"
)

// attached returns the number of the list in a license file, and that of the lowest one
// that the license asks for; 0 for none.
func attached(t *testing.T, path string) (number, floor uint64) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := format.DecodeTextAs(text, format.LicenseFile)
	if err != nil {
		t.Fatal(err)
	}
	file, err := format.ParseFile(raw)
	if err != nil {
		t.Fatal(err)
	}
	claims, err := format.UnmarshalLicense(file.License.UnverifiedPayload())
	if err != nil {
		t.Fatal(err)
	}
	if file.List != nil {
		list, err := format.UnmarshalRevocation(file.List.Revocation.UnverifiedPayload())
		if err != nil {
			t.Fatal(err)
		}
		number = list.Number
	}
	return number, claims.Terms.MinRevocation
}

// Once a list has grown too long for license files, the newest one that fits is attached,
// and licenses ask for that one: those that ask for an earlier one still get it.
func TestListTooLongToGoAlong(t *testing.T) {
	t.Parallel()
	n := issuer.MaxAttachedList/16 + 50
	dir := soldDirectory(t, n)
	do := func(args ...string) result {
		t.Helper()
		return mustRun(t, dir, append([]string{args[0], "--home", "V"}, args[1:]...)...)
	}
	revoke := func(key string) {
		t.Helper()
		do("revoke", "--key", key, "--why", "stolen", "--yes")
	}
	for _, name := range []string{"bert", "carol"} {
		mustRun(t, dir, "key", "new", "--home", "V", "--name", name, "--insecure-no-passphrase")
	}
	do("delegate", "--root-key", "V/root", "--vendor", "acme.example", "--public", "V/keys/bert.pub", "--name", "bert",
		"--products", "*", "--types", "*", "--max-term", "3660d", "--max-seats", "9999", "--until", "2027-11-21", "--yes", "--out", "bert.old")
	mustRun(t, dir, "key", "add", "--home", "V", "bert.old")
	do("sign", "--key", "anna", "requests", "--out", "licenses", "--yes")
	revoke("V/keys/carol.pub")
	along := "Licenses that are signed from now on include it."
	if r := do("revocations", "--root-key", "V/root", "--out", "1.olv", "--yes"); !strings.Contains(r.stderr, along) {
		t.Errorf("list 1: %s", r)
	}
	mustRun(t, dir, append(entitleArgs("V"), "--invoice", "INV0042-2", "--seats", "9")...)
	do("sign", "--key", "bert", "--yes", "--out", "before.lic", writeRequest(t, dir, 1, "INV0042-2"))

	revoke("V/keys/anna.pub")
	r := do("revocations", "--root-key", "V/root", "--out", "2.olv", "--yes")
	if strings.Contains(r.stderr, along) || !strings.Contains(r.stderr, "too long to be attached to licenses") {
		t.Errorf("list 2: %s", r)
	}
	if r := do("revocations", "--newest", "--out", "newest.olv"); strings.Contains(r.stderr, along) {
		t.Errorf("list 2 again: %s", r)
	}
	do("sign", "--yes", "--out", "again.lic", "INV0042-2-1.olq")
	r = do("sign", "--key", "bert", "--yes", "--out", "after.lic", writeRequest(t, dir, 2, "INV0042-2"))
	if !strings.Contains(r.stderr, "warning: revocation list 2 is too long to be attached to a license") || !strings.Contains(r.stderr, "list 1 is attached") {
		t.Errorf("sign: %s", r)
	}
	for _, name := range []string{"before.lic", "again.lic", "after.lic"} {
		if number, floor := attached(t, filepath.Join(dir, name)); number != 1 || floor != 1 {
			t.Errorf("%s has list %d and asks for %d, want 1 and 1", name, number, floor)
		}
	}
}

// A revoked key is refused before anybody types a passphrase or confirms in ssh-agent:
// the ledger's own refusal comes when it has signed.
func TestRevokedKeyIsRefusedBeforeItSigns(t *testing.T) {
	t.Parallel()
	dir := newHome(t)
	mustRun(t, dir, "revoke", "--home", "V", "--key", "V/keys/anna.pub", "--why", "stolen", "--yes")
	at := home.Home{Dir: filepath.Join(dir, "V")}
	ctx := context.Background()
	s, err := service.Open(ctx, at, "", service.ToRead, service.Options{Random: rand.Reader})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	var refusal *ledger.Refusal
	if signer, err := s.Signer(ctx, service.Key{Name: "anna"}, now); !errors.As(err, &refusal) || refusal.Rule != ledger.RuleRevoked {
		t.Errorf("got %v, %v", signer, err)
	}
}
