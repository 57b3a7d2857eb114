package book

import (
	"cmp"
	"slices"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/rules"
)

// FileName is a name in a file of orders that the products do not have.
type FileName struct {
	rules.UnknownName
	First int // the first line that has it
	Lines int // how many have it
}

// unknownNames returns all names in a file that the products do not have, in the order of
// the lines.
func (m *importing) unknownNames(f *rules.Facts) []FileName {
	if m.by.NewNames {
		return nil
	}
	found := make(map[rules.UnknownName]*FileName)
	for i := range m.orders {
		if m.sales[i] == nil || m.orders[i].Err != nil {
			continue
		}
		for _, n := range rules.UnknownNames(f.Products, m.sales[i], nil) {
			if found[n] == nil {
				found[n] = &FileName{UnknownName: n, First: m.orders[i].Line}
			}
			found[n].Lines++
		}
	}
	var all []FileName
	for _, n := range found {
		all = append(all, *n)
	}
	slices.SortFunc(all, func(a, b FileName) int {
		return cmp.Or(cmp.Compare(a.First, b.First), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Name, b.Name))
	})
	return all
}
