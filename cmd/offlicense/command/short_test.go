package command

import (
	"bytes"
	"crypto/rand"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/verify/site"
	"github.com/offlicense/offlicense/verify/site/sitetest"
)

// TestBuiltInDelegations: a tool that was built with the delegations of those who sign takes
// short licenses that leave them out.
func TestBuiltInDelegations(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "S")
	r, err := site.At(dir).Request(site.RequestOptions{
		Product: "evoq", Invoice: "INV0042-1", Email: "ops@site.example", Type: "production",
		KeyOnly: true, Now: sitetest.Issued, Random: rand.Reader,
	})
	if err != nil {
		t.Fatal(err)
	}
	license, err := sitetest.Sign(r.Text, nil)
	if err != nil {
		t.Fatal(err)
	}
	file, err := format.DecodeTextAs(license, format.LicenseFile)
	if err != nil {
		t.Fatal(err)
	}
	body, err := r.Request.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	raw, err := format.Carry(file, body, false)
	if err != nil {
		t.Fatal(err)
	}
	short := filepath.Join(t.TempDir(), "short")
	if err := os.WriteFile(short, format.EncodeFile(format.CarriedLicense, raw), 0o644); err != nil {
		t.Fatal(err)
	}
	own, err := sitetest.Delegation()
	if err != nil {
		t.Fatal(err)
	}
	another := sitetest.DelegationClaims()
	another.ID[15]++
	other, err := sitetest.SealUnder(another, sitetest.License())
	if err != nil {
		t.Fatal(err)
	}
	otherFile, err := format.DecodeTextAs(other, format.LicenseFile)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := format.ParseFile(otherFile)
	if err != nil {
		t.Fatal(err)
	}
	first := string(format.EncodeFile(format.Delegation, parsed.RawDelegation))
	both := first + string(format.EncodeFile(format.Delegation, own))
	for _, c := range []struct {
		command, built string
		status         int
		says           string
	}{
		{"install", "", exitNotValid, "leaves out the delegation"},
		{"install", first, exitNotValid, "leaves out the delegation"},
		{"verify", both, 0, "valid: "},
		{"install", first + "OLD1:A", 1, "the program's own delegation cannot be used (number 2)"},
		{"install", both, 0, "installed: "},
		{"install", "", 0, "installed: "}, // by the one that is installed now
	} {
		var out bytes.Buffer
		env := &cli.Env{
			Args: []string{c.command, "--state", dir, short}, Stdout: &out, Stderr: &out,
			Getenv: func(string) string { return "" }, Now: sitetest.Issued.UTC,
		}
		if c.command == "verify" {
			env.Args = append(env.Args, "--product", "evoq")
		}
		status := cli.Main(Program(Build{Roots: string(sitetest.Roots()), Delegations: c.built}), env)
		if status != c.status || !strings.Contains(out.String(), c.says) {
			t.Errorf("%s with %d delegations: status %d\n%swant %d and %q", c.command, strings.Count(c.built, "OLD1:"), status, out.String(), c.status, c.says)
		}
	}
	if got, err := os.ReadFile(site.At(dir).LicensePath()); err != nil || !bytes.Equal(got, license) {
		t.Errorf("installed %q, %v", got, err)
	}
}
