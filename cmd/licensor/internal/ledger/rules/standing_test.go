package rules_test

import (
	"testing"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/rules"
	"github.com/offlicense/offlicense/format"
)

// standing makes a standing of the entitlement, and returns what is to be revoked.
func (r *record) standing(op *ledger.Operation, to ledger.Standing) ([]format.ID, error) {
	r.Helper()
	return ask(r, op, func(f *rules.Facts) ([]format.ID, []*rules.Step, error) {
		var all []*rules.Activation
		for _, a := range r.activations {
			all = append(all, f.Activations[a.ID])
		}
		steps, err := rules.SetStanding(f, &rules.Revocations{Vendor: vendor, Next: 1}, op, inv, to, all)
		return rules.Revoked(steps), steps, err
	})
}

func (r *record) stands(to ledger.Standing) []format.ID {
	r.Helper()
	revoked, err := r.standing(because("unpaid"), to)
	if err != nil {
		r.Fatal(err)
	}
	return revoked
}

// While a sale is suspended, what is on record is given again, and nothing new is signed:
// not for who is active, nor who moves, nor by a change of what was sold.
func TestSuspended(t *testing.T) {
	r := newRecord(t, entitlement(seats(3)))
	old, bridge := r.signed(request(t, 1)), request(t, 2)
	if _, err := r.move(because("new hardware"), old.Activation, day, bridge); err != nil {
		t.Fatal(err)
	}
	r.stands(ledger.StandingSuspended)
	r.unchanged(func() {
		if again := r.signed(request(t, 1)); again.ID != old.ID {
			t.Errorf("got %s again, want %s", again.ID, old.ID)
		}
		r.refused(request(t, 3), ledger.RuleStanding, inv)
		r.refused(request(t, 1, later), ledger.RuleStanding)
		_, err := r.move(because("x"), old.Activation, day, request(t, 4))
		wantRefusal(t, err, ledger.RuleStanding)
		_, err = r.amend(by(), seats(4))
		wantRefusal(t, err, ledger.RuleStanding)
		_, err = r.standing(by(), "")
		wantRefusal(t, err, ledger.RuleReason)
		if revoked := r.stands(ledger.StandingSuspended); len(revoked) > 0 {
			t.Errorf("suspended twice, and that revokes %v", revoked)
		}
	})
	// The old server may go; its new one gets its license when the sale is resumed.
	released, err := r.release(by(), old, 1, 0)
	if err != nil {
		t.Fatal(err)
	}
	wantRefusal(t, released.Refusal, ledger.RuleStanding)
	r.using(0, 0)
	r.stands("")
	r.signed(request(t, 2, later))
}

// A canceled sale leaves nothing in force, what was given up included, and nothing brings
// it back.
func TestCanceled(t *testing.T) {
	r := newRecord(t, entitlement(seats(3)))
	first, second := r.signed(request(t, 1)), r.signed(request(t, 2))
	again := r.signed(request(t, 2, later))
	r.released(first, 1)
	lost := r.signed(request(t, 3))
	if _, err := r.deactivate(because("gone"), inv, lost.Activation); err != nil {
		t.Fatal(err)
	}
	bridge, err := r.move(because("new hardware"), again.Activation, day, request(t, 5))
	if err != nil {
		t.Fatal(err)
	}
	revoked := r.stands(ledger.StandingCanceled)
	if len(revoked) != 4 || r.revoked[bridge.ID] == nil || r.revoked[first.ID] == nil || r.revoked[second.ID] == nil || r.revoked[again.ID] == nil {
		t.Errorf("to be revoked: %v", revoked)
	}
	r.unchanged(func() {
		if more := r.stands(ledger.StandingCanceled); len(more) > 0 {
			t.Errorf("canceled twice, and that revokes %v", more)
		}
		for _, to := range []ledger.Standing{"", ledger.StandingSuspended} {
			_, err := r.standing(because("a mistake"), to)
			wantRefusal(t, err, ledger.RuleStanding)
		}
		r.refused(request(t, 2, later), ledger.RuleStanding)
		r.refused(request(t, 4), ledger.RuleStanding)
		_, err := r.amend(override("please"), seats(4))
		wantRefusal(t, err, ledger.RuleStanding)
	})
}

// Only production that stands is what other types require.
func TestProductionThatDoesNotStand(t *testing.T) {
	for _, to := range []ledger.Standing{ledger.StandingSuspended, ledger.StandingCanceled} {
		r := newRecord(t, entitlement(), entitlement(sold("S-1", ledger.TypeStaging)))
		r.signed(request(t, 1, asks("S-1", ledger.TypeStaging)))
		r.stands(to)
		r.refused(request(t, 2, asks("S-1", ledger.TypeStaging)), ledger.RuleProduction)
	}
}
