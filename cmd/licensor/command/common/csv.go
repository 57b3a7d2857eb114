package common

import (
	"encoding/csv"
	"fmt"
	"io"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
)

// listedColumns are those of list --csv that say what became of an order. Import passes
// over them.
var listedColumns = []string{"seats_used", "activations"}

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
