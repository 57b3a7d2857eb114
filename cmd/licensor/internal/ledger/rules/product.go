package rules

import (
	"cmp"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/offlicense/offlicense/cmd/internal/hint"
	"github.com/offlicense/offlicense/cmd/internal/text"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
)

// SetProduct adds a product, or amends one. The step is nil if nothing is different.
func SetProduct(f *Facts, by *ledger.Operation, p ledger.Product, amends bool) (*Step, error) {
	product, err := p.Normal(f.Vendor, by.Now)
	if err != nil {
		return nil, err
	}
	switch before := f.Products[p.Name]; {
	case amends && before == nil:
		return nil, NoProduct(f.Products, p.Name)
	case !amends && before != nil:
		return nil, hint.Errorf("there is a product %.64q already", p.Name).WithHint(`"licensor product amend" changes it`)
	case reflect.DeepEqual(before, product):
		return nil, nil
	}
	return &Step{Event: ledger.Event{Action: ledger.ActionProduct, Detail: *product}}, nil
}

// NoProduct says that there is no product of a name.
func NoProduct(products map[string]*ledger.Product, name string) error {
	next := `"licensor product list" shows them all`
	if near := text.Nearest(name, slices.Sorted(maps.Keys(products))); near != "" {
		next = fmt.Sprintf("did you mean %q? %s", near, next)
	}
	return hint.Errorf("there is no product %.64q", name).WithHint("%s", next)
}

// UnknownName is a name in a sale that the products do not have.
type UnknownName struct {
	Kind    string // product, edition, feature or limit
	Name    string
	Nearest string // of those that there are; empty: none is near
}

func (n UnknownName) String() string {
	what := fmt.Sprintf("unknown %s %.64q", n.Kind, n.Name)
	if n.Name == "" {
		what = "the " + n.Kind + " is missing"
	}
	if n.Nearest != "" {
		what += fmt.Sprintf(": did you mean %q?", n.Nearest)
	}
	return what
}

// UnknownNames returns the names in a sale that the products do not have and that it had
// not before; before is nil for a new one. While there are no products, names are free.
func UnknownNames(products map[string]*ledger.Product, sale, before *ledger.Entitlement) (unknown []UnknownName) {
	if len(products) == 0 {
		return nil
	}
	before = cmp.Or(before, new(ledger.Entitlement))
	p := products[sale.Product]
	if p == nil {
		if sale.Product == before.Product {
			return nil
		}
		return []UnknownName{{"product", sale.Product, text.Nearest(sale.Product, slices.Sorted(maps.Keys(products)))}}
	}
	check := func(kind string, names []string, had func(string) bool) {
		for _, name := range names {
			if !p.Has(kind, name) && (p.Name != before.Product || !had(name)) {
				unknown = append(unknown, UnknownName{kind, name, text.Nearest(name, p.Names(kind))})
			}
		}
	}
	check(ledger.NameEdition, []string{sale.Edition}, func(name string) bool { return name == before.Edition })
	check(ledger.NameFeature, sale.Features, func(name string) bool { return slices.Contains(before.Features, name) })
	check(ledger.NameLimit, slices.Sorted(maps.Keys(sale.Limits)), func(name string) bool { _, had := before.Limits[name]; return had })
	return unknown
}

// CheckNames refuses names that the products do not have, unless staff mean them.
func CheckNames(products map[string]*ledger.Product, by *ledger.Operation, sale, before *ledger.Entitlement) error {
	unknown := UnknownNames(products, sale, before)
	if len(unknown) == 0 || by.NewNames {
		return nil
	}
	var all []string
	for _, n := range unknown {
		all = append(all, n.String())
	}
	next := fmt.Sprintf(`"licensor product show %s" has the names`, sale.Product)
	switch p := products[sale.Product]; {
	case p == nil:
		next = `"licensor product list" has the names`
	case sale.Edition == "" && len(p.Editions) <= 4:
		next = "give --edition " + strings.Join(p.Names(ledger.NameEdition), " or ")
	}
	return ledger.Refuse(ledger.RuleNames, ledger.LiftNew, next, "%s", strings.Join(all, "; "))
}
