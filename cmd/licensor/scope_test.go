package main

import (
	"crypto/rand"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/offlicense/offlicense/cmd/licensor/internal/home"
	"github.com/offlicense/offlicense/cmd/licensor/internal/issuer"
	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/keys"
	"github.com/offlicense/offlicense/keys/keyfile"
	"github.com/offlicense/offlicense/verify/scopetest"
)

// The commands that sign licenses, each with what it writes.
var signingPaths = map[string]func(s *scopeSite) (result, string){
	"sign": func(s *scopeSite) (result, string) {
		if s.license.Binding == nil {
			return s.run("sign", "--unbound", "--invoice", s.invoice, "--out", "one.lic", "--yes"), "one.lic"
		}
		return s.run("sign", s.request, "--out", "one.lic", "--yes"), "one.lic"
	},
	"sign a directory": func(s *scopeSite) (result, string) {
		return s.run("sign", ".", "--out", "many", "--yes"), filepath.Join("many", strings.TrimSuffix(s.request, ".olq")+".lic")
	},
	"amend": func(s *scopeSite) (result, string) {
		s.delegate(s.wide)
		if s.license.Binding == nil {
			mustRun(s.t, s.dir, "sign", "--home", s.home, "--unbound", "--invoice", s.invoice, "--out", "first.lic", "--yes")
		} else {
			mustRun(s.t, s.dir, "sign", "--home", s.home, s.request, "--out", "first.lic", "--yes")
		}
		s.delegate(s.delegation)
		return s.run("amend", s.invoice, "--feature", "sso", "--out", "new", "--yes"), "new"
	},
}

// scopeSite is one case of the matrix: a sale, a request for it, and a delegation.
type scopeSite struct {
	t                *testing.T
	home, dir        string
	invoice, request string
	license          *format.LicenseClaims
	delegation, wide *format.DelegationClaims
	root, staff      keys.Signer
}

func (s *scopeSite) run(command string, args ...string) result {
	return licensor(s.t, s.dir, append([]string{command, "--home", s.home, "--key", "anna"}, args...)...)
}

// delegate gives the staff key another delegation, as key add would.
func (s *scopeSite) delegate(claims *format.DelegationClaims) {
	s.t.Helper()
	_, text, err := issuer.Delegate(s.root, s.staff.Public(), *claims, rand.Reader)
	if err != nil {
		s.t.Fatal(err)
	}
	if err := (home.Home{Dir: s.home}).WriteDelegation("anna", text); err != nil {
		s.t.Fatal(err)
	}
}

// sell records what a license like that of the case is sold as.
func (s *scopeSite) sell() {
	s.t.Helper()
	l := s.license
	args := []string{"entitle", "--home", s.home, "--invoice", s.invoice, "--email", "ops@site.example", "--customer", "Site Ltd",
		"--product", l.Product, "--type", l.Terms.Type, "--seats", fmt.Sprint(l.Terms.Seats)}
	if is := l.Strength(); is != format.StrengthMachine {
		args = append(args, "--binding", is.String())
	}
	if l.Expires != 0 {
		ends := time.Unix(l.Expires, 0).UTC().AddDate(0, 0, -int(l.Terms.GraceDays))
		args = append(args, "--expires", ends.Add(-time.Second).Format(time.DateOnly))
	}
	if l.Terms.GraceDays > 0 {
		args = append(args, "--grace", fmt.Sprintf("%dd", l.Terms.GraceDays))
	}
	mustRun(s.t, s.dir, args...)
}

// Every command that signs refuses what its delegation does not allow: before it signs,
// so that nothing is recorded, and with a hint.
func TestCommandsKeepWithinTheScope(t *testing.T) {
	top := newHome(t)
	root, staff := readKey(t, top, "V", "root"), readKey(t, top, "V", "keys", "anna")
	n := 0
	for path, sign := range signingPaths {
		for _, c := range scopetest.Cases() {
			sample := newScopeSite(t, "", "", 0).license
			if c.License(sample); sample.Binding == nil && path == "sign a directory" {
				continue // a license for any machine answers no request
			}
			for name, outside := range map[string]bool{"inside": false, "outside": true} {
				n++
				invoice := fmt.Sprint("S-", n)
				t.Run(path+"/"+c.Name+"/"+name, func(t *testing.T) {
					s := newScopeSite(t, filepath.Join(top, "V"), invoice, n)
					s.root, s.staff = root, staff
					c.License(s.license)
					narrow := *s.delegation
					s.delegation, s.wide = &narrow, s.delegation
					if outside {
						c.Outside(s.delegation, s.license)
					} else {
						c.Inside(s.delegation, s.license)
					}
					s.sell()
					s.request = s.ask(n)
					s.delegate(s.delegation)
					r, written := sign(s)
					_, err := os.Stat(filepath.Join(s.dir, written))
					switch {
					case !outside && (r.exit != 0 || err != nil):
						t.Errorf("%s: %v", r, err)
					case outside && (r.exit == 0 || !strings.Contains(r.stderr, "anna")):
						t.Errorf("%s", r)
					case outside && path != "amend" && err == nil:
						t.Error("a license was written")
					}
					history := mustRun(t, s.dir, "history", "--home", s.home, invoice).stdout
					if signed := strings.Contains(history, "activated: "); signed == outside && path != "amend" {
						t.Errorf("recorded: %t\n%s", signed, history)
					}
					if strings.Contains(history, "signed again: ") == outside && path == "amend" {
						t.Errorf("recorded:\n%s", history)
					}
				})
			}
		}
	}
}

func newScopeSite(t *testing.T, home, invoice string, n int) *scopeSite {
	key := machineKey(t, n)
	return &scopeSite{
		t: t, home: home, dir: t.TempDir(), invoice: invoice,
		license: &format.LicenseClaims{
			Issuer: "acme.example", Product: "evoq", IssuedAt: now.Unix(), Expires: time.Date(2027, 11, 22, 0, 0, 0, 0, time.UTC).Unix(),
			Terms:   format.Terms{Type: "production", Seats: 1},
			Binding: &format.Binding{Key: key.Public().Bytes(), Need: 1, Components: []format.Component{{Label: format.LabelMachineID, Hash: key.Public().Bytes()[:8]}}},
		},
		delegation: &format.DelegationClaims{
			Issuer: "acme.example", Name: "anna", IssuedAt: now.Unix(), NotBefore: now.Unix() - 1, Expires: now.AddDate(1, 0, 0).Unix(),
			Scope: format.Scope{
				Products: []string{format.Any}, Types: []string{format.Any}, MaxTerm: 1e9, MaxSeats: 1e6, Weakest: format.StrengthAny, Perpetual: true,
			},
		},
	}
}

// ask writes the request of the site, which names components for a license of the same binding.
func (s *scopeSite) ask(machine int) string {
	switch s.license.Strength() {
	case format.StrengthKey:
		return writeRequestWith(s.t, s.dir, machine, s.invoice, nil)
	case format.StrengthOperator:
		return writeRequestWith(s.t, s.dir, machine, s.invoice, []format.Component{{Label: "rack", Hash: machineKey(s.t, machine).Public().Bytes()[:8]}})
	}
	return writeRequest(s.t, s.dir, machine, s.invoice)
}

func readKey(t *testing.T, path ...string) keys.PrivateKey {
	t.Helper()
	key, err := keyfile.Read(filepath.Join(path...), nil)
	if err != nil {
		t.Fatal(err)
	}
	return key
}
