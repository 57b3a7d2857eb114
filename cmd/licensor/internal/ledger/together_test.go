package ledger_test

import (
	"testing"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/format"
)

func byMachine(seats uint64) func(*ledger.Entitlement) {
	return func(e *ledger.Entitlement) { e.CountBy, e.Seats = ledger.ByMachine, seats }
}

// A site that finds its machine in another seat gives up its own, but not while an
// earlier license of it is good for another machine, or for any.
func TestSeatIsNotGivenBackWithALicenseThatRunsElsewhere(t *testing.T) {
	for name, asked := range map[string][]string{
		"bound to its key alone": {"", "m1 u1 r1"},
		"drifted":                {"m9 u9 r9", "m9 u1 r9", "m1 u1 r9"},
	} {
		t.Run(name, func(t *testing.T) {
			everywhere(t, func(t *testing.T, l *ledger.Ledger, _ string) {
				sold(t, l, byMachine(2))
				signed(t, l, onMachine(t, 1, "m1 u1 r1"))
				for _, components := range asked {
					signed(t, l, onMachine(t, 2, components))
				}
				_, err := sign(t, l, onMachine(t, 3, "m3 u3 r3"))
				wantRefusal(t, err, ledger.RuleSeats)
			})
		})
	}
}

// Of the sites in one seat those that tell more agree on what they tell.
func TestSharedSeatHoldsOneMachineWhateverItsSitesTell(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger, _ string) {
		sold(t, l, byMachine(1))
		for site := byte(1); site < 5; site++ {
			signed(t, l, onMachine(t, site, "m1 u1"))
		}
		tells := func(site byte) error {
			_, err := sign(t, l, request(t, site, func(q *format.Request) {
				on("m1 u1")(q)
				for _, label := range []string{"ka", "kb", "kc"} {
					q.Components = append(q.Components, format.Component{Label: label + string(rune('a'+site)), Hash: []byte("12345678")})
				}
			}))
			return err
		}
		if err := tells(2); err != nil {
			t.Errorf("the first that tells more: %v", err)
		}
		wantRefusal(t, tells(3), ledger.RuleSeats)
		wantRefusal(t, tells(4), ledger.RuleSeats)
	})
}

// A seat that a move is to hand over is not given back before.
func TestSeatOfAMoveWaitsForItsSuccessor(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger, _ string) {
		sold(t, l, byMachine(2))
		signed(t, l, onMachine(t, 1, "m1 u1 r1"))
		if _, err := moveOn(t, l, signed(t, l, onMachine(t, 2, "m1")), 7, "m7 u7 r7"); err != nil {
			t.Fatal(err)
		}
		again := signed(t, l, onMachine(t, 2, "m1 u1 r1"))
		_, err := sign(t, l, onMachine(t, 3, "m3 u3 r3"))
		wantRefusal(t, err, ledger.RuleSeats)
		r, err := tryRelease(t, l, operation(), again.ID, public(t, 2))
		if err != nil || r.License == nil || r.Refusal != nil {
			t.Errorf("the release: %+v, %v", r, err)
		}
	})
}

// A site that gave up a good license is believed, though a later one was revoked.
func TestReleaseOfAGoodLicenseBesideARevokedOne(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger, _ string) {
		sold(t, l, func(e *ledger.Entitlement) { e.Seats = 1 })
		first := signed(t, l, request(t, 1, nil))
		second := signed(t, l, request(t, 1, func(q *format.Request) { q.Time++ }))
		if _, err := l.RevokeLicense(ctx, because("sent to the wrong one"), second.ID); err != nil {
			t.Fatal(err)
		}
		_, err := tryRelease(t, l, operation(), second.ID, public(t, 1))
		wantRefusal(t, err, ledger.RuleRevoked)
		release(t, l, first, 1)
		signed(t, l, request(t, 2, nil))
		wantClean(t, l, nil)
	})
}

// A workstation whose clock is years ahead keeps what has not ended.
func TestKeepListAndAClockThatIsAhead(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger, _ string) {
		entitle(t, l, entitlement())
		signed(t, l, request(t, 1, nil))
		by := because("stolen")
		by.Now = now.AddDate(4, 0, 0)
		if err := l.RevokeKey(ctx, by, ledger.RevokedKey{Name: "anna", Public: public(t, 102).Bytes()}); err != nil {
			t.Fatal(err)
		}
		if next, err := l.NextList(ctx, now); err != nil || next.Keys[0].Keep.Len() != 1 {
			t.Errorf("the next list: %+v, %v", next, err)
		}
	})
}
