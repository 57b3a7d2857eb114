package store_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/store"
	"github.com/offlicense/offlicense/format"
)

// Page after page has each sale that fits once, in one order, whatever it is searched by.
func TestPages(t *testing.T) {
	everywhere(t, func(t *testing.T, s *store.Store, _ string) {
		var events []ledger.Event
		for i := range 40 {
			events = append(events, sell(func(e *ledger.Entitlement) {
				e.Invoice, e.Customer, e.Product = fmt.Sprintf("INV-%02d", i), fmt.Sprintf("Site %c", 'A'+i%3), []string{"evoq", "liquid"}[i%2]
				e.Email = fmt.Sprintf("ops%d@Site.example", i%4)
			}))
		}
		for i := range 12 {
			id := fmt.Sprintf("ACT%02d", i)
			event := begins(id, byte(i+1), ledger.StateActive, fmt.Sprintf("INV-%02d", i*2), site(uint32(i+1)), now)
			event.Detail.(*ledger.Signed).Activation.Host = fmt.Sprintf("Web-%d", i%3)
			events = append(events, event)
		}
		standing := events[5].Detail.(*ledger.Entitlement).Clone()
		standing.Standing = ledger.StandingSuspended
		events = append(events, ledger.Event{Action: ledger.ActionSuspend, Invoice: "INV-05", Detail: standing})
		record(t, s, events...)
		for _, test := range []struct {
			filter store.Filter
			want   int
			order  func(h ledger.Holding) string
		}{
			{store.Filter{}, 40, nil},
			{store.Filter{Product: "liquid"}, 20, nil},
			{store.Filter{Product: "none"}, 0, nil},
			{store.Filter{State: ledger.StatusSuspended}, 1, nil},
			{store.Filter{Invoice: "inv-1", InvoiceMatch: store.Beginning}, 10, nil},
			{store.Filter{Invoice: "INV-07"}, 1, nil},
			{store.Filter{Customer: "site b"}, 13, nil},
			{store.Filter{Customer: "SITE", CustomerMatch: store.Beginning}, 40, func(h ledger.Holding) string { return h.Customer + h.Invoice }},
			{store.Filter{Email: "OPS1@site.example"}, 10, func(h ledger.Holding) string { return "" }},
			{store.Filter{Email: "ops", EmailMatch: store.Beginning}, 40, func(h ledger.Holding) string { return h.Email }},
			{store.Filter{Host: "web-1", HostMatch: store.AnyCase}, 4, func(h ledger.Holding) string { return "" }},
			{store.Filter{Host: "we", HostMatch: store.Beginning}, 12, func(h ledger.Holding) string { return "" }},
		} {
			var seen []string
			last := ""
			err := s.Read(ctx, func(tx *store.Tx) error {
				for next, more := "", true; more; more = next != "" {
					page, err := tx.Page(test.filter, next, 7)
					if err != nil {
						return err
					}
					if len(page.Holdings) > 7 || page.Next != "" && len(page.Holdings) != 7 {
						t.Errorf("%+v: a page of %d", test.filter, len(page.Holdings))
					}
					for _, h := range page.Holdings {
						key := h.Invoice
						if test.order != nil {
							key = test.order(h)
						}
						if key < last || slices.Contains(seen, h.Invoice) || len(h.Activations) > 0 {
							t.Errorf("%+v: %s comes after %s", test.filter, h.Invoice, last)
						}
						seen, last = append(seen, h.Invoice), key
					}
					next = page.Next
				}
				return nil
			})
			if err != nil || len(seen) != test.want {
				t.Errorf("%+v: got %d, %v; want %d", test.filter, len(seen), err, test.want)
			}
		}
	})
}

// The pages of a state have what is in it, each once, whatever the size of a page.
func TestPagesOfState(t *testing.T) {
	everywhere(t, func(t *testing.T, s *store.Store, _ string) {
		today := now.Truncate(24 * time.Hour)
		var events []ledger.Event
		for i := range 60 {
			e := sell(func(e *ledger.Entitlement) {
				e.Invoice, e.GraceDays, e.UpdatesUntil = fmt.Sprintf("I-%02d", i), 10, time.Time{}
				if e.Expires = today.AddDate(0, 0, i%12*3-20); i%12 == 11 {
					e.Expires = time.Time{}
				}
				if i%5 == 0 {
					e.Type = ledger.TypeFailover
				}
			})
			events = append(events, e)
			if standing := []ledger.Standing{ledger.StandingSuspended, ledger.StandingCanceled}; i%20 < 2 {
				changed := e.Detail.(*ledger.Entitlement).Clone()
				changed.Standing = standing[i%20]
				events = append(events, ledger.Event{Action: []ledger.Action{ledger.ActionSuspend, ledger.ActionCancel}[i%20], Invoice: changed.Invoice, Detail: changed})
			}
		}
		record(t, s, events...)
		want := make(map[ledger.Status][]string)
		err := s.Read(ctx, func(tx *store.Tx) error {
			all, err := tx.List(store.Filter{})
			for _, h := range all {
				state := h.Entitlement.Status(now)
				want[state] = append(want[state], h.Invoice)
			}
			if err != nil {
				return err
			}
			for _, state := range ledger.SaleStatuses {
				for _, size := range []int{1, 3, 100} {
					var got []string
					for next, more := "", true; more; more = next != "" {
						page, err := tx.Page(store.Filter{State: state, Now: now}, next, size)
						if err != nil {
							return err
						}
						for _, h := range page.Holdings {
							got = append(got, h.Invoice)
						}
						next = page.Next
					}
					if slices.Sort(got); len(got) < 2 || !slices.Equal(got, want[state]) {
						t.Errorf("%s, pages of %d: got %q, want %q", state, size, got, want[state])
					}
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

// A page of ends has each sale once, at the earlier of its ends, in the order of these.
func TestEndingPages(t *testing.T) {
	everywhere(t, func(t *testing.T, s *store.Store, _ string) {
		var events []ledger.Event
		add := func(invoice string, expires, updates int) {
			events = append(events, sell(func(e *ledger.Entitlement) {
				e.Invoice = invoice
				e.Expires, e.UpdatesUntil = time.Time{}, time.Time{}
				today := now.Truncate(24 * time.Hour)
				if expires > 0 {
					e.Expires = today.AddDate(0, 0, expires)
				}
				if updates > 0 {
					e.UpdatesUntil = ledger.UpdatesUntil(today.AddDate(0, 0, updates))
				}
			}))
		}
		add("BOTH-1", 5, 9)
		add("BOTH-2", 9, 5)
		add("SAME", 7, 7)
		add("FAR", 300, 6)
		add("NEVER", 0, 0)
		add("UPDATES", 0, 8)
		add("LATE", 100, 0)
		for i := range 20 {
			add(fmt.Sprintf("L-%02d", i), 1+i%3, 0)
		}
		canceled := events[len(events)-1].Detail.(*ledger.Entitlement).Clone()
		canceled.Standing = ledger.StandingCanceled
		events = append(events, ledger.Event{Action: ledger.ActionCancel, Invoice: canceled.Invoice, Detail: canceled})
		record(t, s, events...)
		for _, size := range []int{1, 2, 5, 100} {
			var all []string
			last := ""
			err := s.Read(ctx, func(tx *store.Tx) error {
				for next, more := "", true; more; more = next != "" {
					page, err := tx.EndingPage(now, now.Add(30*day), next, size)
					if err != nil {
						return err
					}
					for _, e := range page.Endings {
						if e.On() < last {
							t.Errorf("%s ends on %s, behind %s", e.Invoice, e.On(), last)
						}
						last = e.On()
						all = append(all, e.Invoice)
					}
					next = page.Next
				}
				return nil
			})
			if err != nil || len(all) != 24 {
				t.Fatalf("pages of %d: got %d, %v: %v", size, len(all), err, all)
			}
			if got := strings.Join(all[19:], " "); got != "BOTH-1 BOTH-2 FAR SAME UPDATES" {
				t.Errorf("pages of %d: got %s", size, got)
			}
		}
	})
}

func TestBuyers(t *testing.T) {
	everywhere(t, func(t *testing.T, s *store.Store, _ string) {
		var events []ledger.Event
		for i := range 130 {
			name := fmt.Sprintf("Site %02d", i%9)
			if i > 9 && i < 120 {
				name = "Site  00"
			}
			events = append(events, sell(func(e *ledger.Entitlement) { e.Invoice, e.Customer = fmt.Sprint("I", i), name }))
		}
		events = append(events, sell(func(e *ledger.Entitlement) { e.Invoice, e.Customer = "O", "Other" }),
			ledger.Event{Action: ledger.ActionCustomer, Detail: ledger.Customer{Name: "site 03", Partner: true}})
		record(t, s, events...)
		var all []ledger.Buyer
		err := s.Read(ctx, func(tx *store.Tx) error {
			for next, more := "", true; more; more = next != "" {
				page, then, err := tx.Buyers("site", next, 4)
				if err != nil || len(page) > 4 {
					t.Fatal(len(page), err)
				}
				all, next = append(all, page...), then
			}
			return nil
		})
		if err != nil || len(all) != 9 || all[0] != (ledger.Buyer{Name: "Site 00", Sales: ledger.MostSales}) || !all[3].Partner || all[8].Name != "Site 08" {
			t.Errorf("%v, %+v", err, all)
		}
	})
}

// What a month has seen is counted, and what is to come as things stand.
func TestMonths(t *testing.T) {
	everywhere(t, func(t *testing.T, s *store.Store, _ string) {
		sold := func(invoice string, expires time.Time) ledger.Event {
			return sell(func(e *ledger.Entitlement) { e.Invoice, e.Expires, e.GraceDays = invoice, expires, 0 })
		}
		this := time.Date(now.Year(), now.Month(), 1, 0, 0, 0, 0, time.UTC)
		record(t, s, sold("A", this.AddDate(0, 3, 0)), sold("B", time.Time{}))
		later := this.AddDate(0, 1, 9)
		if err := write(s, later, sold("C", this.AddDate(0, 14, 0)), begins("AAAA", 1, ledger.StateActive, "A", site(1), later), begins("BBBB", 2, ledger.StateActive, "B", site(2), later),
			begins("CCCC", 3, ledger.StateActive, "C", site(3), later)); err != nil {
			t.Fatal(err)
		}
		if err := write(s, later.AddDate(0, 1, 0), ledger.Event{Action: ledger.ActionRevoke, Invoice: "C", Activation: "CCCC", Why: "x", Detail: ledger.Revoked{Licenses: []format.ID{id(3)}}},
			ledger.Event{Action: ledger.ActionRelease, Invoice: "C", Activation: "CCCC", Detail: ledger.Closed{}}); err != nil {
			t.Fatal(err)
		}
		var months []ledger.Month
		err := s.Read(ctx, func(tx *store.Tx) (err error) {
			months, err = tx.Months(later.AddDate(0, 1, 1), 2, 3)
			return err
		})
		var got []string
		for _, m := range months {
			got = append(got, fmt.Sprintf("%s %d %d %d", m.Begin.Format("01"), m.Sold, m.Active, m.Ending))
		}
		want := []string{
			fmt.Sprintf("%02d 2 0 0", this.Month()), fmt.Sprintf("%02d 1 3 0", this.AddDate(0, 1, 0).Month()),
			fmt.Sprintf("%02d 0 2 1", this.AddDate(0, 2, 0).Month()), fmt.Sprintf("%02d 0 1 0", this.AddDate(0, 3, 0).Month()),
			fmt.Sprintf("%02d 0 1 0", this.AddDate(0, 4, 0).Month()), fmt.Sprintf("%02d 0 1 0", this.AddDate(0, 5, 0).Month()),
		}
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("got %q, %v\nwant %q", got, err, want)
		}
	})
}

// No page is found by looking at each row, nor by sorting more rows than it shows.
func TestPlansOfPages(t *testing.T) {
	s, where := onFile(t)
	record(t, s, sell(func(e *ledger.Entitlement) {}))
	w := s.Watch(t, where)
	err := s.Read(ctx, func(tx *store.Tx) error {
		for _, behind := range []string{"", "a\x00b"} {
			for _, f := range []store.Filter{
				{}, {Product: "evoq"}, {State: ledger.StatusSuspended}, {Invoice: "A"}, {Invoice: "a", InvoiceMatch: store.AnyCase}, {Invoice: "a", InvoiceMatch: store.Beginning},
				{Customer: "a"}, {Customer: "a", CustomerMatch: store.Beginning}, {Email: "a"}, {Email: "a", EmailMatch: store.Beginning},
				{Host: "a"}, {Host: "a", HostMatch: store.AnyCase}, {Host: "a", HostMatch: store.Beginning},
			} {
				if _, err := tx.Page(f, behind, 50); err != nil {
					return err
				}
			}
			if _, _, err := tx.Buyers("", behind, 50); err != nil {
				return err
			}
			if _, err := tx.Bridges(now, now, 50); err != nil {
				return err
			}
			if _, err := tx.Unlisted(50); err != nil {
				return err
			}
			if behind != "" {
				behind = "5\x00a"
			}
			if _, err := tx.EndingPage(now, now.Add(day), behind, 50); err != nil {
				return err
			}
			for _, state := range ledger.SaleStatuses {
				if _, err := tx.Page(store.Filter{State: state, Now: now}, behind, 50); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	statements := w.Take()
	if len(statements) < 30 {
		t.Fatalf("%d statements", len(statements))
	}
	for _, statement := range statements {
		plan := s.Plan(t, statement)
		for _, ends := range []string{"((expires,invoice)>(?,?) AND expires<?)", "((updates,invoice)>(?,?) AND updates<?)"} {
			if strings.HasPrefix(statement, "SELECT u.") && !strings.Contains(strings.Join(plan, "\n"), ends) {
				t.Errorf("%s: want %s in %q", statement, ends, plan)
			}
		}
		for _, line := range plan {
			table, _ := strings.CutPrefix(line, "SCAN ")
			scan := slices.Contains([]string{"e", "a", "m", "d", "x", "entitlements", "moves", "revocations"}, table) // else by an index, or what was found already
			sorts := strings.Contains(line, "TEMP B-TREE") && !strings.Contains(statement, " IN (") && !strings.HasPrefix(statement, "WITH") && !strings.HasPrefix(statement, "SELECT u.")
			if scan || sorts {
				t.Errorf("%s: %s", statement, line)
			}
		}
	}
}
