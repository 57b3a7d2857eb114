package book

import (
	"context"
	"errors"
	"fmt"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/rules"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/store"
)

// Import records many orders, all of them or none, but for those that are on record as
// they are: these are passed over. What a line does not say, the plan of its product does.
// What requires a production entitlement may stand before it in the file. Waived, Known and
// what plans say are set in the orders. progress, if not nil, is told now and then how many
// are done. The error is an *ImportError if it is about the orders: it names all that is
// wrong, with their form and by the rules.
func (b *Book) Import(ctx context.Context, by ledger.Operation, orders []Order, progress func(done int)) error {
	m, err := b.prepare(ctx, &by, orders)
	if err != nil {
		return err
	}
	done := 0
	recorded := func() {
		if done++; progress != nil && (done%1000 == 0 || done == len(orders)) {
			progress(done)
		}
	}
	return b.changeMany(ctx, &by, store.Ask{Sales: m.asked}, m.decide, recorded)
}

// CheckImport says what Import would refuse, and records nothing.
func (b *Book) CheckImport(ctx context.Context, by ledger.Operation, orders []Order) error {
	m, err := b.prepare(ctx, &by, orders)
	if err != nil {
		return err
	}
	return b.change(ctx, &by, store.Ask{Sales: m.asked}, func(t *store.Tx, f *rules.Facts) ([]*rules.Step, error) {
		_, err := m.decide(t, f)
		return nil, err
	})
}

// importing is an import at work.
type importing struct {
	by       *ledger.Operation
	products map[string]*ledger.Product // whose plans fill the orders
	orders   []Order
	sales    []*ledger.Entitlement // nil: the invoice of the row is not known, or another row's
	errs     []error               // why a sale cannot be recorded
	asked    []*ledger.Entitlement
	wrong    ImportError
}

// prepare finds what can be found before the ledger is locked.
func (b *Book) prepare(ctx context.Context, by *ledger.Operation, orders []Order) (*importing, error) {
	products, err := read(ctx, b, (*store.Tx).Products)
	if err != nil {
		return nil, err
	}
	m := &importing{by: by, products: products, orders: orders, sales: make([]*ledger.Entitlement, len(orders)), errs: make([]error, len(orders))}
	lines := make(map[string]int, len(orders))
	for i := range orders {
		o := &orders[i]
		unfilled := m.fill(o)
		sale := o.Normal()
		switch m.errs[i] = unfilled; {
		case o.Err != nil && unfilled != nil:
			m.errs[i] = nil
			m.wrong.add(o.Line, fmt.Errorf("%w; %w", o.Err, unfilled))
		case o.Err != nil:
			m.wrong.add(o.Line, o.Err)
		case unfilled == nil:
			if m.errs[i] = sale.Check(b.vendor, by.Now); m.errs[i] == nil {
				if err := commit(by, sale); err != nil {
					return nil, err
				}
			}
		}
		if o.Invoice == "" { // its line could not be read so far
			continue
		}
		m.asked = append(m.asked, sale)
		if earlier, twice := lines[o.Invoice]; twice {
			if m.errs[i] != nil {
				m.wrong.add(o.Line, m.errs[i])
			}
			m.wrong.add(o.Line, fmt.Errorf("duplicate invoice %.64q: line %d has it already", o.Invoice, earlier))
			continue
		}
		lines[o.Invoice] = o.Line
		m.sales[i] = sale
	}
	return m, nil
}

// fill gives an order what the plan of its product grants and the line does not say.
func (m *importing) fill(o *Order) error {
	planned, err := ledger.Fill(m.products, &o.Entitlement, m.by.Now, o.Said.Has)
	if err != nil || planned || o.Product == "" || o.Type != "" || o.Said.Has("type") {
		return err
	}
	if err := rules.CheckNames(m.products, m.by, &ledger.Entitlement{Product: o.Product, Edition: o.Edition}, nil); err != nil {
		return err
	}
	return errors.New("type is empty, and no plan says it")
}

func (m *importing) decide(t *store.Tx, f *rules.Facts) ([]*rules.Step, error) {
	renumbered, err := t.Renumbered()
	if err != nil {
		return nil, err
	}
	for i := range m.orders {
		o := &m.orders[i]
		sold := f.Sales[o.Invoice]
		if o.Err != nil || m.sales[i] == nil || sold == nil && !renumbered[o.Invoice] {
			continue
		}
		var refused error
		if o.Known, refused = m.known(t, sold, o); refused != nil {
			m.errs[i] = refused
		}
		if o.Known {
			m.sales[i], m.errs[i] = nil, nil
		}
	}
	known := make(map[string]bool)
	for i := range m.orders {
		known[m.orders[i].Invoice] = known[m.orders[i].Invoice] || m.orders[i].Known
	}
	for _, e := range m.asked {
		if e.Type == ledger.TypeProduction && !known[e.Invoice] {
			f.AssumeProduction(e)
		}
	}
	var steps []*rules.Step
	for i, sale := range m.sales {
		if sale == nil || m.orders[i].Err != nil {
			continue
		}
		err := m.errs[i]
		if err == nil {
			var step *rules.Step
			if step, err = rules.Entitle(f, m.by, sale); err == nil {
				m.orders[i].Waived = step.Event.Detail.(*ledger.Entitlement).Waived
				steps = append(steps, step)
				continue
			}
		}
		m.wrong.add(m.orders[i].Line, err)
	}
	if len(m.wrong.Lines) > 0 {
		m.wrong.cut()
		m.wrong.Names = m.unknownNames(f)
		return nil, &m.wrong
	}
	return steps, nil
}

// known reports whether an order is on record: as what its invoice says now, or as what was
// sold under the number once, be that another sale's today. It refuses one whose invoice is
// on record and says something else. sold is nil where no sale has the number. Where the
// product has plans, which may have been amended since, an order says what stands in its
// line, and no more.
func (m *importing) known(t *store.Tx, sold *rules.Sale, o *Order) (bool, error) {
	var says func(string) bool
	if m.products[o.Product] != nil {
		says = o.Said.Has
	}
	var refused error
	if sold != nil {
		if refused = rules.CheckSame(sold.Entitlement, o.Normal(), says); refused == nil {
			return true, nil
		}
	}
	events, err := t.SoldUnder(o.Invoice)
	if err != nil {
		return false, err
	}
	for _, e := range events {
		line := &o.Entitlement
		if o.At != nil {
			then := o.At(e.Time)
			line = &then
		}
		if first, ok := e.Detail.(*ledger.Entitlement); ok && rules.CheckSame(first, line.Normal(), says) == nil {
			return true, nil
		}
	}
	return false, refused
}
