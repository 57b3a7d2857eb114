package common

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/cmd/internal/spreadsheet"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/service"
)

// ReadOrders reads orders. What is wrong with a line stands in its row; the error is one
// that ends the reading. Times like 12m count from now. progress is called for each row.
func ReadOrders(in io.Reader, now time.Time, dates Dates, progress func()) (rows []service.Order, err error) {
	o := &orderReader{now: now, dates: dates}
	t := tableReader{
		known:  func(column string) bool { return ledger.TermNamed(column) != nil },
		header: o.header,
		row: func(line int, cells []string, malformed error) {
			row := service.Order{Line: line, Err: malformed}
			if malformed == nil {
				row = o.order(line, cells)
			}
			rows = append(rows, row)
			progress()
		},
		hint: headerHint,
	}
	err = t.read(in)
	return rows, err
}

// orderReader reads the lines of a table.
type orderReader struct {
	now     time.Time
	dates   Dates
	columns []column
}

// column is a column by its name in the first line.
type column struct {
	name string
	term *ledger.Term // nil: none
	pass bool         // it says what became of an order
	told bool         // that it is unknown
}

// header reads the names of the columns.
func (o *orderReader) header(names []string) error {
	seen := make(map[string]bool)
	for _, name := range names {
		name = columnName(name)
		c := column{name, ledger.TermNamed(name), slices.Contains(listedColumns, name), false}
		if seen[name] && (c.term != nil || c.pass) {
			return cli.Failf("line 1: duplicate column %s", cli.Quote(name)).WithHint("%s", headerHint)
		}
		seen[name] = true
		o.columns = append(o.columns, c)
	}
	for _, t := range ledger.Terms {
		if t.Asked() && !seen[t.Name] {
			return cli.Failf("line 1: the column %q is missing; its first column is %s", t.Name, cli.Quote(strings.TrimSpace(names[0]))).WithHint("%s", headerHint)
		}
	}
	return nil
}

const headerHint = `the first line names the columns: run "licensor help import"`

// order reads one line.
func (o *orderReader) order(line int, cells []string) service.Order {
	row := service.Order{Line: line}
	var spans bool
	spans, row.Err = o.read(&row, cells, o.now)
	if spans {
		kept := slices.Clone(cells)
		row.At = func(at time.Time) ledger.Entitlement {
			var then service.Order
			o.read(&then, kept, at)
			return then.Entitlement
		}
	}
	return row
}

// read reads what a line orders at a time; spans says that another time makes it another
// one. The error names all cells that are wrong.
func (o *orderReader) read(row *service.Order, cells []string, at time.Time) (spans bool, err error) {
	row.Seats = 1
	if len(cells) < len(o.columns) || slices.ContainsFunc(cells[len(o.columns):], func(cell string) bool { return strings.TrimSpace(cell) != "" }) {
		return false, fmt.Errorf("got %d columns, want %d as in the first line", len(cells), len(o.columns))
	}
	var wrong []string
	for i := range o.columns {
		c, cell := &o.columns[i], strings.TrimSpace(cells[i])
		switch {
		case c.pass:
		case cell == "" && c.term != nil && c.term.Asked():
			wrong = append(wrong, c.name+" is empty")
		case cell == "":
		case c.term == nil && !c.told: // once for all lines
			c.told = true
			wrong = append(wrong, fmt.Sprintf("unknown column %s, which is not empty", cli.Quote(c.name)))
		case c.term == nil:
		case !utf8.ValidString(cell):
			wrong = append(wrong, c.name+` is not in UTF-8: save the table as "CSV UTF-8"`)
		default:
			row.Said.Add(c.name)
			span, err := o.set(&row.Entitlement, c.term, cell, at)
			spans = spans || span
			if err != nil {
				wrong = append(wrong, fmt.Sprintf("%s does not take %s: %v", c.name, cli.Quote(cell), err))
			}
		}
	}
	if len(wrong) > 0 {
		return false, errors.New(strings.Join(wrong, "; "))
	}
	return spans, nil
}

// set reads a cell.
func (o *orderReader) set(e *ledger.Entitlement, t *ledger.Term, cell string, at time.Time) (span bool, err error) {
	if m := asText.FindStringSubmatch(cell); m != nil {
		cell = m[1]
	}
	if err := spoiled(cell); err != nil {
		return false, err
	}
	cell = spreadsheet.UnquoteFormula(cell)
	if t.Date {
		if cell, err = o.dates.read(cell); err != nil {
			return false, err
		}
		end, err := ledger.ParseEnd(cell)
		span = err == nil && end.IsSpan()
	}
	return span, t.Set(e, cell, at)
}

// listedColumns are those of list --csv that say what became of an order. Import passes
// over them.
var listedColumns = []string{"seats_used", "activations"}

// WriteOrders prints a line for each entitlement, as import reads it where the products
// are these.
func WriteOrders(out io.Writer, o *spreadsheet.Options, holdings []ledger.Holding, products []*ledger.Product) error {
	byName := make(map[string]*ledger.Product)
	for _, p := range products {
		byName[p.Name] = p
	}
	var columns []string
	for _, t := range ledger.Terms {
		columns = append(columns, t.Name)
	}
	table := o.Table(out, append(columns, listedColumns...))
	for _, h := range holdings {
		line, err := ledger.Line(byName, &h.Entitlement)
		if err != nil {
			return err
		}
		table.Row(append(line, fmt.Sprint(h.SeatsUsed), fmt.Sprint(len(h.Activations)))...)
	}
	return table.Close()
}
