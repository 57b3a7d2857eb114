package main

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/format"
)

// The table of orders that import reads and list --csv writes: what a column is called,
// how its cells are read into an entitlement and how they are written.

type orderColumn struct {
	name     string
	required bool
	read     func(e *ledger.Entitlement, cell string) error
	write    func(e *ledger.Entitlement) string
}

var orderColumns = []orderColumn{
	text("invoice", true, func(e *ledger.Entitlement) *string { return &e.Invoice }),
	{"email", true, func(e *ledger.Entitlement, cell string) error {
		e.Email = cell
		if !ledger.ValidEmail(cell) {
			return errors.New("want an address like ops@site.example")
		}
		return nil
	}, func(e *ledger.Entitlement) string { return e.Email }},
	text("customer", true, func(e *ledger.Entitlement) *string { return &e.Customer }),
	text("product", true, func(e *ledger.Entitlement) *string { return &e.Product }),
	text("edition", false, func(e *ledger.Entitlement) *string { return &e.Edition }),
	{"type", true, func(e *ledger.Entitlement, cell string) error {
		e.Type = cell
		return format.ValidType(cell)
	}, func(e *ledger.Entitlement) string { return e.Type }},
	count("seats", "0", func(e *ledger.Entitlement) *uint64 { return &e.Seats }),
	day("expires", func(e *ledger.Entitlement) *time.Time { return &e.Expires }),
	{"grace", false, func(e *ledger.Entitlement, cell string) error { return daysValue{&e.GraceDays}.Set(cell) },
		func(e *ledger.Entitlement) string { return daysValue{&e.GraceDays}.String() }},
	day("updates_until", func(e *ledger.Entitlement) *time.Time { return &e.UpdatesUntil }),
	text("max_version", false, func(e *ledger.Entitlement) *string { return &e.MaxVersion }),
	{"features", false, func(e *ledger.Entitlement, cell string) error {
		e.Features = words(cell)
		return nil
	}, func(e *ledger.Entitlement) string { return strings.Join(e.Features, ";") }},
	{"limits", false, readLimits, func(e *ledger.Entitlement) string { return strings.Join(limits(e.Limits), ";") }},
	{"count_by", false, func(e *ledger.Entitlement, cell string) error { return countByValue{&e.CountBy}.Set(cell) },
		func(e *ledger.Entitlement) string { return string(e.CountBy) }},
	count("allowance", "", func(e *ledger.Entitlement) *uint64 { return &e.Allowance }),
	{"unbound", false, readUnbound, func(e *ledger.Entitlement) string {
		if e.Unbound {
			return "yes"
		}
		return ""
	}},
	{"emergency_days", false, func(e *ledger.Entitlement, cell string) error { return daysValue{&e.EmergencyDays}.Set(cell) },
		func(e *ledger.Entitlement) string { return daysValue{&e.EmergencyDays}.String() }},
}

// listedColumns are those of list --csv that say what became of an order. Import passes
// over them.
var listedColumns = []string{"seats_used", "emergency_days_used", "activations"}

func text(name string, required bool, field func(*ledger.Entitlement) *string) orderColumn {
	return orderColumn{name, required,
		func(e *ledger.Entitlement, cell string) error {
			*field(e) = cell
			return nil
		},
		func(e *ledger.Entitlement) string { return *field(e) }}
}

// count is a number; zero is how 0 is written.
func count(name, zero string, field func(*ledger.Entitlement) *uint64) orderColumn {
	return orderColumn{name, false,
		func(e *ledger.Entitlement, cell string) error {
			n, err := strconv.ParseUint(cell, 10, 63)
			if err != nil {
				return errors.New("want a number")
			}
			*field(e) = n
			return nil
		},
		func(e *ledger.Entitlement) string {
			if *field(e) == 0 {
				return zero
			}
			return strconv.FormatUint(*field(e), 10)
		}}
}

func day(name string, field func(*ledger.Entitlement) *time.Time) orderColumn {
	return orderColumn{name, false,
		func(e *ledger.Entitlement, cell string) error { return dateValue{field(e)}.Set(cell) },
		func(e *ledger.Entitlement) string { return dateValue{field(e)}.String() }}
}

// words splits a cell with several words, which spaces or ; stand between.
func words(cell string) []string {
	return strings.FieldsFunc(cell, func(r rune) bool { return r == ' ' || r == ';' })
}

func readLimits(e *ledger.Entitlement, cell string) error {
	e.Limits = make(map[string]uint64)
	for _, word := range words(cell) {
		if err := (limitValue{e.Limits}).Set(word); err != nil {
			return err
		}
	}
	return nil
}

func readUnbound(e *ledger.Entitlement, cell string) error {
	switch strings.ToLower(cell) {
	case "yes", "true", "1":
		e.Unbound = true
	case "no", "false", "0":
	default:
		return errors.New("want yes or no")
	}
	return nil
}

// Spreadsheets run a cell that starts with one of formulaStarts as a formula. They take
// an apostrophe before it as the word that it is text; so does import.
const formulaStarts = "=+-@\t"

func isFormula(cell string) bool {
	bare := strings.TrimLeft(cell, "'")
	return bare != "" && strings.Contains(formulaStarts, bare[:1])
}

func quoteFormula(cell string) string {
	if isFormula(cell) {
		return "'" + cell
	}
	return cell
}

func unquoteFormula(cell string) string {
	if bare, quoted := strings.CutPrefix(cell, "'"); quoted && isFormula(bare) {
		return bare
	}
	return cell
}

// readOrders reads orders. What is wrong with a line stands in its row; the error is
// one that ends the reading. progress is called for each row.
func readOrders(in io.Reader, progress func()) ([]ledger.ImportRow, error) {
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
	var rows []ledger.ImportRow
	for line := 1; ; progress() {
		limit.left = maxOrder
		cells, err := r.Read()
		var malformed *csv.ParseError
		switch {
		case err == io.EOF:
			return rows, nil
		case err == errLongOrder:
			return append(rows, ledger.ImportRow{Line: line + 1, Err: err}), nil
		case errors.As(err, &malformed):
			line = malformed.Line
			rows = append(rows, ledger.ImportRow{Line: malformed.StartLine, Err: explainCSV(malformed)})
			continue
		case err != nil:
			return nil, err
		case !slices.ContainsFunc(cells, func(cell string) bool { return strings.TrimSpace(cell) != "" }):
			continue // spreadsheets leave such lines at the end
		}
		start, _ := r.FieldPos(0)
		line, _ = r.FieldPos(len(cells) - 1)
		row := ledger.ImportRow{Line: start}
		row.Entitlement, row.Err = readOrder(columns, cells)
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
func readHeader(r *csv.Reader) ([]*orderColumn, error) {
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
	columns := make([]*orderColumn, len(names))
	seen := make(map[string]bool)
	for i, name := range names {
		name = strings.ToLower(strings.TrimSpace(name))
		at := slices.IndexFunc(orderColumns, func(c orderColumn) bool { return c.name == name })
		switch {
		case seen[name]:
			return nil, cli.Failf("line 1: the column %s stands there twice", cli.Quote(name)).WithHint("%s", headerHint)
		case at >= 0:
			columns[i] = &orderColumns[at]
		case !slices.Contains(listedColumns, name):
			return nil, cli.Failf("line 1: unknown column %s", cli.Quote(name)).WithHint("%s", headerHint)
		}
		seen[name] = true
	}
	for _, c := range orderColumns {
		if c.required && !seen[c.name] {
			return nil, cli.Failf("line 1: the column %q is missing", c.name).WithHint("%s", headerHint)
		}
	}
	return columns, nil
}

const headerHint = `the first line names the columns: run "licensor help import"`

// readOrder reads one line. The error names all cells that are wrong.
func readOrder(columns []*orderColumn, cells []string) (ledger.Entitlement, error) {
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
		case cell == "" && c.required:
			wrong = append(wrong, c.name+" is empty")
		case cell == "":
		case !utf8.ValidString(cell):
			wrong = append(wrong, c.name+` is not in UTF-8: save the table as "CSV UTF-8"`)
		default:
			err = c.read(&e, unquoteFormula(cell))
		}
		if err != nil {
			wrong = append(wrong, fmt.Sprintf("%s does not take %s: %v", c.name, cli.Quote(cell), err))
		}
	}
	if len(wrong) > 0 {
		return e, errors.New(strings.Join(wrong, "; "))
	}
	return e, nil
}
