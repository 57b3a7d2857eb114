package ledger_test

import (
	"testing"
	"time"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
)

// A copy of a state folder on another machine has the same machine key. It gets no
// license of its own for the one seat.
func TestSameSiteOnAnotherMachine(t *testing.T) {
	for name, test := range map[string]struct {
		first, second string
		refused       bool
	}{
		"the same":                  {"m1 u1 r1", "m1 u1 r1", false},
		"a new disk":                {"m1 u1 r1", "m1 u1 r2", false},
		"root asks for once":        {"m1 r1", "m1 u1 r1", false},
		"another":                   {"m1 u1 r1", "m2 u2 r2", true},
		"another from one image":    {"m1 u1 r1", "m2 u2 r1", true},
		"no component was known":    {"", "m1 u1 r1", false},
		"no component is known now": {"m1 u1 r1", "", true},
	} {
		t.Run(name, func(t *testing.T) {
			everywhere(t, func(t *testing.T, l *ledger.Ledger, _ string) {
				sold(t, l, func(*ledger.Entitlement) {})
				first := signed(t, l, onMachine(t, 1, test.first))
				again := onMachine(t, 1, test.second+" c1")
				second, err := sign(t, l, again)
				if test.refused {
					wantRefusal(t, err, ledger.RuleSeats)
					if second, err = l.Sign(t.Context(), override("the mainboard was replaced"), again, issue(t, now)); err != nil {
						t.Fatalf("with a reason: %v", err)
					}
				}
				if err != nil || second.Activation != first.Activation || second.Epoch != first.Epoch+1 {
					t.Errorf("got %+v, %v, want the same activation and the next epoch", second, err)
				}
			})
		})
	}
}

// Where it was the earlier clock that was wrong, staff say so once.
func TestClockThatWasAhead(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger, _ string) {
		sold(t, l, func(e *ledger.Entitlement) { e.Seats = 3 })
		if _, err := signAt(t, l, request(t, 1, nil), now.Add(200*24*time.Hour)); err != nil {
			t.Fatal(err)
		}
		if _, err := sign(t, l, request(t, 2, nil)); err == nil {
			t.Fatal("signed half a year before the newest record, and nobody was asked")
		}
		if _, err := l.Sign(t.Context(), override("the clock was wrong that day"), request(t, 2, nil), issue(t, now)); err != nil {
			t.Fatal(err)
		}
		if _, err := sign(t, l, request(t, 3, nil)); err != nil {
			t.Errorf("the next one: %v", err)
		}
		wantClean(t, l, nil)
	})
}

// Nor does it get one by a move: the site that asks is active on another machine.
func TestMoveToACopyOfAnActiveSite(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger, _ string) {
		sold(t, l, func(e *ledger.Entitlement) { e.Seats = 2 })
		one := signed(t, l, onMachine(t, 1, "m1 u1 r1"))
		signed(t, l, onMachine(t, 2, "m2 u2 r2"))
		_, err := l.Move(t.Context(), because("new hardware"), "INV0042-1", one.Activation, 24*time.Hour, onMachine(t, 2, "m3 u3 r3"), issue(t, now))
		wantRefusal(t, err, ledger.RuleSeats)
	})
}
