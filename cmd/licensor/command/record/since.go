package record

import (
	"fmt"
	"io"
	"time"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/service"
)

// maxSince is how many sales and overrides are shown to people; --json has all.
const maxSince = 20

// printSince shows what was sold and which rules were lifted, the newest last: who did
// these knows whether they did.
func printSince(w io.Writer, r *service.Report) {
	var t cli.Table
	for _, s := range newest(r.Sales) {
		t.Row(s.Time.Format(time.DateOnly), s.Operator, string(s.Action), s.Invoice, fmt.Sprintf("%s, %s %s, %s", s.Customer, s.Product, s.Type, cli.Plural(int(s.Seats), "seat", "seats")))
	}
	for _, o := range newest(r.Overrides) {
		var lifted []string
		for _, rule := range o.Rules {
			lifted = append(lifted, string(rule))
		}
		t.Row(o.Time.Format(time.DateOnly), o.Operator, string(o.Action), o.Invoice, "lifted "+ledger.Join(lifted)+": "+o.Why)
	}
	if len(r.Sales)+len(r.Overrides) > 0 {
		fmt.Fprintln(w)
	}
	t.WriteTo(w)
	if more := max(0, len(r.Sales)-maxSince) + max(0, len(r.Overrides)-maxSince); more > 0 {
		fmt.Fprintf(w, "and %d before them: --json has all\n", more)
	}
}

func newest[T any](all []T) []T { return all[max(0, len(all)-maxSince):] }
