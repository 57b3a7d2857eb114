package book_test

import (
	"testing"
	"time"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/book"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/ledgertest"
)

// What a line does not say, the plan of its product does, once: the same line is passed
// over later, whatever the plan says then. What it does say is compared.
func TestImportByPlan(t *testing.T) {
	everywhere(t, func(t *testing.T, b *book.Book, _ string) {
		plan := func(p ledger.Plan, amends bool) {
			edition := ledger.Edition{Name: "engage", Type: ledger.TypeProduction, Plan: p}
			if _, err := b.SetProduct(ctx, by(), ledger.Product{Name: "evoq", Editions: []ledger.Edition{edition}}, amends); err != nil {
				t.Fatal(err)
			}
		}
		line := func(seats uint64) []book.Order {
			o := book.Order{Line: 2, Entitlement: ledger.Entitlement{Invoice: "I-1", Email: "ops@site.example", Customer: "Site Ltd", Product: "evoq", Seats: 1}}
			for _, name := range []string{"invoice", "email", "customer", "product"} {
				o.Said.Add(name)
			}
			if seats > 0 {
				o.Seats = seats
				o.Said.Add("seats")
			}
			return []book.Order{o}
		}
		// Without the product the type is missing.
		if err := b.Import(ctx, by(), line(0), nil); err == nil {
			t.Error("a line without a type was imported")
		}
		plan(ledger.Plan{"expires": "12m", "grace": "14d", "seats": "3", "features": "sso"}, false)
		orders := line(0)
		if err := b.Import(ctx, by(), orders, nil); err != nil || orders[0].Known {
			t.Fatal(orders[0].Known, err)
		}
		e := holding(t, b, "I-1").Entitlement
		if e.Edition != "engage" || e.Type != ledger.TypeProduction || e.Seats != 3 || e.GraceDays != 14 || !e.Expires.Equal(time.Date(2027, 11, 21, 0, 0, 0, 0, time.UTC)) || len(e.Features) != 1 {
			t.Errorf("it is %+v", e)
		}
		plan(ledger.Plan{"expires": "24m", "seats": "9"}, true)
		for _, at := range []time.Time{now, now.Add(500 * ledgertest.Day)} {
			for _, seats := range []uint64{0, 3} {
				orders := line(seats)
				if err := b.Import(ctx, ledgertest.At(at), orders, nil); err != nil || !orders[0].Known {
					t.Errorf("with %d seats, at %s: on record: %v, %v", seats, at, orders[0].Known, err)
				}
			}
			if err := b.Import(ctx, ledgertest.At(at), line(9), nil); err == nil {
				t.Error("a line with other seats was passed over")
			}
		}
		wantClean(t, b)
	})
}
