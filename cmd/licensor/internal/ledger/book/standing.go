package book

import (
	"context"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/rules"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/store"
	"github.com/offlicense/offlicense/format"
)

// SetStanding suspends, resumes or cancels a sale: see rules.SetStanding. It returns the
// licenses that are to be revoked, and whether anything has changed.
func (b *Book) SetStanding(ctx context.Context, by ledger.Operation, invoice string, to ledger.Standing) (revoked []format.ID, changed bool, err error) {
	err = b.change(ctx, &by, store.Ask{Invoices: []string{invoice}}, func(t *store.Tx, f *rules.Facts) ([]*rules.Step, error) {
		var all []*rules.Activation
		r := new(rules.Revocations)
		if to == ledger.StandingCanceled {
			var err error
			if r, err = t.Revocations(); err != nil {
				return nil, err
			}
			if all, err = t.Ever(f, invoice); err != nil {
				return nil, err
			}
		}
		steps, err := rules.SetStanding(f, r, &by, invoice, to, all)
		revoked, changed = rules.Revoked(steps), len(steps) > 0
		return steps, err
	})
	if err != nil {
		return nil, false, err
	}
	return revoked, changed, nil
}
