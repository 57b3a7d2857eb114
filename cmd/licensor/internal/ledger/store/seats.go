package store

import (
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/rules"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/store/database"
	"github.com/offlicense/offlicense/format"
)

// movedWithin is how old the moves are that are loaded: longer than rules ask about, by
// the most that the clocks of two workstations may be apart.
const movedWithin = 366 * 24 * time.Hour

// month makes few different statements of the times from which on moves are loaded.
const month = 30 * 24 * 60 * 60

// seats loads what is known of the seats of sales that requests ask about: who has had
// one longest where none may be left, which wait, and who has moved and left.
func (l *loader) seats(ask Ask) error {
	wanted := make(map[string]uint64)
	for _, q := range ask.Requests {
		wanted[q.Invoice]++
	}
	if ask.Seat != "" {
		wanted[ask.Seat]++
	}
	var invoices []any
	for invoice := range wanted {
		if l.Sales[invoice] != nil {
			invoices = append(invoices, invoice)
		}
	}
	if err := l.waiting(invoices); err != nil {
		return err
	}
	err := l.tx.RowsIn("SELECT invoice, at FROM moved WHERE invoice IN (%s) AND at > "+strconv.FormatInt(l.Newest.Add(-movedWithin).Unix()/month*month, 10)+" ORDER BY seq", invoices, database.Columns(func(invoice string, at database.Time) {
		l.Sales[invoice].Moved = append(l.Sales[invoice].Moved, time.Time(at))
	}))
	if err != nil {
		return err
	}
	for invoice, n := range wanted {
		s := l.Sales[invoice]
		if s == nil || s.Type == ledger.TypeDevelopment || s.Used+uint64(len(s.Waits))+n <= s.Seats {
			continue
		}
		if err := l.oldest(s); err != nil {
			return err
		}
	}
	return l.left(ask)
}

// waiting loads the seats that wait for the new servers of moves.
func (l *loader) waiting(invoices []any) error {
	var successors []string
	err := l.tx.RowsIn("SELECT invoice, activation, successor, until, waits, state FROM moves WHERE invoice IN (%s) AND state = 'waiting' ORDER BY until, successor", invoices,
		func(scan func(...any) error) error {
			var invoice string
			m := new(rules.Move)
			err := scan(&invoice, &m.From, &m.Successor, (*database.Time)(&m.Until), &m.Waits, &m.State)
			s := l.Sales[invoice]
			s.Waits = append(s.Waits, *m)
			successors = append(successors, m.Successor)
			return err
		})
	if err != nil {
		return err
	}
	return l.loadMissing(successors)
}

// oldest loads who has had the seats of a sale longest, with the other sides of their
// moves.
func (l *loader) oldest(s *rules.Sale) error {
	var ids, successors []string
	err := l.tx.Rows(`SELECT a.id FROM activations a WHERE a.invoice = $1 AND a.state = 'active' ORDER BY a.since, a.id LIMIT 3`, []any{s.Invoice}, database.Values(&ids))
	if err != nil {
		return err
	}
	if err := l.loadMissing(ids); err != nil {
		return err
	}
	for _, id := range ids {
		if a := l.Activations[id]; a != nil {
			s.Oldest = append(s.Oldest, a)
			for _, m := range a.Moves {
				successors = append(successors, m.Successor)
			}
		}
	}
	return l.loadMissing(successors)
}

// loadMissing loads activations that are not among the facts yet.
func (l *loader) loadMissing(ids []string) error {
	return l.load(slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return l.Activations[id] != nil }))
}

// left loads the machines of freed seats that may be those that ask now: they share the
// machine key or a component.
func (l *loader) left(ask Ask) error {
	invoiceOf := make(map[string]string) // by the activations that may be those
	freed := make(map[string]bool)       // by the same operation
	for _, id := range ask.Activations {
		if a := l.Activations[id]; a != nil {
			freed[a.Invoice] = true
		}
	}
	var asked []any
	for _, q := range ask.Requests {
		if s := l.Sales[q.Invoice]; s == nil || s.Used >= s.Peak && !freed[q.Invoice] { // no seat of it was freed
			continue
		}
		asked = append(asked, q.Invoice, machineKeyLabel, q.Key.Bytes())
		for _, c := range q.Components {
			asked = append(asked, q.Invoice, c.Label, rules.Comparable(c.Hash))
		}
	}
	err := l.tx.RowsFor("SELECT m.invoice, m.activation FROM asked JOIN left_machines m ON m.invoice = asked.a AND m.label = asked.b AND m.value = asked.c",
		3, asked, database.Columns(func(invoice, activation string) { invoiceOf[activation] = invoice }))
	if err != nil {
		return err
	}
	ids := slices.Sorted(maps.Keys(invoiceOf))
	machines := make(map[string]*rules.LeftMachine)
	err = l.tx.RowsIn("SELECT activation, label, value FROM left_machines WHERE activation IN (%s) ORDER BY activation, label", anys(ids), database.Columns3(func(id, label string, value []byte) {
		m := machines[id]
		if m == nil {
			m = new(rules.LeftMachine)
			machines[id] = m
		}
		if label == machineKeyLabel {
			m.Key = value
		} else {
			m.Components = append(m.Components, format.Component{Label: label, Hash: value})
		}
	}))
	for _, id := range ids {
		s := l.Sales[invoiceOf[id]]
		s.Left = append(s.Left, *machines[id])
	}
	return err
}
