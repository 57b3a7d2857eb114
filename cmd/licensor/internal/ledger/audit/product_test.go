package audit_test

import (
	"testing"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/book"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/ledgertest"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/rules"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/store"
)

// evoq is the product of ledgertest.Entitlement, for so long.
func evoq(expires string) ledger.Product {
	return ledger.Product{Name: "evoq", Editions: []ledger.Edition{{
		Name: "engage", Type: "production", Plan: ledger.Plan{"expires": expires, "features": "sso", "limits": "cores=16"},
	}}}
}

// Names that staff mean, though no product has them, are sold, and the audit does not ask.
func TestHonestProducts(t *testing.T) {
	everywhere(t, func(t *testing.T, b *book.Book, where string) {
		if _, err := b.SetProduct(ctx, by(), evoq("12m"), false); err != nil {
			t.Fatal(err)
		}
		ledgertest.Sold(t, b, func(*ledger.Entitlement) {})
		ledgertest.Signed(t, b, site(1, invoice))
		usres := rules.NewAmendment(func(e *ledger.Entitlement) error { e.Limits["usres"] = 5; return nil })
		if _, err := b.Revise(ctx, by(), invoice, usres, issue()); err == nil {
			t.Error("an unknown limit was sold")
		}
		meant := by()
		meant.NewNames = true
		if _, err := b.Revise(ctx, meant, invoice, usres, issue()); err != nil {
			t.Fatal(err)
		}
		if changed, err := b.SetProduct(ctx, by(), evoq("12m"), true); changed || err != nil {
			t.Errorf("the same product: %v, %v", changed, err)
		}
		if changed, err := b.SetProduct(ctx, by(), evoq("24m"), true); !changed || err != nil {
			t.Errorf("another term: %v, %v", changed, err)
		}
		wantClean(t, b, nil)
		ledgertest.Sold(t, b, func(e *ledger.Entitlement) { e.Invoice = "P-2" })
		for most, want := range map[int64]int64{1: 1, 2: 2, 9: 2} {
			err := b.Store().Read(ctx, func(tx *store.Tx) error {
				if n, err := tx.SalesUpTo(most); n != want || err != nil {
					t.Errorf("counted up to %d: %d, %v", most, n, err)
				}
				return nil
			})
			if err != nil {
				t.Error(err)
			}
		}
	})
}

// A product that could not be sold, one of another spelling, and one that changes nothing.
func TestForgedProduct(t *testing.T) {
	for name, forged := range map[string]ledger.Product{
		"no editions":      {Name: "evoq"},
		"no end":           {Name: "evoq", Editions: []ledger.Edition{{Type: "production", Plan: ledger.Plan{"seats": "1"}}}},
		"another spelling": evoq("1y"),
		"the same":         evoq("12m"),
		"an unknown term":  {Name: "evoq", Editions: []ledger.Edition{{Type: "production", Plan: ledger.Plan{"expires": "12m", "invoice": "A"}}}},
	} {
		t.Run(name, func(t *testing.T) {
			b, _ := ledgertest.New(t)
			if _, err := b.SetProduct(ctx, by(), evoq("12m"), false); err != nil {
				t.Fatal(err)
			}
			at := byHand(t, b, by(), &ledger.Event{Action: ledger.ActionProduct, Detail: forged})
			wantEvent(t, audited(t, b, nil), at)
		})
	}
}
