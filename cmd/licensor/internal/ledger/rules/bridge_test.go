package rules_test

import (
	"slices"
	"testing"
	"time"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/rules"
	"github.com/offlicense/offlicense/format"
)

// A move with the request alone, step by step.
func TestMoveByTheRequestAlone(t *testing.T) {
	r := newRecord(t, entitlement(func(e *ledger.Entitlement) { e.GraceDays = 14 }))
	q := asking(r, 2, "development")
	r.refused(asking(r, 3, "test"), ledger.RuleType)
	r.refused(q, ledger.RuleType, "is free") // nobody has the seat: ask for production
	_, err := r.sign(q)
	wantHint(t, err, "--type production")
	old := r.signed(request(t, 1))
	offer := r.offered(q)
	if offer.From == nil || offer.From.ID != old.Activation || !offer.BridgeUntil.Equal(now.Add(14*day)) {
		t.Errorf("the offer: %+v", offer)
	}
	bridge := r.signed(q)
	if got := r.says(bridge); got.Type != "development" || !got.HardEnd.Equal(now.Add(14*day)) || !got.Expires.Equal(got.HardEnd) {
		t.Errorf("the bridge says %+v", got)
	}
	if m := r.moves[0]; !m.Waits || m.From != old.Activation || m.Successor != bridge.Activation {
		t.Errorf("the move is %+v", m)
	}
	r.using(2, 1)
	r.unchanged(func() {
		if same := r.signed(q); same.ID != bridge.ID {
			t.Error("the same request got another bridge")
		}
	})
	r.refused(asking(r, 2, "production"), ledger.RuleMove, "waits for the release")
	r.refused(asking(r, 2, "development", later), ledger.RuleMove, "has its bridge")
	r.refused(asking(r, 3, "development"), ledger.RuleMove, "moving already")
	_, err = r.sign(asking(r, 3, "development"))
	wantHint(t, err, "licensor deactivate "+inv+" --activation "+bridge.Activation)

	got := r.released(old, 1)
	if got.License != nil || got.Successor != bridge.Activation || got.Waits == nil || got.Waits.Hash != q.Hash {
		t.Fatalf("released: %+v, want that the seat waits for the new server", got)
	}
	r.unchanged(func() {
		if same := r.released(old, 1); !same.Already || same.Successor != bridge.Activation || same.Waits == nil || same.Waits.Hash != q.Hash || same.License != nil {
			t.Errorf("the same release again: %+v", same)
		}
	})
	r.using(1, 0)
	// Nobody else gets the seat, by whatever way.
	r.refused(request(t, 3), ledger.RuleSeats, "1 waits")
	r.refused(request(t, 1, later), ledger.RuleSeats, "1 waits")
	r.refused(asking(r, 3, "development"), ledger.RuleMove)
	r.refused(asking(r, 2, "development", later), ledger.RuleMove, "has its bridge")

	final := r.signed(asking(r, 2, "production"))
	if got := r.says(final); got.Type != "production" || got.Activation != bridge.Activation || got.Epoch != 2 || !got.HardEnd.Equal(entitlement().Expires.Add(14*day)) {
		t.Errorf("the final license says %+v", got)
	}
	if r.moves[0].State != rules.MoveDone || r.activation(bridge.Activation).State != ledger.StateActive {
		t.Errorf("the move is %+v", r.moves[0])
	}
	r.wantMoved(1)
	r.using(1, 1)
	if same := r.released(old, 1); same.License == nil || same.License.ID != final.ID || same.Waits != nil {
		t.Errorf("the same release again: %+v", same)
	}
	r.refused(request(t, 3), ledger.RuleSeats)
}

// What becomes of a bridge that was got by the request alone.
func TestBridgeByTheRequestAlone(t *testing.T) {
	begin := func(t *testing.T) (r *record, old, bridge *ledger.License) {
		r = newRecord(t, entitlement(movesSold(9)))
		return r, r.signed(request(t, 1)), r.signed(asking(r, 2, "development"))
	}
	t.Run("several seats were sold", func(t *testing.T) {
		r := newRecord(t, entitlement(seats(2)))
		one := r.signed(request(t, 1))
		r.refused(asking(r, 3, "development"), ledger.RuleType, "is free")
		r.signed(request(t, 2))
		r.refused(asking(r, 3, "development"), ledger.RuleMove, "does not say which server")
		_, err := r.sign(asking(r, 3, "development"))
		wantHint(t, err, "licensor move "+inv+" REQUEST --activation ID")
		bridge, err := r.move(because("new hardware"), one.Activation, 20*day, asking(r, 3, "development"))
		if err != nil || !r.moves[0].Waits || !bridge.HardEnd.Equal(now.Add(20*day)) {
			t.Fatalf("%+v, %v", bridge, err)
		}
		r.released(one, 1)
		r.refused(request(t, 4), ledger.RuleSeats, "1 of 2", "1 waits")
		_, err = r.amend(by(), seats(1)) // one is in use, and one is promised
		wantRefusal(t, err, ledger.RuleSeats, "2 seats")
		if final := r.signed(asking(r, 3, "production")); final.Activation != bridge.Activation {
			t.Errorf("the final license is of %s", final.Activation)
		}
		r.using(2, 2)
	})
	t.Run("its machine is another by then", func(t *testing.T) {
		r, old, bridge := begin(t)
		r.released(old, 1)
		r.refused(asking(r, 2, "production", on("m7 u7 r7")), ledger.RuleMachine)
		r.signed(signing(t, 2, asks(inv, "production"), on("m7 u7 r7"), replacing(bridge)))
		if r.revoked[bridge.ID] == nil {
			t.Error("the bridge was left behind and is not revoked")
		}
		r.wantMoved(2)
		r.using(1, 1)
	})
	t.Run("it ends while the seat waits", func(t *testing.T) {
		r, old, bridge := begin(t)
		r.released(old, 1)
		after := byAt(now.Add(14 * day))
		_, err := r.signAs(byAt(now.Add(14*day-time.Second)), request(t, 3))
		wantRefusal(t, err, ledger.RuleSeats, "1 waits")
		if _, err := r.signAs(after, request(t, 3)); err != nil {
			t.Fatal(err)
		}
		_, err = r.signAs(after, asking(r, 2, "production"))
		wantRefusal(t, err, ledger.RuleSeats)
		if state := r.activation(bridge.Activation).State; state != ledger.StateBridge {
			t.Errorf("the bridge is %s", state)
		}
		r.using(2, 1)
	})
	t.Run("it ends, and its server asks", func(t *testing.T) {
		r, old, bridge := begin(t)
		r.released(old, 1)
		final, err := r.signAs(byAt(now.Add(14*day)), asking(r, 2, "production"))
		if err != nil || final.Activation == bridge.Activation || r.activation(bridge.Activation).State != ledger.StateVoid {
			t.Errorf("%+v, %v", final, err)
		}
		r.wantMoved(1) // the bridge was it
		r.using(1, 1)
	})
	t.Run("it ends before the release", func(t *testing.T) {
		r, old, bridge := begin(t)
		after := byAt(now.Add(14 * day))
		_, err := r.signAs(after, asking(r, 3, "development"))
		wantRefusal(t, err, ledger.RuleMove, "had its bridge")
		wantHint(t, err, ledger.LiftOverride)
		if got, err := r.release(after, old, 1, 0); err != nil || got.Waits != nil || got.Successor != "" || r.activation(bridge.Activation).State != ledger.StateVoid {
			t.Errorf("released: %+v, %v", got, err)
		}
		if _, err := r.signAs(after, request(t, 3)); err != nil {
			t.Errorf("nothing waits, and %v", err)
		}
	})
	t.Run("staff end it while the seat waits", func(t *testing.T) {
		r, old, bridge := begin(t)
		r.released(old, 1)
		if revoked, err := r.deactivate(because("the wrong one"), inv, bridge.Activation); err != nil || !slices.Equal(revoked, []format.ID{bridge.ID}) {
			t.Fatalf("to be revoked: %v, %v", revoked, err)
		}
		r.signed(request(t, 3))
		r.refused(asking(r, 2, "production"), ledger.RuleSeats)
		r.using(1, 1)
	})
	t.Run("staff end it while the old server runs", func(t *testing.T) {
		r, old, bridge := begin(t)
		if _, err := r.deactivate(because("the wrong one"), inv, bridge.Activation); err != nil {
			t.Fatal(err)
		}
		r.refused(asking(r, 3, "development"), ledger.RuleMove, "had its bridge")
		second, err := r.signAs(override("the right one"), asking(r, 3, "development"))
		if err != nil || !slices.Equal(r.last().Lifted, []ledger.Rule{ledger.RuleMove}) {
			t.Fatalf("%v; lifted: %v", err, r.last().Lifted)
		}
		if got := r.released(old, 1); got.Successor != second.Activation || got.Waits == nil {
			t.Errorf("released: %+v", got)
		}
	})
	t.Run("it gives up itself", func(t *testing.T) {
		r, old, bridge := begin(t)
		r.released(bridge, 2)
		r.using(1, 1)
		if got := r.released(old, 1); got.Waits != nil || got.Successor != "" {
			t.Errorf("released: %+v", got)
		}
		r.signed(request(t, 3))
	})
	t.Run("it gives up itself while the seat waits", func(t *testing.T) {
		r, old, bridge := begin(t)
		r.released(old, 1)
		r.released(bridge, 2)
		r.signed(request(t, 3))
		r.using(1, 1)
	})
	t.Run("it was revoked", func(t *testing.T) {
		r, old, bridge := begin(t)
		r.mustRevoke(bridge)
		got := r.released(old, 1)
		wantRefusal(t, got.Refusal, ledger.RuleRevoked)
		r.signed(request(t, 3))
	})
	t.Run("the old server was revoked", func(t *testing.T) {
		r := newRecord(t, entitlement())
		r.mustRevoke(r.signed(request(t, 1)))
		r.refused(asking(r, 2, "development"), ledger.RuleRevoked)
	})
	t.Run("a site that has its seat", func(t *testing.T) {
		r := newRecord(t, entitlement())
		r.signed(request(t, 1))
		r.refused(asking(r, 1, "development"), ledger.RuleMove, "has its seat already")
	})
	t.Run("what was sold ends before it", func(t *testing.T) {
		r := newRecord(t, entitlement(func(e *ledger.Entitlement) { e.Expires = now.Add(3 * day) }))
		r.signed(request(t, 1))
		if bridge := r.signed(asking(r, 2, "development")); !bridge.HardEnd.Equal(now.Add(3 * day)) {
			t.Errorf("the bridge ends %s", bridge.HardEnd)
		}
	})
	t.Run("production is what is moved", func(t *testing.T) {
		r := newRecord(t, entitlement(sold(inv, "nfr")))
		r.partners["site ltd"] = true
		r.signed(request(t, 1, asks(inv, "nfr")))
		r.refused(asking(r, 2, "development"), ledger.RuleType)
	})
	t.Run("in one batch", func(t *testing.T) {
		r := newRecord(t, entitlement())
		got := r.batch(by(), request(t, 1), asking(r, 2, "development"), asking(r, 3, "development"), request(t, 4))
		if got[0].err != nil || got[1].err != nil || r.says(got[1].license).Type != "development" {
			t.Errorf("%+v", got[:2])
		}
		wantRefusal(t, got[2].err, ledger.RuleMove, "moving already")
		wantRefusal(t, got[3].err, ledger.RuleSeats)
		r.wantMoved(1)
	})
}

// While one seat waits, a new server takes one that nobody had: that is no move.
func TestSeatBesideOneThatWaits(t *testing.T) {
	r := newRecord(t, entitlement())
	old := r.signed(request(t, 1))
	r.signed(asking(r, 2, "development"))
	r.released(old, 1)
	if _, err := r.amend(by(), seats(2)); err != nil {
		t.Fatal(err)
	}
	r.signed(request(t, 3))
	r.wantMoved(1)
	r.signed(asking(r, 2, "production"))
	r.using(2, 2)
}
