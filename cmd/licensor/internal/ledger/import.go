package ledger

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// ImportRow is one order of an import.
type ImportRow struct {
	Line int   // of the file, for errors
	Err  error // what is known to be wrong with the line; it is reported with the rest
	Entitlement
}

// LineError is what is wrong with one line of an import.
type LineError struct {
	Line int
	Err  error
}

func (e *LineError) Error() string { return fmt.Sprintf("line %d: %v", e.Line, e.Err) }

func (e *LineError) Unwrap() error { return e.Err }

// ImportError says why nothing was imported.
type ImportError struct {
	Lines []*LineError // in the order of the file, at most maxLineErrors
	More  int          // how many more there are
}

const maxLineErrors = 100

func (e *ImportError) Error() string {
	lines := make([]string, len(e.Lines))
	for i, line := range e.Lines {
		lines[i] = line.Error()
	}
	if e.More > 0 {
		lines = append(lines, fmt.Sprintf("and %d more", e.More))
	}
	return "nothing was imported:\n" + strings.Join(lines, "\n")
}

// Hint returns what to do next.
func (e *ImportError) Hint() string { return "correct the lines and import the whole file again" }

// Unwrap returns the errors of the lines.
func (e *ImportError) Unwrap() []error {
	all := make([]error, len(e.Lines))
	for i, line := range e.Lines {
		all[i] = line
	}
	return all
}

func (e *ImportError) add(line int, err error) {
	e.Lines = append(e.Lines, &LineError{line, err})
	if len(e.Lines) >= 2*maxLineErrors {
		e.cut()
	}
}

// cut keeps the first lines, in the order of the file: they are found in any order.
func (e *ImportError) cut() {
	slices.SortStableFunc(e.Lines, func(a, b *LineError) int { return a.Line - b.Line })
	if over := len(e.Lines) - maxLineErrors; over > 0 {
		e.Lines, e.More = slices.Clip(e.Lines[:maxLineErrors]), e.More+over
	}
}

// Import records many orders, all of them or none. What goes with a production
// entitlement may stand before it in the file. Excused of the rows is set. progress, if not nil, is told now and
// then how many rows are done. The error is an *ImportError if it is about the rows: it
// names all that is wrong, with their form and by the rules.
func (l *Ledger) Import(ctx context.Context, by Operation, rows []ImportRow, progress func(done int)) error {
	var wrong ImportError
	sales := make([]*Entitlement, len(rows)) // nil: the row is wrong
	lines := make(map[string]int, len(rows))
	for i, row := range rows {
		row.Excused = false
		sale, err := row.normal(), row.Err
		if err == nil {
			err = sale.check(l.vendor, by.Now)
		}
		if err != nil {
			wrong.add(row.Line, err)
		}
		if row.Invoice == "" { // its line could not be read so far
			continue
		}
		earlier, twice := lines[row.Invoice]
		if twice {
			wrong.add(row.Line, fmt.Errorf("invoice %.64q stands in line %d already", row.Invoice, earlier))
		} else {
			lines[row.Invoice] = row.Line
		}
		if err == nil && !twice {
			sales[i] = sale
		}
	}
	return l.write(ctx, by, func(w *writer) error {
		if err := w.refuseKnown(rows, sales, &wrong); err != nil {
			return err
		}
		if err := w.excuse(rows, sales); err != nil {
			return err
		}
		for i, sale := range sales {
			if sale != nil {
				if err := w.record(&Event{Action: ActionEntitle, Invoice: sale.Invoice, Detail: sale}); err != nil {
					return err
				}
			}
			if progress != nil && (i%1000 == 999 || i == len(sales)-1) {
				progress(i + 1)
			}
		}
		// The rules are asked with all rows in place, and undo them if they object.
		v := newView(&w.transaction, by)
		v.assumeProduction(rows)
		for i, sale := range sales {
			if sale == nil {
				continue
			}
			var refusal *Refusal
			if err := v.checkSale(sale); errors.As(err, &refusal) {
				wrong.add(rows[i].Line, err)
			} else if err != nil {
				return err
			}
		}
		if len(wrong.Lines) > 0 {
			wrong.cut()
			return &wrong
		}
		return nil
	})
}

// refuseKnown names the rows whose invoices the ledger has already.
func (w *writer) refuseKnown(rows []ImportRow, sales []*Entitlement, wrong *ImportError) error {
	v := newView(&w.transaction, w.by)
	invoices := make([]any, len(rows))
	for i := range rows {
		invoices[i] = rows[i].Invoice
	}
	if err := v.inChunks(invoices, 1, v.readSold); err != nil {
		return err
	}
	for i, row := range rows {
		if v.sold[row.Invoice] != nil {
			wrong.add(row.Line, fmt.Errorf("invoice %.64q is in the ledger already", row.Invoice))
			sales[i] = nil
		}
	}
	return nil
}

// excuse lifts the rule of production for the rows that it refuses, if staff lift it.
// The other rows count as sold, wherever in the file they stand.
func (w *writer) excuse(rows []ImportRow, sales []*Entitlement) error {
	v := newView(&w.transaction, w.by)
	v.assumeProduction(rows)
	for i, sale := range sales {
		if sale == nil {
			continue
		}
		if err := v.excuse(sale); err != nil {
			return err
		}
		rows[i].Excused = sale.Excused
	}
	return nil
}

// assumeProduction takes the production entitlements among the rows as sold, those that
// are wrong as well: who corrects those has no mistake in the rows that go with them.
func (v *view) assumeProduction(rows []ImportRow) {
	for _, row := range rows {
		if row.Type == production {
			v.production[[2]string{customerKey(row.Customer), row.Product}] = true
		}
	}
}
