package store_test

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/offlicense/offlicense/cmd/internal/hint"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/ledgertest"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/rules"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/store"
	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/verify"
)

const invoice = "INV0042-1"

// site is the request of one, as all tests here number them.
func site(n uint32) *verify.Request { return ledgertest.Site(n, invoice) }

// history has four sites under one invoice: A lives, with two licenses of which the first
// is revoked; B is moving to C; D is gone; E has a license for any machine. Beside it are
// what customers have otherwise.
func history() []ledger.Event {
	until := now.Add(14 * day)
	evaluation := func(invoice, customer, email string) ledger.Event {
		return sell(func(e *ledger.Entitlement) {
			e.Invoice, e.Customer, e.Email, e.Type = invoice, customer, email, ledger.TypeEvaluation
		})
	}
	return []ledger.Event{
		{Action: ledger.ActionCustomer, Detail: ledger.Customer{Name: "Partner Ltd", Partner: true}},
		{Action: ledger.ActionCustomer, Detail: ledger.Customer{Name: "Site  LTD", Partner: false}},
		sell(func(e *ledger.Entitlement) { e.Seats = 3 }),
		begins("AAAA", 1, ledger.StateActive, invoice, site(1), now),
		signs("AAAA", 2, 2, invoice, site(11)),
		begins("BBBB", 3, ledger.StateActive, invoice, site(2), now.Add(-day)),
		begins("CCCC", 4, ledger.StateBridge, invoice, site(3), now),
		{Action: ledger.ActionMove, Invoice: invoice, Activation: "BBBB", Detail: ledger.Moved{Successor: "CCCC", Until: until}},
		begins("DDDD", 5, ledger.StateActive, invoice, site(4), now),
		{Action: ledger.ActionDeactivate, Invoice: invoice, Activation: "DDDD", Why: "gone", Detail: ledger.Closed{Revoke: []format.ID{id(5)}}},
		begins("EEEE", 6, ledger.StateActive, invoice, nil, now.Add(day)),
		{Action: ledger.ActionRevoke, Invoice: invoice, Activation: "AAAA", Why: "leaked", Detail: ledger.Revoked{Licenses: []format.ID{id(1)}}},
		sell(func(e *ledger.Entitlement) { e.Invoice, e.Expires, e.GraceDays = "P-1", now.Add(day), 9 }),
		sell(func(e *ledger.Entitlement) { e.Invoice, e.Customer, e.Expires = "P-2", "Other Ltd", time.Time{} }),
		sell(func(e *ledger.Entitlement) { e.Invoice, e.Customer = "P-3", "Other Ltd" }),
		sell(func(e *ledger.Entitlement) { e.Invoice, e.Product, e.Expires = "P-4", "liquid", now.Add(2*day) }),
		sell(func(e *ledger.Entitlement) { e.Invoice, e.Type = "S-1", ledger.TypeStaging }),
		sell(func(e *ledger.Entitlement) {
			e.Invoice, e.Type, e.Customer = "S-2", ledger.TypeStaging, "other  ltd"
		}),
		sell(func(e *ledger.Entitlement) { e.Invoice, e.Type, e.Customer = "N-1", ledger.TypeNFR, "partner ltd" }),
		evaluation("E-1", "Eva Ltd", "eva@eva.example"),
		evaluation("E-2", "Eve Ltd", "EVA@eva.example"),
		evaluation("E-3", "Bob Ltd", "bob@bob.example"),
	}
}

func TestFacts(t *testing.T) {
	everywhere(t, func(t *testing.T, s *store.Store, _ string) {
		record(t, s, history()...)
		ask := func(a store.Ask) *rules.Facts {
			t.Helper()
			var f *rules.Facts
			facts(t, s, func(x *store.Tx) (err error) { f, err = x.Facts(a); return err })
			return f
		}
		requests := func(all ...*verify.Request) store.Ask { return store.Ask{Requests: all} }
		names := func(f *rules.Facts) string { return strings.Join(slices.Sorted(maps.Keys(f.Activations)), " ") }
		full := func(f *rules.Facts) string {
			var all []string
			for _, a := range f.Sales[invoice].Oldest {
				all = append(all, a.ID)
			}
			return strings.Join(all, " ")
		}

		for name, test := range map[string]struct {
			ask         store.Ask
			activations string // who is among the facts
			oldest      string // who is named as a holder
			sales       string
			check       func(f *rules.Facts) bool
		}{
			"nothing": {ask: store.Ask{}, check: func(f *rules.Facts) bool {
				return f.Vendor == "acme.example" && f.Newest.Equal(now)
			}},
			"a request that was answered": {ask: requests(site(1)), activations: "AAAA BBBB CCCC EEEE", oldest: "BBBB AAAA EEEE", sales: invoice,
				check: func(f *rules.Facts) bool {
					a := f.Answers[site(1).Hash]
					return a.License.ID == id(1) && a.Activation == f.Activations["AAAA"] && f.Sites[rules.SiteKey{Invoice: site(1).Invoice, MachineKey: string(site(1).Key.Bytes())}] == a.Activation &&
						f.Sales[invoice].Used == 3 && f.Sales[invoice].Peak == 3 && f.Sales[invoice].Seats == 3
				}},
			"the newest of its site": {ask: requests(site(11)), activations: "AAAA BBBB CCCC EEEE", oldest: "BBBB AAAA EEEE", sales: invoice,
				check: func(f *rules.Facts) bool {
					a := f.Answers[site(11).Hash].Activation
					return a.Epoch == 2 && a.Newest.ID == id(2) && string(a.Newest.Request) == string(site(11).Body) && string(a.Newest.File) == "\x02" && a.Newest.Need == 1 &&
						len(a.Licenses) == 2 && a.Licenses[0].Revoked != nil && a.Licenses[0].Revoked.Why == "leaked" && a.Licenses[0].Revoked.Since.Equal(now) &&
						reflect.DeepEqual(a.Licenses[1], (rules.Issued{ID: id(2), Epoch: 2, HardEnd: ledgertest.Entitlement().Expires, Need: 1, Components: site(11).Components}))
				}},
			"another request of a bridge": {ask: requests(again(site(3))), activations: "AAAA BBBB CCCC EEEE", oldest: "BBBB AAAA EEEE", sales: invoice,
				check: func(f *rules.Facts) bool {
					c := f.Sites[rules.SiteKey{Invoice: site(3).Invoice, MachineKey: string(site(3).Key.Bytes())}]
					move := rules.Move{From: "BBBB", Successor: "CCCC", Until: now.Add(14 * day), State: rules.MovePending}
					return len(f.Answers) == 0 && c == f.Activations["CCCC"] && c.State == ledger.StateBridge &&
						*c.Bridge == move && reflect.DeepEqual(f.Activations["BBBB"].Moves, []rules.Move{move})
				}},
			"a site that is gone": {ask: requests(again(site(4))), activations: "AAAA BBBB CCCC EEEE", oldest: "BBBB AAAA EEEE", sales: invoice,
				check: func(f *rules.Facts) bool { return len(f.Sites) == 0 }},
			"the request of one that is gone": {ask: requests(site(4)), activations: "AAAA BBBB CCCC DDDD EEEE", oldest: "BBBB AAAA EEEE", sales: invoice,
				check: func(f *rules.Facts) bool {
					d := f.Answers[site(4).Hash].Activation
					return d.State == ledger.StateDeactivated && d.Licenses[0].Revoked.Why == "gone"
				}},
			"an unknown invoice": {ask: requests(ledgertest.Site(1, "NONE")), check: func(f *rules.Facts) bool { return len(f.Sites) == 0 }},
			"the old server of a move": {ask: store.Ask{Activations: []string{"BBBB"}}, activations: "BBBB CCCC", sales: invoice, check: func(f *rules.Facts) bool {
				b := f.Activations["BBBB"]
				return b.Host == "server-2" && b.Site == "site BBBB" && b.Since.Equal(now.Add(-day)) && b.Invoice == invoice && f.Activations["CCCC"].Bridge.From == "BBBB"
			}},
			"an unknown activation": {ask: store.Ask{Activations: []string{"NONE"}}},
			"a license": {ask: store.Ask{Licenses: []format.ID{id(4), id(99)}}, activations: "BBBB CCCC", sales: invoice, check: func(f *rules.Facts) bool {
				return len(f.Licenses) == 1 && f.Licenses[id(4)].Activation == "CCCC" && f.Activations["BBBB"] != nil
			}},
			"a seat for any machine": {ask: store.Ask{Seat: invoice}, activations: "AAAA BBBB CCCC EEEE", oldest: "BBBB AAAA EEEE", sales: invoice},
			"an invoice":             {ask: store.Ask{Invoices: []string{"P-1"}}, sales: "P-1"},
			"staging": {ask: store.Ask{Invoices: []string{"S-1", "S-2"}}, sales: "S-1 S-2", check: func(f *rules.Facts) bool {
				return maps.Equal(f.Production, map[rules.ForProduct]time.Time{
					{Buyer: "site ltd", Product: "evoq"}:   ledgertest.Entitlement().Expires,
					{Buyer: "site ltd", Product: "liquid"}: now.Add(2 * day),
					{Buyer: "other ltd", Product: "evoq"}:  {}, // P-2 never ends
				}) && len(f.Partners) == 0
			}},
			"for partners": {ask: store.Ask{Invoices: []string{"N-1"}}, sales: "N-1", check: func(f *rules.Facts) bool {
				return maps.Equal(f.Partners, map[string]bool{"partner ltd": true})
			}},
			"evaluations": {ask: store.Ask{Sales: []*ledger.Entitlement{{Invoice: "E-9", Customer: "EVA ltd", Email: "eva@eva.example", Product: "evoq", Type: ledger.TypeEvaluation}}},
				check: func(f *rules.Facts) bool {
					one, two := rules.Evaluation{Invoice: "E-1", Customer: "Eva Ltd"}, rules.Evaluation{Invoice: "E-2", Customer: "Eve Ltd"}
					return reflect.DeepEqual(f.Evaluations, map[rules.ForProduct][]rules.Evaluation{
						rules.EvaluationByName("eva ltd", "evoq"):            {one},
						rules.EvaluationByAccount("eva@eva.example", "evoq"): {one, two},
					})
				}},
		} {
			t.Run(name, func(t *testing.T) {
				f := ask(test.ask)
				if got := names(f); got != test.activations {
					t.Errorf("activations: %q, want %q", got, test.activations)
				}
				if got := strings.Join(slices.Sorted(maps.Keys(f.Sales)), " "); got != test.sales {
					t.Errorf("sales: %q, want %q", got, test.sales)
				}
				if f.Sales[invoice] != nil && full(f) != test.oldest {
					t.Errorf("the holders: %q, want %q", full(f), test.oldest)
				}
				if test.check != nil && !test.check(f) {
					t.Errorf("the facts are %+v", f)
				}
			})
		}
	})
}

// What is known of the seats of a sale that were moved, that wait and that were freed.
func TestFactsOfMoves(t *testing.T) {
	everywhere(t, func(t *testing.T, s *store.Store, _ string) {
		old := now.Add(-500 * day)
		moves := func(name string, n byte, q *verify.Request) ledger.Event {
			e := begins(name, n, ledger.StateActive, invoice, q, now)
			e.Detail.(*ledger.Signed).Moves = true
			return e
		}
		if err := write(s, old, sell(func(e *ledger.Entitlement) { e.Seats = 4 }), moves("AAAA", 1, site(1))); err != nil {
			t.Fatal(err)
		}
		event := func(action ledger.Action, activation string, detail ledger.Detail) ledger.Event {
			return ledger.Event{Action: action, Invoice: invoice, Activation: activation, Detail: detail}
		}
		record(t, s,
			begins("BBBB", 2, ledger.StateActive, invoice, site(2), now),
			event(ledger.ActionRelease, "AAAA", ledger.Closed{Release: []byte("release")}),
			moves("CCCC", 3, site(3)),
			begins("DDDD", 4, ledger.StateBridge, invoice, site(4), now),
			event(ledger.ActionMove, "BBBB", ledger.Moved{Successor: "DDDD", Until: now.Add(14 * day), Waits: true}),
			event(ledger.ActionRelease, "BBBB", ledger.Closed{Release: []byte("release")}),
			event(ledger.ActionWait, "DDDD", ledger.Waiting{Predecessor: "BBBB"}),
			event(ledger.ActionRebind, "CCCC", ledger.Rebound{Replaces: id(3), Revoke: []format.ID{id(3)}}),
			signs("CCCC", 5, 2, invoice, site(13)),
			begins("EEEE", 6, ledger.StateBridge, invoice, site(5), now),
			event(ledger.ActionMove, "CCCC", ledger.Moved{Successor: "EEEE", Until: now.Add(day)}),
			event(ledger.ActionVoid, "EEEE", ledger.Closed{Revoke: []format.ID{id(6)}}),
		)
		ask := func(a store.Ask) *rules.Facts {
			t.Helper()
			var f *rules.Facts
			facts(t, s, func(x *store.Tx) (err error) { f, err = x.Facts(a); return err })
			return f
		}
		f := ask(store.Ask{Requests: []*verify.Request{again(site(3))}})
		sale := f.Sales[invoice]
		waits := rules.Move{From: "BBBB", Successor: "DDDD", Until: now.Add(14 * day), Waits: true, State: rules.MoveWaiting}
		if sale.Used != 1 || sale.Peak != 2 || !reflect.DeepEqual(sale.Waits, []rules.Move{waits}) || len(sale.Oldest) != 0 {
			t.Errorf("the sale is %+v", sale)
		}
		if d := f.Activations["DDDD"]; d == nil || d.State != ledger.StateBridge || !reflect.DeepEqual(d.Bridge, &waits) {
			t.Errorf("the seat waits for %+v", d)
		}
		// That of AAAA was more than a year ago; beside it moved are CCCC, twice, and two bridges.
		if !reflect.DeepEqual(sale.Moved, []time.Time{now, now, now, now}) {
			t.Errorf("moved: %v", sale.Moved)
		}
		if c := f.Activations["CCCC"]; len(c.Licenses) != 2 || c.Licenses[0].Revoked == nil || c.Licenses[1].Revoked != nil || c.Epoch != 2 {
			t.Errorf("on another machine: %+v", c)
		}
		if f := ask(store.Ask{Seat: invoice}); !reflect.DeepEqual(f.Sales[invoice].Waits, []rules.Move{waits}) || f.Activations["DDDD"] == nil {
			t.Errorf("of a seat without a request: %+v", f.Sales[invoice])
		}

		like := func(n uint32, change func(*format.Request)) *verify.Request {
			q, err := ledgertest.Request(site(n).Key, change)
			if err != nil {
				t.Fatal(err)
			}
			return q
		}
		on := func(of uint32) func(*format.Request) {
			return func(q *format.Request) { q.Components = site(of).Components }
		}
		left := func(n uint32) rules.LeftMachine {
			return rules.LeftMachine{Key: site(n).Key.Bytes(), Components: []format.Component{{Label: format.LabelMachineID, Hash: site(n).Key.Bytes()[:6]}}}
		}
		for name, test := range map[string]struct {
			asks []*verify.Request
			want []rules.LeftMachine
		}{
			"another machine":         {[]*verify.Request{like(9, nil)}, nil},
			"the same key":            {[]*verify.Request{like(1, on(9))}, []rules.LeftMachine{left(1)}},
			"the same component":      {[]*verify.Request{like(9, on(2))}, []rules.LeftMachine{left(2)}},
			"one that is active":      {[]*verify.Request{like(9, on(13))}, nil},
			"a bridge that was ended": {[]*verify.Request{like(5, nil)}, []rules.LeftMachine{left(5)}},
			"a shorter hash": {[]*verify.Request{like(9, func(q *format.Request) {
				q.Components = []format.Component{{Label: format.LabelMachineID, Hash: site(2).Key.Bytes()[:7]}}
			})}, []rules.LeftMachine{left(2)}},
			"under another label": {[]*verify.Request{like(9, func(q *format.Request) {
				q.Components = []format.Component{{Label: "cluster", Hash: site(2).Key.Bytes()[:8]}}
			})}, nil},
			"two, and others":    {[]*verify.Request{like(9, nil), like(1, nil), like(9, on(2)), like(2, nil)}, []rules.LeftMachine{left(1), left(2)}},
			"of another invoice": {[]*verify.Request{like(1, func(q *format.Request) { q.Invoice = "NONE" })}, nil},
		} {
			f := ask(store.Ask{Requests: test.asks})
			var got []rules.LeftMachine
			if s := f.Sales[invoice]; s != nil {
				got = s.Left
			}
			if !reflect.DeepEqual(got, test.want) {
				t.Errorf("%s: those that left are %x, want %x", name, got, test.want)
			}
		}
		// Where no seat was freed nobody asks who has left.
		record(t, s, begins("FFFF", 7, ledger.StateActive, invoice, site(6), now))
		if f := ask(store.Ask{Requests: []*verify.Request{like(1, nil)}}); f.Sales[invoice].Left != nil {
			t.Errorf("all seats that were ever in use are: %+v", f.Sales[invoice].Left)
		}
	})
}

// A ledger that was judged by rules of a later version is none of this program's.
func TestRulesOfALaterVersion(t *testing.T) {
	s, where := onFile(t)
	ledgertest.Execute(t, where, `UPDATE events SET event = replace(event, '"rules":1', '"rules":2') WHERE seq = 1`)
	err := s.Read(ctx, func(x *store.Tx) error { _, err := x.Facts(store.Ask{}); return err })
	if err == nil || !strings.Contains(err.Error(), "rules of version 2") || !strings.Contains(hint.Of(err), "update licensor") {
		t.Errorf("got %v", err)
	}
	if err := write(s, now, sell(nil)); err == nil || !strings.Contains(hint.Of(err), "update licensor") {
		t.Errorf("written all the same: %v", err)
	}
}

// again is another request of the same machine key.
func again(q *verify.Request) *verify.Request {
	other, err := ledgertest.Request(q.Key, func(r *format.Request) { r.Time++ })
	if err != nil {
		panic(err)
	}
	return other
}

// Where seats are free nobody asks who holds the others.
func TestFactsNameNoHoldersWhileSeatsAreFree(t *testing.T) {
	s, _ := onFile(t)
	record(t, s, sell(func(e *ledger.Entitlement) { e.Seats = 3 }), begins("AAAA", 1, ledger.StateActive, invoice, site(1), now))
	facts(t, s, func(x *store.Tx) error {
		for wanted, holders := range map[int]int{2: 0, 3: 1} {
			f, err := x.Facts(store.Ask{Requests: ledgertest.Sites(100, wanted, invoice)})
			if err != nil {
				return err
			}
			if got := len(f.Sales[invoice].Oldest); got != holders {
				t.Errorf("%d want a seat of two: %d holders are named", wanted, got)
			}
		}
		return nil
	})
}

func TestActiveAndUnbound(t *testing.T) {
	everywhere(t, func(t *testing.T, s *store.Store, _ string) {
		record(t, s, history()...)
		facts(t, s, func(x *store.Tx) error {
			f, err := x.Facts(store.Ask{})
			if err != nil {
				return err
			}
			active, err := x.Active(f, invoice)
			if err != nil {
				return err
			}
			var ids []string
			for _, a := range active {
				ids = append(ids, a.ID)
			}
			if got := strings.Join(ids, " "); got != "BBBB AAAA EEEE" {
				t.Errorf("active, the oldest first: %s", got)
			}
			for name, want := range map[string]string{"site EEEE": "EEEE", "site AAAA": "", "": ""} {
				a, err := x.Unbound(f, invoice, name)
				if err != nil {
					return err
				}
				if a == nil && want != "" || a != nil && (a.ID != want || a.Newest.ID != id(6)) {
					t.Errorf("bound to nothing and called %q: %+v", name, a)
				}
			}
			return nil
		})
	})
}

// The facts for a thousand requests come with few statements, and none of them reads all
// activations of an invoice, or a whole table.
func TestFactsForAThousandRequests(t *testing.T) {
	s, where := onFile(t)
	events := history()
	const n = 1000
	record(t, s, events...)
	w := s.Watch(t, "file:"+where)
	read := func(requests []*verify.Request) []string {
		t.Helper()
		facts(t, s, func(x *store.Tx) error {
			w.Take()
			f, err := x.Facts(store.Ask{Requests: requests})
			if err == nil && f.Sales[invoice] == nil {
				err = fmt.Errorf("no facts")
			}
			return err
		})
		return w.Take()
	}
	ran := read(append([]*verify.Request{site(1), site(3)}, ledgertest.Sites(100, n-2, invoice)...))
	if len(ran) < 10 || len(ran) > 52 {
		t.Errorf("%d statements for %d requests:\n%s", len(ran), n, strings.Join(ran, "\n"))
	}
	if one := read([]*verify.Request{site(1)}); len(one) > 21 {
		t.Errorf("%d statements for one request", len(one))
	}
	seen := 0
	for _, query := range slices.Compact(slices.Sorted(slices.Values(ran))) {
		for _, line := range s.Plan(t, query) {
			seen++
			whole := strings.HasPrefix(line, "SCAN") && !strings.Contains(line, "asked")
			if whole && !strings.Contains(query, "LIMIT 1") {
				t.Errorf("reads a whole table: %s: %s", query, line)
			}
			// The holders lie in the order in which three of them are asked for.
			// Of moves only those are indexed by invoice for which a seat waits, and addresses are
			// few.
			if strings.Contains(line, "moves_waiting (invoice=?)") || strings.Contains(line, "addresses_invoice (invoice=?)") {
				continue
			}
			holders := strings.Contains(line, "activations_oldest (invoice=?)") && strings.Contains(query, "LIMIT 3")
			if strings.Contains(line, "(invoice=?)") && !strings.Contains(line, "entitlements") && !holders || strings.Contains(query, "LIMIT 3") && strings.Contains(line, "TEMP B-TREE") {
				t.Errorf("reads all activations of an invoice: %s: %s", query, line)
			}
		}
	}
	if seen < 10 {
		t.Errorf("only %d lines of plans were looked at", seen)
	}
}
