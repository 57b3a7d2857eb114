package ledger_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/verify"
)

// moveTo begins to move an activation to the site with a seed.
func moveTo(t testing.TB, l *ledger.Ledger, by ledger.Operation, activation string, overlap time.Duration, seed byte) (*ledger.License, error) {
	t.Helper()
	return l.Move(ctx, by, "INV0042-1", activation, overlap, request(t, seed, nil), issue(t, by.Now))
}

// moving begins a move of the site with seed 1 to the one with seed 2.
func moving(t testing.TB, l *ledger.Ledger) (old *ledger.License, q *verify.Request, bridge *ledger.License) {
	t.Helper()
	old, q = signed(t, l, request(t, 1, nil)), request(t, 2, nil)
	bridge, err := l.Move(ctx, because("new hardware"), "INV0042-1", old.Activation, 14*day, q, issue(t, now))
	if err != nil {
		t.Fatal(err)
	}
	return old, q, bridge
}

func TestMoveWithoutDowntime(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger, where string) {
		entitle(t, l, entitlement())
		old, q, bridge := moving(t, l)
		if got := says(t, bridge); got.Type != "development" || !got.Expires.Equal(now.Add(14*day)) || !got.HardEnd.Equal(got.Expires) || !got.Bound {
			t.Errorf("the bridge says %+v", got)
		}
		h := holding(t, l, "INV0042-1")
		if h.Usage.Seats != 1 || len(h.Activations) != 2 {
			t.Errorf("%d seats and %d activations, want 1 and 2", h.Usage.Seats, len(h.Activations))
		}
		// Whoever repeats a step gets what there is.
		events := count(t, where, "events")
		again, err := l.Move(ctx, because("new hardware"), "INV0042-1", old.Activation, 14*day, q, issue(t, now))
		if err != nil || again.ID != bridge.ID {
			t.Errorf("the same move again: %v, %v", again, err)
		}
		if again := signed(t, l, q); again.ID != bridge.ID || count(t, where, "events") != events {
			t.Error("the request of the bridge was signed again")
		}
		signed(t, l, request(t, 1, func(q *format.Request) { q.Time++ })) // the old server lives on
		_, err = sign(t, l, request(t, 2, func(q *format.Request) { q.Time++ }))
		wantRefusal(t, err, ledger.RuleMove)

		got := release(t, l, old, 1)
		if got.License == nil || got.Successor != bridge.Activation {
			t.Fatalf("released: %+v, want the final license", got)
		}
		if final := says(t, got.License); final.Type != "production" || final.Activation != bridge.Activation || final.Epoch != bridge.Epoch+1 || !bytes.Equal(got.License.Request, q.Body) {
			t.Errorf("the final license says %+v", final)
		}
		if again := release(t, l, old, 1); !again.Already || again.License == nil || again.License.ID != got.License.ID {
			t.Errorf("the same release again: %+v", again)
		}
		if again := signed(t, l, q); again.ID != got.License.ID {
			t.Error("the new server's request does not get its final license")
		}
		if h := holding(t, l, "INV0042-1"); h.Usage.Seats != 1 || len(h.Activations) != 1 {
			t.Errorf("%d seats and %d activations, want 1 and 1", h.Usage.Seats, len(h.Activations))
		}
		_, err = sign(t, l, request(t, 3, nil))
		wantRefusal(t, err, ledger.RuleSeats)
	})
}

func TestMoveAtMost30Days(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger, _ string) {
		entitle(t, l, entitlement())
		old := signed(t, l, request(t, 1, nil))
		for _, overlap := range []time.Duration{0, -day, ledger.MaxOverlap + time.Second} {
			_, err := l.Move(ctx, because("new hardware"), "INV0042-1", old.Activation, overlap, request(t, 2, nil), issue(t, now))
			wantRefusal(t, err, ledger.RuleMove)
		}
		_, err := l.Move(ctx, operation(), "INV0042-1", old.Activation, day, request(t, 2, nil), issue(t, now))
		wantRefusal(t, err, ledger.RuleReason)
		if _, err = l.Move(ctx, because("new hardware"), "INV0042-1", old.Activation, ledger.MaxOverlap, request(t, 2, nil), issue(t, now)); err != nil {
			t.Error(err)
		}
	})
}

func TestMoveOnce(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger, _ string) {
		entitle(t, l, entitlement())
		old, _, _ := moving(t, l)
		again := func(by ledger.Operation, seed byte) error {
			_, err := l.Move(ctx, by, "INV0042-1", old.Activation, 14*day, request(t, seed, nil), issue(t, by.Now))
			return err
		}
		wantRefusal(t, again(because("more"), 3), ledger.RuleMove, "moving already")
		wantRefusal(t, again(override("more"), 3), ledger.RuleMove)
		later := because("more")
		later.Now = now.Add(14 * day)
		wantRefusal(t, again(later, 3), ledger.RuleMove, "had its bridge")
		wantRefusal(t, again(later, 2), ledger.RuleMove, "had its bridge")
		later.Override = true
		if err := again(later, 2); err != nil {
			t.Errorf("with --override: %v", err)
		}
		if h := holding(t, l, "INV0042-1"); len(h.Activations) != 2 || h.Usage.Seats != 1 {
			t.Errorf("%d activations, %d seats, want 2 and 1", len(h.Activations), h.Usage.Seats)
		}
	})
}

// A move to the wrong server is ended by closing its bridge, which is revoked. The old
// server stays as it is, and staff may let it move once more.
func TestMoveToTheWrongServer(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger, _ string) {
		entitle(t, l, entitlement())
		old := signed(t, l, request(t, 1, nil))
		wrong, err := moveTo(t, l, because("new hardware"), old.Activation, ledger.MaxOverlap, 2)
		if err != nil {
			t.Fatal(err)
		}
		again := func(by ledger.Operation, overlap time.Duration, seed byte) error {
			_, err := moveTo(t, l, by, old.Activation, overlap, seed)
			return err
		}
		err = again(override("the wrong server"), day, 3)
		wantRefusal(t, err, ledger.RuleMove, "moving already", wrong.Activation)
		if refusal := new(ledger.Refusal); !errors.As(err, &refusal) || !strings.Contains(refusal.Next, "licensor reactivate INV0042-1 --activation "+wrong.Activation) {
			t.Errorf("%q does not say how the move is ended", refusal.Hint())
		}
		_, err = moveTo(t, l, because("onwards"), wrong.Activation, day, 3)
		wantRefusal(t, err, ledger.RuleActive, "new server of a move")
		_, err = l.Reactivate(ctx, operation(), "INV0042-1", wrong.Activation)
		wantRefusal(t, err, ledger.RuleReason)
		revoked, err := l.Reactivate(ctx, because("the wrong server"), "INV0042-1", wrong.Activation)
		if err != nil || len(revoked) != 1 || revoked[0] != wrong.ID {
			t.Fatalf("to be revoked: %v, %v, want the bridge", revoked, err)
		}
		if waiting, err := l.Revocations(ctx); err != nil || len(waiting) != 1 || waiting[0].License != wrong.ID {
			t.Errorf("waiting for a list: %+v, %v, want the bridge", waiting, err)
		}
		if h := holding(t, l, "INV0042-1"); len(h.Activations) != 1 || h.Activations[0].ID != old.Activation || h.Usage.Seats != 1 {
			t.Errorf("%+v, want the old server in its seat", h)
		}
		if events, err := l.History(ctx, wrong.Activation); err != nil || events[len(events)-1].Action != ledger.ActionVoid || events[len(events)-1].Why != "the wrong server" {
			t.Errorf("history: %v, %v", events, err)
		}
		_, err = l.Reactivate(ctx, because("again"), "INV0042-1", wrong.Activation)
		wantRefusal(t, err, ledger.RuleActive, "void")

		wantRefusal(t, again(because("the right one"), day, 3), ledger.RuleMove, "had its bridge")
		if err := again(override("the right one"), day, 3); err != nil {
			t.Fatalf("with --override: %v", err)
		}
		// The move that runs now counts, and not the one before that would have run longer.
		wantRefusal(t, again(override("once more"), day, 4), ledger.RuleMove, "moving already")
		if got := release(t, l, old, 1); got.License == nil {
			t.Errorf("released: %+v, want the final license", got)
		}
		wantClean(t, l, nil)
	})
}

// A wrong server that released its bridge has stopped for good: nobody needs to allow
// the next move.
func TestMoveAfterTheWrongServerReleased(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger, _ string) {
		entitle(t, l, entitlement())
		old, wrong, bridge := moving(t, l)
		release(t, l, bridge, 2)
		right, err := moveTo(t, l, because("the right one"), old.Activation, 14*day, 3)
		if err != nil {
			t.Fatal(err)
		}
		_, err = sign(t, l, wrong)
		wantRefusal(t, err, ledger.RuleRequest)
		if got := release(t, l, old, 1); got.License == nil || got.Successor != right.Activation {
			t.Errorf("released: %+v, want the final license of the right server", got)
		}
		if h := holding(t, l, "INV0042-1"); len(h.Activations) != 1 || h.Usage.Seats != 1 {
			t.Errorf("%d activations, %d seats, want 1 and 1", len(h.Activations), h.Usage.Seats)
		}
		wantClean(t, l, nil)
	})
}

// A bridge belongs to the move that it was made for.
func TestMoveWithTheRequestOfAnotherMove(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger, _ string) {
		sold(t, l, func(e *ledger.Entitlement) { e.Seats = 2 })
		_, _, _ = moving(t, l)
		other := signed(t, l, request(t, 4, nil))
		_, err := moveTo(t, l, because("new hardware"), other.Activation, 14*day, 2)
		wantRefusal(t, err, ledger.RuleMove, "another move")
	})
}

func TestMoveThatNobodyReleases(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger, _ string) {
		entitle(t, l, entitlement())
		old, q, bridge := moving(t, l)
		after := now.Add(14 * day)
		_, err := signAt(t, l, q, after)
		wantRefusal(t, err, ledger.RuleSeats) // the old server still has it

		by := operationAt(after)
		got, err := tryRelease(t, l, by, old.ID, key(t, 1).Public())
		if err != nil || got.License != nil || got.Successor != "" {
			t.Fatalf("a release after the end of the move: %+v, %v, want the seat free and no license", got, err)
		}
		final, err := signAt(t, l, q, after) // the same request, with no further trip
		if err != nil || final.Activation == bridge.Activation || says(t, final).Type != "production" {
			t.Errorf("the new server's request: %+v, %v", final, err)
		}
		if h := holding(t, l, "INV0042-1"); len(h.Activations) != 1 || h.Usage.Seats != 1 {
			t.Errorf("%d activations, %d seats, want 1 and 1", len(h.Activations), h.Usage.Seats)
		}
	})
}

// The old server dies while it is moved: the new one gets the seat by its request.
func TestMoveWhenTheOldServerIsLost(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger, _ string) {
		entitle(t, l, entitlement())
		old, q, _ := moving(t, l)
		if _, err := l.Reactivate(ctx, because("it died"), "INV0042-1", old.Activation); err != nil {
			t.Fatal(err)
		}
		if final := signed(t, l, q); says(t, final).Type != "production" {
			t.Error("the new server has no production license")
		}
		if h := holding(t, l, "INV0042-1"); len(h.Activations) != 1 || h.Usage.Seats != 1 {
			t.Errorf("%d activations, %d seats, want 1 and 1", len(h.Activations), h.Usage.Seats)
		}
	})
}

// The new server gives up: the old one just keeps its license.
func TestMoveGivenUpByTheNewServer(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger, _ string) {
		entitle(t, l, entitlement())
		old, _, bridge := moving(t, l)
		release(t, l, bridge, 2)
		if got := release(t, l, old, 1); got.License != nil || got.Successor != "" {
			t.Errorf("the old one's release: %+v, want no successor", got)
		}
		if h := holding(t, l, "INV0042-1"); len(h.Activations) != 0 || h.Usage.Seats != 0 {
			t.Errorf("%d activations, %d seats, want none", len(h.Activations), h.Usage.Seats)
		}
	})
}

// A release is a fact: it is recorded even when its successor may get no license.
func TestMoveAfterTheTerm(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger, _ string) {
		sold(t, l, func(e *ledger.Entitlement) { e.Expires, e.GraceDays = now.Add(5*day), 30 })
		old, _, _ := moving(t, l)
		got, err := tryRelease(t, l, operationAt(now.Add(6*day)), old.ID, key(t, 1).Public())
		if err != nil || got.License != nil {
			t.Fatalf("released: %+v, %v", got, err)
		}
		wantRefusal(t, got.Refusal, ledger.RuleTerm)
		if h := holding(t, l, "INV0042-1"); len(h.Activations) != 0 || h.Usage.Seats != 0 {
			t.Errorf("%d activations, %d seats, want none", len(h.Activations), h.Usage.Seats)
		}
	})
}

// A bridge is no longer than what was bought.
func TestMoveNearTheEnd(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger, _ string) {
		sold(t, l, func(e *ledger.Entitlement) { e.Expires = now.Add(3 * day) })
		if _, _, bridge := moving(t, l); !bridge.Expires.Equal(now.Add(3 * day)) {
			t.Errorf("the bridge ends %s", bridge.Expires)
		}
	})
}

func TestMoveWantsTheInvoiceAndAnotherServer(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger, _ string) {
		sold(t, l, func(e *ledger.Entitlement) { e.Seats = 2 })
		sold(t, l, func(e *ledger.Entitlement) { e.Invoice = "P-2" })
		one, two := signed(t, l, request(t, 1, nil)), request(t, 2, nil)
		signed(t, l, two)
		for _, q := range []*verify.Request{two, request(t, 1, func(q *format.Request) { q.Time++ })} {
			_, err := l.Move(ctx, because("x"), "INV0042-1", one.Activation, day, q, issue(t, now))
			wantRefusal(t, err, ledger.RuleMove)
		}
		_, err := l.Move(ctx, because("x"), "INV0042-1", one.Activation, day, request(t, 3, asks("P-2", "production")), issue(t, now))
		wantRefusal(t, err, ledger.RuleClaim)
	})
}

// failoverMoving begins a move of a failover server with 10 days of emergency.
func failoverMoving(t *testing.T, l *ledger.Ledger) (old *ledger.License, q *verify.Request) {
	t.Helper()
	sold(t, l, func(e *ledger.Entitlement) { e.Invoice = "P-1" })
	sold(t, l, func(e *ledger.Entitlement) { e.Invoice, e.Type, e.EmergencyDays = "F-1", "failover", 10 })
	old, q = signed(t, l, request(t, 1, asks("F-1", "failover"))), request(t, 2, asks("F-1", "failover"))
	if _, err := l.Move(ctx, because("new hardware"), "F-1", old.Activation, 14*day, q, issue(t, now)); err != nil {
		t.Fatal(err)
	}
	return old, q
}

// The release that ends a move tells of days used: the new server gets what is left.
func TestMoveCountsEmergencyDays(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger, _ string) {
		old, _ := failoverMoving(t, l)
		got, err := l.Release(ctx, operation(), ledger.Release{License: old.ID, Key: key(t, 1).Public(), EmergencyDays: 7, Raw: []byte("release")}, issue(t, now))
		if err != nil || got.License == nil {
			t.Fatalf("released: %+v, %v", got, err)
		}
		if days := says(t, got.License).EmergencyDays; days != 3 {
			t.Errorf("the new server has %d days of emergency, want 3", days)
		}
		if used := holding(t, l, "F-1").Usage.EmergencyDays; used != 7 {
			t.Errorf("%d days are used, want 7", used)
		}
		wantClean(t, l, nil)
	})
}

// With no day left the new server gets no license, and the release is recorded.
func TestMoveWhenNoEmergencyDayIsLeft(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger, _ string) {
		old, q := failoverMoving(t, l)
		got, err := l.Release(ctx, operation(), ledger.Release{License: old.ID, Key: key(t, 1).Public(), EmergencyDays: 10, Raw: []byte("release")}, issue(t, now))
		if err != nil || got.License != nil || got.Successor != "" {
			t.Fatalf("released: %+v, %v", got, err)
		}
		wantRefusal(t, got.Refusal, ledger.RuleEmergency, "10 of 10")
		if h := holding(t, l, "F-1"); len(h.Activations) != 0 || h.Usage.Seats != 0 || h.Usage.EmergencyDays != 10 {
			t.Errorf("%d activations, %d seats, %d days, want none, none and 10", len(h.Activations), h.Usage.Seats, h.Usage.EmergencyDays)
		}
		more := func(e *ledger.Entitlement) error { e.EmergencyDays = 12; return nil }
		if _, err := l.Amend(ctx, operation(), "F-1", more, issue(t, now)); err != nil {
			t.Fatal(err)
		}
		if days := says(t, signed(t, l, q)).EmergencyDays; days != 2 {
			t.Errorf("after 2 more were sold the new server has %d days", days)
		}
		wantClean(t, l, nil)
	})
}

// The successor carries the rest of what its seats have, beside the other servers.
func TestMoveCarriesTheRestOfTheEmergencyDays(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger, _ string) {
		failovers(t, l, 2, 10)
		old := standby(t, l, 1)
		wantDays(t, standby(t, l, 3), 10)
		if _, err := l.Move(ctx, because("new hardware"), "F-1", old.Activation, 14*day, request(t, 2, asks("F-1", "failover")), issue(t, now)); err != nil {
			t.Fatal(err)
		}
		moved := releaseAfter(t, l, old, 1, 4)
		if moved.License == nil {
			t.Fatalf("released: %+v", moved)
		}
		wantDays(t, moved.License, 6)
		releaseAfter(t, l, moved.License, 2, 6)
		wantDaysUsed(t, l, 10)
		_, err := sign(t, l, request(t, 4, asks("F-1", "failover")))
		wantRefusal(t, err, ledger.RuleEmergency)
	})
}

// What the end of a move takes from the new server is revoked, unless it ended itself.
func TestMoveThatIsVoidRevokesTheBridge(t *testing.T) {
	for name, test := range map[string]struct {
		after   time.Duration
		revoked int
	}{"running": {day, 2}, "ended": {14 * day, 1}} {
		t.Run(name, func(t *testing.T) {
			everywhere(t, func(t *testing.T, l *ledger.Ledger, _ string) {
				entitle(t, l, entitlement())
				old, q, bridge := moving(t, l)
				by := because("it died")
				by.Now = now.Add(test.after)
				want := map[format.ID]bool{old.ID: true, bridge.ID: test.revoked == 2}
				revoked, err := l.Reactivate(ctx, by, "INV0042-1", old.Activation)
				if err != nil || len(revoked) != test.revoked {
					t.Fatalf("to be revoked: %v, %v, want %d", revoked, err, test.revoked)
				}
				waiting, err := l.Revocations(ctx)
				if err != nil || len(waiting) != test.revoked {
					t.Fatalf("waiting for a list: %+v, %v", waiting, err)
				}
				for i := range waiting {
					if !want[revoked[i]] || !want[waiting[i].License] || waiting[i].Why != "it died" {
						t.Errorf("to be revoked: %v and %+v", revoked[i], waiting[i])
					}
				}
				if _, err := signAt(t, l, q, by.Now); err != nil {
					t.Errorf("the new server's request: %v", err)
				}
				wantClean(t, l, nil)
			})
		})
	}
}

// A move that is refused when the old server is released: the bridge ends as well.
func TestMoveThatIsRefusedRevokesTheBridge(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger, _ string) {
		old, q := failoverMoving(t, l)
		bridge := signed(t, l, q)
		got, err := l.Release(ctx, operation(), ledger.Release{License: old.ID, Key: key(t, 1).Public(), EmergencyDays: 10, Raw: []byte("release")}, issue(t, now))
		if err != nil || got.Refusal == nil {
			t.Fatalf("released: %+v, %v", got, err)
		}
		if waiting, err := l.Revocations(ctx); err != nil || len(waiting) != 1 || waiting[0].License != bridge.ID {
			t.Errorf("to be revoked: %+v, %v, want the bridge", waiting, err)
		}
	})
}

func TestMoveWantsAMachineToReleaseIt(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger, where string) {
		sold(t, l, func(e *ledger.Entitlement) { e.Unbound = true })
		license, err := l.SignUnbound(ctx, operation(), "INV0042-1", "Berlin", issue(t, now))
		if err != nil {
			t.Fatal(err)
		}
		events := count(t, where, "events")
		_, err = l.Move(ctx, because("new hardware"), "INV0042-1", license.Activation, 14*day, request(t, 2, nil), issue(t, now))
		wantRefusal(t, err, ledger.RuleMove, "Berlin", "no machine")
		if n := count(t, where, "events"); n != events {
			t.Errorf("%d events were recorded", n-events)
		}
	})
}
