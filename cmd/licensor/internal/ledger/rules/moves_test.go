package rules_test

import (
	"math"
	"slices"
	"testing"
	"time"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/rules"
	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/verify"
)

// movesSold sells so many moves a seat.
func movesSold(n uint64) func(*ledger.Entitlement) {
	return func(e *ledger.Entitlement) { e.Moves = &n }
}

// wantMoved wants so many moves on record.
func (r *record) wantMoved(n int) {
	r.Helper()
	if got := len(r.moved[inv]); got != n {
		r.Errorf("%d moves are counted, want %d", got, n)
	}
}

// What is a move and what is none. Site 1 is there first, and others come.
func TestWhatIsAMove(t *testing.T) {
	type step = func(r *record)
	leaves := func(seed byte) step { // its newest license is released
		return func(r *record) {
			for _, l := range slices.Backward(r.licenses) {
				if r.requestOf(l).Key == public(seed) {
					r.released(l, seed)
					return
				}
			}
		}
	}
	dies := func(r *record) {
		if _, err := r.deactivate(because("it died"), inv, r.licenses[0].Activation); err != nil {
			r.Fatal(err)
		}
	}
	at := int64(0)
	asks := func(seed byte, components string) step {
		at++
		later := at
		return func(r *record) {
			r.signed(request(r, seed, on(components), func(q *format.Request) { q.Time += later }))
		}
	}
	begin := asks(1, "m1 u1 r1")
	for name, test := range map[string]struct {
		seats uint64
		steps []step
		moved int
	}{
		"the first":                           {2, []step{begin}, 0},
		"a seat that nobody had":              {2, []step{begin, asks(2, "m2 u2 r2")}, 0},
		"the same key":                        {2, []step{begin, leaves(1), asks(1, "m2 u2 r2")}, 0},
		"the same machine":                    {2, []step{begin, leaves(1), asks(2, "m1 u1 r1")}, 0},
		"the same machine, reinstalled":       {2, []step{begin, dies, asks(2, "m1 u1 r2")}, 0},
		"after a server that died":            {2, []step{begin, dies, asks(2, "m2 u2 r2")}, 1},
		"another":                             {2, []step{begin, leaves(1), asks(2, "m2 u2 r2")}, 1},
		"another from one image":              {2, []step{begin, leaves(1), asks(2, "m2 u2 r1")}, 1},
		"another that borrows a name":         {2, []step{begin, leaves(1), asks(2, "m1 u2 r1")}, 1},
		"another of whom nothing is known":    {2, []step{begin, leaves(1), asks(2, "")}, 1},
		"and back":                            {2, []step{begin, leaves(1), asks(2, "m2 u2 r2"), leaves(2), asks(1, "m1 u1 r1")}, 1},
		"and on":                              {2, []step{begin, leaves(1), asks(2, "m2 u2 r2"), leaves(2), asks(3, "m3 u3 r3")}, 2},
		"and another seat that nobody had":    {2, []step{begin, leaves(1), asks(2, "m2 u2 r2"), asks(3, "m3 u3 r3")}, 1},
		"two leave, and two others come":      {2, []step{begin, asks(2, "m2 u2 r2"), leaves(1), leaves(2), asks(3, "m3 u3 r3"), asks(4, "m4 u4 r4")}, 2},
		"what the operator says comes back":   {2, []step{asks(1, "c1"), leaves(1), asks(2, "c1")}, 0},
		"the file system of one image is not": {2, []step{asks(1, "r1"), leaves(1), asks(2, "r1")}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRecord(t, entitlement(seats(test.seats)))
			for _, step := range test.steps {
				step(r)
			}
			r.wantMoved(test.moved)
		})
	}
	r := newRecord(t, entitlement(seats(2)))
	old := r.signed(request(t, 1))
	bridge, err := r.move(because("new hardware"), old.Activation, day, request(t, 2))
	if err != nil {
		t.Fatal(err)
	}
	r.wantMoved(1)
	r.released(old, 1) // the final license is no second move
	r.wantMoved(1)
	r.signed(signing(t, 2, on("m9 u9 r9"), replacing(r.licenses[len(r.licenses)-1])))
	if r.wantMoved(2); r.revoked[bridge.ID] == nil {
		t.Error("the bridge was left behind and is not revoked")
	}
}

// A bridge was the move: if the old server dies before its release, the new one gets the
// seat by its request, and that is no second move.
func TestBridgeThatIsCutShortIsOneMove(t *testing.T) {
	for name, test := range map[string]struct {
		after time.Duration
		cut   func(r *record, op *ledger.Operation, old, bridge *ledger.License) error
		asks  func(*format.Request)
	}{
		"the old server died": {day, func(r *record, op *ledger.Operation, old, _ *ledger.License) error {
			_, err := r.deactivate(op, inv, old.Activation)
			return err
		}, func(*format.Request) {}},
		"the bridge had ended": {15 * day, func(r *record, op *ledger.Operation, old, _ *ledger.License) error {
			_, err := r.release(op, old, 1, 0)
			return err
		}, func(*format.Request) {}},
		"another request": {15 * day, func(r *record, op *ledger.Operation, old, _ *ledger.License) error {
			_, err := r.deactivate(op, inv, old.Activation)
			return err
		}, later},
		"it was released, and both": {day, func(r *record, op *ledger.Operation, old, bridge *ledger.License) error {
			if _, err := r.release(op, bridge, 2, 0); err != nil {
				return err
			}
			_, err := r.release(op, old, 1, 0)
			return err
		}, later},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRecord(t, entitlement(movesSold(1)))
			old, _, bridge := r.moving()
			op := becauseAt(now.Add(test.after), "it died")
			if err := test.cut(r, op, old, bridge); err != nil {
				t.Fatal(err)
			}
			if _, err := r.signAs(op, request(t, 2, test.asks)); err != nil {
				t.Error(err)
			}
			r.wantMoved(1)
			r.using(1, 1)
		})
	}
	// Where a seat is free, the ended bridge makes way at once.
	r := newRecord(t, entitlement(seats(2), movesSold(1)))
	other := r.signed(request(t, 3))
	r.moving()
	r.released(other, 3)
	if _, err := r.signAs(byAt(now.Add(15*day)), request(t, 2, later)); err != nil {
		t.Error(err)
	}
	r.wantMoved(1)
}

// So many moves a seat in 365 days, pooled over the invoice.
func TestMovesAreCounted(t *testing.T) {
	for name, test := range map[string]struct {
		sold    []func(*ledger.Entitlement)
		allowed int
	}{
		"by default two":              {nil, 2},
		"of two seats four":           {[]func(*ledger.Entitlement){seats(2)}, 4},
		"none":                        {[]func(*ledger.Entitlement){movesSold(0)}, 0},
		"one of each of three seats":  {[]func(*ledger.Entitlement){seats(3), movesSold(1)}, 3},
		"more than a number can hold": {[]func(*ledger.Entitlement){seats(1 << 29), movesSold(math.MaxInt64)}, 8},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRecord(t, entitlement(test.sold...))
			license := r.signed(request(t, 1, on("m1 u1 r1")))
			machines := []string{"m2 u2 r2", "m3 u3 r3", "m4 u4 r4", "m5 u5 r5", "m6 u6 r6", "m7 u7 r7", "m8 u8 r8", "m9 u9 r9", "m10 u10 r10"}
			moves := func(op *ledger.Operation) error {
				next, err := r.signAs(op, signing(t, 1, on(machines[len(r.moved[inv])]), replacing(license)))
				if err == nil {
					license = next
				}
				return err
			}
			for i := range test.allowed {
				if err := moves(by()); err != nil {
					t.Fatalf("move %d: %v", i+1, err)
				}
			}
			if test.allowed == 8 {
				return
			}
			err := moves(by())
			wantRefusal(t, err, ledger.RuleMoves, inv)
			wantHint(t, err, "licensor amend ", " --moves N --out DIR", ledger.LiftOverride)
			// More may be sold, or staff say why; a reason alone is none of these.
			wantRefusal(t, moves(because("please")), ledger.RuleMoves)
			if err := moves(override("a fire")); err != nil || !slices.Equal(r.last().Lifted, []ledger.Rule{ledger.RuleMoves}) {
				t.Errorf("with --override: %v; lifted: %v", err, r.last().Lifted)
			}
			if _, err := r.amend(by(), movesSold(9)); err != nil {
				t.Fatal(err)
			}
			license = r.licenses[len(r.licenses)-1]
			if err := moves(by()); err != nil || r.last().Lifted != nil {
				t.Errorf("after more were sold: %v; lifted: %v", err, r.last().Lifted)
			}
		})
	}
}

// A move counts for 365 days, to the second.
func TestMovesOfAYear(t *testing.T) {
	for after, refused := range map[time.Duration]bool{0: true, 364 * day: true, 365*day - time.Second: true, 365 * day: false, 400 * day: false} {
		r := newRecord(t, entitlement(movesSold(1), func(e *ledger.Entitlement) { e.Expires = time.Time{} }))
		first := r.signed(request(t, 1, on("m1 u1 r1")))
		second := r.signed(signing(t, 1, on("m2 u2 r2"), replacing(first)))
		_, err := r.signAs(byAt(now.Add(after)), signing(t, 1, on("m3 u3 r3"), replacing(second)))
		if refused {
			wantRefusal(t, err, ledger.RuleMoves, "1 of its 1 moves in 365 days")
		} else if err != nil {
			t.Errorf("after %s: %v", after, err)
		}
	}
}

// Each kind of move is refused where none is left; coming back is none, and development is
// not counted.
func TestEachKindOfMoveIsRefused(t *testing.T) {
	for name, move := range map[string]func(r *record, op *ledger.Operation) error{
		"a rebind": func(r *record, op *ledger.Operation) error {
			_, err := r.signAs(op, signing(r, 1, on("m2 u2 r2"), replacing(r.licenses[0])))
			return err
		},
		"a bridge": func(r *record, op *ledger.Operation) error {
			op.Why = "new hardware"
			_, err := r.move(op, r.licenses[0].Activation, day, request(r, 2))
			return err
		},
		"a bridge from the request alone": func(r *record, op *ledger.Operation) error {
			_, err := r.signAs(op, request(r, 2, asks(inv, "development")))
			return err
		},
		"a freed seat": func(r *record, op *ledger.Operation) error {
			if r.activations[0].State == ledger.StateActive {
				r.released(r.licenses[0], 1)
			}
			_, err := r.signAs(op, request(r, 2))
			return err
		},
		"another server for one that is gone": func(r *record, op *ledger.Operation) error {
			op.Why = "it died"
			_, err := r.reactivate(op, r.licenses[0].Activation, request(r, 2))
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRecord(t, entitlement(movesSold(0)))
			r.signed(request(t, 1))
			wantRefusal(t, move(r, by()), ledger.RuleMoves, "0 of its 0 moves in 365 days")
			if r.wantMoved(0); len(r.events) > 2 {
				t.Errorf("refused, and it left %d events", len(r.events))
			}
			if err := move(r, override("a fire")); err != nil || !slices.Equal(r.last().Lifted, []ledger.Rule{ledger.RuleMoves}) {
				t.Errorf("with --override: %v; lifted: %v", err, r.last().Lifted)
			}
			r.wantMoved(1)
		})
	}
	r := newRecord(t, entitlement(), entitlement(sold("D-1", "development"), movesSold(0), func(e *ledger.Entitlement) { e.Allowance = 1 }))
	first := r.signed(request(t, 1, asks("D-1", "development"), on("m1")))
	second := r.signed(signing(t, 1, asks("D-1", "development"), on("m2"), replacing(first)))
	if r.released(second, 1); r.revoked[first.ID] == nil {
		t.Error("what a change of machine left behind is not revoked")
	}
	r.signed(request(t, 3, asks("D-1", "development")))
}

// asking is the request of a new server for its bridge, or for production.
func asking(r *record, seed byte, kind string, more ...func(*format.Request)) *verify.Request {
	return request(r, seed, append([]func(*format.Request){asks(inv, kind)}, more...)...)
}

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
