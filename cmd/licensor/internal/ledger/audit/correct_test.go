package audit_test

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/book"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/ledgertest"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/rules"
	"github.com/offlicense/offlicense/format"
)

// Whoever writes the database wants another number, buyer or product than was sold.
func TestForgedCorrection(t *testing.T) {
	sale := func(action ledger.Action, change func(*ledger.Entitlement)) func(e ledger.Entitlement) []*ledger.Event {
		return func(e ledger.Entitlement) []*ledger.Event {
			change(&e)
			return []*ledger.Event{{Action: action, Invoice: e.Invoice, Detail: e.Normal()}}
		}
	}
	renumber := func(was, to string) func(ledger.Entitlement) []*ledger.Event {
		return func(ledger.Entitlement) []*ledger.Event {
			return []*ledger.Event{{Action: ledger.ActionRenumber, Invoice: to, Detail: ledger.Renumbered{Was: was}}}
		}
	}
	for name, c := range map[string]struct {
		events func(e ledger.Entitlement) []*ledger.Event
		find   string
		last   bool // of the events, which is the one that is found
	}{
		"product of who is active":  {sale(ledger.ActionCorrect, func(e *ledger.Entitlement) { e.Product = "liquid" }), "(rule: signed)", false},
		"customer of who is active": {sale(ledger.ActionCorrect, func(e *ledger.Entitlement) { e.Customer = "Thief Ltd" }), "(rule: signed)", false},
		"waived":                    {sale(ledger.ActionCorrect, func(e *ledger.Entitlement) { e.Waived = true }), "changes nothing", false},
		"suspended by it":           {sale(ledger.ActionCorrect, func(e *ledger.Entitlement) { e.Standing = ledger.StandingSuspended }), "changes nothing", false},
		"number that was signed":    {renumber(invoice, "INV0099"), "(rule: signed)", false},
		"number in another form":    {renumber("P-2", "p-3"), `by the rules it is of invoice "P-3"`, false},
		"the same number":           {renumber("P-2", "P-2"), "changes nothing", false},
		"renumbered and more": {func(e ledger.Entitlement) []*ledger.Event {
			e.Invoice, e.Type = "P-3", ledger.TypeNFR
			return append(renumber("P-2", "P-3")(e), &ledger.Event{Action: ledger.ActionCorrect, Invoice: "P-3", Detail: e.Normal()})
		}, "(rule: partner)", false},
		"transferred with more seats": {sale(ledger.ActionTransfer, func(e *ledger.Entitlement) { e.Invoice, e.Customer = "P-2", "Thief Ltd" }), "seats", false},
		"transferred by an amendment": {sale(ledger.ActionAmend, func(e *ledger.Entitlement) { e.Customer = "Thief Ltd" }), "the customer of an entitlement stays", false},
		"renamed, one of two":         {sale(ledger.ActionRename, func(e *ledger.Entitlement) { e.Customer = "Thief Ltd" }), "an operation of 2 events", false},
		"renamed to nothing":          {sale(ledger.ActionRename, func(e *ledger.Entitlement) { e.Customer = "" }), "invalid customer", false},
		"renamed with more seats": {func(e ledger.Entitlement) []*ledger.Event {
			e.Customer = "Thief Ltd"
			other := e
			other.Invoice, other.Seats = "P-2", 99
			return []*ledger.Event{{Action: ledger.ActionRename, Invoice: invoice, Detail: e.Normal()}, {Action: ledger.ActionRename, Invoice: "P-2", Detail: other.Normal()}}
		}, "99", true},
	} {
		t.Run(name, func(t *testing.T) {
			b, _, sold := oneSeat(t, 2)
			ledgertest.Sold(t, b, func(e *ledger.Entitlement) { e.Invoice = "P-2" })
			events := c.events(sold)
			for _, e := range events[:len(events)-1] {
				e.More = true
			}
			at := byHand(t, b, ledgertest.Because("x"), events...)
			if c.last {
				at += int64(len(events)) - 1
			}
			wantEvent(t, audited(t, b, nil), at, c.find)
		})
	}
}

// Addresses of sales that were corrected and transferred are forgotten, and the log verifies.
func TestHonestCorrections(t *testing.T) {
	everywhere(t, func(t *testing.T, b *book.Book, where string) {
		lived(t, b)
		for _, email := range []string{"ops@site.example", "it@site.example", "it@other.example", "b@site.example", "a@site.example"} {
			if _, err := b.Forget(ctx, by(), email); err != nil {
				t.Fatal(err)
			}
			wantClean(t, b, nil)
		}
		// What nobody knows any more is no reason against a new one.
		_, err := b.Correct(ctx, ledgertest.Because("typed wrong"), "P-6", rules.NewCorrection(func(e *ledger.Entitlement) error {
			e.Email, e.Type = "new@other.example", ledger.TypeEvaluation
			return nil
		}))
		if err != nil {
			t.Fatal(err)
		}
		wantClean(t, b, nil)
	})
}

// Whoever writes the database wants a sale to be claimed by an address of theirs.
func TestForgedAddress(t *testing.T) {
	for name, c := range map[string]struct {
		why  string
		a    ledger.Addressed
		find string
	}{
		"without a reason": {"", ledger.Addressed{Account: make([]byte, 32)}, "(rule: reason)"},
		"one that is none": {"x", ledger.Addressed{Account: make([]byte, 32), Email: "thief@other.example"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			b, _, _ := oneSeat(t, 2)
			at := byHand(t, b, ledgertest.Because(c.why), &ledger.Event{Action: ledger.ActionAddress, Invoice: invoice, Detail: c.a})
			r := audited(t, b, nil)
			if c.find != "" {
				wantEvent(t, r, at, c.find)
			} else {
				wantFound(t, r, "emails", "address", "is not the one that the log knows by this hash")
			}
		})
	}
	// One that the sale does not have claims nothing, if it was written into the table alone.
	b, where, _ := oneSeat(t, 2)
	salt := []byte("salt")
	ledgertest.Execute(t, where, fmt.Sprintf("INSERT INTO emails VALUES (x'%x', x'%x', 'thief@other.example', 'thief@other.example')", ledger.Commitment(salt, "thief@other.example"), salt))
	ledgertest.Execute(t, where, fmt.Sprintf("INSERT INTO addresses VALUES (x'%x', '%s')", ledger.Commitment(salt, "thief@other.example"), invoice))
	if _, err := b.Sign(ctx, by(), asks(t, 2, func(q *format.Request) { q.Account = format.AccountHash(invoice, "thief@other.example") }), issue()); err != nil {
		t.Fatal(err)
	}
	r := audited(t, b, nil)
	wantEvent(t, r, 4, "(rule: claim)")
	wantFound(t, r, "addresses", "", "was added by hand")
}

// What was corrected, handed on and forgotten is in a copy as it is here.
func TestHonestCopy(t *testing.T) {
	everywhere(t, func(t *testing.T, b *book.Book, where string) {
		lived(t, b)
		for _, email := range []string{"b@site.example", "it@site.example"} {
			if _, err := b.Forget(ctx, by(), email); err != nil {
				t.Fatal(err)
			}
		}
		file := filepath.Join(t.TempDir(), "copy.db")
		if err := b.Store().Backup(ctx, file); err != nil {
			t.Fatal(err)
		}
		if r := auditedStore(t, opened(t, file), nil); !r.OK() {
			t.Errorf("a copy: %v", r.Findings)
		}
	})
}

// What has several addresses becomes no evaluation, which is that of one.
func TestForgedEvaluation(t *testing.T) {
	b, _ := ledgertest.New(t)
	var sold ledger.Entitlement
	ledgertest.Sold(t, b, func(e *ledger.Entitlement) { sold = *e })
	if _, err := b.SetAddress(ctx, ledgertest.Because("asked"), []string{sold.Invoice}, "more@site.example", false); err != nil {
		t.Fatal(err)
	}
	sold.Type = ledger.TypeEvaluation
	at := byHand(t, b, ledgertest.Because("typed wrong"), &ledger.Event{Action: ledger.ActionCorrect, Invoice: sold.Invoice, Detail: sold.Normal()})
	wantEvent(t, audited(t, b, nil), at, "(rule: once)")
}
