package ledger_test

import (
	"strings"
	"testing"
	"time"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
)

func TestListFilters(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger, _ string) {
		sold(t, l, func(e *ledger.Entitlement) { e.Invoice, e.Expires = "A", now.Add(10*day) })
		sold(t, l, func(e *ledger.Entitlement) { e.Invoice, e.Customer, e.Expires = "B", "Other Ltd", now.Add(20*day) })
		sold(t, l, func(e *ledger.Entitlement) { e.Invoice, e.Product, e.Expires = "C", "liquid", time.Time{} })
		sold(t, l, func(e *ledger.Entitlement) { e.Invoice, e.Customer, e.Product = "D", "Other Ltd", "liquid" })
		signed(t, l, request(t, 1, asks("A", "production")))
		gone := signed(t, l, request(t, 2, asks("B", "production")))
		release(t, l, gone, 2)
		for name, test := range map[string]struct {
			filter ledger.Filter
			want   string
		}{
			"all":                     {ledger.Filter{}, "A B C D"},
			"invoice":                 {ledger.Filter{Invoice: "B"}, "B"},
			"unknown invoice":         {ledger.Filter{Invoice: "X"}, ""},
			"customer, as typed":      {ledger.Filter{Customer: " other  LTD"}, "B D"},
			"product":                 {ledger.Filter{Product: "liquid"}, "C D"},
			"customer and product":    {ledger.Filter{Customer: "Other Ltd", Product: "liquid"}, "D"},
			"active":                  {ledger.Filter{Active: true}, "A"},
			"expiring within 15 days": {ledger.Filter{Now: now, ExpiresBefore: now.Add(15 * day)}, "A"},
			"expiring later":          {ledger.Filter{Now: now.Add(15 * day), ExpiresBefore: now.Add(30 * day)}, "B"},
			"active and expiring":     {ledger.Filter{Active: true, Now: now, ExpiresBefore: now.Add(30 * day)}, "A"},
		} {
			holdings, err := l.List(ctx, test.filter)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, h := range holdings {
				got = append(got, h.Invoice)
				if want := map[string]int{"A": 1}[h.Invoice]; len(h.Activations) != want || h.Usage.Seats != uint64(want) {
					t.Errorf("%s: %s has %d activations and %d seats in use, want %d", name, h.Invoice, len(h.Activations), h.Usage.Seats, want)
				}
			}
			if strings.Join(got, " ") != test.want {
				t.Errorf("%s: got %v, want %s", name, got, test.want)
			}
		}
	})
}

func TestHistorySaysWhoWhenAndWhy(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger, _ string) {
		entitle(t, l, entitlement())
		old, _, bridge := moving(t, l)
		release(t, l, old, 1)
		actions := func(of string) string {
			t.Helper()
			events, err := l.History(ctx, of)
			if err != nil {
				t.Fatal(err)
			}
			var all []string
			for _, e := range events {
				all = append(all, string(e.Action))
				if e.Operator != "anna" || !e.Time.Equal(now) || e.Action == ledger.ActionMove && e.Why != "new hardware" {
					t.Errorf("%+v", e)
				}
			}
			return strings.Join(all, " ")
		}
		for of, want := range map[string]string{
			"INV0042-1":       "entitle sign sign move release take-over sign",
			old.Activation:    "sign move release",
			bridge.Activation: "sign take-over sign",
			"NOBODY":          "",
		} {
			if got := actions(of); got != want {
				t.Errorf("history of %s: %q, want %q", of, got, want)
			}
		}
	})
}
