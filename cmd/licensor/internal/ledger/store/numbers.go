package store

import (
	"math"

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
	renumbered, err := t.events("events s WHERE s.action = 'renumber' AND s.action <> 'sign'", nil, "s.seq", 0)
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
