package store_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/ledgertest"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/store"
	"github.com/offlicense/offlicense/format"
)

// recordBy records events of another operator, at another time.
func recordBy(t testing.TB, s *store.Store, operator string, at time.Time, events ...ledger.Event) {
	t.Helper()
	by := ledgertest.At(at)
	by.Operator = operator
	err := s.Write(ctx, func(w *store.Writer) error {
		for i := range events {
			if err := w.Record(&events[i], &by); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// What is not there whole is looked for as the beginning, then as a part.
func TestSearch(t *testing.T) {
	everywhere(t, func(t *testing.T, s *store.Store, _ string) {
		sold := func(invoice, customer, email string) ledger.Event {
			return sell(func(e *ledger.Entitlement) { e.Invoice, e.Customer, e.Email = invoice, customer, email })
		}
		record(t, s, sold("INV0001", "Site Ltd", "ops@site.example"), sold("INV0001-1", "Site Ltd", "OPS@site.example"),
			sold("INV0002-1", "Sitework %", "info@work.example"), sold("X_1", "The Site Gmbh", "ops@gmbh.example"),
			begins("AAAA", 1, ledger.StateActive, "INV0001", site(1), now), begins("BBBB", 2, ledger.StateActive, "X_1", site(21), now),
			begins("CCCC", 3, ledger.StateActive, "X_1", site(1), now),
			ledger.Event{Action: ledger.ActionRelease, Invoice: "X_1", Activation: "CCCC", Detail: ledger.Closed{}},
			begins("DDDD", 4, ledger.StateActive, "X_1", site(2), now),
			ledger.Event{Action: ledger.ActionRelease, Invoice: "X_1", Activation: "DDDD", Detail: ledger.Closed{}})
		recordBy(t, s, "berta", now, sold("B-1", "Berta's", "b@b.example"))
		for _, test := range []struct {
			filter   store.Filter
			want     string
			searched string
		}{
			{store.Filter{Invoice: "INV0001"}, "INV0001", ""},
			{store.Filter{Invoice: "inv0001-1"}, "INV0001-1", ""},
			{store.Filter{Invoice: "inv000"}, "INV0001 INV0001-1 INV0002-1", ""},
			{store.Filter{Invoice: "0002"}, "INV0002-1", "invoice"},
			{store.Filter{Invoice: "X_"}, "X_1", ""},
			{store.Filter{Invoice: "_1"}, "X_1", "invoice"},
			{store.Filter{Invoice: "%"}, "", "invoice"},
			{store.Filter{Customer: "site  LTD"}, "INV0001 INV0001-1", ""},
			{store.Filter{Customer: "SITE"}, "INV0001 INV0001-1 INV0002-1", ""},
			{store.Filter{Customer: "gmbh"}, "X_1", "customer"},
			{store.Filter{Customer: "%"}, "INV0002-1", "customer"},
			{store.Filter{Email: "Ops@Site.example"}, "INV0001 INV0001-1", ""},
			{store.Filter{Email: "ops@"}, "INV0001 INV0001-1 X_1", ""},
			{store.Filter{Email: "work.example"}, "INV0002-1", "e-mail address"},
			{store.Filter{Host: "SERVER-21"}, "X_1", ""},
			{store.Filter{Host: "server-1"}, "INV0001", ""},
			{store.Filter{Host: "server-1", Ended: true}, "INV0001 X_1", ""},
			{store.Filter{Host: "server-2"}, "X_1", ""}, // server-21: one that has left hides none that has not
			{store.Filter{Host: "server-"}, "INV0001 X_1", ""},
			{store.Filter{Host: "ver-2"}, "X_1", "host"},
			{store.Filter{Host: "ver-2", Customer: "gmbh"}, "X_1", "customer host"},
			{store.Filter{Seller: "berta"}, "B-1", ""},
			{store.Filter{Seller: "anna", Customer: "site ltd", Type: "production", Invoice: "INV0001"}, "INV0001", ""},
			{store.Filter{Type: "staging"}, "", ""},
		} {
			facts(t, s, func(x *store.Tx) error {
				filter, err := x.Narrow(test.filter)
				if err != nil {
					return err
				}
				holdings, err := x.List(filter)
				var got []string
				for _, h := range holdings {
					got = append(got, h.Invoice)
					if filter.Host != "" && len(h.Activations) != 1 {
						t.Errorf("%+v: %d activations, want that of the host alone", test.filter, len(h.Activations))
					}
				}
				if strings.Join(got, " ") != test.want || strings.Join(filter.Searched(), " ") != test.searched {
					t.Errorf("%+v: got %v, searched %v; want %s, searched %s", test.filter, got, filter.Searched(), test.want, test.searched)
				}
				return err
			})
		}
		facts(t, s, func(x *store.Tx) error {
			if _, err := x.Narrow(store.Filter{Customer: "Caf\xe9"}); err == nil {
				t.Error("a text that is no text was searched for")
			}
			holdings, err := x.List(store.Filter{Invoice: "X_1", Ended: true})
			if err == nil && (len(holdings[0].Activations) != 3 || holdings[0].Activations[1].Ended.IsZero() || holdings[0].Activations[0].Code == "") {
				t.Errorf("with those that ended: %+v", holdings[0].Activations)
			}
			return err
		})
	})
}

// A list that is read page by page is the list that is read at once.
func TestListPages(t *testing.T) {
	everywhere(t, func(t *testing.T, s *store.Store, _ string) {
		for _, invoice := range []string{"b-1", "B-1", "A_1", "A-10", "A-2", "\u00c4-1", "a 1"} {
			record(t, s, sell(func(e *ledger.Entitlement) { e.Invoice = invoice }))
		}
		invoices := func(filter store.Filter) (all []string) {
			err := s.Read(ctx, func(x *store.Tx) error {
				holdings, err := x.List(filter)
				for i := range holdings {
					all = append(all, holdings[i].Invoice)
				}
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			return all
		}
		whole := invoices(store.Filter{})
		var paged []string
		for filter := (store.Filter{Most: 2}); ; filter.After = paged[len(paged)-1] {
			page := invoices(filter)
			if paged = append(paged, page...); len(page) < filter.Most {
				break
			}
		}
		if !slices.Equal(paged, whole) || len(whole) != 7 {
			t.Errorf("got %q, want %q", paged, whole)
		}
	})
}

func TestPast(t *testing.T) {
	everywhere(t, func(t *testing.T, s *store.Store, _ string) {
		record(t, s, history()...) // events 2 to 23
		account := ledger.Event{}
		facts(t, s, func(x *store.Tx) error {
			holdings, err := x.List(store.Filter{Invoice: invoice})
			if err == nil {
				e := holdings[0].Entitlement.Clone()
				e.Seats = 9
				account = ledger.Event{Action: ledger.ActionForget, Why: "asked", Detail: ledger.Forgotten{Accounts: [][]byte{e.Account}}}
				recordBy(t, s, "berta", now.Add(day), ledger.Event{Action: ledger.ActionAmend, Invoice: invoice, Detail: e}, account) // 24, 25
			}
			return err
		})
		recordBy(t, s, "carl", now.Add(2*day), ledger.Event{Action: ledger.ActionCustomer, Detail: ledger.Customer{Name: "site ltd", Partner: true}}) // 26
		for _, test := range []struct {
			filter store.EventFilter
			want   string
		}{
			{store.EventFilter{Of: invoice}, "4 5 6 7 8 9 10 11 12 13 24 25"},
			{store.EventFilter{Of: "DDDD"}, "10 11"},
			{store.EventFilter{Of: "P-2"}, "15"},
			{store.EventFilter{Of: "NONE"}, ""},
			{store.EventFilter{Of: invoice, Operator: "berta"}, "24 25"},
			{store.EventFilter{Of: invoice, Most: 3}, "13 24 25 more"},
			{store.EventFilter{Of: invoice, Signer: store.Signer{Name: "anna"}}, "5 6 7 8 10 12"},
			{store.EventFilter{Signer: store.Signer{Name: "anna"}, Most: 2}, "10 12 more"},
			{store.EventFilter{Signer: store.Signer{Name: "berta"}}, ""},
			{store.EventFilter{Signer: store.Signer{Name: "SHA256:x", Key: ledgertest.Public(ledgertest.Staff).Bytes()}, Most: 1}, "12 more"},
			{store.EventFilter{Signer: store.Signer{Name: "anna", Key: ledgertest.Public(99).Bytes()}, Of: "EEEE"}, "12"},
			{store.EventFilter{Signer: store.Signer{Name: "x", Key: ledgertest.Public(99).Bytes()}, Of: "EEEE"}, ""},
			{store.EventFilter{Operator: "carl"}, "26"},
			{store.EventFilter{Since: now.Add(day)}, "24 25 26"},
			{store.EventFilter{Since: now.Add(day), Before: now.Add(2 * day)}, "24 25"},
			{store.EventFilter{Since: now.Add(3 * day)}, ""},
			{store.EventFilter{Before: now}, ""},
			{store.EventFilter{Most: 1}, "26 more"},
			{store.EventFilter{Most: 26}, "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26"},
			{store.EventFilter{Actions: []ledger.Action{ledger.ActionDeactivate, ledger.ActionAmend}}, "11 24"},
			{store.EventFilter{Actions: []ledger.Action{ledger.ActionSign, ledger.ActionAmend}, Before: now.Add(day)}, "5 6 7 8 10 12"},
			{store.EventFilter{Customer: "Other LTD"}, "15 16 19"},
			{store.EventFilter{Customer: "partner ltd"}, "2 20"},
			{store.EventFilter{Customer: "Site Ltd", Since: now.Add(day)}, "24 25 26"},
			{store.EventFilter{Customer: "Site Ltd", Actions: []ledger.Action{ledger.ActionForget, ledger.ActionCustomer}}, "3 25 26"},
		} {
			facts(t, s, func(x *store.Tx) error {
				past, err := x.Past(test.filter)
				if err != nil {
					return err
				}
				var got []string
				for _, e := range past.Events {
					got = append(got, fmt.Sprint(e.Seq))
					if e.Action == ledger.ActionAmend && test.filter.Of == "" && (past.Sold[invoice] == nil || past.Sold[invoice].Seats != 3) && past.Events[0].Seq > 4 {
						t.Errorf("%+v: what was sold before is %+v", test.filter, past.Sold[invoice])
					}
				}
				if past.More {
					got = append(got, "more")
				}
				if strings.Join(got, " ") != test.want {
					t.Errorf("%+v: got %v, want %s", test.filter, got, test.want)
				}
				return nil
			})
		}
	})
}

// At a million activations a search that is not by part looks at what it finds, and at
// nothing else: no statement of it goes through a table.
func TestSearchByIndex(t *testing.T) {
	s, where := onFile(t)
	record(t, s, history()...)
	watched := s.Watch(t, where)
	wantIndexed := func(of any, search func(x *store.Tx) error) {
		t.Helper()
		watched.Take()
		facts(t, s, search)
		ran := watched.Take()
		if len(ran) == 0 {
			t.Errorf("%+v: nothing was asked", of)
		}
		for _, statement := range ran {
			if strings.HasSuffix(statement, "ORDER BY seq DESC LIMIT 1") || strings.Contains(statement, "FROM revocation_lists") { // the newest event; few rows
				continue
			}
			for _, line := range s.Plan(t, statement) {
				if strings.HasPrefix(line, "SCAN") {
					t.Errorf("%+v: %s\n%s", of, line, statement)
				}
			}
		}
	}
	for _, match := range []store.Match{store.Exactly, store.AnyCase, store.Beginning} {
		for _, filter := range []store.Filter{
			{Invoice: "INV0042-1", InvoiceMatch: match}, {Customer: "site ltd", CustomerMatch: match},
			{Email: "ops@site.example", EmailMatch: match}, {Host: "server-1", HostMatch: match},
		} {
			wantIndexed(filter, func(x *store.Tx) error {
				holdings, err := x.List(filter)
				if err == nil && len(holdings) == 0 {
					t.Errorf("%+v: nothing is found", filter)
				}
				return err
			})
		}
	}
	for _, filter := range []store.EventFilter{
		{Of: "INV0042-1"}, {Of: "BBBB"}, {Operator: "anna"}, {Actions: []ledger.Action{ledger.ActionMove}}, {Signer: store.Signer{Name: "anna"}},
		{Since: now}, {Of: "INV0042-1", Since: now, Before: now.Add(day)},
	} {
		wantIndexed(filter, func(x *store.Tx) error {
			_, err := x.Past(filter)
			return err
		})
	}
	for _, wanted := range []store.Wanted{{Invoice: "INV0042-1"}, {Activation: "BBBB"}, {License: id(3)}, {Code: format.ComparisonCode(site(2).Hash)}} {
		wantIndexed(wanted, func(x *store.Tx) error {
			d, err := x.Dossier(wanted)
			if err == nil && d == nil {
				t.Errorf("%+v: nothing is found", wanted)
			}
			return err
		})
	}
}
