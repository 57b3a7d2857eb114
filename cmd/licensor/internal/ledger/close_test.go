package ledger_test

import (
	"testing"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/keys"
)

func tryRelease(t testing.TB, l *ledger.Ledger, by ledger.Operation, id format.ID, by1 keys.PublicKey) (*ledger.Released, error) {
	t.Helper()
	return l.Release(ctx, by, ledger.Release{License: id, Key: by1, Raw: []byte("release")}, issue(t, by.Now))
}

// release gives up the license of the site whose machine key has the seed.
func release(t testing.TB, l *ledger.Ledger, license *ledger.License, seed byte) *ledger.Released {
	t.Helper()
	r, err := tryRelease(t, l, operation(), license.ID, key(t, seed).Public())
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestReactivate(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger, _ string) {
		entitle(t, l, entitlement())
		q := request(t, 1, nil)
		first := signed(t, l, q)
		second := signed(t, l, request(t, 1, func(q *format.Request) { q.Time++ }))
		_, err := l.Reactivate(ctx, operation(), "INV0042-1", first.Activation)
		wantRefusal(t, err, ledger.RuleReason)
		_, err = l.Reactivate(ctx, because("disk gone"), "INV0042-9", first.Activation)
		wantRefusal(t, err, ledger.RuleActive)
		revoked, err := l.Reactivate(ctx, because("disk gone"), "INV0042-1", first.Activation)
		if err != nil || len(revoked) != 2 || revoked[0] != first.ID || revoked[1] != second.ID {
			t.Fatalf("to be revoked: %v, %v, want both licenses", revoked, err)
		}
		waiting, err := l.Revocations(ctx)
		if err != nil || len(waiting) != 2 || waiting[0].Why != "disk gone" || waiting[0].List != 0 || waiting[0].Activation != first.Activation {
			t.Errorf("waiting for a list: %+v, %v", waiting, err)
		}
		_, err = l.Reactivate(ctx, because("again"), "INV0042-1", first.Activation)
		wantRefusal(t, err, ledger.RuleActive, "lost")
		_, err = sign(t, l, q)
		wantRefusal(t, err, ledger.RuleRequest, "lost")
		signed(t, l, request(t, 2, nil)) // the seat is free
	})
}

// What has ended by itself needs no list.
func TestReactivateRevokesOnlyWhatStillRuns(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger, _ string) {
		sold(t, l, func(e *ledger.Entitlement) { e.Expires = now.Add(day) })
		first := signed(t, l, request(t, 1, nil))
		by := because("gone")
		by.Now = now.Add(2 * day)
		if revoked, err := l.Reactivate(ctx, by, "INV0042-1", first.Activation); err != nil || len(revoked) != 0 {
			t.Errorf("to be revoked: %v, %v", revoked, err)
		}
	})
}

func TestRelease(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger, where string) {
		entitle(t, l, entitlement())
		q := request(t, 1, nil)
		first := signed(t, l, q)
		newest := signed(t, l, request(t, 1, func(q *format.Request) { q.Time++ }))

		_, err := tryRelease(t, l, operation(), format.ID{1}, key(t, 1).Public())
		wantRefusal(t, err, ledger.RuleRelease, format.ID{1}.String())
		_, err = tryRelease(t, l, operation(), first.ID, key(t, 2).Public())
		wantRefusal(t, err, ledger.RuleRelease, first.Activation)
		_, err = tryRelease(t, l, operation(), first.ID, keys.PublicKey{})
		wantRefusal(t, err, ledger.RuleRelease)
		_, err = sign(t, l, request(t, 2, nil))
		wantRefusal(t, err, ledger.RuleSeats)

		got := release(t, l, first, 1)
		if got.Activation != first.Activation || got.Invoice != "INV0042-1" || got.Already || got.License != nil {
			t.Errorf("released: %+v", got)
		}
		// The newer license may be on its way to the server, and was not given up.
		if waiting, err := l.Revocations(ctx); err != nil || len(waiting) != 1 || waiting[0].License != newest.ID {
			t.Errorf("to be revoked: %+v, %v", waiting, err)
		}
		events := count(t, where, "events")
		if again := release(t, l, first, 1); !again.Already || count(t, where, "events") != events {
			t.Errorf("the same release again: %+v", again)
		}
		_, err = sign(t, l, q)
		wantRefusal(t, err, ledger.RuleRequest, "released")
		signed(t, l, request(t, 2, nil)) // the seat is free, once
		_, err = sign(t, l, request(t, 3, nil))
		wantRefusal(t, err, ledger.RuleSeats)
	})
}

func TestReleaseCountsEmergencyDays(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger, _ string) {
		sold(t, l, func(e *ledger.Entitlement) { e.Invoice = "P-1" })
		sold(t, l, func(e *ledger.Entitlement) { e.Invoice, e.Type, e.EmergencyDays = "F-1", "failover", 10 })
		left := func(seed byte) (days uint64, license *ledger.License) {
			t.Helper()
			sign := issue(t, now)
			license, err := l.Sign(ctx, operation(), request(t, seed, asks("F-1", "failover")), each(func(g ledger.Grant) (format.ID, []byte, string, error) {
				days = g.EmergencyDays
				return one(sign, g)
			}))
			if err != nil {
				t.Fatal(err)
			}
			return days, license
		}
		days, license := left(1)
		if days != 10 {
			t.Errorf("a fresh failover license has %d emergency days, want 10", days)
		}
		if _, err := l.Release(ctx, operation(), ledger.Release{License: license.ID, Key: key(t, 1).Public(), EmergencyDays: 7}, nil); err != nil {
			t.Fatal(err)
		}
		if days, _ := left(2); days != 3 {
			t.Errorf("after 7 days of emergency %d are left, want 3", days)
		}
	})
}
