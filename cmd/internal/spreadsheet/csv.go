// Package spreadsheet writes tables that a spreadsheet opens: UTF-8, no cell a formula.
package spreadsheet

import (
	"encoding/csv"
	"io"
	"strings"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/spf13/pflag"
)

// Options are --csv and --separator of a command that prints a table for spreadsheets.
type Options struct {
	On        bool
	separator string
}

// Add adds the options.
func (o *Options) Add(flags *pflag.FlagSet) {
	flags.BoolVar(&o.On, "csv", false, "")
	flags.StringVar(&o.separator, "separator", "", "")
	cli.Choices(flags, "separator", "comma", "semicolon", "tab")
}

// separators are what stands between two cells, by their names. Import knows each by the
// first line.
var separators = map[string]rune{"": ',', "comma": ',', ",": ',', "semicolon": ';', ";": ';', "tab": '\t', "\t": '\t'}

// Check refuses options that contradict each other.
func (o *Options) Check(json bool) error {
	_, known := separators[o.separator]
	switch {
	case o.On && json:
		return cli.Usagef("--json and --csv exclude each other")
	case o.separator != "" && !o.On:
		return cli.Usagef("--separator is for --csv")
	case !known:
		return cli.Usagef("option --separator does not take %s", cli.Quote(o.separator)).WithHint("want comma, semicolon or tab")
	}
	return nil
}

// Table begins a table with the names of its columns. It is UTF-8 with a byte order mark,
// by which a spreadsheet knows that, and no cell of it is a formula.
func (o *Options) Table(out io.Writer, columns []string) *Table {
	io.WriteString(out, ByteOrderMark)
	w := csv.NewWriter(out)
	w.Comma = separators[o.separator]
	t := &Table{w}
	t.Row(columns...)
	return t
}

// ByteOrderMark is how a table starts, so that a spreadsheet knows it for UTF-8.
const ByteOrderMark = "\ufeff"

// Table is a table that is being written.
type Table struct{ w *csv.Writer }

// Row adds a row.
func (t *Table) Row(cells ...string) {
	row := make([]string, len(cells))
	for i, cell := range cells {
		row[i] = QuoteFormula(strings.ToValidUTF8(cell, "\ufffd"))
	}
	t.w.Write(row)
}

// Close ends the table.
func (t *Table) Close() error {
	t.w.Flush()
	return t.w.Error()
}
