package store_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/store"
	"github.com/offlicense/offlicense/format"
)

// A report counts the same on every database: what happened in its time, and what is now.
func TestReport(t *testing.T) {
	everywhere(t, func(t *testing.T, s *store.Store, _ string) {
		sold := func(invoice, product, customer string, seats uint64, expires time.Time) ledger.Event {
			return sell(func(e *ledger.Entitlement) {
				e.Invoice, e.Product, e.Customer, e.Seats, e.Expires = invoice, product, customer, seats, expires
			})
		}
		changed := func(action ledger.Action, e ledger.Event, change func(*ledger.Entitlement)) ledger.Event {
			after := e.Detail.(*ledger.Entitlement).Clone()
			change(after)
			return ledger.Event{Action: action, Invoice: e.Invoice, Detail: after}
		}
		december, january := now.AddDate(0, 1, 0), now.AddDate(0, 2, 0)
		a, b := sold("A", "evoq", "Site  Ltd", 3, now.Add(1000*day)), sold("B", "evoq", "other", 2, now.Add(10*day))
		c, d := sold("C", "liquid", "site ltd", 5, time.Time{}), sold("D", "liquid", "Other", 7, now.Add(1000*day))
		record(t, s, a, b, begins("AAAA", 1, ledger.StateActive, "A", site(1), now), begins("BBBB", 2, ledger.StateActive, "A", site(2), now),
			ledger.Event{Action: ledger.ActionRevoke, Invoice: "A", Activation: "BBBB", Why: "refunded", Detail: ledger.Revoked{Licenses: []format.ID{id(2)}}})
		if err := write(s, december, c, d, changed(ledger.ActionRenew, a, func(e *ledger.Entitlement) { e.Expires = now.Add(1365 * day) })); err != nil {
			t.Fatal(err)
		}
		if err := write(s, january, changed(ledger.ActionRenew, a, func(e *ledger.Entitlement) { e.Expires = now.Add(1700 * day) }),
			changed(ledger.ActionCancel, d, func(e *ledger.Entitlement) { e.Standing = ledger.StandingCanceled })); err != nil {
			t.Fatal(err)
		}
		at := january.Add(day)
		for name, test := range map[string]struct {
			query ledger.ReportQuery
			want  string // sold renewed canceled ended active free
		}{
			"product":   {ledger.ReportQuery{By: ledger.ByProduct, Now: at}, "evoq: 2 2 0 1 1 1, liquid: 2 0 1 0 0 5"},
			"customer":  {ledger.ReportQuery{By: ledger.ByCustomer, Now: at}, "Other: 2 0 1 1 0 0, site ltd: 2 2 0 0 1 6"},
			"month":     {ledger.ReportQuery{By: ledger.ByMonth, Now: at}, "2026-11: 2 0 0 0 1 1, 2026-12: 2 1 0 1 0 5, 2027-01: 0 1 1 0 0 0"},
			"since":     {ledger.ReportQuery{By: ledger.ByProduct, Now: at, Since: january}, "evoq: 0 1 0 0 1 1, liquid: 0 0 1 0 0 5"},
			"until":     {ledger.ReportQuery{By: ledger.ByProduct, Now: at, Until: december}, "evoq: 2 0 0 1 1 1, liquid: 0 0 0 0 0 5"},
			"one month": {ledger.ReportQuery{By: ledger.ByMonth, Now: at, Since: december, Until: december.Add(day)}, "2026-12: 2 1 0 0 0 5"},
		} {
			facts(t, s, func(x *store.Tx) error {
				rows, err := x.Report(test.query)
				var got []string
				for _, r := range rows {
					got = append(got, fmt.Sprintf("%s: %d %d %d %d %d %d", r.Name, r.Sold, r.Renewed, r.Canceled, r.Ended, r.Active, r.Free))
				}
				if strings.Join(got, ", ") != test.want {
					t.Errorf("%s: got  %s\nwant %s", name, strings.Join(got, ", "), test.want)
				}
				return err
			})
		}
	})
}
