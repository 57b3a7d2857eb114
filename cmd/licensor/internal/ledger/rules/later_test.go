package rules_test

import (
	"testing"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/rules"
	"github.com/offlicense/offlicense/format"
)

// revisedLater revises the usual sale without its licenses.
func (r *record) revisedLater(later bool, change func(*ledger.Entitlement)) *rules.Revised {
	r.Helper()
	op := because("renewed by the shop")
	op.Later = later
	revised, err := ask(r, op, func(f *rules.Facts) (*rules.Revised, []*rules.Step, error) {
		var active []*rules.Activation
		for _, a := range r.activations {
			if a.State == ledger.StateActive {
				active = append(active, f.Activations[a.ID])
			}
		}
		revised, err := rules.Revise(f, op, inv, rules.NewAmendment(func(e *ledger.Entitlement) error { change(e); return nil }), active)
		if err != nil {
			return nil, nil, err
		}
		return revised, revised.Steps, nil
	})
	if err != nil {
		r.Fatal(err)
	}
	return revised
}

// TestSignedWhenItsRequestComes: a revision that signs nothing is no reason to answer with what
// was sold before. Each request gets its new license once.
func TestSignedWhenItsRequestComes(t *testing.T) {
	r := newRecord(t, entitlement(seats(3)))
	first, second := r.signed(request(t, 1)), r.signed(request(t, 2))
	year := func(e *ledger.Entitlement) { e.Expires = e.Expires.AddDate(1, 0, 0) }
	if got := r.revisedLater(true, year); len(got.Steps) != 1 {
		t.Fatalf("%d steps", len(got.Steps))
	}
	renewed := r.signed(request(t, 1))
	if renewed.Activation != first.Activation || renewed.Epoch != 2 || !renewed.HardEnd.Equal(first.HardEnd.AddDate(1, 0, 0)) {
		t.Errorf("got %+v", renewed)
	}
	r.unchanged(func() {
		if again := r.signed(request(t, 1)); again.ID != renewed.ID {
			t.Error("the same request got another license again")
		}
	})
	r.using(2, 2)
	third := r.signed(request(t, 3)) // of after the revision
	r.unchanged(func() {
		if again := r.signed(request(t, 3)); again.ID != third.ID {
			t.Error("a license of after the revision was signed again")
		}
	})

	// What no license says makes none due.
	if got := r.revisedLater(true, func(e *ledger.Entitlement) { e.BridgeDays = 5 }); got.After.Due != r.sales[inv].Due {
		t.Errorf("due: %d", got.After.Due)
	}
	r.unchanged(func() { r.signed(request(t, 1)) })

	// A revision that signs, signs what was due, too.
	if got := r.revisedLater(false, func(e *ledger.Entitlement) { e.BridgeDays = 6 }); len(got.Steps) != 2 || got.After.Due != 0 || got.Steps[1].Event.Activation != second.Activation {
		t.Errorf("%d steps, due: %d", len(got.Steps), got.After.Due)
	}
	r.unchanged(func() {
		for n := range byte(3) {
			r.signed(request(t, n+1))
		}
	})

	// Where none may be written now, there is the one of before; and what is due is renewed with
	// no person, if the plan says so.
	r.revisedLater(true, year)
	op := by()
	op.Automatic = true
	r.sales[inv].Automatic = "activation"
	if _, err := r.signAs(op, request(t, 1)); rules.Waits(err) == nil || rules.Waits(err).Word != rules.WaitsForPlan {
		t.Errorf("got %v", err)
	}
	r.sales[inv].Automatic, r.sales[inv].Standing = "", ledger.StandingSuspended
	r.unchanged(func() {
		if _, err := r.signAs(op, request(t, 1)); err != nil {
			t.Error(err)
		}
	})
	r.sales[inv].Standing = ""
	if got, err := r.signAs(op, request(t, 1)); err != nil || got.Epoch != 3 {
		t.Errorf("got %+v, %v", got, err)
	}
	r.refused(request(t, 9, func(q *format.Request) { q.Account[0]++ }), ledger.RuleClaim)
}
