package rules_test

import (
	"testing"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
)

// A copy of a state directory on another machine has the same machine key. It gets no
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
			r := newRecord(t, entitlement())
			first := r.signed(request(t, 1, on(test.first)))
			again := request(t, 1, on(test.second+" c1"))
			second, err := r.sign(again)
			if test.refused {
				wantRefusal(t, err, ledger.RuleSeats, first.Activation, "another machine")
				wantHint(t, err, `"licensor reactivate"`, ledger.LiftOverride)
				if second, err = r.signAs(override("the mainboard was replaced"), again); err != nil {
					t.Fatalf("with a reason: %v", err)
				}
			}
			if err != nil || second.Activation != first.Activation || second.Epoch != first.Epoch+1 {
				t.Errorf("got %+v, %v, want the same activation and the next epoch", second, err)
			}
		})
	}
}

// The machine is compared with the newest request: one that changes step by step stays
// the machine of its site.
func TestMachineThatChangesStepByStep(t *testing.T) {
	r := newRecord(t, entitlement())
	for _, components := range []string{"m1 u1 r1", "m1 u1 r2", "m1 u2 r2", "m2 u2 r2"} {
		r.signed(request(t, 1, on(components)))
	}
	r.refused(request(t, 1, on("m1 u1 r1 c1")), ledger.RuleSeats, "0 of 3")
}

// Nor does a copy get a license by a move: the site that asks is active elsewhere.
func TestMoveToACopyOfAnActiveSite(t *testing.T) {
	r := newRecord(t, entitlement(seats(2)))
	one := r.signed(request(t, 1, on("m1 u1 r1")))
	r.signed(request(t, 2, on("m2 u2 r2")))
	_, err := r.move(because("new hardware"), one.Activation, day, request(t, 2, on("m3 u3 r3")))
	wantRefusal(t, err, ledger.RuleSeats, "another machine")
}
