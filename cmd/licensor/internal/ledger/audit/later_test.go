package audit_test

import (
	"testing"
	"time"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/book"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/ledgertest"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/rules"
	"github.com/offlicense/offlicense/verify"
)

// A shop renews without a key, and each license is signed when its request comes again.
func TestHonestLater(t *testing.T) {
	everywhere(t, func(t *testing.T, b *book.Book, _ string) {
		ledgertest.Sold(t, b, func(e *ledger.Entitlement) { e.Seats = 3 })
		var before []*ledger.License
		for n := range uint32(3) {
			before = append(before, ledgertest.Signed(t, b, site(n, invoice)))
		}
		op := by()
		op.Later = true
		end := time.Date(2028, 11, 22, 0, 0, 0, 0, time.UTC)
		revised, err := b.Revise(ctx, op, invoice, rules.NewRenewal(rules.Renewal{Expires: ledger.EndAt(end)}), nil)
		if err != nil || len(revised.Steps) != 1 || revised.After.Due == 0 {
			t.Fatalf("%+v, %v", revised, err)
		}
		wantClean(t, b, nil)
		first := ledgertest.Signed(t, b, site(0, invoice))
		if first.Epoch != 2 || !first.HardEnd.Equal(end) || ledgertest.Signed(t, b, site(0, invoice)).ID != first.ID {
			t.Errorf("got %+v", first)
		}
		outcomes, err := b.SignBatch(ctx, by(), []*verify.Request{site(1, invoice), site(1, invoice), site(0, invoice)}, ledgertest.Issue())
		if err != nil || outcomes[0].License.ID != outcomes[1].License.ID || outcomes[0].License.ID == before[1].ID || outcomes[2].License.ID != first.ID {
			t.Errorf("got %+v, %v", outcomes, err)
		}
		if _, err := b.Revise(ctx, by(), invoice, rules.NewAmendment(func(e *ledger.Entitlement) error { e.BridgeDays = 3; return nil }), ledgertest.Issue()); err != nil {
			t.Fatal(err)
		}
		if again := ledgertest.Signed(t, b, site(2, invoice)); again.Epoch != 2 || !again.HardEnd.Equal(end) {
			t.Errorf("got %+v", again)
		}
		wantClean(t, b, nil)

		// Of one seat, which the rules look up by itself.
		ledgertest.Sold(t, b, func(e *ledger.Entitlement) { e.Invoice, e.Binding = "P-2", "key" })
		ledgertest.Signed(t, b, site(9, "P-2"))
		if _, err := b.Revise(ctx, op, "P-2", rules.NewRenewal(rules.Renewal{Expires: ledger.EndAt(end)}), nil); err != nil {
			t.Fatal(err)
		}
		wantClean(t, b, nil)
	})
}

// Whoever writes the database wants to sign again and again, or leaves licenses out of a
// revision.
func TestForgedLater(t *testing.T) {
	for name, c := range map[string]struct {
		action ledger.Action
		why    string
		change func(e *ledger.Entitlement)
		find   string
	}{
		"a revision without its licenses": {ledger.ActionRenew, "", func(e *ledger.Entitlement) { e.Expires = e.Expires.AddDate(1, 0, 0) }, "an operation of"},
		"due by an event to come": {ledger.ActionRenew, "", func(e *ledger.Entitlement) {
			e.Expires, e.Due = e.Expires.AddDate(1, 0, 0), 99
		}, "due"},
		"due by nothing":      {ledger.ActionAmend, "", func(e *ledger.Entitlement) { e.BridgeDays, e.Due = 9, 2 }, "due"},
		"due by a suspension": {ledger.ActionSuspend, "x", func(e *ledger.Entitlement) { e.Standing, e.Due = ledger.StandingSuspended, 2 }, "due"},
	} {
		t.Run(name, func(t *testing.T) {
			b, _, sold := oneSeat(t, 2)
			ledgertest.Signed(t, b, site(2, invoice))
			c.change(&sold)
			at := byHand(t, b, ledgertest.Because(c.why), &ledger.Event{Action: c.action, Invoice: invoice, Detail: sold.Normal()})
			wantEvent(t, audited(t, b, nil), at, c.find)
		})
	}
}
