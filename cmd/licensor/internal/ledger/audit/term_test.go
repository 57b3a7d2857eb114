package audit_test

import (
	"testing"
	"time"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/book"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/ledgertest"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/rules"
	"github.com/offlicense/offlicense/verify"
)

// waits sells an invoice whose term counts from the first activation.
func waits(invoice string) func(*ledger.Entitlement) {
	return func(e *ledger.Entitlement) {
		e.Invoice, e.Expires, e.Term, e.Seats = invoice, time.Time{}, ledger.Span{Days: 30}, 9
	}
}

func TestHonestTerms(t *testing.T) {
	everywhere(t, func(t *testing.T, b *book.Book, where string) {
		ledgertest.Sold(t, b, waits("T-1"))
		ledgertest.Sold(t, b, waits("T-2"))
		ledgertest.Sold(t, b, func(e *ledger.Entitlement) { waits("T-3")(e); e.Binding = "any" })
		outcomes, err := b.SignBatch(ctx, by(), []*verify.Request{site(1, "T-1"), site(2, "T-2"), site(3, "T-1")}, issue())
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range outcomes {
			if o.Err != nil || o.License.HardEnd.IsZero() {
				t.Errorf("%+v", o)
			}
		}
		if _, err := b.SignUnbound(ctx, by(), "T-3", "Berlin", issue()); err != nil {
			t.Fatal(err)
		}
		if _, err := b.Revise(ctx, by(), "T-1", rules.NewRenewal(rules.Renewal{Expires: ledger.EndAt(now.Add(300 * day))}), issue()); err != nil {
			t.Fatal(err)
		}
		if r := wantClean(t, b, nil); len(r.Sales) != 4 { // three, and a renewal
			t.Errorf("sales: %+v", r.Sales)
		}
	})
}

// A term that begins with another end, without a license, or a second time.
func TestForgedTerm(t *testing.T) {
	for name, forge := range map[string]func(sold ledger.Entitlement) (begun ledger.Entitlement, signs bool){
		"a later end": func(sold ledger.Entitlement) (ledger.Entitlement, bool) {
			e := *sold.Begun(now)
			e.Expires = e.Expires.Add(day)
			return e, true
		},
		"it goes on waiting": func(sold ledger.Entitlement) (ledger.Entitlement, bool) { return sold, true },
		"more seats": func(sold ledger.Entitlement) (ledger.Entitlement, bool) {
			e := *sold.Begun(now)
			e.Seats++
			return e, true
		},
		"without an activation": func(sold ledger.Entitlement) (ledger.Entitlement, bool) { return *sold.Begun(now), false },
	} {
		t.Run(name, func(t *testing.T) {
			b, _ := ledgertest.New(t)
			var sold ledger.Entitlement
			ledgertest.Sold(t, b, func(e *ledger.Entitlement) { waits(invoice)(e); sold = *e })
			begun, signs := forge(*sold.Normal())
			events := []*ledger.Event{{Action: ledger.ActionBegin, Invoice: invoice, Detail: begun.Normal(), More: signs}}
			if signs {
				events = append(events, signing(t, begun, site(66, invoice), nil))
			}
			at := byHand(t, b, by(), events...)
			wantEvent(t, audited(t, b, nil), at)
		})
	}
	t.Run("a second time", func(t *testing.T) {
		b, _, sold := oneSeat(t, 9)
		again := sold
		again.Expires = again.Expires.Add(day)
		at := byHand(t, b, by(), &ledger.Event{Action: ledger.ActionBegin, Invoice: invoice, Detail: again.Normal(), More: true}, signing(t, again, site(66, invoice), nil))
		wantEvent(t, audited(t, b, nil), at)
	})
}
