package ledger_test

import (
	"crypto/rand"
	"testing"

	"github.com/offlicense/offlicense/cmd/licensor/internal/issuer"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/keys"
	"github.com/offlicense/offlicense/verify"
)

func revokeKey(t testing.TB, l *ledger.Ledger, name string, seed byte, root bool) {
	t.Helper()
	err := l.RevokeKey(ctx, because("stolen"), ledger.RevokedKey{Name: name, Public: key(t, seed).Public().Bytes(), Root: root})
	if err != nil {
		t.Fatal(err)
	}
}

// A site whose newest license was revoked gets no other, by whatever way, until it is
// reactivated; its seat stays taken, for the server may still run.
func TestRevokedLicense(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger, _ string) {
		entitle(t, l, entitlement())
		q := request(t, 1, nil)
		license := signed(t, l, q)
		_, err := l.RevokeLicense(ctx, operation(), license.ID)
		wantRefusal(t, err, ledger.RuleReason)
		_, err = l.RevokeLicense(ctx, because("leaked"), format.ID{9})
		wantRefusal(t, err, ledger.RuleRevoked, format.ID{9}.String())
		r, err := l.RevokeLicense(ctx, because("leaked"), license.ID)
		if err != nil || r.License != license.ID || r.Activation != license.Activation || r.Why != "leaked" {
			t.Fatalf("revoked: %+v, %v", r, err)
		}
		_, err = l.RevokeLicense(ctx, because("twice"), license.ID)
		wantRefusal(t, err, ledger.RuleRevoked, "leaked")
		_, err = sign(t, l, q)
		wantRefusal(t, err, ledger.RuleRevoked, license.ID.String())
		_, err = sign(t, l, request(t, 1, func(q *format.Request) { q.Time++ }))
		wantRefusal(t, err, ledger.RuleRevoked)
		_, err = sign(t, l, request(t, 2, nil))
		wantRefusal(t, err, ledger.RuleSeats)
		_, err = l.Move(ctx, because("new hardware"), "INV0042-1", license.Activation, day, request(t, 2, nil), issue(t, now))
		wantRefusal(t, err, ledger.RuleRevoked)
		by := operation()
		renewed, err := l.Renew(ctx, by, "INV0042-1", ledger.Renewal{Expires: entitlement().Expires.Add(day)}, issue(t, now))
		if err != nil || len(renewed) != 0 {
			t.Errorf("a renewal signed %d licenses, %v", len(renewed), err)
		}
		if again, err := l.Renew(ctx, by, "INV0042-1", ledger.Renewal{Expires: entitlement().Expires.Add(day)}, issue(t, now)); err != nil || len(again) != 0 {
			t.Errorf("the same renewal again: %d licenses, %v", len(again), err)
		}
		if revoked, err := l.Reactivate(ctx, because("a new server"), "INV0042-1", license.Activation); err != nil || len(revoked) != 0 {
			t.Errorf("reactivated: %v, %v; the license was revoked before", revoked, err)
		}
		signed(t, l, request(t, 2, nil))
	})
}

// A revoked older license leaves its activation alone.
func TestRevokedOlderLicense(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger, _ string) {
		entitle(t, l, entitlement())
		older := signed(t, l, request(t, 1, nil))
		signed(t, l, request(t, 1, func(q *format.Request) { q.Time++ }))
		if _, err := l.RevokeLicense(ctx, because("leaked"), older.ID); err != nil {
			t.Fatal(err)
		}
		signed(t, l, request(t, 1, func(q *format.Request) { q.Time += 2 }))
		if next := nextList(t, l); next.Licenses.Len() != 1 || !next.Licenses.Has(older.ID) {
			t.Errorf("the next list has %d licenses", next.Licenses.Len())
		}
	})
}

func TestRevokedActivation(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger, _ string) {
		entitle(t, l, entitlement())
		first := signed(t, l, request(t, 1, nil))
		signed(t, l, request(t, 1, func(q *format.Request) { q.Time++ }))
		_, err := l.RevokeActivation(ctx, because("x"), "NOSUCHONE")
		wantRefusal(t, err, ledger.RuleActive)
		all, err := l.RevokeActivation(ctx, because("never paid"), first.Activation)
		if err != nil || len(all) != 2 {
			t.Fatalf("revoked: %+v, %v, want both licenses", all, err)
		}
		_, err = l.RevokeActivation(ctx, because("x"), first.Activation)
		wantRefusal(t, err, ledger.RuleRevoked)
		wantClean(t, l, nil)
	})
}

// A revoked key signs nothing more, whoever holds it; another one does.
func TestRevokedKeySignsNothing(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger, _ string) {
		sold(t, l, func(e *ledger.Entitlement) { e.Seats = 3 })
		signed(t, l, request(t, 1, nil))
		wantRefusal(t, l.RevokeKey(ctx, operation(), ledger.RevokedKey{Name: "anna", Public: key(t, 102).Public().Bytes()}), ledger.RuleReason)
		revokeKey(t, l, "anna", 102, false)
		wantRefusal(t, l.RevokeKey(ctx, because("again"), ledger.RevokedKey{Name: "anna", Public: key(t, 102).Public().Bytes()}), ledger.RuleRevoked, "stolen")
		_, err := sign(t, l, request(t, 2, nil))
		wantRefusal(t, err, ledger.RuleRevoked, "anna")
		wantRefusal(t, l.RefuseRevokedKey(ctx, public(t, 102), nil), ledger.RuleRevoked)
		wantRefusal(t, l.RefuseRevokedKey(ctx, public(t, 102), staff(t).RawDelegation), ledger.RuleRevoked)
		bert := delegated(t, 101, 103)
		if err := l.RefuseRevokedKey(ctx, public(t, 103), bert.RawDelegation); err != nil {
			t.Error(err)
		}
		// Of the same name, too: keys are told apart by themselves.
		if _, err := l.Sign(ctx, operation(), request(t, 2, nil), issueBy(bert, now)); err != nil {
			t.Error(err)
		}
		wantClean(t, l, nil)
	})
}

func public(t testing.TB, seed byte) keys.PublicKey { return key(t, seed).Public() }

// delegated returns a staff key that a root has delegated to, by their seeds. It is
// called anna, as everybody here.
func delegated(t testing.TB, root, staffKey byte) *issuer.Issuer {
	t.Helper()
	return delegatedAs(t, root, staffKey, *staff(t).Delegation)
}

func delegatedAs(t testing.TB, root, staffKey byte, claims format.DelegationClaims) *issuer.Issuer {
	t.Helper()
	i := *staff(t)
	i.Key = key(t, staffKey)
	var text []byte
	var err error
	if i.Delegation, text, err = issuer.Delegate(key(t, root), i.Key.Public(), claims, rand.Reader); err != nil {
		t.Fatal(err)
	}
	if i.RawDelegation, err = format.DecodeTextAs(text, format.Delegation); err != nil {
		t.Fatal(err)
	}
	if i.Verifier, err = verify.New(public(t, root)); err != nil {
		t.Fatal(err)
	}
	return &i
}

// Who was revoked does not come back by a release, which would free the seat for a new
// request, nor as the new server of a move.
func TestRevokedActivationIsNotReleased(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger, _ string) {
		entitle(t, l, entitlement())
		older := signed(t, l, request(t, 1, nil))
		newest := signed(t, l, request(t, 1, func(q *format.Request) { q.Time++ }))
		if _, err := l.RevokeActivation(ctx, because("never paid"), newest.Activation); err != nil {
			t.Fatal(err)
		}
		for _, given := range []*ledger.License{older, newest} {
			_, err := tryRelease(t, l, operation(), given.ID, public(t, 1))
			wantRefusal(t, err, ledger.RuleRevoked, given.ID.String(), "never paid")
		}
		if used := holding(t, l, "INV0042-1").Usage.Seats; used != 1 {
			t.Errorf("%d seats are used, want 1", used)
		}
		if _, err := l.Reactivate(ctx, because("has paid"), "INV0042-1", newest.Activation); err != nil {
			t.Fatal(err)
		}
		signed(t, l, request(t, 1, func(q *format.Request) { q.Time += 2 }))
		wantClean(t, l, nil)
	})
}

// One that was released before it was revoked stays released.
func TestReleaseAgainAfterARevocation(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger, _ string) {
		entitle(t, l, entitlement())
		license := signed(t, l, request(t, 1, nil))
		release(t, l, license, 1)
		if _, err := l.RevokeLicense(ctx, because("runs on all the same"), license.ID); err != nil {
			t.Fatal(err)
		}
		if again := release(t, l, license, 1); !again.Already {
			t.Errorf("the same release again: %+v", again)
		}
	})
}

func TestRevokedWhileItMoves(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger, _ string) {
		sold(t, l, func(e *ledger.Entitlement) { e.Seats = 2 })
		old, _, _ := moving(t, l)
		if _, err := l.RevokeActivation(ctx, because("never paid"), old.Activation); err != nil {
			t.Fatal(err)
		}
		_, err := tryRelease(t, l, operation(), old.ID, public(t, 1))
		wantRefusal(t, err, ledger.RuleRevoked, old.ID.String())
		if h := holding(t, l, "INV0042-1"); h.Usage.Seats != 1 || len(h.Activations) != 2 {
			t.Errorf("%d seats are used by %d activations, want 1 and the bridge", h.Usage.Seats, len(h.Activations))
		}
		wantClean(t, l, nil)
	})
}

func TestRevokedBridgeTakesNothingOver(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger, _ string) {
		sold(t, l, func(e *ledger.Entitlement) { e.Seats = 2 })
		old, q, bridge := moving(t, l)
		if _, err := l.RevokeLicense(ctx, because("wrong server"), bridge.ID); err != nil {
			t.Fatal(err)
		}
		_, err := tryRelease(t, l, operation(), bridge.ID, public(t, 2))
		wantRefusal(t, err, ledger.RuleRevoked, bridge.ID.String())
		_, err = sign(t, l, q)
		wantRefusal(t, err, ledger.RuleRevoked)
		got := release(t, l, old, 1)
		if got.License != nil || got.Successor != "" {
			t.Fatalf("the revoked bridge has got %+v", got)
		}
		wantRefusal(t, got.Refusal, ledger.RuleRevoked, bridge.ID.String())
		wantClean(t, l, nil)
	})
}
