package rules_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/rules"
	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/verify"
)

// move begins to move an activation to the site that made a request.
func (r *record) move(op *ledger.Operation, activation string, overlap time.Duration, q *verify.Request) (*ledger.License, error) {
	r.Helper()
	return r.moveOf(op, q.Invoice, activation, overlap, q)
}

func (r *record) moveOf(op *ledger.Operation, invoice, activation string, overlap time.Duration, q *verify.Request) (*ledger.License, error) {
	r.Helper()
	id := r.newID()
	bridge, err := ask(r, op, func(f *rules.Facts) (*ledger.License, []*rules.Step, error) {
		return rules.BeginMove(f, op, invoice, activation, overlap, q, id)
	})
	if err == nil && bridge == nil {
		bridge = r.licenses[len(r.licenses)-1]
	}
	return bridge, err
}

// moving begins a move of the site with seed 1 to the one with seed 2.
func (r *record) moving() (old *ledger.License, q *verify.Request, bridge *ledger.License) {
	r.Helper()
	old, q = r.signed(request(r, 1)), request(r, 2)
	bridge, err := r.move(because("new hardware"), old.Activation, 14*day, q)
	if err != nil {
		r.Fatal(err)
	}
	return old, q, bridge
}

func TestMoveWithoutDowntime(t *testing.T) {
	r := newRecord(t, entitlement(func(e *ledger.Entitlement) { e.GraceDays = 14 }))
	old, q, bridge := r.moving()
	got := r.says(bridge)
	if got.Type != "development" || !got.Expires.Equal(now.Add(14*day)) || !got.HardEnd.Equal(got.Expires) || got.Binding == "any" || got.Limits["cores"] != 16 {
		t.Errorf("the bridge says %+v", got)
	}
	if moved := r.last(); moved.Action != ledger.ActionMove || moved.Activation != old.Activation || moved.Why != "new hardware" || !bridge.HardEnd.Equal(now.Add(14*day)) {
		t.Errorf("on record: %+v", moved)
	}
	r.using(2, 1)
	// Whoever repeats a step gets what there is.
	r.unchanged(func() {
		again, err := r.move(because("new hardware"), old.Activation, 14*day, q)
		if err != nil || again.ID != bridge.ID {
			t.Errorf("the same move again: %v, %v", again, err)
		}
		if again := r.signed(q); again.ID != bridge.ID {
			t.Error("the request of the bridge was signed again")
		}
	})
	r.signed(request(t, 1, later)) // the old server lives on
	r.refused(request(t, 2, later), ledger.RuleMove, bridge.Activation)

	released := r.released(old, 1)
	if released.License == nil || released.Successor != bridge.Activation {
		t.Fatalf("released: %+v, want the final license", released)
	}
	final := r.says(released.License)
	if final.Type != "production" || final.Activation != bridge.Activation || final.Epoch != bridge.Epoch+1 ||
		!final.HardEnd.Equal(entitlement().Expires.Add(14*day)) || !bytes.Equal(released.License.Request, q.Body) {
		t.Errorf("the final license says %+v", final)
	}
	r.unchanged(func() {
		if again := r.released(old, 1); !again.Already || again.Successor != bridge.Activation || again.License == nil || again.License.ID != released.License.ID {
			t.Errorf("the same release again: %+v", again)
		}
		if again := r.signed(q); again.ID != released.License.ID {
			t.Error("the new server's request does not get its final license")
		}
	})
	r.using(1, 1)
	r.refused(request(t, 3), ledger.RuleSeats)
}

func TestMoveAtMost30Days(t *testing.T) {
	r := newRecord(t, entitlement())
	old := r.signed(request(t, 1))
	for overlap, good := range map[time.Duration]bool{-day: false, 0: false, time.Minute: true, rules.MaxOverlap: true, rules.MaxOverlap + time.Second: false} {
		if err := rules.CheckOverlap(overlap); (err == nil) != good {
			t.Errorf("an overlap of %s: %v", overlap, err)
		}
		if !good {
			_, err := r.move(because("new hardware"), old.Activation, overlap, request(t, 2))
			wantRefusal(t, err, ledger.RuleMove, "at most 30")
		}
	}
	_, err := r.move(by(), old.Activation, day, request(t, 2))
	wantRefusal(t, err, ledger.RuleReason)
	if _, err = r.move(because("new hardware"), old.Activation, rules.MaxOverlap, request(t, 2)); err != nil {
		t.Error(err)
	}
}

func TestMoveOnce(t *testing.T) {
	r := newRecord(t, entitlement())
	old, _, _ := r.moving()
	again := func(op *ledger.Operation, seed byte) error {
		_, err := r.move(op, old.Activation, 14*day, request(t, seed))
		return err
	}
	ended := now.Add(14 * day)
	wantRefusal(t, again(because("more"), 3), ledger.RuleMove, "moving already")
	wantRefusal(t, again(override("more"), 3), ledger.RuleMove, "moving already")
	for _, seed := range []byte{3, 2} {
		err := again(becauseAt(ended, "more"), seed)
		wantRefusal(t, err, ledger.RuleMove, "had its bridge", "2026-12-05")
		wantHint(t, err, ledger.LiftOverride)
	}
	if err := again(overrideAt(ended, "more"), 2); err != nil {
		t.Errorf("with --override: %v", err)
	}
	r.using(2, 1)
	if len(r.revoked) != 0 {
		t.Errorf("a bridge that has ended was revoked: %v", r.revoked)
	}
}

// A move to the wrong server is ended by closing its bridge, which is revoked. The old
// server stays as it is, and staff may let it move once more.
func TestMoveToTheWrongServer(t *testing.T) {
	r := newRecord(t, entitlement())
	old := r.signed(request(t, 1))
	wrong, err := r.move(because("new hardware"), old.Activation, rules.MaxOverlap, request(t, 2))
	if err != nil {
		t.Fatal(err)
	}
	again := func(op *ledger.Operation, overlap time.Duration, seed byte) error {
		_, err := r.move(op, old.Activation, overlap, request(t, seed))
		return err
	}
	err = again(override("the wrong server"), day, 3)
	wantRefusal(t, err, ledger.RuleMove, "moving already", wrong.Activation)
	wantHint(t, err, "licensor deactivate "+inv+" --activation "+wrong.Activation)
	_, err = r.move(because("onwards"), wrong.Activation, day, request(t, 3))
	wantRefusal(t, err, ledger.RuleActive, "new server of a move")
	wantHint(t, err, "licensor deactivate INV0042-1 --activation")
	_, err = r.deactivate(by(), inv, wrong.Activation)
	wantRefusal(t, err, ledger.RuleReason)
	revoked, err := r.deactivate(because("the wrong server"), inv, wrong.Activation)
	if err != nil || len(revoked) != 1 || revoked[0] != wrong.ID {
		t.Fatalf("to be revoked: %v, %v, want the bridge", revoked, err)
	}
	r.using(1, 1)
	if e := r.last(); e.Action != ledger.ActionVoid || e.Activation != wrong.Activation || e.Why != "the wrong server" || r.activation(old.Activation).State != ledger.StateActive {
		t.Errorf("on record: %+v", e)
	}
	_, err = r.deactivate(because("again"), inv, wrong.Activation)
	wantRefusal(t, err, ledger.RuleActive, "void")

	wantRefusal(t, again(because("the right one"), day, 3), ledger.RuleMove, "had its bridge")
	if err := again(override("the right one"), day, 3); err != nil {
		t.Fatalf("with --override: %v", err)
	}
	// The move that runs now counts, and not the one before that would have run longer.
	for _, op := range []*ledger.Operation{because("once more"), override("once more")} {
		wantRefusal(t, again(op, day, 4), ledger.RuleMove, "moving already")
	}
	if got := r.released(old, 1); got.License == nil {
		t.Errorf("released: %+v, want the final license", got)
	}
}

// A wrong server that released its bridge has stopped for good: nobody needs to allow
// the next move.
func TestMoveAfterTheWrongServerReleased(t *testing.T) {
	r := newRecord(t, entitlement())
	old, wrong, bridge := r.moving()
	r.released(bridge, 2)
	right, err := r.move(because("the right one"), old.Activation, 14*day, request(t, 3))
	if err != nil {
		t.Fatal(err)
	}
	r.refused(wrong, ledger.RuleRequest)
	if got := r.released(old, 1); got.License == nil || got.Successor != right.Activation {
		t.Errorf("released: %+v, want the final license of the right server", got)
	}
	r.using(1, 1)
}

// A bridge belongs to the move that it was made for.
func TestMoveWithTheRequestOfAnotherMove(t *testing.T) {
	r := newRecord(t, entitlement(seats(2)))
	_, q, _ := r.moving()
	other := r.signed(request(t, 4))
	_, err := r.move(because("new hardware"), other.Activation, 14*day, q)
	wantRefusal(t, err, ledger.RuleMove, "another move")
}

func TestMoveThatNobodyReleases(t *testing.T) {
	r := newRecord(t, entitlement())
	old, q, bridge := r.moving()
	after := now.Add(14 * day)
	_, err := r.signAs(byAt(after), q)
	wantRefusal(t, err, ledger.RuleSeats) // the old server still has it

	got, err := r.release(byAt(after), old, 1, 0)
	if err != nil || got.License != nil || got.Successor != "" || got.Refusal != nil {
		t.Fatalf("a release after the end of the move: %+v, %v, want the seat free and no license", got, err)
	}
	if state := r.activation(bridge.Activation).State; state != ledger.StateVoid || len(r.revoked) != 0 {
		t.Errorf("the bridge is %s, to be revoked: %v", state, r.revoked)
	}
	final, err := r.signAs(byAt(after), q) // the same request, with no further trip
	if err != nil || final.Activation == bridge.Activation || r.says(final).Type != "production" {
		t.Errorf("the new server's request: %+v, %v", final, err)
	}
	r.using(1, 1)
}

// A bridge that has ended makes way where a seat is free.
func TestEndedBridgeMakesWay(t *testing.T) {
	for name, change := range map[string]func(*format.Request){"the same request": func(*format.Request) {}, "another one": later} {
		t.Run(name, func(t *testing.T) {
			r := newRecord(t, entitlement(seats(2)))
			_, _, bridge := r.moving()
			got, err := r.signAs(byAt(now.Add(14*day)), request(t, 2, change))
			if err != nil || got.Activation == bridge.Activation || r.says(got).Type != "production" {
				t.Fatalf("%+v, %v", got, err)
			}
			if r.activation(bridge.Activation).State != ledger.StateVoid || r.moves[0].State != rules.MoveVoid {
				t.Errorf("the bridge is %s", r.activation(bridge.Activation).State)
			}
			r.using(2, 2)
		})
	}
}

// Two requests of an ended bridge's site in one batch: one activation, and the bridge is
// closed once.
func TestEndedBridgeInABatch(t *testing.T) {
	for name, order := range map[string][2]func(*format.Request){
		"the bridge's first": {func(*format.Request) {}, later}, "the bridge's last": {later, func(*format.Request) {}},
	} {
		r := newRecord(t, entitlement(seats(3)))
		r.moving()
		got := r.batch(byAt(now.Add(14*day)), request(t, 2, order[0]), request(t, 2, order[1]))
		if got[0].err != nil || got[1].err != nil || got[0].license.Activation != got[1].license.Activation || got[1].license.Epoch != 2 {
			t.Errorf("%s: %+v", name, got)
		}
		r.using(2, 2)
	}
}

// An ended bridge of another move makes way for the bridge of this one.
func TestMoveToTheServerOfAMoveThatEnded(t *testing.T) {
	r := newRecord(t, entitlement(seats(2)))
	_, q, first := r.moving()
	other := r.signed(request(t, 4))
	bridge, err := r.move(becauseAt(now.Add(14*day), "this one, then"), other.Activation, day, q)
	if err != nil || bridge.Activation == first.Activation {
		t.Fatalf("%+v, %v", bridge, err)
	}
	if state := r.activation(first.Activation).State; state != ledger.StateVoid {
		t.Errorf("the ended bridge is %s", state)
	}
	r.using(3, 2)
}

// The old server dies while it is moved: the new one gets the seat by its request.
func TestMoveWhenTheOldServerIsGone(t *testing.T) {
	for name, test := range map[string]struct {
		after   time.Duration
		revoked int
	}{"the bridge runs": {day, 2}, "the bridge has ended": {14 * day, 1}} {
		t.Run(name, func(t *testing.T) {
			r := newRecord(t, entitlement())
			old, q, bridge := r.moving()
			at := now.Add(test.after)
			revoked, err := r.deactivate(becauseAt(at, "it died"), inv, old.Activation)
			if err != nil || len(revoked) != test.revoked || r.revoked[old.ID] == nil || (r.revoked[bridge.ID] != nil) != (test.revoked == 2) {
				t.Fatalf("to be revoked: %v, %v, want %d", revoked, err, test.revoked)
			}
			final, err := r.signAs(byAt(at), q)
			if err != nil || r.says(final).Type != "production" {
				t.Errorf("the new server's request: %v, %v", final, err)
			}
			r.using(1, 1)
		})
	}
}

// The new server gives up: the old one just keeps its license.
func TestMoveGivenUpByTheNewServer(t *testing.T) {
	r := newRecord(t, entitlement())
	old, _, bridge := r.moving()
	r.released(bridge, 2)
	r.using(1, 1)
	if got := r.released(old, 1); got.License != nil || got.Successor != "" {
		t.Errorf("the old one's release: %+v, want no successor", got)
	}
	r.using(0, 0)
}

// A release is a fact: it is recorded even when its successor may get no license. The
// bridge ends as well.
func TestReleaseWithTheMoveRefused(t *testing.T) {
	for name, test := range map[string]struct {
		sale  *ledger.Entitlement
		spoil func(r *record, bridge *ledger.License)
		rule  ledger.Rule
	}{
		"the term is over": {entitlement(func(e *ledger.Entitlement) { e.Expires, e.GraceDays = now.Add(5*day), 30 }), nil, ledger.RuleTerm},
		"production has ended": {entitlement(sold(inv, "test")),
			func(r *record, _ *ledger.License) { r.sales["P-1"].Expires = now.Add(5 * day) }, ledger.RuleProduction},
		"no partner any more": {entitlement(sold(inv, "nfr")),
			func(r *record, _ *ledger.License) { r.partners["site ltd"] = false }, ledger.RulePartner},
		"the bridge was revoked": {entitlement(), // and is not revoked once more
			func(r *record, bridge *ledger.License) { r.mustRevoke(bridge) }, ledger.RuleRevoked},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRecord(t, test.sale, entitlement(sold("P-1", "production")))
			kind := test.sale.Type
			r.partners["site ltd"] = kind == "nfr"
			old, q := r.signed(request(t, 1, asks(inv, kind))), request(t, 2, asks(inv, kind))
			bridge, err := r.move(because("new hardware"), old.Activation, 14*day, q)
			if err != nil {
				t.Fatal(err)
			}
			if test.spoil != nil {
				test.spoil(r, bridge)
			}
			got, err := r.release(byAt(now.Add(6*day)), old, 1, 0)
			if err != nil || got.License != nil || got.Successor != "" {
				t.Fatalf("released: %+v, %v", got, err)
			}
			wantRefusal(t, got.Refusal, test.rule)
			if len(r.revoked) != 1 || r.revoked[bridge.ID] == nil {
				t.Errorf("to be revoked: %v, want the bridge", r.revoked)
			}
			if r.activation(bridge.Activation).State != ledger.StateVoid || r.moves[0].State != rules.MoveVoid {
				t.Errorf("the bridge is %s", r.activation(bridge.Activation).State)
			}
			r.using(0, 0)
			if test.rule != ledger.RuleTerm {
				return
			}
			// Its request still gets its license, with no further trip.
			if _, err := r.renew(byAt(now.Add(6*day)), rules.Renewal{Expires: ledger.EndAt(now.Add(99 * day))}); err != nil {
				t.Fatal(err)
			}
			if license, err := r.signAs(byAt(now.Add(6*day)), q); err != nil || r.says(license).Type != "production" {
				t.Errorf("after the renewal: %v, %v", license, err)
			}
		})
	}
}

// A site may move on and on, and back to where it was.
func TestMoveOnAndBack(t *testing.T) {
	r := newRecord(t, entitlement(movesSold(4)))
	license := r.signed(request(t, 1))
	for i, seed := range []byte{2, 3, 1, 2} {
		n := int64(i + 1)
		if _, err := r.move(because("onwards"), license.Activation, day, request(t, seed, func(q *format.Request) { q.Time += n })); err != nil {
			t.Fatalf("to site %d: %v", seed, err)
		}
		released := r.released(license, []byte{1, 2, 3, 1}[i])
		if released.License == nil {
			t.Fatalf("to site %d: %+v", seed, released)
		}
		license = released.License
		r.using(1, 1)
	}
}

// A bridge is no longer than what was bought.
func TestMoveNearTheEnd(t *testing.T) {
	r := newRecord(t, entitlement(func(e *ledger.Entitlement) { e.Expires, e.GraceDays = now.Add(2*day), 1 }))
	if _, _, bridge := r.moving(); !bridge.HardEnd.Equal(now.Add(3*day)) || !r.moves[0].Until.Equal(now.Add(3*day)) || !r.says(bridge).HardEnd.Equal(r.says(bridge).Expires) {
		t.Errorf("the bridge ends %s", bridge.HardEnd)
	}
}

func TestMoveOfWhatIsPerpetual(t *testing.T) {
	r := newRecord(t, entitlement(func(e *ledger.Entitlement) { e.Expires = time.Time{} }))
	old, _, bridge := r.moving()
	if got := r.says(bridge); !got.Expires.Equal(now.Add(14 * day)) {
		t.Errorf("the bridge says %+v", got)
	}
	if got := r.says(r.released(old, 1).License); !got.Expires.IsZero() {
		t.Errorf("the final license says %+v", got)
	}
}

// The bridge of a failover server counts no days; its final license has those sold.
func TestMoveOfAFailoverServer(t *testing.T) {
	r := newRecord(t, entitlement(sold("P-1", "production")), entitlement(sold(inv, "failover")))
	old, q := r.signed(request(t, 1, asks(inv, "failover"))), request(t, 2, asks(inv, "failover"))
	bridge, err := r.move(because("new hardware"), old.Activation, 14*day, q)
	if err != nil {
		t.Fatal(err)
	}
	if got := r.says(bridge); got.Type != "development" || got.EmergencyDays != 0 {
		t.Errorf("the bridge says %+v", got)
	}
	released, err := r.release(by(), old, 1, 7)
	if err != nil || r.says(released.License).EmergencyDays != 30 {
		t.Errorf("released: %+v, %v", released, err)
	}
}

func TestMoveWantsTheInvoiceAndAnotherServer(t *testing.T) {
	r := newRecord(t, entitlement(seats(2)), entitlement(sold("P-2", "production")))
	one, two := r.signed(request(t, 1)), request(t, 2)
	r.signed(two)
	for _, q := range []*verify.Request{two, request(t, 2, later), request(t, 1), request(t, 1, later)} {
		_, err := r.move(because("x"), one.Activation, day, q)
		wantRefusal(t, err, ledger.RuleMove, "has its seat already")
	}
	_, err := r.moveOf(because("x"), inv, one.Activation, day, request(t, 3, asks("P-2", "production")))
	wantRefusal(t, err, ledger.RuleClaim, "P-2", inv)
	_, err = r.moveOf(because("x"), "P-2", one.Activation, day, request(t, 3, asks("P-2", "production")))
	wantRefusal(t, err, ledger.RuleActive)
	_, err = r.moveOf(because("x"), "NONE", one.Activation, day, request(t, 3))
	wantHint(t, err, "licensor list")
	_, err = r.move(because("x"), one.Activation, day, request(t, 3, func(q *format.Request) { q.Type = "test" }))
	wantRefusal(t, err, ledger.RuleType)
	_, err = r.move(becauseAt(entitlement().Expires.Add(day), "x"), one.Activation, day, request(t, 3))
	wantRefusal(t, err, ledger.RuleTerm)
}

func TestMoveWantsAMachineToReleaseIt(t *testing.T) {
	r := newRecord(t, entitlement(func(e *ledger.Entitlement) { e.Binding = "any" }))
	license, err := r.unbound("Berlin")
	if err != nil {
		t.Fatal(err)
	}
	r.unchanged(func() {
		_, err := r.move(because("new hardware"), license.Activation, 14*day, request(t, 2))
		wantRefusal(t, err, ledger.RuleMove, "Berlin", "no machine")
		wantHint(t, err, "licensor deactivate INV0042-1 --activation")
	})
}
