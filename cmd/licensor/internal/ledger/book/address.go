package book

import (
	"context"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/rules"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/store"
)

// SetAddress gives sales one more e-mail address, or takes that off: see rules.SetAddress.
// It returns how many of them have changed.
func (b *Book) SetAddress(ctx context.Context, by ledger.Operation, invoices []string, email string, off bool) (changed int, err error) {
	err = b.change(ctx, &by, store.Ask{Invoices: invoices}, func(_ *store.Tx, f *rules.Facts) ([]*rules.Step, error) {
		var steps []*rules.Step
		for _, invoice := range invoices {
			a := ledger.Addressed{Off: off, Email: email}
			if !off {
				if a.Salt, err = ledger.NewSalt(by.Random); err != nil {
					return nil, err
				}
				a.Account = ledger.Commitment(a.Salt, email)
			}
			step, err := rules.SetAddress(f, &by, invoice, a)
			if err != nil {
				return nil, err
			}
			steps = append(steps, some(step)...)
		}
		changed = len(steps)
		return steps, nil
	})
	if err != nil {
		return 0, err
	}
	return changed, nil
}
