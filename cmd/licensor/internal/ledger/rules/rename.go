package rules

import (
	"maps"
	"slices"
	"strings"

	"github.com/offlicense/offlicense/cmd/internal/hint"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/format"
)

// Rename gives a customer another name, in all that was sold to it: f has the sales of
// both names, and whether the customer is a partner. Licenses out there keep the name
// until they are signed again. Where the new name is that of a customer already, the two
// become one; else it is a partner where the old one was.
func Rename(f *Facts, by *ledger.Operation, from, to string) ([]*Step, error) {
	to = strings.Join(strings.Fields(to), " ")
	if err := format.ValidText(to, maxCustomer); err != nil {
		return nil, hint.Errorf("invalid customer %.64q: %w", to, err).WithHint("give the new name in plain text of at most %d bytes", maxCustomer)
	}
	if err := by.NeedWhy("renaming a customer"); err != nil {
		return nil, err
	}
	var steps []*Step
	known, merged := false, false
	for _, invoice := range slices.Sorted(maps.Keys(f.Sales)) {
		before := f.Sales[invoice].Entitlement
		is := ledger.CustomerKey(before.Customer)
		merged = merged || is == ledger.CustomerKey(to) && is != ledger.CustomerKey(from)
		if is != ledger.CustomerKey(from) {
			continue
		}
		if known = true; before.Customer == to {
			continue
		}
		after := before.Clone()
		after.Customer = to
		steps = append(steps, &Step{Event: ledger.Event{Action: ledger.ActionRename, Invoice: invoice, Detail: after}})
	}
	if !known {
		return nil, hint.Errorf("nothing was sold to a customer %.64q", from).WithHint(`"licensor list --customer PART" finds a name by any part of it`)
	}
	if f.Partners.Has(from) && !merged && ledger.CustomerKey(from) != ledger.CustomerKey(to) {
		was := f.Sales[steps[0].Event.Invoice].Customer // as it is written on record
		steps = append(steps,
			&Step{Event: ledger.Event{Action: ledger.ActionCustomer, Detail: ledger.Customer{Name: to, Partner: true}}},
			&Step{Event: ledger.Event{Action: ledger.ActionCustomer, Detail: ledger.Customer{Name: strings.Join(strings.Fields(was), " "), Partner: false}}})
	}
	return steps, nil
}
