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
)

// ReadOrders reads orders. What is wrong with a line stands in its row; the error is
// one that ends the reading. Times like 12m count from now. progress is called for each row.
func ReadOrders(in io.Reader, now time.Time, progress func()) ([]service.Order, error) {
	limit := &orderLimit{in, maxOrder}
	buffered := bufio.NewReader(limit)
	start, err := buffered.Peek(3)
	if err != nil && err != io.EOF {
		return nil, err
	}
	switch {
	case bytes.Equal(start, []byte("\xef\xbb\xbf")):
		buffered.Discard(3)
	case bytes.HasPrefix(start, []byte("\xff\xfe")), bytes.HasPrefix(start, []byte("\xfe\xff")):
		return nil, notUTF8("this is UTF-16")
	}
	r := csv.NewReader(buffered)
	r.ReuseRecord = true
	columns, err := readHeader(r)
	if err != nil {
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
		row := service.Order{Line: start}
		row.Entitlement, row.Err = readOrder(columns, cells, now)
		rows = append(rows, row)
	}
}

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

func notUTF8(what string) error {
	return cli.Failf("%s, want UTF-8", what).WithHint(`save the table as "CSV UTF-8"`)
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

// readHeader reads the line with the names of the columns.
func readHeader(r *csv.Reader) ([]*ledger.Term, error) {
	names, err := r.Read()
	var malformed *csv.ParseError
	switch {
	case err == io.EOF:
		return nil, cli.Failf("the file is empty").WithHint("%s", headerHint)
	case err == errLongOrder:
		return nil, cli.Failf("the first line is longer than 1 MiB").WithHint("%s", headerHint)
	case errors.As(err, &malformed):
		return nil, cli.Failf("line %d: %w", malformed.StartLine, explainCSV(malformed)).WithHint("%s", headerHint)
	case err != nil:
		return nil, err
	case len(names) == 1 && strings.Contains(names[0], ";"):
		return nil, cli.Failf("line 1: the columns are separated by semicolons").WithHint("save the table with commas between the columns")
	}
	columns := make([]*ledger.Term, len(names))
	seen := make(map[string]bool)
	for i, name := range names {
		name = strings.ToLower(strings.TrimSpace(name))
		at := slices.IndexFunc(ledger.Terms, func(c ledger.Term) bool { return c.Name == name })
		switch {
		case seen[name]:
			return nil, cli.Failf("line 1: duplicate column %s", cli.Quote(name)).WithHint("%s", headerHint)
		case at >= 0:
			columns[i] = &ledger.Terms[at]
		case !slices.Contains(listedColumns, name):
			return nil, cli.Failf("line 1: unknown column %s", cli.Quote(name)).WithHint("%s", headerHint)
		}
		seen[name] = true
	}
	for _, c := range ledger.Terms {
		if c.Required && !seen[c.Name] {
			return nil, cli.Failf("line 1: the column %q is missing", c.Name).WithHint("%s", headerHint)
		}
	}
	return columns, nil
}

const headerHint = `the first line names the columns: run "licensor help import"`

// readOrder reads one line. The error names all cells that are wrong.
func readOrder(columns []*ledger.Term, cells []string, now time.Time) (ledger.Entitlement, error) {
	e := ledger.Entitlement{Seats: 1}
	if len(cells) != len(columns) {
		return e, fmt.Errorf("got %d columns, want %d as in the first line", len(cells), len(columns))
	}
	var wrong []string
	for i, c := range columns {
		cell := strings.TrimSpace(cells[i])
		var err error
		switch {
		case c == nil:
		case cell == "" && c.Required:
			wrong = append(wrong, c.Name+" is empty")
		case cell == "":
		case !utf8.ValidString(cell):
			wrong = append(wrong, c.Name+` is not in UTF-8: save the table as "CSV UTF-8"`)
		default:
			err = c.Set(&e, unquoteFormula(cell), now)
		}
		if err != nil {
			wrong = append(wrong, fmt.Sprintf("%s does not take %s: %v", c.Name, cli.Quote(cell), err))
		}
	}
	if len(wrong) > 0 {
		return e, errors.New(strings.Join(wrong, "; "))
	}
	return e, nil
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
