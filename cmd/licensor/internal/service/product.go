package service

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/offlicense/offlicense/cmd/licensor/internal/catalogue"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/rules"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/store"
)

// How a product is written in a file.
const MaxProductFile = catalogue.MaxFile

var (
	ParseProduct   = catalogue.Parse
	FormatProduct  = catalogue.Format
	ExampleProduct = catalogue.Example
	Examples       = catalogue.Examples
)

// Planned returns a sale with what its product and edition grant, changed by what it says
// itself: change applies that, and says tells which terms it names.
func (s *Service) Planned(ctx context.Context, by ledger.Operation, says func(term string) bool, change func(*ledger.Entitlement) error) (ledger.Entitlement, error) {
	sale := ledger.Entitlement{Seats: 1}
	if err := change(&sale); err != nil {
		return sale, err
	}
	if err := s.Plan(ctx, by, &sale, says, by.Now); err != nil {
		return sale, err
	}
	return sale, change(&sale) // once more: lists are changes of what the plan has
}

// NotTakenOver returns which terms of a sale, whose product or edition is another one now, are
// not as that grants them: what was sold stays until it is changed, too.
func (s *Service) NotTakenOver(ctx context.Context, before, after *ledger.Entitlement) (terms []string, err error) {
	if before.Product == after.Product && before.Edition == after.Edition {
		return nil, nil
	}
	products, err := s.Products(ctx)
	if err != nil {
		return nil, err
	}
	for _, p := range products {
		edition := p.Edition(after.Edition)
		if p.Name != after.Product || edition == nil {
			continue
		}
		planned := ledger.Entitlement{Type: after.Type}
		if err := edition.Fill(&planned, time.Time{}, nil); err != nil {
			return nil, err
		}
		for _, name := range []string{"features", "limits", "max_version", "ext"} {
			items := func(e *ledger.Entitlement) []string {
				return slices.Sorted(strings.SplitSeq(ledger.TermNamed(name).Get(e), ";"))
			}
			if !slices.Equal(items(&planned), items(after)) {
				terms = append(terms, ledger.TermNamed(name).OptionName())
			}
		}
	}
	return terms, nil
}

// CheckNames refuses the names in a sale that the products do not have, as Entitle does.
func (s *Service) CheckNames(ctx context.Context, by ledger.Operation, sale *ledger.Entitlement) error {
	all, err := s.Products(ctx)
	if err != nil {
		return err
	}
	products := make(map[string]*ledger.Product)
	for _, p := range all {
		products[p.Name] = p
	}
	return rules.CheckNames(products, &by, sale, nil)
}

// NamesRefused returns what an error says of names that the products do not have, empty if
// it is another one. If staff mean them, the same with Operation.NewNames is not refused
// for that.
func NamesRefused(err error) string {
	var refusal *ledger.Refusal
	if !errors.As(err, &refusal) || refusal.Rule != ledger.RuleNames {
		return ""
	}
	return refusal.Message
}

// NamesAreFree reports whether there are no products.
func (s *Service) NamesAreFree(ctx context.Context) (bool, error) {
	products, err := s.Products(ctx)
	return len(products) == 0, err
}

// SoldOnce reports whether one sale is on record, and no other.
func (s *Service) SoldOnce(ctx context.Context) (once bool, err error) {
	err = s.Store().Read(ctx, func(t *store.Tx) error {
		n, err := t.SalesUpTo(2)
		once = n == 1
		return err
	})
	return once, err
}
