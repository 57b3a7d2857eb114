package common

import (
	"cmp"
	"io"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
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
