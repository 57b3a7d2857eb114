package ledger_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/verify"
)

func TestRules(t *testing.T) {
	for _, test := range []struct {
		name   string
		rule   ledger.Rule
		at     time.Time
		sold   func(*ledger.Entitlement)
		asked  func(*format.Request)
		naming string // what the refusal must name
	}{
		{name: "what was bought is signed"},
		{name: "unknown invoice", rule: ledger.RuleClaim, naming: "INV0043",
			asked: func(q *format.Request) { q.Invoice = "INV0043" }},
		{name: "other e-mail address", rule: ledger.RuleClaim, naming: "e-mail",
			asked: func(q *format.Request) { q.Account = format.AccountHash(q.Invoice, "other@site.example") }},
		{name: "e-mail address in other letters",
			sold: func(e *ledger.Entitlement) { e.Email = " OPS@Site.example" }},
		{name: "other product", rule: ledger.RuleProduct, naming: "liquid",
			asked: func(q *format.Request) { q.Product = "liquid" }},
		{name: "other type", rule: ledger.RuleType, naming: "staging",
			asked: func(q *format.Request) { q.Type = "staging" }},
		{name: "last second of the term", at: time.Date(2027, 11, 21, 23, 59, 59, 0, time.UTC),
			sold: func(e *ledger.Entitlement) { e.GraceDays = 14 }},
		{name: "one second after the term, in grace", rule: ledger.RuleTerm, naming: "2027-11-21",
			at:   time.Date(2027, 11, 22, 0, 0, 0, 0, time.UTC),
			sold: func(e *ledger.Entitlement) { e.GraceDays = 14 }},
		{name: "perpetual does not end", at: time.Date(2050, 1, 1, 0, 0, 0, 0, time.UTC),
			sold: func(e *ledger.Entitlement) { e.Expires = time.Time{} }},
	} {
		t.Run(test.name, func(t *testing.T) {
			everywhere(t, func(t *testing.T, l *ledger.Ledger, _ string) {
				e := entitlement()
				if test.sold != nil {
					test.sold(&e)
				}
				entitle(t, l, e)
				at := now
				if !test.at.IsZero() {
					at = test.at
				}
				license, err := signAt(t, l, request(t, 1, test.asked), at)
				if test.rule == "" {
					if err != nil || license == nil {
						t.Fatalf("got %v, want a license", err)
					}
					return
				}
				var refusal *ledger.Refusal
				if !errors.As(err, &refusal) || refusal.Rule != test.rule || license != nil {
					t.Fatalf("got %v and %v, want a refusal by the rule %s alone", license, err, test.rule)
				}
				if !strings.Contains(refusal.Error(), test.naming) || refusal.Next == "" {
					t.Errorf("refusal %q (next: %q) does not name %q", refusal, refusal.Next, test.naming)
				}
				if holdings := list(t, l); len(holdings[0].Activations) != 0 {
					t.Errorf("a refused request left %d activations", len(holdings[0].Activations))
				}
			})
		})
	}
}

// A wrong invoice and a wrong address get one answer, so that nobody can find out by
// trying which invoices there are.
func TestClaimIsRefusedInOneWay(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger, _ string) {
		entitle(t, l, entitlement())
		_, unknown := sign(t, l, request(t, 1, func(q *format.Request) { q.Invoice = "INV0042-9" }))
		_, wrong := sign(t, l, request(t, 1, func(q *format.Request) { q.Account[0] ^= 1 }))
		if a, b := strings.ReplaceAll(unknown.Error(), "INV0042-9", "X"), strings.ReplaceAll(wrong.Error(), "INV0042-1", "X"); a != b {
			t.Errorf("the answers differ:\n%s\n%s", a, b)
		}
	})
}

func TestOneActivationPerSeat(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger, _ string) {
		e := entitlement()
		e.Seats = 2
		entitle(t, l, e)
		for site := byte(1); site <= 2; site++ {
			if _, err := sign(t, l, request(t, site, func(q *format.Request) { q.Site = "shop" })); err != nil {
				t.Fatalf("seat %d: %v", site, err)
			}
		}
		_, err := sign(t, l, request(t, 3, nil))
		var refusal *ledger.Refusal
		if !errors.As(err, &refusal) || refusal.Rule != ledger.RuleSeats {
			t.Fatalf("third site: got %v, want a refusal for seats", err)
		}
		held := list(t, l)[0].Activations
		for _, a := range held {
			if !strings.Contains(refusal.Message, a.ID) || !strings.Contains(refusal.Message, "2026-11-21") || !strings.Contains(refusal.Message, `"shop"`) {
				t.Errorf("refusal %q does not name %s and since when it is active", refusal.Message, a.ID)
			}
		}
	})
}

func TestSameRequestSameLicense(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger, path string) {
		entitle(t, l, entitlement())
		q := request(t, 1, nil)
		first, err := sign(t, l, q)
		if err != nil {
			t.Fatal(err)
		}
		again, err := signAt(t, openLedger(t, path), q, now.Add(400*24*time.Hour)) // even after the term
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(first.File, again.File) || first.ID != again.ID {
			t.Error("the same request got another license")
		}
		if holdings := list(t, l); len(holdings[0].Activations) != 1 {
			t.Errorf("the same request took %d seats", len(holdings[0].Activations))
		}
	})
}

func TestSameSiteKeepsItsSeat(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger, _ string) {
		entitle(t, l, entitlement())
		first, err := sign(t, l, request(t, 1, nil))
		if err != nil {
			t.Fatal(err)
		}
		second, err := sign(t, l, request(t, 1, func(q *format.Request) { q.Time++ }))
		if err != nil {
			t.Fatal(err)
		}
		if second.Activation != first.Activation || second.Epoch != first.Epoch+1 || second.ID == first.ID {
			t.Errorf("got activation %s epoch %d after %s epoch %d, want the same one and the next",
				second.Activation, second.Epoch, first.Activation, first.Epoch)
		}
	})
}

// What a license says is what was sold and what was asked for, as a stranger reads it.
func TestLicenseSaysWhatWasSold(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger, _ string) {
		e := entitlement()
		e.GraceDays, e.MaxVersion, e.UpdatesUntil = 14, "9.x", now.Add(time.Hour)
		entitle(t, l, e)
		q := request(t, 1, func(q *format.Request) { q.Site = "shop" })
		license, err := sign(t, l, q)
		if err != nil {
			t.Fatal(err)
		}
		got, err := staff(t).Verifier.Check([]byte(format.EncodeText(format.LicenseFile, license.File)), verify.Facts{
			Now: now, Product: "evoq", Edition: "engage", Version: "9.4",
			Site: &verify.Site{Key: q.Key, Requests: [][32]byte{q.Hash}, Components: q.Components},
		})
		if err != nil {
			t.Fatal(err)
		}
		if got.Customer != e.Customer || got.Invoice != e.Invoice || got.Type != e.Type || got.Seats != 1 || got.Epoch != 1 ||
			!got.Expires.Equal(e.Expires) || !got.HardEnd.Equal(e.Expires.Add(14*24*time.Hour)) || !got.UpdatesUntil.Equal(e.UpdatesUntil) ||
			got.MaxVersion != "9.x" || got.Limits["cores"] != 16 || !got.HasFeature("sso") || got.Site != "shop" ||
			got.Vendor != "acme.example" || got.Activation != license.Activation || got.ID != license.ID || !got.Bound || got.SignedBy != "anna" {
			t.Errorf("the license says %+v", got)
		}
	})
}
