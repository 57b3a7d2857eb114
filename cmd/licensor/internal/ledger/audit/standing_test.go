package audit_test

import (
	"testing"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/ledgertest"
	"github.com/offlicense/offlicense/format"
)

// Whoever writes the database wants a sale back that was suspended or canceled, or one that
// was canceled without its licenses on a list.
func TestForgedStanding(t *testing.T) {
	standing := func(to ledger.Standing) func(e *ledger.Entitlement) {
		return func(e *ledger.Entitlement) { e.Standing = to }
	}
	for name, c := range map[string]struct {
		before ledger.Standing
		action ledger.Action
		why    string
		change func(e *ledger.Entitlement)
		find   string
	}{
		"resumed":                   {ledger.StandingCanceled, ledger.ActionResume, "x", standing(""), "(rule: standing)"},
		"suspended, then resumed":   {ledger.StandingCanceled, ledger.ActionSuspend, "x", standing(ledger.StandingSuspended), "(rule: standing)"},
		"amended":                   {ledger.StandingSuspended, ledger.ActionAmend, "", standing(""), "changes nothing"},
		"by an amendment":           {"", ledger.ActionAmend, "", standing(ledger.StandingSuspended), "changes nothing"},
		"without a reason":          {"", ledger.ActionSuspend, "", standing(ledger.StandingSuspended), "(rule: reason)"},
		"another word":              {"", ledger.ActionSuspend, "x", standing("asleep"), "unknown standing"},
		"suspended with more seats": {"", ledger.ActionSuspend, "x", func(e *ledger.Entitlement) { e.Seats, e.Standing = 99, ledger.StandingSuspended }, "seats"},
		"of another action":         {"", ledger.ActionResume, "x", standing(ledger.StandingSuspended), "suspend is here"},
		"canceled by half":          {"", ledger.ActionCancel, "x", standing(ledger.StandingCanceled), "an operation of 2 events"},
	} {
		t.Run(name, func(t *testing.T) {
			b, _, sold := oneSeat(t, 2)
			if c.before != "" {
				if _, _, err := b.SetStanding(ctx, ledgertest.Because("unpaid"), invoice, c.before); err != nil {
					t.Fatal(err)
				}
			}
			sold.Standing = c.before
			c.change(&sold)
			at := byHand(t, b, ledgertest.Because(c.why), &ledger.Event{Action: c.action, Invoice: invoice, Detail: sold.Normal()})
			wantEvent(t, audited(t, b, nil), at, c.find)
		})
	}
}

// A thief signs under a sale that is suspended, and sells one that is canceled from the
// beginning.
func TestSignedWhileSuspended(t *testing.T) {
	b, _, sold := oneSeat(t, 2)
	if _, _, err := b.SetStanding(ctx, ledgertest.Because("unpaid"), invoice, ledger.StandingSuspended); err != nil {
		t.Fatal(err)
	}
	at := byHand(t, b, by(), signing(t, sold, site(66, invoice), nil))
	other := ledgertest.Entitlement()
	other.Invoice, other.Standing = "P-9", ledger.StandingCanceled
	next := byHand(t, b, by(), &ledger.Event{Action: ledger.ActionEntitle, Invoice: "P-9", Detail: other.Normal()})
	r := audited(t, b, nil)
	wantEvent(t, r, at, "(rule: standing)")
	wantEvent(t, r, next, "standing")
}

// What waits for a list says which licenses a canceled sale has.
func TestCanceledWithAnotherLicense(t *testing.T) {
	b, _, sold := oneSeat(t, 2)
	ledgertest.Sold(t, b, func(e *ledger.Entitlement) { e.Invoice = "P-2" })
	other := ledgertest.Signed(t, b, site(2, "P-2"))
	sold.Standing = ledger.StandingCanceled
	at := byHand(t, b, ledgertest.Because("refund"),
		&ledger.Event{Action: ledger.ActionCancel, Invoice: invoice, Detail: sold.Normal(), More: true},
		&ledger.Event{Action: ledger.ActionRevoke, Invoice: invoice, Activation: other.Activation, Detail: ledger.Revoked{Licenses: []format.ID{other.ID}}})
	wantEvent(t, audited(t, b, nil), at+1, "by the rules it is of activation")
}
