package ledger_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/keys"
	"github.com/offlicense/offlicense/verify"
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

// says is what a license says, as a stranger reads it at the time when it was issued.
func says(t testing.TB, license *ledger.License) *verify.License {
	t.Helper()
	got, err := staff(t).Verifier.Check([]byte(format.EncodeText(format.LicenseFile, license.File)),
		verify.Facts{Now: license.Issued, Product: "evoq", AnyMachine: true})
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func TestSeveralServersOnOneLicense(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger, _ string) {
		sold(t, l, func(e *ledger.Entitlement) { e.Seats = 3 })
		seen := map[string]bool{}
		for seed := byte(1); seed <= 3; seed++ {
			q := request(t, seed, nil)
			license := signed(t, l, q)
			if seen[license.Activation] || !bytes.Equal(license.Request, q.Body) {
				t.Errorf("server %d has no license of its own", seed)
			}
			seen[license.Activation] = true
		}
		_, err := sign(t, l, request(t, 4, nil))
		wantRefusal(t, err, ledger.RuleSeats)
	})
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
			license, err := l.Sign(ctx, operation(), request(t, seed, asks("F-1", "failover")), func(g ledger.Grant) (format.ID, []byte, string, error) {
				days = g.EmergencyDays
				return sign(g)
			})
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
		if got := says(t, bridge); got.Type != "development" || !got.Expires.Equal(now.Add(14*day)) || !got.GraceUntil.IsZero() || !got.Bound {
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

func TestRenewWithoutANewRequest(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger, where string) {
		sold(t, l, func(e *ledger.Entitlement) { e.Seats, e.GraceDays = 3, 14 })
		first := signed(t, l, request(t, 1, nil))
		signed(t, l, request(t, 2, nil))
		gone := signed(t, l, request(t, 3, nil))
		release(t, l, gone, 3)
		newer := request(t, 2, func(q *format.Request) { q.Time++ })
		second := signed(t, l, newer)

		ends := entitlement().Expires.Add(365 * day)
		renewed, err := l.Renew(ctx, operation(), "INV0042-1", ledger.Renewal{Expires: ends}, issue(t, now))
		if err != nil || len(renewed) != 2 {
			t.Fatalf("%d licenses, %v, want one for each active site", len(renewed), err)
		}
		for _, license := range renewed {
			before := first
			if license.Activation == second.Activation {
				before = second
			}
			got := says(t, license)
			if license.Epoch != before.Epoch+1 || !got.Expires.Equal(ends) || !got.GraceUntil.Equal(ends.Add(14*day)) || !bytes.Equal(license.Request, before.Request) {
				t.Errorf("after epoch %d of %s: %+v", before.Epoch, before.Activation, got)
			}
		}
		// The request that is sent again gets the renewed license.
		if again := signed(t, l, newer); !again.Expires.Equal(ends.Add(14 * day)) {
			t.Errorf("the newest request gets a license until %s", again.Expires)
		}
		events := count(t, where, "events")
		again, err := l.Renew(ctx, operation(), "INV0042-1", ledger.Renewal{Expires: ends}, issue(t, now))
		if err != nil || len(again) != 2 || count(t, where, "events") != events {
			t.Errorf("the same renewal again: %d licenses, %v", len(again), err)
		}
		for _, to := range []ledger.Renewal{{}, {Expires: ends.Add(-day)}, {Expires: ends, Perpetual: true}} {
			if _, err := l.Renew(ctx, operation(), "INV0042-1", to, issue(t, now)); err == nil {
				t.Errorf("renewed to %+v", to)
			}
		}
	})
}

func TestPerpetualWithMaintenance(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger, _ string) {
		until := now.Add(365 * day)
		sold(t, l, func(e *ledger.Entitlement) { e.Expires, e.UpdatesUntil = time.Time{}, until })
		license, err := signAt(t, l, request(t, 1, nil), now.Add(20*365*day))
		if err != nil {
			t.Fatal(err)
		}
		if got := says(t, license); !got.Expires.IsZero() || !got.UpdatesUntil.Equal(until) {
			t.Errorf("the license says %+v", got)
		}
	})
}

// When a subscription becomes perpetual, the customer keeps what they have.
func TestRenewToPerpetual(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger, _ string) {
		sold(t, l, func(e *ledger.Entitlement) { e.GraceDays = 14 })
		signed(t, l, request(t, 1, nil))
		until := now.Add(365 * day)
		renewed, err := l.Renew(ctx, operation(), "INV0042-1", ledger.Renewal{Perpetual: true, UpdatesUntil: until}, issue(t, now))
		if err != nil || len(renewed) != 1 {
			t.Fatal(renewed, err)
		}
		if got := says(t, renewed[0]); !got.Expires.IsZero() || !got.UpdatesUntil.Equal(until) {
			t.Errorf("the license says %+v", got)
		}
	})
}

func TestAmendSeatsAndLimits(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger, _ string) {
		sold(t, l, func(e *ledger.Entitlement) { e.Seats = 2 })
		signed(t, l, request(t, 1, nil))
		signed(t, l, request(t, 2, nil))
		amend := func(change func(e *ledger.Entitlement)) ([]*ledger.License, error) {
			return l.Amend(ctx, operation(), "INV0042-1", func(e *ledger.Entitlement) error { change(e); return nil }, issue(t, now))
		}
		licenses, err := amend(func(e *ledger.Entitlement) {
			e.Seats, e.Limits["cores"], e.Edition, e.MaxVersion = 3, 64, "plus", "9.x"
		})
		if err != nil || len(licenses) != 2 {
			t.Fatalf("%d licenses, %v", len(licenses), err)
		}
		for _, license := range licenses {
			if got := says(t, license); got.Limits["cores"] != 64 || got.Seats != 3 || got.Edition != "plus" || got.MaxVersion != "9.x" || got.Epoch != 2 {
				t.Errorf("the license says %+v", got)
			}
		}
		signed(t, l, request(t, 3, nil))
		_, err = amend(func(e *ledger.Entitlement) { e.Seats = 2 })
		wantRefusal(t, err, ledger.RuleSeats, "3 seats")
		for name, change := range map[string]func(e *ledger.Entitlement){
			"invoice":  func(e *ledger.Entitlement) { e.Invoice = "X" },
			"customer": func(e *ledger.Entitlement) { e.Customer = "X" },
			"product":  func(e *ledger.Entitlement) { e.Product = "x" },
			"type":     func(e *ledger.Entitlement) { e.Type = "test" },
			"counting": func(e *ledger.Entitlement) { e.CountBy = ledger.ByMachine },
		} {
			if _, err := amend(change); err == nil {
				t.Errorf("the %s was amended", name)
			}
		}
		if _, err := l.Amend(ctx, operation(), "NONE", func(*ledger.Entitlement) error { return nil }, issue(t, now)); err == nil {
			t.Error("an unknown invoice was amended")
		}
	})
}

func TestUnboundOnlyWhereSoldSo(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger, where string) {
		sold(t, l, func(e *ledger.Entitlement) { e.Seats = 2 })
		_, err := l.SignUnbound(ctx, operation(), "INV0042-1", "", issue(t, now))
		wantRefusal(t, err, ledger.RuleUnbound)
		if _, err := l.Amend(ctx, operation(), "INV0042-1", func(e *ledger.Entitlement) error { e.Unbound = true; return nil }, issue(t, now)); err != nil {
			t.Fatal(err)
		}
		license, err := l.SignUnbound(ctx, operation(), "INV0042-1", "", issue(t, now))
		if err != nil {
			t.Fatal(err)
		}
		if got := says(t, license); got.Bound || got.Customer != "Site Ltd" {
			t.Errorf("the license says %+v", got)
		}
		events := count(t, where, "events")
		if again, err := l.SignUnbound(ctx, operation(), "INV0042-1", " ", issue(t, now)); err != nil || again.ID != license.ID || count(t, where, "events") != events {
			t.Errorf("again: %v, %v", again, err)
		}
		if _, err = l.SignUnbound(ctx, operation(), "INV0042-1", "Berlin", issue(t, now)); err != nil {
			t.Error(err)
		}
		_, err = l.SignUnbound(ctx, operation(), "INV0042-1", "Bonn", issue(t, now))
		wantRefusal(t, err, ledger.RuleSeats, "Berlin")
		renewed, err := l.Renew(ctx, operation(), "INV0042-1", ledger.Renewal{Expires: entitlement().Expires.Add(day)}, issue(t, now))
		if err != nil || len(renewed) != 2 || says(t, renewed[0]).Bound || renewed[0].Epoch != 2 {
			t.Errorf("renewed: %v, %v", renewed, err)
		}
	})
}

func TestBuildServersCountLikeAnyOther(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger, _ string) {
		entitle(t, l, entitlement())
		signed(t, l, request(t, 1, func(q *format.Request) { q.Host = "build-1" }))
		_, err := sign(t, l, request(t, 2, func(q *format.Request) { q.Host = "build-2" }))
		wantRefusal(t, err, ledger.RuleSeats, "build-1")
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
		wantRefusal(t, got.Refusal, ledger.RuleEmergency, "all 10 days")
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

// A failover license without days of emergency would not be limited.
func TestFailoverNeedsEmergencyDays(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger, where string) {
		sold(t, l, func(e *ledger.Entitlement) { e.Invoice = "P-1" })
		sold(t, l, func(e *ledger.Entitlement) { e.Invoice, e.Type, e.EmergencyDays = "F-1", "failover", 1 })
		events := count(t, where, "events")
		none := entitlement()
		none.Invoice, none.Type = "F-2", "failover"
		_, amended := l.Amend(ctx, operation(), "F-1", func(e *ledger.Entitlement) error { e.EmergencyDays = 0; return nil }, issue(t, now))
		for what, err := range map[string]error{
			"entitle": l.Entitle(ctx, operation(), none),
			"import":  l.Import(ctx, operation(), []ledger.ImportRow{{Line: 2, Entitlement: none}}, nil),
			"amend":   amended,
		} {
			if err == nil || !strings.Contains(err.Error(), "--emergency-days") {
				t.Errorf("%s without days of emergency: %v", what, err)
			}
		}
		if n := count(t, where, "events"); n != events {
			t.Errorf("%d events were recorded", n-events)
		}
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
