package common

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/service"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

// ReadOrders reads orders, with commas, semicolons or tabs between them, as the first line
// has them. What is wrong with a line stands in its row; the error is one that ends the
// reading. Times like 12m count from now. progress is called for each row.
func ReadOrders(in io.Reader, now time.Time, dates Dates, progress func()) ([]service.Order, error) {
	table, err := decoded(in)
	if err != nil {
		return nil, err
	}
	limit := &orderLimit{table, maxOrder}
	buffered := bufio.NewReader(limit)
	r := csv.NewReader(buffered)
	if r.Comma, err = separatorOf(buffered); err != nil {
		return nil, err
	}
	r.ReuseRecord = true
	o := &orderReader{now: now, dates: dates}
	if err := o.readHeader(r); err != nil {
		return nil, err
	}
	r.FieldsPerRecord = -1 // counted here, in our words
	var rows []service.Order
	for line := 1; ; progress() {
		limit.left = maxOrder
		cells, err := r.Read()
		var malformed *csv.ParseError
		switch {
		case err == io.EOF:
			return rows, nil
		case err == errLongOrder:
			return append(rows, service.Order{Line: line + 1, Err: err}), nil
		case errors.As(err, &malformed):
			line = malformed.Line
			rows = append(rows, service.Order{Line: malformed.StartLine, Err: explainCSV(malformed)})
			continue
		case err != nil:
			return nil, err
		case !slices.ContainsFunc(cells, func(cell string) bool { return strings.TrimSpace(cell) != "" }):
			continue // spreadsheets leave such lines at the end
		}
		start, _ := r.FieldPos(0)
		line, _ = r.FieldPos(len(cells) - 1)
		rows = append(rows, o.order(start, cells))
	}
}

// decoded returns a table in UTF-8 without its byte order mark. UTF-16 is what spreadsheets
// call Unicode text.
func decoded(in io.Reader) (io.Reader, error) {
	buffered := bufio.NewReader(in)
	start, err := buffered.Peek(3)
	if err != nil && err != io.EOF {
		return nil, err
	}
	order := unicode.LittleEndian
	switch {
	case bytes.HasPrefix(start, []byte(byteOrderMark)):
		buffered.Discard(len(byteOrderMark))
		return buffered, nil
	case bytes.HasPrefix(start, []byte("\xfe\xff")), len(start) > 1 && start[0] == 0 && start[1] != 0:
		order = unicode.BigEndian
	case bytes.HasPrefix(start, []byte("\xff\xfe")), len(start) > 1 && start[0] != 0 && start[1] == 0:
	default:
		return buffered, nil
	}
	return transform.NewReader(buffered, unicode.UTF16(order, unicode.UseBOM).NewDecoder()), nil
}

// separatorOf finds what stands between the columns: that of the separators which gives
// the first line most columns that are known.
func separatorOf(table *bufio.Reader) (rune, error) {
	start, err := table.Peek(table.Size())
	if err != nil && err != io.EOF && err != errLongOrder {
		return 0, err
	}
	line, _, _ := strings.Cut(string(start), "\n")
	best, most := ',', 0
	for _, separator := range [...]rune{',', ';', '\t'} {
		known := 0
		for name := range strings.SplitSeq(line, string(separator)) {
			if ledger.TermNamed(columnName(strings.Trim(strings.TrimSpace(name), `"`))) != nil {
				known++
			}
		}
		if known > most {
			best, most = separator, known
		}
	}
	return best, nil
}

func columnName(cell string) string { return strings.ToLower(strings.TrimSpace(cell)) }

// maxOrder is how many bytes one order may have: more than any has, and less than the
// rest of a large file, which is what a missing quote makes of it.
const maxOrder = 1 << 20

var errLongOrder = errors.New("malformed: an order of more than 1 MiB; a cell in quotes has no end")

// orderLimit ends in an error when an order takes more bytes than are left for it.
type orderLimit struct {
	io.Reader
	left int
}

func (l *orderLimit) Read(p []byte) (int, error) {
	if l.left <= 0 {
		return 0, errLongOrder
	}
	n, err := l.Reader.Read(p)
	l.left -= n
	return n, err
}

// explainCSV says in plain words what encoding/csv objects to.
func explainCSV(err *csv.ParseError) error {
	switch {
	case errors.Is(err, csv.ErrBareQuote):
		return errors.New(`malformed: a " in the middle of a cell; put the cell in quotes and write the " twice`)
	case errors.Is(err, csv.ErrQuote) && err.Line > err.StartLine:
		return fmt.Errorf(`malformed: a cell in quotes has no end, or a " in it is not written twice (read up to line %d)`, err.Line)
	case errors.Is(err, csv.ErrQuote):
		return errors.New(`malformed: a cell in quotes has no end, or a " in it is not written twice`)
	}
	return err.Err
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

// readHeader reads the line with the names of the columns.
func (o *orderReader) readHeader(r *csv.Reader) error {
	names, err := r.Read()
	var malformed *csv.ParseError
	switch {
	case err == io.EOF:
		return cli.Failf("the file is empty").WithHint("%s", headerHint)
	case err == errLongOrder:
		return cli.Failf("the first line is longer than 1 MiB").WithHint("%s", headerHint)
	case errors.As(err, &malformed):
		return cli.Failf("line %d: %w", malformed.StartLine, explainCSV(malformed)).WithHint("%s", headerHint)
	case err != nil:
		return err
	}
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
		if t.Required && !seen[t.Name] {
			return cli.Failf("line 1: the column %q is missing", t.Name).WithHint("%s", headerHint)
		}
	}
	return nil
}

const headerHint = `the first line names the columns: run "licensor help import"`

// order reads one line.
func (o *orderReader) order(line int, cells []string) service.Order {
	row := service.Order{Line: line}
	var spans bool
	row.Entitlement, spans, row.Err = o.entitlement(cells, o.now)
	if spans {
		kept := slices.Clone(cells)
		row.At = func(at time.Time) ledger.Entitlement {
			e, _, _ := o.entitlement(kept, at)
			return e
		}
	}
	return row
}

// entitlement reads what a line orders at a time; spans says that another time makes it
// another one. The error names all cells that are wrong.
func (o *orderReader) entitlement(cells []string, at time.Time) (e ledger.Entitlement, spans bool, err error) {
	e.Seats = 1
	if len(cells) < len(o.columns) || slices.ContainsFunc(cells[len(o.columns):], func(cell string) bool { return strings.TrimSpace(cell) != "" }) {
		return e, false, fmt.Errorf("got %d columns, want %d as in the first line", len(cells), len(o.columns))
	}
	var wrong []string
	for i := range o.columns {
		c, cell := &o.columns[i], strings.TrimSpace(cells[i])
		switch {
		case c.pass:
		case cell == "" && c.term != nil && c.term.Required:
			wrong = append(wrong, c.name+" is empty")
		case cell == "":
		case c.term == nil && !c.told: // once for all lines
			c.told = true
			wrong = append(wrong, fmt.Sprintf("unknown column %s, which is not empty", cli.Quote(c.name)))
		case c.term == nil:
		case !utf8.ValidString(cell):
			wrong = append(wrong, c.name+` is not in UTF-8: save the table as "CSV UTF-8"`)
		default:
			span, err := o.set(&e, c.term, cell, at)
			spans = spans || span
			if err != nil {
				wrong = append(wrong, fmt.Sprintf("%s does not take %s: %v", c.name, cli.Quote(cell), err))
			}
		}
	}
	if len(wrong) > 0 {
		return e, false, errors.New(strings.Join(wrong, "; "))
	}
	return e, spans, nil
}

// set reads a cell.
func (o *orderReader) set(e *ledger.Entitlement, t *ledger.Term, cell string, at time.Time) (span bool, err error) {
	if err := spoiled(cell); err != nil {
		return false, err
	}
	cell = unquoteFormula(cell)
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

// WriteOrders prints a line for each entitlement, as import reads it.
func WriteOrders(out io.Writer, o *CSVOptions, holdings []ledger.Holding) error {
	var columns []string
	for _, t := range ledger.Terms {
		columns = append(columns, t.Name)
	}
	table := o.Table(out, append(columns, listedColumns...))
	for _, h := range holdings {
		var line []string
		for _, t := range ledger.Terms {
			line = append(line, t.Get(&h.Entitlement))
		}
		table.Row(append(line, fmt.Sprint(h.SeatsUsed), fmt.Sprint(len(h.Activations)))...)
	}
	return table.Close()
}
