package rules_test

import (
	"slices"
	"testing"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/format"
)

// A request on record made its claim once: its hash is enough, whatever was corrected
// since. Another request of its site is compared with what stands now.
func TestRequestOnRecordAfterACorrection(t *testing.T) {
	r := newRecord(t, entitlement())
	q := request(t, 1)
	license := r.signed(q)
	if again, err := r.amend(by(), func(e *ledger.Entitlement) { e.Email = "it@site.example" }); err != nil || len(again) != 0 {
		t.Fatalf("%v, %v", again, err) // no license says the address
	}
	r.unchanged(func() {
		if again := r.signed(q); again.ID != license.ID {
			t.Errorf("the request on record gets %+v", again)
		}
	})
	r.refused(request(t, 1, later), ledger.RuleClaim)
	r.signed(request(t, 1, later, func(q *format.Request) { q.Account = format.AccountHash(inv, "it@site.example") }))
	// Nor does it help where its seat was freed.
	r.released(r.licenses[len(r.licenses)-1], 1)
	r.refused(q, ledger.RuleRequest)
}

// An event says which rules were lifted for it: those that refused, and no other.
func TestLifted(t *testing.T) {
	ends := now.Add(30 * day)
	late := ends.Add(day)
	sells := func(r *record) {
		r.sold(sold("P-1", "production"), func(e *ledger.Entitlement) { e.Expires = ends })
	}
	for name, test := range map[string]struct {
		do     func(r *record, op *ledger.Operation) error
		lifted []ledger.Rule
	}{
		"nothing refuses a sale": {func(r *record, op *ledger.Operation) error { return r.sell(op, sold("P-2", "production")) }, nil},
		"nothing refuses a request": {func(r *record, op *ledger.Operation) error {
			_, err := r.signAs(op, request(r, 1, asks("P-1", "production")))
			return err
		}, nil},
		"a second evaluation": {func(r *record, op *ledger.Operation) error {
			r.sold(sold("E-1", "evaluation"))
			return r.sell(op, sold("E-2", "evaluation"))
		}, []ledger.Rule{ledger.RuleOnce}},
		"an evaluation made longer, to an account that had one": {func(r *record, op *ledger.Operation) error {
			r.sold(sold(inv, "evaluation"))
			r.sold(evaluation("E-1", "Eve Ltd", "evoq", "eve@site.example"))
			_, err := r.amend(op, func(e *ledger.Entitlement) { e.Expires, e.Email = e.Expires.Add(day), "eve@site.example" })
			return err
		}, []ledger.Rule{ledger.RuleOnce}},
		"a test without production": {func(r *record, op *ledger.Operation) error {
			op.Now = late
			return r.sell(op, sold("T-1", "test"))
		}, []ledger.Rule{ledger.RuleProduction}},
		"one that is amended": {func(r *record, op *ledger.Operation) error {
			r.sold(sold("T-1", "test"))
			op.Now = late
			_, err := r.revise(op, "T-1", amendment(seats(5)))
			return err
		}, []ledger.Rule{ledger.RuleProduction}},
		"one that is signed": {func(r *record, op *ledger.Operation) error {
			r.sold(sold("T-1", "test"))
			op.Now = late
			_, err := r.signAs(op, request(r, 1, asks("T-1", "test")))
			return err
		}, []ledger.Rule{ledger.RuleProduction}},
		"one that is signed, and was waived": {func(r *record, op *ledger.Operation) error {
			early := overrideAt(late, "on order")
			if err := r.sell(early, sold("T-1", "test")); err != nil {
				return err
			}
			op.Now = late
			_, err := r.signAs(op, request(r, 1, asks("T-1", "test")))
			return err
		}, nil},
		"the release of one that moves": {func(r *record, op *ledger.Operation) error {
			r.sold(sold(inv, "test"))
			old := r.signed(request(r, 1, asks(inv, "test")))
			if _, err := r.move(becauseAt(ends.Add(-day), "new hardware"), old.Activation, 14*day, request(r, 2, asks(inv, "test"))); err != nil {
				return err
			}
			op.Now = late
			got, err := r.release(op, old, 1, 0)
			if err == nil && got.License == nil {
				r.Error("it got no final license")
			}
			return err
		}, []ledger.Rule{ledger.RuleProduction}},
		"another machine, and one move too many": {func(r *record, op *ledger.Operation) error {
			r.sold(movesSold(0))
			first := r.signed(request(r, 1, on("m1 u1 r1")))
			_, err := r.signAs(op, request(r, 1, on("m2 u2 r2"), replacing(first)))
			return err
		}, []ledger.Rule{ledger.RuleMachine, ledger.RuleMoves}},
		"a second bridge, and one move too many": {func(r *record, op *ledger.Operation) error {
			r.sold(movesSold(1))
			old, _, bridge := r.moving()
			if _, err := r.deactivate(because("the wrong one"), inv, bridge.Activation); err != nil {
				return err
			}
			_, err := r.move(op, old.Activation, day, request(r, 3))
			return err
		}, []ledger.Rule{ledger.RuleMove, ledger.RuleMoves}},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRecord(t)
			sells(r)
			op := override("please")
			if err := test.do(r, op); err != nil {
				t.Fatal(err)
			}
			seen := 0
			for _, e := range r.events {
				if e.Time.Equal(op.Now) && e.Why == op.Why {
					if seen++; !slices.Equal(e.Lifted, test.lifted) {
						t.Errorf("the event %s says that %v was lifted, want %v", e.Action, e.Lifted, test.lifted)
					}
				} else if e.Lifted != nil && e.Why != "on order" {
					t.Errorf("the event %s says that %v was lifted", e.Action, e.Lifted)
				}
			}
			if seen == 0 {
				t.Error("nothing was recorded")
			}
		})
	}
}
