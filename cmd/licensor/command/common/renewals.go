package common

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/cmd/internal/text"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/service"
)

// endingColumns are those of list --expiring --csv. The new ends are empty there: people
// fill them in, and renew --from reads them.
var endingColumns = []string{"ends_on", "ends", "invoice", "email", "customer", "product", "edition", "type", "seats",
	"expires", "updates_until", "new_expires", "new_updates_until"}

// WriteEndings prints a line for each entitlement that ends, as renew --from reads it.
func WriteEndings(out io.Writer, o *CSVOptions, endings []ledger.Ending) error {
	table := o.Table(out, endingColumns)
	for i := range endings {
		e := &endings[i]
		line := []string{e.On(), e.What()}
		for _, name := range endingColumns[len(line) : len(endingColumns)-2] {
			line = append(line, ledger.TermNamed(name).Get(&e.Entitlement))
		}
		table.Row(append(line, "", "")...)
	}
	return table.Close()
}

// Address returns the e-mail address of an entitlement, or says that it was removed.
func Address(e *ledger.Entitlement) string { return cmp.Or(e.Email, "removed") }

// Ends returns the last days of an entitlement and of its updates, as they are written.
func Ends(e *ledger.Entitlement) (expires, updates string) {
	return ledger.TermNamed("expires").Get(e), ledger.TermNamed("updates_until").Get(e)
}

// RenewedEnds says what a renewal makes of both, in a cell each.
func RenewedEnds(before, after *ledger.Entitlement) (term, updates string) {
	change := func(was, is, none string) string {
		if was == is {
			return cmp.Or(is, none)
		}
		return cmp.Or(was, none) + " -> " + cmp.Or(is, none)
	}
	wasExpires, wasUpdates := Ends(before)
	isExpires, isUpdates := Ends(after)
	return change(wasExpires, isExpires, "perpetual"), change(wasUpdates, isUpdates, "all")
}

// ReadTableError says of an error in reading a table what is wrong with the file.
func ReadTableError(path string, err error) error {
	var known *cli.Error
	if errors.As(err, &known) {
		return err
	}
	return cli.FileError("read", path, err)
}

// renewalCells read the cells of a line that say something of a renewal; others are for
// people.
var renewalCells = map[string]func(r *service.RenewalLine, cell string) error{
	"invoice": func(r *service.RenewalLine, cell string) error {
		if r.Invoice = cell; cell == "" {
			return errors.New("it is empty")
		}
		return nil
	},
	"expires":           func(r *service.RenewalLine, cell string) error { return readKnown(&r.KnownExpires, cell) },
	"updates_until":     func(r *service.RenewalLine, cell string) error { return readKnown(&r.KnownUpdates, cell) },
	"new_expires":       func(r *service.RenewalLine, cell string) error { return readNew(&r.Expires, cell) },
	"new_updates_until": func(r *service.RenewalLine, cell string) error { return readNew(&r.Updates, cell) },
}

func readKnown(known **time.Time, cell string) error {
	var end time.Time
	var err error
	if cell != "" {
		end, err = ledger.ParseDate(cell)
	}
	*known = &end
	return err
}

func readNew(end *ledger.End, cell string) (err error) {
	if cell != "" {
		*end, err = ledger.ParseEnd(cell)
	}
	return err
}

const renewalsHint = `"licensor list --expiring 30d --csv" makes such a file`

// ReadRenewals reads the lines of a file that says what is to be renewed. What is wrong
// with a line stands in it.
func ReadRenewals(in io.Reader) ([]service.RenewalLine, error) {
	limit := &orderLimit{in, maxOrder}
	r, err := openCSV(limit)
	if err != nil {
		return nil, err
	}
	columns, err := readRenewalHeader(r)
	if err != nil {
		return nil, err
	}
	r.FieldsPerRecord = -1
	var lines []service.RenewalLine
	for line := 1; ; {
		limit.left = maxOrder
		cells, err := r.Read()
		var malformed *csv.ParseError
		switch {
		case err == io.EOF:
			return lines, nil
		case err == errLongOrder:
			return append(lines, service.RenewalLine{Line: line + 1, Err: err}), nil
		case errors.As(err, &malformed):
			line = malformed.Line
			lines = append(lines, service.RenewalLine{Line: malformed.StartLine, Err: explainCSV(malformed)})
			continue
		case err != nil:
			return nil, err
		case !slices.ContainsFunc(cells, func(cell string) bool { return strings.TrimSpace(cell) != "" }):
			continue
		}
		one := service.RenewalLine{}
		one.Line, _ = r.FieldPos(0)
		line, _ = r.FieldPos(len(cells) - 1)
		one.Err = readRenewal(&one, columns, cells)
		lines = append(lines, one)
	}
}

func readRenewal(r *service.RenewalLine, columns []string, cells []string) error {
	if len(cells) != len(columns) {
		return fmt.Errorf("got %d columns, want %d as in the first line", len(cells), len(columns))
	}
	var wrong []string
	for i, name := range columns {
		read := renewalCells[name]
		if read == nil {
			continue
		}
		cell := strings.TrimSpace(cells[i])
		if !utf8.ValidString(cell) {
			wrong = append(wrong, name+` is not in UTF-8: save the table as "CSV UTF-8"`)
		} else if err := read(r, unquoteFormula(cell)); err != nil {
			wrong = append(wrong, fmt.Sprintf("%s does not take %s: %v", name, cli.Quote(cell), err))
		}
	}
	if len(wrong) > 0 {
		return errors.New(strings.Join(wrong, "; "))
	}
	return nil
}

// readRenewalHeader reads the names of the columns. One that may be ours, misspelled, is
// refused.
func readRenewalHeader(r *csv.Reader) ([]string, error) {
	names, err := r.Read()
	var malformed *csv.ParseError
	switch {
	case err == io.EOF:
		return nil, cli.Failf("the file is empty").WithHint("%s", renewalsHint)
	case errors.As(err, &malformed):
		return nil, cli.Failf("line %d: %w", malformed.StartLine, explainCSV(malformed)).WithHint("%s", renewalsHint)
	case err == errLongOrder:
		return nil, cli.Failf("the first line is longer than 1 MiB").WithHint("%s", renewalsHint)
	case err != nil:
		return nil, err
	}
	columns := make([]string, len(names))
	for i, name := range names {
		name = strings.ToLower(strings.TrimSpace(name))
		if slices.Contains(columns, name) && name != "" {
			return nil, cli.Failf("line 1: duplicate column %s", cli.Quote(name)).WithHint("%s", renewalsHint)
		}
		if near := text.Nearest(name, endingColumns); renewalCells[name] == nil && renewalCells[near] != nil {
			return nil, cli.Failf("line 1: unknown column %s", cli.Quote(name)).WithHint("did you mean %s?", near)
		}
		columns[i] = name
	}
	if !slices.Contains(columns, "invoice") {
		return nil, cli.Failf(`line 1: the column "invoice" is missing`).WithHint("%s", renewalsHint)
	}
	return columns, nil
}

// openCSV reads a table in UTF-8, with a byte order mark or without, whose cells the first
// line separates by commas, semicolons or tabs.
func openCSV(in io.Reader) (*csv.Reader, error) {
	buffered := bufio.NewReader(in)
	start, err := buffered.Peek(buffered.Size())
	if err != nil && err != io.EOF {
		return nil, err
	}
	switch {
	case bytes.HasPrefix(start, []byte(byteOrderMark)):
		buffered.Discard(len(byteOrderMark))
	case bytes.HasPrefix(start, []byte("\xff\xfe")), bytes.HasPrefix(start, []byte("\xfe\xff")):
		return nil, notUTF8("this is UTF-16")
	}
	first, _, _ := bytes.Cut(start, []byte("\n"))
	r := csv.NewReader(buffered)
	r.ReuseRecord = true
	for _, separator := range ",;\t" {
		if bytes.Count(first, []byte(string(separator))) > bytes.Count(first, []byte(string(r.Comma))) {
			r.Comma = separator
		}
	}
	return r, nil
}
