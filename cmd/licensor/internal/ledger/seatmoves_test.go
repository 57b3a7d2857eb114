package ledger_test

import (
	"testing"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
)

// moveOn begins to move a site to a machine.
func moveOn(t *testing.T, l *ledger.Ledger, from *ledger.License, seed byte, components string) (*ledger.License, error) {
	t.Helper()
	return l.Move(ctx, because("new hardware"), "INV0042-1", from.Activation, 14*day, onMachine(t, seed, components), issue(t, now))
}

func wantSeats(t *testing.T, l *ledger.Ledger, activations int, seats uint64) {
	t.Helper()
	if h := holding(t, l, "INV0042-1"); h.Usage.Seats != seats || len(h.Activations) != activations {
		t.Errorf("%d activations use %d seats, want %d and %d", len(h.Activations), h.Usage.Seats, activations, seats)
	}
	wantClean(t, l, nil)
}

// A move does not make two machines of one seat: one of two sites on a machine moves
// to another machine only where a seat is free for it.
func TestMoveFromASharedMachineNeedsASeat(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger, where string) {
		sold(t, l, func(e *ledger.Entitlement) { e.CountBy = ledger.ByMachine })
		first := signed(t, l, onMachine(t, 1, "m1 u1 r1"))
		second := signed(t, l, onMachine(t, 2, "m1 u1 r1"))
		events := count(t, where, "events")
		for _, from := range []*ledger.License{first, second} {
			_, err := moveOn(t, l, from, 3, "m2 u2 r2")
			wantRefusal(t, err, ledger.RuleSeats, "shares its seat", "1 of 1")
		}
		if n := count(t, where, "events"); n != events {
			t.Errorf("%d events were recorded", n-events)
		}
		if _, err := l.Amend(ctx, operation(), "INV0042-1", func(e *ledger.Entitlement) error { e.Seats = 2; return nil }, issue(t, now)); err != nil {
			t.Fatal(err)
		}
		if _, err := moveOn(t, l, first, 3, "m2 u2 r2"); err != nil {
			t.Fatal(err)
		}
		if got := release(t, l, first, 1); got.License == nil || got.Refusal != nil {
			t.Fatalf("released: %+v", got)
		}
		wantSeats(t, l, 2, 2)
		_, err := sign(t, l, onMachine(t, 9, "m9 u9 r9"))
		wantRefusal(t, err, ledger.RuleSeats)
	})
}

// What the refusal says works: two sites of one seat get to another machine when both
// are released first, or with one more seat for the time of the move.
func TestSitesOfOneMachineMoveTogether(t *testing.T) {
	two := func(t *testing.T, l *ledger.Ledger) (first, second *ledger.License) {
		t.Helper()
		sold(t, l, func(e *ledger.Entitlement) { e.CountBy = ledger.ByMachine })
		return signed(t, l, onMachine(t, 1, "m1 u1 r1")), signed(t, l, onMachine(t, 2, "m1 u1 r1"))
	}
	t.Run("released", func(t *testing.T) {
		everywhere(t, func(t *testing.T, l *ledger.Ledger, _ string) {
			first, second := two(t, l)
			release(t, l, first, 1)
			release(t, l, second, 2)
			signed(t, l, onMachine(t, 3, "m2 u2 r2"))
			signed(t, l, onMachine(t, 4, "m2 u2 r2"))
			wantSeats(t, l, 2, 1)
		})
	})
	t.Run("one more seat", func(t *testing.T) {
		everywhere(t, func(t *testing.T, l *ledger.Ledger, _ string) {
			first, second := two(t, l)
			seats := func(n uint64) {
				t.Helper()
				if _, err := l.Amend(ctx, operation(), "INV0042-1", func(e *ledger.Entitlement) error { e.Seats = n; return nil }, issue(t, now)); err != nil {
					t.Fatal(err)
				}
			}
			seats(2)
			for i, from := range []*ledger.License{first, second} {
				if _, err := moveOn(t, l, from, byte(3+i), "m2 u2 r2"); err != nil {
					t.Fatal(err)
				}
			}
			for i, from := range []*ledger.License{first, second} {
				newest := holding(t, l, "INV0042-1") // the amendment has signed a later one
				for _, a := range newest.Activations {
					if a.ID == from.Activation {
						from = a.License
					}
				}
				if got := release(t, l, from, byte(1+i)); got.License == nil {
					t.Fatalf("released: %+v", got)
				}
			}
			seats(1)
			wantSeats(t, l, 2, 1)
		})
	})
}

// The seat that was free when the move began is taken when it ends.
func TestMoveFromASharedMachineWhenTheSeatIsTaken(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger, _ string) {
		sold(t, l, func(e *ledger.Entitlement) { e.CountBy, e.Seats = ledger.ByMachine, 2 })
		first := signed(t, l, onMachine(t, 1, "m1 u1 r1"))
		signed(t, l, onMachine(t, 2, "m1 u1 r1"))
		bridge, err := moveOn(t, l, first, 3, "m2 u2 r2")
		if err != nil {
			t.Fatal(err)
		}
		signed(t, l, onMachine(t, 4, "m4 u4 r4"))
		got := release(t, l, first, 1)
		if got.License != nil || got.Successor != "" {
			t.Fatalf("released: %+v", got)
		}
		wantRefusal(t, got.Refusal, ledger.RuleSeats)
		if waiting, err := l.Revocations(ctx); err != nil || len(waiting) != 1 || waiting[0].License != bridge.ID {
			t.Errorf("to be revoked: %+v, %v, want the bridge", waiting, err)
		}
		wantSeats(t, l, 2, 2)
	})
}

// A site that shared its machine while the move ran keeps the seat.
func TestMoveFromAMachineThatIsSharedMeanwhile(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger, _ string) {
		sold(t, l, func(e *ledger.Entitlement) { e.CountBy = ledger.ByMachine })
		first := signed(t, l, onMachine(t, 1, "m1 u1 r1"))
		if _, err := moveOn(t, l, first, 3, "m2 u2 r2"); err != nil {
			t.Fatal(err)
		}
		signed(t, l, onMachine(t, 2, "m1 u1 r1"))
		wantRefusal(t, release(t, l, first, 1).Refusal, ledger.RuleSeats)
		wantSeats(t, l, 1, 1)
	})
}

// To a machine that has a seat, the old one with others on it included, no other seat
// is needed.
func TestMoveToAMachineThatHasASeat(t *testing.T) {
	for name, to := range map[string]string{"the same machine": "m1 u1 r1", "another": "m2 u2 r2"} {
		t.Run(name, func(t *testing.T) {
			everywhere(t, func(t *testing.T, l *ledger.Ledger, _ string) {
				sold(t, l, func(e *ledger.Entitlement) { e.CountBy, e.Seats = ledger.ByMachine, 2 })
				first := signed(t, l, onMachine(t, 1, "m1 u1 r1"))
				signed(t, l, onMachine(t, 2, "m1 u1 r1"))
				signed(t, l, onMachine(t, 4, "m2 u2 r2"))
				if _, err := moveOn(t, l, first, 3, to); err != nil {
					t.Fatal(err)
				}
				if got := release(t, l, first, 1); got.License == nil {
					t.Fatalf("released: %+v", got)
				}
				wantSeats(t, l, 3, 2)
			})
		})
	}
}
