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
	"github.com/offlicense/offlicense/cmd/internal/text"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/service"
	"github.com/offlicense/offlicense/format"
)

// endingColumns are those of list --expiring --csv. The new ends are empty there: people
// fill them in, and renew --from reads them.
var endingColumns = []string{"ends_on", "ends", "invoice", "email", "customer", "product", "edition", "type", "seats",
	"expires", "updates_until", "new_expires", "new_updates_until"}

// WriteEndings prints a line for each entitlement that ends, as renew --from reads it.
func WriteEndings(out io.Writer, o *spreadsheet.Options, endings []ledger.Ending) error {
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
	"invoice":           func(r *service.RenewalLine, cell string) error { r.Invoice = format.InvoiceForm(cell); return nil },
	"expires":           func(r *service.RenewalLine, cell string) error { return readKnown(&r.KnownExpires, cell) },
	"updates_until":     func(r *service.RenewalLine, cell string) error { return readKnown(&r.KnownUpdates, cell) },
	"new_expires":       func(r *service.RenewalLine, cell string) error { return readNew(&r.Expires, cell) },
	"new_updates_until": func(r *service.RenewalLine, cell string) error { return readNew(&r.Updates, cell) },
}

func readKnown(known **time.Time, cell string) error {
	var end time.Time
	var err error
	if cell != "" && cell != ledger.None {
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
// with a line stands in it; the error is one that ends the reading.
func ReadRenewals(in io.Reader, dates Dates) (lines []service.RenewalLine, err error) {
	var columns []string
	t := tableReader{
		known:  func(column string) bool { return renewalCells[column] != nil },
		header: func(names []string) (err error) { columns, err = renewalColumns(names); return err },
		row: func(line int, cells []string, malformed error) {
			r := service.RenewalLine{Line: line, Err: malformed}
			if malformed == nil {
				r.Err = readRenewal(&r, columns, cells, dates)
			}
			lines = append(lines, r)
		},
		hint: renewalsHint,
	}
	err = t.read(in)
	return lines, err
}

// renewalColumns reads the names of the columns. One that may be ours, misspelled, is
// refused.
func renewalColumns(names []string) ([]string, error) {
	var columns []string
	for _, name := range names {
		name = columnName(name)
		if near := text.Nearest(name, endingColumns); renewalCells[name] == nil && renewalCells[near] != nil {
			return nil, cli.Failf("line 1: unknown column %s", cli.Quote(name)).WithHint("did you mean %s?", near)
		}
		if renewalCells[name] != nil && slices.Contains(columns, name) {
			return nil, cli.Failf("line 1: duplicate column %s", cli.Quote(name)).WithHint("%s", renewalsHint)
		}
		columns = append(columns, name)
	}
	if !slices.Contains(columns, "invoice") {
		return nil, cli.Failf(`line 1: the column "invoice" is missing`).WithHint("%s", renewalsHint)
	}
	return columns, nil
}

func readRenewal(r *service.RenewalLine, columns []string, cells []string, dates Dates) error {
	if len(cells) < len(columns) {
		return fmt.Errorf("got %d columns, want %d as in the first line", len(cells), len(columns))
	}
	var wrong []string
	for i, name := range columns {
		cell := strings.TrimSpace(cells[i])
		read := renewalCells[name]
		switch {
		case read == nil:
			continue
		case name == "invoice" && cell == "":
			wrong = append(wrong, "invoice is empty")
			continue
		case !utf8.ValidString(cell):
			wrong = append(wrong, name+` is not in UTF-8: save the table as "CSV UTF-8"`)
			continue
		}
		plain, err := spreadsheet.UnquoteFormula(cell), spoiled(cell)
		if err == nil && name != "invoice" {
			plain, err = dates.read(plain)
		}
		if err == nil {
			err = read(r, plain)
		}
		if err != nil {
			wrong = append(wrong, fmt.Sprintf("%s does not take %s: %v", name, cli.Quote(cell), err))
		}
	}
	if len(wrong) > 0 {
		return errors.New(strings.Join(wrong, "; "))
	}
	return nil
}
