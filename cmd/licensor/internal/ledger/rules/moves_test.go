package rules_test

import (
	"math"
	"slices"
	"testing"
	"time"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
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
