package common

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/service"
)

// ProductTable shows products to people, a line for each edition and each type of it.
func ProductTable(products ...*ledger.Product) *cli.Table {
	t := &cli.Table{Whole: true}
	t.Row("PRODUCT", "EDITION", "TYPE", "A SALE GRANTS")
	for _, p := range products {
		name := p.Name
		for i := range p.Editions {
			e := &p.Editions[i]
			t.Row(name, cmp.Or(e.Name, "-"), e.Type, service.PlanText(e.PlanFor(e.Type)))
			name = ""
			for _, other := range slices.Sorted(maps.Keys(e.Types)) {
				if other != e.Type {
					t.Row("", "", other, cmp.Or(service.PlanText(e.Types[other]), "the same"))
				}
			}
			if optional := strings.Join(append(slices.Clone(e.Features), e.Limits...), ", "); optional != "" {
				t.Row("", "", "", "optional: "+optional)
			}
		}
	}
	return t
}

// ProductChanges shows what is different between two states of a product.
func ProductChanges(before, after *ledger.Product) *cli.Table {
	t := &cli.Table{Whole: true}
	for _, row := range service.ProductChanges(before, after) {
		t.Row(row.Label, row.Text)
	}
	return t
}
