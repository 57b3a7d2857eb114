package rules_test

import (
	"slices"
	"testing"
	"time"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/rules"
	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/keys"
	"github.com/offlicense/offlicense/verify"
)

// release gives up a license of the site with a seed, which has used so many days.
func (r *record) release(op *ledger.Operation, license *ledger.License, seed byte, days uint64) (*rules.Released, error) {
	r.Helper()
	return r.releaseBy(op, license.ID, public(seed), days)
}

func (r *record) releaseBy(op *ledger.Operation, id format.ID, key keys.PublicKey, days uint64) (*rules.Released, error) {
	r.Helper()
	released, err := ask(r, op, func(f *rules.Facts) (*rules.Released, []*rules.Step, error) {
		result, err := rules.Release(f, op, rules.Releasing{License: id, Key: key, EmergencyDays: days, Raw: []byte("release")})
		if err != nil {
			return nil, nil, err
		}
		return result, result.Steps, nil
	})
	if err == nil && released.Final != nil {
		released.License = released.Final.License()
	}
	return released, err
}

func (r *record) released(license *ledger.License, seed byte) *rules.Released {
	r.Helper()
	released, err := r.release(by(), license, seed, 0)
	if err != nil {
		r.Fatal(err)
	}
	return released
}

// deactivate closes an activation and returns what is to be revoked.
func (r *record) deactivate(op *ledger.Operation, invoice, activation string) ([]format.ID, error) {
	r.Helper()
	return ask(r, op, func(f *rules.Facts) ([]format.ID, []*rules.Step, error) {
		steps, err := rules.Deactivate(f, op, invoice, activation)
		return rules.Revoked(steps), steps, err
	})
}

func (r *record) reactivate(op *ledger.Operation, activation string, q *verify.Request) (outcome, error) {
	r.Helper()
	id := r.newID()
	o, err := ask(r, op, func(f *rules.Facts) (rules.Outcome, []*rules.Step, error) {
		return rules.Reactivate(f, op, activation, q, id)
	})
	if err != nil {
		return outcome{}, err
	}
	return outcomeOf(&o), nil
}

func TestRelease(t *testing.T) {
	r := newRecord(t, entitlement())
	q := request(t, 1)
	first := r.signed(q)
	newest := r.signed(request(t, 1, later))

	_, err := r.releaseBy(by(), format.ID{1}, public(1), 0)
	wantRefusal(t, err, ledger.RuleRelease, format.ID{1}.String())
	_, err = r.releaseBy(by(), first.ID, public(2), 0)
	wantRefusal(t, err, ledger.RuleRelease, first.Activation, "another machine")
	_, err = r.releaseBy(by(), first.ID, keys.PublicKey{}, 0)
	wantRefusal(t, err, ledger.RuleRelease)
	r.refused(request(t, 2), ledger.RuleSeats)

	got := r.released(first, 1)
	if got.Activation != first.Activation || got.Invoice != inv || got.Already || got.License != nil || got.Successor != "" || got.Refusal != nil {
		t.Errorf("released: %+v", got)
	}
	// The newer license may be on its way to the server, and was not given up.
	if len(r.revoked) != 1 || r.revoked[newest.ID] == nil {
		t.Errorf("to be revoked: %v, want the newer license", r.revoked)
	}
	if closed := r.last().Detail.(ledger.Closed); string(closed.Release) != "release" {
		t.Errorf("on record: %+v, want the release as it came", closed)
	}
	r.unchanged(func() {
		if again := r.released(first, 1); !again.Already || again.Activation != first.Activation {
			t.Errorf("the same release again: %+v", again)
		}
	})
	r.refused(q, ledger.RuleRequest, "released", first.Activation)
	r.signed(request(t, 2)) // the seat is free, once
	r.refused(request(t, 3), ledger.RuleSeats)
}

// Nobody but the machine can give up a license that is bound to none.
func TestReleaseOfALicenseForAnyMachine(t *testing.T) {
	r := newRecord(t, entitlement(func(e *ledger.Entitlement) { e.Binding = "any" }))
	license, err := r.unbound("")
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range []keys.PublicKey{{}, public(1)} {
		_, err = r.releaseBy(by(), license.ID, key, 0)
		wantRefusal(t, err, ledger.RuleRelease)
	}
}

// The state of an activation decides what its release does.
func TestReleaseInEachState(t *testing.T) {
	r := newRecord(t, entitlement(seats(3)))
	old, _, bridge := r.moving()
	gone := r.signed(request(t, 3))
	if _, err := r.deactivate(because("it died"), inv, gone.Activation); err != nil {
		t.Fatal(err)
	}
	void := r.signed(request(t, 4))
	other, err := r.move(because("new hardware"), void.Activation, day, request(t, 5))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.deactivate(because("the wrong one"), inv, other.Activation); err != nil {
		t.Fatal(err)
	}
	for state, test := range map[ledger.State]struct {
		license *ledger.License
		seed    byte
	}{ledger.StateDeactivated: {gone, 3}, ledger.StateVoid: {other, 5}} {
		_, err := r.release(by(), test.license, test.seed, 0)
		wantRefusal(t, err, ledger.RuleActive, string(state), test.license.Activation)
		wantHint(t, err, `"licensor history `+test.license.Activation+`"`)
	}
	// The new server of a move gives up: nothing is left to revoke, and the old one stays.
	r.released(bridge, 2)
	if r.activation(bridge.Activation).State != ledger.StateReleased || r.activation(old.Activation).State != ledger.StateActive || r.moves[0].State != rules.MoveVoid {
		t.Errorf("the bridge is %s, the old server %s, the move %s", r.activation(bridge.Activation).State, r.activation(old.Activation).State, r.moves[0].State)
	}
	if len(r.revoked) != 2 { // gone and other
		t.Errorf("%d licenses are revoked", len(r.revoked))
	}
}

func TestDeactivate(t *testing.T) {
	r := newRecord(t, entitlement())
	q := request(t, 1)
	first, second := r.signed(q), r.signed(request(t, 1, later))
	_, err := r.deactivate(by(), inv, first.Activation)
	wantRefusal(t, err, ledger.RuleReason)
	_, err = r.deactivate(because("  "), inv, first.Activation)
	wantRefusal(t, err, ledger.RuleReason)
	_, err = r.deactivate(because("disk gone"), "INV0042-9", first.Activation)
	wantRefusal(t, err, ledger.RuleActive, first.Activation)
	_, err = r.deactivate(because("disk gone"), inv, "NOSUCHONE")
	wantRefusal(t, err, ledger.RuleActive, "NOSUCHONE")
	wantHint(t, err, `"licensor list --invoice `+inv+`"`)
	revoked, err := r.deactivate(because("disk gone"), inv, first.Activation)
	if err != nil || !slices.Equal(revoked, []format.ID{first.ID, second.ID}) {
		t.Fatalf("to be revoked: %v, %v, want both licenses", revoked, err)
	}
	if of := r.revoked[second.ID]; of.Why != "disk gone" || of.Activation != first.Activation || r.last().Action != ledger.ActionDeactivate {
		t.Errorf("on record: %+v by %+v", of, r.last())
	}
	_, err = r.deactivate(because("again"), inv, first.Activation)
	wantRefusal(t, err, ledger.RuleActive, "deactivated")
	r.refused(q, ledger.RuleRequest, "deactivated")
	r.signed(request(t, 2)) // the seat is free
	r.using(1, 1)
}

// What has ended by itself needs no list.
func TestDeactivateRevokesOnlyWhatStillRuns(t *testing.T) {
	ends := now.Add(day)
	for after, want := range map[time.Duration]int{-time.Second: 1, 0: 0, day: 0} {
		r := newRecord(t, entitlement(func(e *ledger.Entitlement) { e.Expires = ends }))
		license := r.signed(request(t, 1))
		if revoked, err := r.deactivate(becauseAt(ends.Add(after), "gone"), inv, license.Activation); err != nil || len(revoked) != want {
			t.Errorf("%s after its end: to be revoked: %v, %v", after, revoked, err)
		}
	}
}

// In one step: the seat of a server that is gone, for the site that asks.
func TestReactivate(t *testing.T) {
	r := newRecord(t, entitlement())
	old, q := r.signed(request(t, 1)), request(t, 2)
	_, err := r.reactivate(by(), old.Activation, q)
	wantRefusal(t, err, ledger.RuleReason)
	got, err := r.reactivate(because("disk gone"), old.Activation, q)
	if err != nil || got.again {
		t.Fatalf("%+v, %v", got, err)
	}
	if a := r.activation(old.Activation); a.State != ledger.StateDeactivated || r.revoked[old.ID] == nil || got.license.Activation == old.Activation {
		t.Errorf("the old server is %s, the new license of %s", a.State, got.license.Activation)
	}
	if n := len(r.events); r.events[n-2].Action != ledger.ActionDeactivate || r.events[n-1].Action != ledger.ActionSign || r.events[n-1].Why != "disk gone" {
		t.Errorf("on record: %+v and %+v", r.events[n-2], r.events[n-1])
	}
	r.using(1, 1)
	r.unchanged(func() {
		again, err := r.reactivate(because("disk gone"), old.Activation, q)
		if err != nil || !again.again || again.license.ID != got.license.ID {
			t.Errorf("run again: %+v, %v", again, err)
		}
	})
}

// All or nothing: a server is not closed for a request that gets no license.
func TestReactivateForARequestThatIsRefused(t *testing.T) {
	r := newRecord(t, entitlement(seats(2)), entitlement(sold("P-2", "production")))
	old := r.signed(request(t, 1))
	for name, test := range map[string]struct {
		by   *ledger.Operation
		q    *verify.Request
		rule ledger.Rule
	}{
		"another product":       {because("gone"), request(t, 2, func(q *format.Request) { q.Product = "liquid" }), ledger.RuleProduct},
		"another address":       {because("gone"), request(t, 2, func(q *format.Request) { q.Account[0] ^= 1 }), ledger.RuleClaim},
		"another invoice":       {because("gone"), request(t, 2, asks("P-2", "production")), ledger.RuleActive},
		"the term is over":      {becauseAt(entitlement().Expires.Add(day), "gone"), request(t, 2), ledger.RuleTerm},
		"its own first request": {because("gone"), request(t, 1), ledger.RuleRequest},
	} {
		r.unchanged(func() {
			_, err := r.reactivate(test.by, old.Activation, test.q)
			if err == nil {
				t.Fatalf("%s: no error", name)
			}
			wantRefusal(t, err, test.rule)
		})
	}
	if state := r.activation(old.Activation).State; state != ledger.StateActive {
		t.Errorf("the old server is %s", state)
	}
}

// The old server dies while it is moved, and its successor asks: it gets the seat, not
// its bridge, which is revoked with the old license.
func TestReactivateWhileItMoves(t *testing.T) {
	for name, test := range map[string]struct {
		asks  func(*format.Request)
		after time.Duration
	}{
		"the bridge's request":             {func(*format.Request) {}, day},
		"another request":                  {later, day},
		"the bridge's request, when ended": {func(*format.Request) {}, 14 * day},
		"another request, when ended":      {later, 14 * day},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRecord(t, entitlement())
			old, _, bridge := r.moving()
			events := len(r.events)
			op, q := becauseAt(now.Add(test.after), "it died"), request(t, 2, test.asks)
			got, err := r.reactivate(op, old.Activation, q)
			if err != nil || got.again || got.license.Activation == bridge.Activation || r.says(got.license).Type != "production" {
				t.Fatalf("%+v, %v", got, err)
			}
			if ended := test.after == 14*day; r.revoked[old.ID] == nil || (r.revoked[bridge.ID] != nil) == ended {
				t.Errorf("to be revoked: %v", r.revoked)
			}
			if n := len(r.events) - events; n != 3 || r.activation(bridge.Activation).State != ledger.StateVoid {
				t.Errorf("%d events, want that of the bridge, of the old server and of the new license", n)
			}
			r.using(1, 1)
			r.unchanged(func() {
				if again, err := r.reactivate(op, old.Activation, q); err != nil || !again.again || again.license.ID != got.license.ID {
					t.Errorf("run again: %+v, %v", again, err)
				}
			})
		})
	}
}

// A request that has its license does not keep another server's seat: what was named is
// closed, or refused where there is no such activation.
func TestReactivateForARequestThatWasSigned(t *testing.T) {
	r := newRecord(t, entitlement(seats(2)))
	gone, q := r.signed(request(t, 1)), request(t, 2)
	license := r.signed(q)
	r.unchanged(func() {
		_, err := r.reactivate(because("gone"), "NOSUCHONE", q)
		wantRefusal(t, err, ledger.RuleActive, "NOSUCHONE")
	})
	got, err := r.reactivate(because("gone"), gone.Activation, q)
	if err != nil || !got.again || got.license.ID != license.ID || r.activation(gone.Activation).State != ledger.StateDeactivated {
		t.Errorf("%+v, %v, and the old server is %s", got, err, r.activation(gone.Activation).State)
	}
	r.using(1, 1)
}

// The request of the server that is gone is not that of its successor.
func TestReactivateForItsOwnRequest(t *testing.T) {
	r := newRecord(t, entitlement())
	q := request(t, 1)
	gone := r.signed(q)
	r.unchanged(func() {
		_, err := r.reactivate(because("gone"), gone.Activation, q)
		wantRefusal(t, err, ledger.RuleRequest, "itself")
	})
}

// A bridge has no seat to give.
func TestReactivateABridge(t *testing.T) {
	r := newRecord(t, entitlement())
	_, _, bridge := r.moving()
	r.unchanged(func() {
		_, err := r.reactivate(because("gone"), bridge.Activation, request(t, 3))
		wantRefusal(t, err, ledger.RuleSeats)
	})
	if _, err := r.amend(by(), seats(2)); err != nil {
		t.Fatal(err)
	}
	got, err := r.reactivate(because("gone"), bridge.Activation, request(t, 3))
	if err != nil || r.activation(bridge.Activation).State != ledger.StateVoid || r.revoked[bridge.ID] == nil {
		t.Errorf("%+v, %v", got, err)
	}
	r.using(2, 2)
}

// A site whose directory runs on another machine keeps its key.
func TestReactivateTheSameSiteOnAnotherMachine(t *testing.T) {
	r := newRecord(t, entitlement())
	old := r.signed(request(t, 1, on("m1 u1 r1")))
	q := request(t, 1, on("m2 u2 r2"))
	r.refused(q, ledger.RuleMachine)
	got, err := r.reactivate(because("the server burnt, the disk did not"), old.Activation, q)
	if err != nil || got.license.Activation == old.Activation || got.license.Epoch != 1 {
		t.Errorf("%+v, %v", got, err)
	}
	r.using(1, 1)
}
