package audit_test

import (
	"testing"
	"time"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/audit"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/book"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/ledgertest"
)

// Signers that go on in every step of an audit do not disturb it, nor it them: it judges the
// ledger as it was when it began.
func TestSignersBesideAnAudit(t *testing.T) {
	everywhere(t, func(t *testing.T, b *book.Book, where string) {
		lived(t, b)
		ledgertest.Sold(t, b, func(e *ledger.Entitlement) { e.Invoice, e.Seats = "B-1", 1000 })
		next := uint32(1000)
		var steps []string
		against := audit.Against{Verifier: ledgertest.Verifier(ledgertest.Root), Now: now}
		against.Progress = func(step string, done, total int64) {
			if done > 0 {
				return
			}
			steps = append(steps, step)
			for range 3 {
				next++
				lost := ledgertest.Signed(t, b, site(next, "B-1"))
				if _, err := b.Deactivate(ctx, ledgertest.Because("gone"), "B-1", lost.Activation); err != nil {
					t.Fatal(err)
				}
				ledgertest.Signed(t, b, site(next+5000, "B-1"))
			}
		}
		for range 2 {
			before, steps0 := int64(ledgertest.Count(t, where, "events")), len(steps)
			r, err := audit.Run(ctx, b.Store(), against)
			if err != nil || !r.OK() {
				t.Fatalf("found: %+v, %v", r, err)
			}
			// The first step begins after the audit has begun, or in the same moment.
			if added := int64(ledgertest.Count(t, where, "events")) - before; len(steps)-steps0 < 3 || added != int64(len(steps)-steps0)*3*3 || r.Events < before || r.Events > before+9 {
				t.Errorf("in %v, %d events came to %d, of which %d were judged", steps, added, before, r.Events)
			}
		}
		wantClean(t, b, nil)
	})
}

// inFuture audits with a clock that says now.
func inFuture(t *testing.T, b *book.Book, now time.Time) *audit.Report {
	t.Helper()
	r, err := audit.Run(ctx, b.Store(), audit.Against{Verifier: ledgertest.Verifier(ledgertest.Root), Now: now})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// A thief dates what they record later than it is: a license that begins when the key that
// signs it will have been revoked, and nobody can sign in between.
func TestThiefInTheFuture(t *testing.T) {
	everywhere(t, func(t *testing.T, b *book.Book, where string) {
		ledgertest.Sold(t, b, func(e *ledger.Entitlement) { e.Seats = 9 })
		later := now.Add(2 * time.Hour)
		signs := func(n uint32, by ledger.Operation) {
			t.Helper()
			if _, err := b.Sign(ctx, by, site(n, invoice), ledgertest.Issuer(ledgertest.Root, ledgertest.Staff).At(by.Now)); err != nil {
				t.Fatal(err)
			}
		}
		signs(1, by())
		signs(2, ledgertest.At(later))
		at := int64(ledgertest.Count(t, where, "events"))
		wantEvent(t, inFuture(t, b, now), at, "is of the future", later.Format(time.RFC3339))
		wantEvent(t, inFuture(t, b, later.Add(-time.Hour-time.Second)), at, "is of the future")
		for _, clock := range []time.Time{later.Add(-time.Hour), later, {}} {
			if r := inFuture(t, b, clock); !r.OK() {
				t.Errorf("with a clock that says %v found: %v", clock, r.Findings)
			}
		}
		// Staff say that it was that clock which was wrong.
		right := ledgertest.Because("the clock of the other workstation was wrong")
		right.Override = true
		signs(3, right)
		if r := inFuture(t, b, now); !r.OK() || len(r.Overrides) != 1 {
			t.Errorf("after the clock was put right: %d overrides, found: %v", len(r.Overrides), r.Findings)
		}
	})
}
