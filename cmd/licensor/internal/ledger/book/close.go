package book

import (
	"context"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/rules"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/store"
	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/verify"
)

// Reactivated is what came of Reactivate.
type Reactivated struct {
	License *ledger.License
	Revoked []format.ID // wait for the next revocation list
}

// Release frees the seat of a site that gave up its license: see rules.Release. The same
// release again changes nothing and returns the same.
func (b *Book) Release(ctx context.Context, by ledger.Operation, r rules.Releasing, issue ledger.Issue) (*rules.Released, error) {
	var result *rules.Released
	p := on(&by, store.Ask{Licenses: []format.ID{r.License}}, func(_ *store.Tx, f *rules.Facts) ([]*rules.Step, error) {
		var err error
		if result, err = rules.Release(f, &by, r); err != nil {
			return nil, err
		}
		return result.Steps, nil
	})
	if err := b.carryOut(ctx, &by, issue, p, nil); err != nil {
		return nil, err
	}
	result.License = signed(result.License, result.Final)
	return result, nil
}

// Deactivate closes an activation whose server is gone, see rules.Deactivate. It returns
// the licenses that wait for the next revocation list.
func (b *Book) Deactivate(ctx context.Context, by ledger.Operation, invoice, activation string) (revoked []format.ID, err error) {
	err = b.change(ctx, &by, store.Ask{Activations: []string{activation}}, func(_ *store.Tx, f *rules.Facts) ([]*rules.Step, error) {
		steps, err := rules.Deactivate(f, &by, invoice, activation)
		revoked = rules.Revoked(steps)
		return steps, err
	})
	if err != nil {
		return nil, err
	}
	return revoked, nil
}

// Issued returns a license on record with the request that it answers, nil for one that
// is bound to nothing. The error is a *ledger.Refusal if there is no such license.
func (b *Book) Issued(ctx context.Context, id format.ID) (*ledger.License, *verify.Request, error) {
	license, err := read(ctx, b, func(t *store.Tx) (*ledger.License, error) {
		f, err := t.Facts(store.Ask{Licenses: []format.ID{id}})
		if err == nil && f.Licenses[id] == nil {
			err = rules.UnknownLicense(id)
		}
		if err != nil {
			return nil, err
		}
		return f.Licenses[id], nil
	})
	if err != nil {
		return nil, nil, err
	}
	request, err := license.OpenRequest()
	return license, request, err
}
