package store

import (
	"math"
	"slices"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
)

// formerNumber is an invoice number that a sale has, or had between two events.
type formerNumber struct {
	invoice       string
	after, before int64 // events
}

// numbers returns the number of a sale with those that it had before, as corrections say;
// and the events by which sales that had the number got others. The number itself is asked
// about whatever sale it named.
func (t *Tx) numbers(invoice string) (all []formerNumber, moved []int64, err error) {
	renumbered, err := t.renumbered()
	if err != nil {
		return nil, nil, err
	}
	all = []formerNumber{{invoice, 0, math.MaxInt64}}
	for _, e := range renumbered {
		if d, ok := e.Detail.(ledger.Renumbered); ok && d.Was == invoice {
			moved = append(moved, e.Seq)
		}
	}
	// From the newest back: each names the number that the sale had until then, and had
	// since another one gave it up.
	name, before := invoice, int64(math.MaxInt64)
	for i := len(renumbered) - 1; i >= 0; i-- {
		e := renumbered[i]
		d, ok := e.Detail.(ledger.Renumbered)
		if !ok || e.Invoice != name || e.Seq >= before {
			continue
		}
		n := formerNumber{d.Was, 0, e.Seq}
		for _, earlier := range renumbered[:i] {
			if d, ok := earlier.Detail.(ledger.Renumbered); ok && d.Was == n.invoice {
				n.after = earlier.Seq
			}
		}
		all = append(all, n)
		name, before = n.invoice, n.before
	}
	return all, moved, nil
}

// WasNumbered reports whether the sale of an invoice had another number before.
func (t *Tx) WasNumbered(invoice, was string) (bool, error) {
	all, _, err := t.numbers(invoice)
	return slices.ContainsFunc(all[min(1, len(all)):], func(n formerNumber) bool { return n.invoice == was }), err
}

func (t *Tx) renumbered() ([]*ledger.Event, error) {
	return t.events("events s WHERE s.action = 'renumber' AND s.action <> 'sign'", nil, "s.seq", 0)
}

// Renumbered tells under which numbers there was a sale that has another one now.
func (t *Tx) Renumbered() (map[string]bool, error) {
	events, err := t.renumbered()
	was := make(map[string]bool)
	for _, e := range events {
		if d, ok := e.Detail.(ledger.Renumbered); ok {
			was[d.Was] = true
		}
	}
	return was, err
}

// SoldUnder returns the events that have sold something under a number, with the e-mail
// addresses of then that are still known.
func (t *Tx) SoldUnder(invoice string) ([]*ledger.Event, error) {
	all, err := t.events("events s WHERE s.invoice = $1 AND s.action = 'entitle'", []any{invoice}, "s.seq", 0)
	for _, e := range all {
		if sold, ok := e.Detail.(*ledger.Entitlement); ok && err == nil {
			_, err = t.tx.Row("SELECT address FROM emails WHERE account = $1", []any{sold.Account}, &sold.Email)
		}
	}
	return all, err
}
