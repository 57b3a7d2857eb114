package book

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/rules"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/store"
)

// SetProduct adds a product, or amends the one of that name. It reports whether anything
// is different.
func (b *Book) SetProduct(ctx context.Context, by ledger.Operation, p ledger.Product, amends bool) (changed bool, err error) {
	err = b.change(ctx, &by, store.Ask{}, func(t *store.Tx, f *rules.Facts) ([]*rules.Step, error) {
		var err error
		if f.Products, err = t.Products(); err != nil {
			return nil, err
		}
		step, err := rules.SetProduct(f, &by, p, amends)
		changed = step != nil
		return some(step), err
	})
	return changed, err
}

// Products returns all products in the order of their names.
func (b *Book) Products(ctx context.Context) ([]*ledger.Product, error) {
	products, err := read(ctx, b, (*store.Tx).Products)
	var all []*ledger.Product
	for _, name := range slices.Sorted(maps.Keys(products)) {
		all = append(all, products[name])
	}
	return all, err
}

// Product returns one product.
func (b *Book) Product(ctx context.Context, name string) (*ledger.Product, error) {
	products, err := read(ctx, b, (*store.Tx).Products)
	if err == nil && products[name] == nil {
		err = rules.NoProduct(products, name)
	}
	return products[name], err
}

// Plan gives a sale that is about to be recorded what its edition grants, but for the
// terms that it says itself, as ledger.Fill does. Where there is no such product or edition,
// names that are not meant are refused.
func (b *Book) Plan(ctx context.Context, by ledger.Operation, sale *ledger.Entitlement, says func(term string) bool, at time.Time) error {
	products, err := read(ctx, b, (*store.Tx).Products)
	if err != nil {
		return err
	}
	planned, err := ledger.Fill(products, sale, at, says)
	if err == nil && !planned {
		err = rules.CheckNames(products, &by, &ledger.Entitlement{Product: sale.Product, Edition: sale.Edition}, nil)
	}
	return err
}
