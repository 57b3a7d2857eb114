package ledger

import (
	"context"
	"fmt"
	"strings"

	"github.com/offlicense/offlicense/format"
)

const maxCustomer = 128 // bytes, as in a license

// SetCustomer records whether a customer is a partner.
func (l *Ledger) SetCustomer(ctx context.Context, by Operation, c Customer) error {
	if customerKey(c.Name) == "" {
		return &Error{Message: "a customer without a name", Next: "name the customer as the entitlements do"}
	}
	c.Name = strings.Join(strings.Fields(c.Name), " ")
	if err := format.ValidText(c.Name, maxCustomer); err != nil {
		return &Error{Message: fmt.Sprintf("invalid customer %.64q: %v", c.Name, err), Next: "name the customer as the entitlements do"}
	}
	return l.write(ctx, by, func(w *writer) error {
		return w.record(&Event{Action: ActionCustomer, Detail: c})
	})
}

// Entitle records what was bought. With Operation.Override it may be what the rules
// leave to staff.
func (l *Ledger) Entitle(ctx context.Context, by Operation, e Entitlement) error {
	e.Excused = false
	sale := e.normal()
	if err := sale.check(l.vendor, by.Now); err != nil {
		return err
	}
	return l.write(ctx, by, func(w *writer) error {
		if err := w.refuseTwice(sale.Invoice); err != nil {
			return err
		}
		v := newView(&w.transaction, by)
		if err := v.excuse(sale); err != nil {
			return err
		}
		if err := v.checkSale(sale); err != nil {
			return err
		}
		return w.record(&Event{Action: ActionEntitle, Invoice: sale.Invoice, Detail: sale})
	})
}

func (w *writer) refuseTwice(invoice string) error {
	var one int64
	found, err := w.row("SELECT 1 FROM entitlements WHERE invoice = $1", []any{invoice}, &one)
	if err != nil || !found {
		return err
	}
	return &Error{
		Message: fmt.Sprintf("invoice %.64q is in the ledger already", invoice),
		Next:    fmt.Sprintf("look at it with \"licensor list --invoice %s\"; give a second line of the same invoice its own number, such as %s-2", invoice, invoice),
	}
}
