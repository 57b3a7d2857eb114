package rules_test

import (
	"testing"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/rules"
	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/verify"
)

// TestAutomatic: what is signed where no person looks at it, and why the rest waits.
func TestAutomatic(t *testing.T) {
	bindings := func(weakest string) func(*ledger.Entitlement) {
		return func(e *ledger.Entitlement) { e.Binding = weakest }
	}
	automatic := func(kinds string) func(*ledger.Entitlement) {
		return func(e *ledger.Entitlement) { e.Automatic = kinds }
	}
	const machine = "m1 u1 r1"
	for name, test := range map[string]struct {
		sold   []func(*ledger.Entitlement)
		before func(r *record)
		asks   func(r *record) *verify.Request
		waits  string // "": it is signed
	}{
		"a first activation": {asks: func(r *record) *verify.Request { return request(r, 1, on(machine)) }},
		"by a plan that has none of it": {sold: []func(*ledger.Entitlement){automatic("move;renewal")},
			asks: func(r *record) *verify.Request { return request(r, 1, on(machine)) }, waits: "plan"},
		"by a plan that has nothing": {sold: []func(*ledger.Entitlement){automatic(ledger.None)},
			asks: func(r *record) *verify.Request { return request(r, 1, on(machine)) }, waits: "plan"},
		"by the machine key alone, as sold": {sold: []func(*ledger.Entitlement){bindings("key")},
			asks: func(r *record) *verify.Request { return request(r, 1, on("")) }, waits: "binding"},
		"by an operator's values, as sold": {sold: []func(*ledger.Entitlement){bindings("operator")},
			asks: func(r *record) *verify.Request { return request(r, 1, on("c1 d1")) }},
		"weaker than was sold": {sold: []func(*ledger.Entitlement){bindings("")},
			asks: func(r *record) *verify.Request { return request(r, 1, on("")) }, waits: "binding"},
		"the same request": {before: func(r *record) { r.signed(request(r, 1, on(machine))) },
			asks: func(r *record) *verify.Request { return request(r, 1, on(machine)) }},
		"the same request, by a plan that has nothing": {sold: []func(*ledger.Entitlement){automatic(ledger.None)},
			before: func(r *record) { r.signed(request(r, 1, on(machine))) },
			asks:   func(r *record) *verify.Request { return request(r, 1, on(machine)) }},
		"a new request of the site": {before: func(r *record) { r.signed(request(r, 1, on(machine))) },
			asks: func(r *record) *verify.Request { return request(r, 1, later, on(machine)) }},
		"a new request, by a plan that has no renewal": {sold: []func(*ledger.Entitlement){automatic("activation;move")},
			before: func(r *record) { r.signed(request(r, 1, on(machine))) },
			asks:   func(r *record) *verify.Request { return request(r, 1, later, on(machine)) }, waits: "plan"},
		"on other hardware": {before: func(r *record) { r.signed(request(r, 1, on(machine))) },
			asks: func(r *record) *verify.Request {
				return signing(r, 1, later, on("m2 u2 r2"), replacing(r.licenses[0]))
			}, waits: "rebind"},
		"no seat is free": {before: func(r *record) { r.signed(request(r, 1, on(machine))) },
			asks: func(r *record) *verify.Request { return request(r, 2, on("m2 u2 r2")) }, waits: "seats"},
		"the bridge of the one seat": {before: func(r *record) { r.signed(request(r, 1, on(machine))) },
			asks: func(r *record) *verify.Request { return asking(r, 2, "development", on("m2 u2 r2")) }},
		"the bridge, by a plan that has no move": {sold: []func(*ledger.Entitlement){automatic("activation;renewal")},
			before: func(r *record) { r.signed(request(r, 1, on(machine))) },
			asks:   func(r *record) *verify.Request { return asking(r, 2, "development", on("m2 u2 r2")) }, waits: "plan"},
		"the bridge of one of two seats": {sold: []func(*ledger.Entitlement){seats(2)},
			before: func(r *record) {
				r.signed(request(r, 1, on(machine)))
				r.signed(request(r, 3, on("m3 u3 r3")))
			},
			asks: func(r *record) *verify.Request { return asking(r, 2, "development", on("m2 u2 r2")) }, waits: "move"},
		"what follows the release": {before: func(r *record) {
			old := r.signed(request(r, 1, on(machine)))
			r.signed(asking(r, 2, "development", on("m2 u2 r2")))
			r.released(old, 1)
		}, asks: func(r *record) *verify.Request { return asking(r, 2, "production", on("m2 u2 r2")) }},
		"a seat that was released": {before: func(r *record) { r.released(r.signed(request(r, 1, on(machine))), 1) },
			asks: func(r *record) *verify.Request { return request(r, 2, on("m2 u2 r2")) }},
		"more moves than were sold": {sold: []func(*ledger.Entitlement){func(e *ledger.Entitlement) { e.Moves = new(uint64) }},
			before: func(r *record) { r.released(r.signed(request(r, 1, on(machine))), 1) },
			asks:   func(r *record) *verify.Request { return request(r, 2, on("m2 u2 r2")) }, waits: "moves"},
		"suspended": {before: func(r *record) { r.sales[inv].Standing = ledger.StandingSuspended },
			asks: func(r *record) *verify.Request { return request(r, 1, on(machine)) }, waits: "standing"},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRecord(t, entitlement(append([]func(*ledger.Entitlement){bindings("")}, test.sold...)...))
			if test.before != nil {
				test.before(r)
			}
			q, op := test.asks(r), by()
			op.Automatic = true
			_, judged := rules.Judge(r.facts(), op, q)
			_, signed := r.signAs(op, q)
			for _, err := range []error{judged, signed} {
				switch waits := rules.Waits(err); {
				case test.waits == "" && err != nil, test.waits != "" && (waits == nil || waits.Word != test.waits):
					t.Errorf("got %v, want that it waits: %q", err, test.waits)
				}
			}
		})
	}
}

// TestNothingWaitsInVain: what staff cannot sign as it is does not wait for them.
func TestNothingWaitsInVain(t *testing.T) {
	r := newRecord(t, entitlement())
	op := by()
	op.Automatic = true
	for _, change := range []func(*format.Request){
		func(q *format.Request) { q.Product = "other" }, func(q *format.Request) { q.Invoice = "NONE" },
		func(q *format.Request) { q.Type = "test" }, func(q *format.Request) { q.Account = [format.AccountSize]byte{1} },
	} {
		if _, err := r.signAs(op, request(t, 1, change)); err == nil || rules.Waits(err) != nil {
			t.Errorf("got %v, want that it is refused", err)
		}
	}
	r.sales[inv].Standing = ledger.StandingCanceled
	if _, err := r.signAs(op, request(t, 1)); err == nil || rules.Waits(err) != nil {
		t.Errorf("of a canceled sale: got %v, want that it is refused", err)
	}
}
