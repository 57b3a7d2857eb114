package common

import (
	"encoding/csv"
	"fmt"
	"io"
	"strings"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
)

// listedColumns are those of list --csv that say what became of an order. Import passes
// over them.
var listedColumns = []string{"seats_used", "activations"}

// Spreadsheets run a cell that starts with one of formulaStarts as a formula. They take
// an apostrophe before it as the word that it is text; so does import.
const formulaStarts = "=+-@\t"

func isFormula(cell string) bool {
	bare := strings.TrimLeft(cell, "'")
	return bare != "" && strings.Contains(formulaStarts, bare[:1])
}

// QuoteFormula keeps a spreadsheet from running a cell.
func QuoteFormula(cell string) string {
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

// WriteOrders prints a line for each entitlement, as import reads it.
func WriteOrders(out io.Writer, holdings []ledger.Holding) error {
	w := csv.NewWriter(out)
	var line []string
	for _, t := range ledger.Terms {
		line = append(line, t.Name)
	}
	w.Write(append(line, listedColumns...))
	for _, h := range holdings {
		line = line[:0]
		for _, t := range ledger.Terms {
			line = append(line, QuoteFormula(t.Get(&h.Entitlement)))
		}
		w.Write(append(line, fmt.Sprint(h.SeatsUsed), fmt.Sprint(len(h.Activations))))
	}
	w.Flush()
	return w.Error()
}
