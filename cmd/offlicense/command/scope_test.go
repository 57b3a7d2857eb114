package command

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/verify"
	"github.com/offlicense/offlicense/verify/scopetest"
	"github.com/offlicense/offlicense/verify/site"
	"github.com/offlicense/offlicense/verify/site/sitetest"
)

// TestScopeMatrix: what a delegation bounds is refused by every command that takes a
// license.
func TestScopeMatrix(t *testing.T) {
	var state *site.State
	claims := func(t *testing.T) (*format.DelegationClaims, *format.LicenseClaims) {
		state = site.At(filepath.Join(t.TempDir(), "S"))
		components, err := site.ParseComponents("cluster=abc123")
		if err != nil {
			t.Fatal(err)
		}
		r, err := state.Request(site.RequestOptions{
			Product: "evoq", Invoice: "INV0042-1", Email: "ops@site.example", Type: "production",
			Components: components, Now: sitetest.Issued, Random: rand.Reader,
		})
		if err != nil {
			t.Fatal(err)
		}
		l, err := sitetest.Answer(r.Text)
		if err != nil {
			t.Fatal(err)
		}
		return sitetest.DelegationClaims(), l
	}
	here := []string{"--product", "evoq", "--json", "--component", "cluster=abc123", "--state"}
	for name, open := range map[string]func(t *testing.T, file string) error{
		"install": func(t *testing.T, file string) error {
			return installed(t, "install", "--component", "cluster=abc123", "--state", state.Dir(), file)
		},
		"verify": func(t *testing.T, file string) error {
			text, err := os.ReadFile(file)
			if err == nil {
				err = os.WriteFile(state.LicensePath(), text, 0o644)
			}
			if err != nil {
				t.Fatal(err)
			}
			return verified(t, append(here, state.Dir())...)
		},
		"verify a file": func(t *testing.T, file string) error {
			return verified(t, append(here, state.Dir(), file)...)
		},
		"verify for any machine": func(t *testing.T, file string) error {
			return verified(t, "--product", "evoq", "--json", "--any-machine", file)
		},
	} {
		t.Run(name, func(t *testing.T) {
			scopetest.Run(t, scopetest.Path{Claims: claims, Open: func(t *testing.T, d *format.DelegationClaims, l *format.LicenseClaims) error {
				text, err := sitetest.SealUnder(d, l)
				if err != nil {
					t.Fatal(err)
				}
				file := filepath.Join(t.TempDir(), "license.lic")
				if err := os.WriteFile(file, text, 0o644); err != nil {
					t.Fatal(err)
				}
				return open(t, file)
			}})
		})
	}
}

// runAt runs the tool with the vendor's roots built in.
func runAt(args ...string) (status int, stdout, stderr string) {
	var out, messages bytes.Buffer
	env := &cli.Env{
		Args: args, Stdout: &out, Stderr: &messages,
		Getenv: func(string) string { return "" }, Now: func() time.Time { return sitetest.Issued.Add(time.Hour) },
	}
	status = cli.Main(Program(Build{Roots: string(sitetest.Roots())}), env)
	return status, out.String(), messages.String()
}

// verified returns the refusal that verify prints, nil for a license that holds.
func verified(t *testing.T, args ...string) error {
	t.Helper()
	status, stdout, stderr := runAt(append([]string{"verify"}, args...)...)
	var a struct { // as answer prints it, but for the license
		Valid                          bool
		Reason                         verify.Reason
		Message, Expected, Found, Hint string
	}
	if err := json.Unmarshal([]byte(stdout), &a); err != nil {
		t.Fatalf("%v: %s%s", err, stdout, stderr)
	}
	switch {
	case a.Valid && status == 0:
		return nil
	case !a.Valid && status == 3:
		return (&verify.Refusal{Reason: a.Reason, Message: a.Message, Expected: a.Expected, Found: a.Found}).WithHint("%s", a.Hint)
	}
	return fmt.Errorf("exit status %d: %s%s", status, stdout, stderr)
}

// installed returns the refusal that install prints.
func installed(t *testing.T, args ...string) error {
	t.Helper()
	status, _, stderr := runAt(args...)
	if status == 0 {
		return nil
	}
	// offlicense: error: not installed: REASON: MESSAGE (expected: A; found: B)
	// offlicense: hint: NEXT
	line, next, hinted := strings.Cut(strings.TrimSuffix(stderr, "\n"), "\nofflicense: hint: ")
	line, ours := strings.CutPrefix(line, "offlicense: error: not installed: ")
	reason, line, _ := strings.Cut(line, ": ")
	message, compared, _ := strings.Cut(strings.TrimSuffix(line, ")"), " (expected: ")
	expected, found, _ := strings.Cut(compared, "; found: ")
	if status != 3 || !ours || !hinted {
		return errors.New(stderr)
	}
	return (&verify.Refusal{Reason: verify.Reason(reason), Message: message, Expected: expected, Found: found}).WithHint("%s", next)
}
