package issuer_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/offlicense/offlicense/cmd/internal/hint"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/keys"
	"github.com/offlicense/offlicense/verify"
)

// neverSigns is a key that is not to be asked: what it is not allowed to sign is refused
// before.
type neverSigns struct {
	keys.Signer
	t *testing.T
}

func (n neverSigns) Sign(message []byte) ([]byte, error) {
	n.t.Error("the key was asked")
	return n.Signer.Sign(message)
}

// What no verifier would take is refused before it is signed, and by Check before
// anybody is asked, in words to act on.
func TestScope(t *testing.T) {
	for name, test := range map[string]struct {
		delegation func(*format.DelegationClaims)
		grant      func(*ledger.Grant)
		want       string // of the message; empty: it is allowed
	}{
		"all of it": {func(*format.DelegationClaims) {}, func(*ledger.Grant) {}, ""},
		"type": {func(d *format.DelegationClaims) { d.Scope.Types = []string{"development", "test", "nfr"} }, func(*ledger.Grant) {},
			"allowed: development, test, nfr; this is: production"},
		"product": {func(d *format.DelegationClaims) { d.Scope.Products = []string{"liquid"} }, func(*ledger.Grant) {}, "liquid; this is: evoq"},
		"seats":   {func(d *format.DelegationClaims) { d.Scope.MaxSeats = 2 }, func(g *ledger.Grant) { g.Entitlement.Seats = 3 }, "this is: 3"},
		"seats, as many as allowed": {func(d *format.DelegationClaims) { d.Scope.MaxSeats = 2 },
			func(g *ledger.Grant) { g.Entitlement.Seats = 2 }, ""},
		"perpetual": {func(d *format.DelegationClaims) { d.Scope.Perpetual = false }, func(*ledger.Grant) {}, "this is: "},
		"any machine": {func(d *format.DelegationClaims) { d.Scope.Weakest = format.StrengthMachine },
			func(g *ledger.Grant) { g.Request = nil }, "this is: "},
		"term": {func(d *format.DelegationClaims) { d.Scope.MaxTerm = 60 * 60 },
			func(g *ledger.Grant) { g.Entitlement.Expires = now.Add(time.Hour + time.Second) }, "this is: "},
		"a bridge is shorter": {func(d *format.DelegationClaims) { d.Scope.MaxTerm = 60 * 60 },
			func(g *ledger.Grant) { g.BridgeUntil = now.Add(time.Hour) }, ""},
		"a bridge is of type development": {func(d *format.DelegationClaims) { d.Scope.Types = []string{"production"} },
			func(g *ledger.Grant) { g.BridgeUntil = now.Add(time.Hour) }, "production; this is: development"},
		"the delegation begins later": {func(d *format.DelegationClaims) { d.NotBefore++ }, func(*ledger.Grant) {}, "this is: "},
		"the delegation has ended": {func(d *format.DelegationClaims) {
			d.IssuedAt, d.NotBefore, d.Expires = d.IssuedAt-9, d.NotBefore-9, now.Unix()
		}, func(*ledger.Grant) {}, "this is: "},
		"revocation lists alone": {func(d *format.DelegationClaims) { d.Scope = format.Scope{Revocations: true} }, func(*ledger.Grant) {}, "this is: "},
	} {
		t.Run(name, func(t *testing.T) {
			d := format.DelegationClaims{Issuer: "acme.example", Name: "anna", IssuedAt: now.Unix(), NotBefore: now.Unix(), Expires: now.Unix() + 1e8, Scope: wide}
			test.delegation(&d)
			i, g := issuerOf(t, d), grant(t, "production")
			test.grant(&g)
			if test.want == "" {
				if err := i.Check(g, now); err != nil {
					t.Error(err)
				}
				issued(t, i, g)
				return
			}
			i.Key = neverSigns{i.Key, t}
			draft := one(i, g)
			if draft.File != nil {
				t.Errorf("got %d bytes", len(draft.File))
			}
			for _, err := range []error{draft.Err, i.Check(g, now)} {
				if !errors.Is(err, verify.OutOfScope) || !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), "allowed: ") {
					t.Errorf("got %v, want %q", err, test.want)
				}
				if next := hint.Of(err); !strings.Contains(next, `"licensor key list"`) || !strings.Contains(next, "wider delegation") {
					t.Errorf("the hint is %q", next)
				}
			}
		})
	}
}
