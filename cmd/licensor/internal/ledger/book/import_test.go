package book_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/offlicense/offlicense/cmd/internal/hint"
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

// One run names all that is wrong with an import, in the order of the file.
func TestImportReportsAllMistakesTogether(t *testing.T) {
	b, where := ledgertest.New(t)
	ledgertest.Sold(t, b, func(e *ledger.Entitlement) { e.Invoice, e.Customer = "IMP-7", "Other Ltd" })
	events := ledgertest.Count(t, where, "events")
	orders := func(n int) (rows []book.Order) {
		for i := range n {
			e := ledgertest.Entitlement()
			e.Invoice = fmt.Sprintf("IMP-%d", i)
			rows = append(rows, book.Order{Line: i + 2, Entitlement: e})
		}
		return rows
	}
	unreadable := errors.New("seats does not take")
	wrongLines := func(rows []book.Order) string {
		t.Helper()
		err := b.Import(ctx, by(), rows, nil)
		if err == nil || hint.Of(err) == "" {
			t.Fatalf("got %v, want an error with a hint", err)
		}
		var lines []string
		for _, text := range strings.Split(err.Error(), "\n")[1:] {
			line, _, _ := strings.Cut(strings.TrimPrefix(text, "line "), ":")
			lines = append(lines, line)
		}
		return strings.Join(lines, " ")
	}

	rows := orders(9)
	rows[0].Type = "nfr"                                                    // 2: no partner
	rows[1].Err = unreadable                                                // 3
	rows[2].Type, rows[2].Product = "staging", "liquid"                     // 4: no production
	rows[3].Invoice = "IMP-0"                                               // 5: twice
	rows[4].Type, rows[4].Product, rows[4].Seats = "production", "solid", 0 // 6: no seats
	rows[5].Type, rows[5].Product = "staging", "solid"                      // its production is in line 6
	rows[8].Type, rows[6].Type = "evaluation", "evaluation"                 // 10, for 8 is the first; 9 is in the ledger
	if got := wrongLines(rows); got != "2 3 4 5 6 9 10" {
		t.Errorf("wrong lines: %s", got)
	}
	// One line may have several mistakes.
	rows = orders(9)
	rows[2].Err, rows[2].Invoice = unreadable, "IMP-1"             // 4: twice, too
	rows[4].Invoice = "IMP-1"                                      // 6
	rows[6].Seats, rows[6].Invoice = 0, "IMP-5"                    // 8: no seats, and twice
	rows[7].Err, rows[7].Invoice = unreadable, "IMP-7"             // 9: in the ledger; whether it says the same nobody knows
	rows[8].Err, rows[8].Invoice = errors.New("got 2 columns"), "" // 10
	if got := wrongLines(append(rows, rows[8])); got != "4 4 6 8 8 9 10 10" {
		t.Errorf("wrong lines: %s", got)
	}
	// Of very many the first are named, whatever is wrong with them.
	rows = orders(400)
	for i := range rows {
		rows[i].Invoice = fmt.Sprintf("MANY-%d", i)
		if rows[i].Type = "nfr"; i >= 50 {
			rows[i].Err = unreadable
		}
	}
	if got := wrongLines(rows); !strings.HasPrefix(got, "2 3 4 ") || !strings.HasSuffix(got, " 100 101 and 300 more") {
		t.Errorf("wrong lines: %s", got)
	}
	if got := ledgertest.Count(t, where, "events"); got != events {
		t.Errorf("refused imports left %d events", got-events)
	}
}
