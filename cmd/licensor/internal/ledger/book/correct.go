package book

import (
	"context"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/rules"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/store"
)

// PreviewCorrection says what Correct would do, and changes nothing.
func (b *Book) PreviewCorrection(ctx context.Context, by ledger.Operation, invoice string, r rules.Revision) (*rules.Revised, error) {
	if err := by.Check(); err != nil {
		return nil, err
	}
	return read(ctx, b, func(t *store.Tx) (*rules.Revised, error) { return correction(t, &by, invoice, r) })
}

// Correct changes a sale that was recorded wrong: see rules.Correct.
func (b *Book) Correct(ctx context.Context, by ledger.Operation, invoice string, r rules.Revision) (revised *rules.Revised, err error) {
	salt, err := ledger.NewSalt(by.Random)
	if err != nil {
		return nil, err
	}
	err = b.change(ctx, &by, store.Ask{}, func(t *store.Tx, _ *rules.Facts) ([]*rules.Step, error) {
		if revised, err = correction(t, &by, invoice, r.Salted(salt)); err != nil {
			return nil, err
		}
		return revised.Steps, nil
	})
	if err != nil {
		return nil, err
	}
	return revised, nil
}

// Renumbered reports whether a correction has given the sale of a number another one, so that
// none has the number now.
func (b *Book) Renumbered(ctx context.Context, was, is string) (bool, error) {
	return read(ctx, b, func(t *store.Tx) (bool, error) {
		f, err := t.Facts(store.Ask{Invoices: []string{was}})
		if err != nil || f.Sales[was] != nil {
			return false, err
		}
		return t.WasNumbered(is, was)
	})
}

func correction(t *store.Tx, by *ledger.Operation, invoice string, r rules.Revision) (*rules.Revised, error) {
	f, err := t.Facts(store.Ask{Seat: invoice})
	if err != nil {
		return nil, err
	}
	if s := f.Sales[invoice]; s != nil {
		after, err := r.Of(s.Entitlement)
		if err != nil {
			return nil, err
		}
		if after.Invoice != invoice {
			if f, err = t.Facts(store.Ask{Seat: invoice, Invoices: []string{after.Invoice}}); err != nil {
				return nil, err
			}
		}
		if err := t.Buyer(f, after); err != nil {
			return nil, err
		}
		if err := t.ProductionBeside(f, after, invoice); err != nil {
			return nil, err
		}
	}
	return rules.Correct(f, by, invoice, r)
}

// Rename gives a customer another name: see rules.Rename. It returns of how many sales.
func (b *Book) Rename(ctx context.Context, by ledger.Operation, from, to string) (sales int, err error) {
	err = b.change(ctx, &by, store.Ask{}, func(t *store.Tx, _ *rules.Facts) ([]*rules.Step, error) {
		f, err := t.Customers(from, to)
		if err != nil {
			return nil, err
		}
		steps, err := rules.Rename(f, &by, from, to)
		for _, s := range steps {
			if s.Event.Action == ledger.ActionRename {
				sales++
			}
		}
		return steps, err
	})
	if err != nil {
		return 0, err
	}
	return sales, nil
}
