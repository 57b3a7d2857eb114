package book

import (
	"context"
	"time"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/rules"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/store"
	"github.com/offlicense/offlicense/verify"
)

// Asked is what the service knows of a request before it does anything for it.
type Asked struct {
	Recorded bool // the request has got a license
	Known    bool // its machine key is that of a site of the invoice
	Right    bool // the request names an e-mail address to which the invoice was sold

	// Of a request on record, as Preview.
	Offer *rules.Offer
	Err   error
}

// Ask looks at many requests on one state of the ledger, and judges those that are on record.
// For a wrong e-mail address it asks the ledger exactly what it asks for an unknown invoice,
// so that whoever guesses learns nothing from the time that it takes. newest is the number of
// the newest revocation list, 0 for none.
func (b *Book) Ask(ctx context.Context, by ledger.Operation, requests []*verify.Request) (asked []Asked, newest int64, err error) {
	asked = make([]Asked, len(requests))
	err = b.store.Read(ctx, func(t *store.Tx) error {
		claims, err := t.Claims(requests)
		if err != nil {
			return err
		}
		var at []int
		var recorded []*verify.Request
		for i, c := range claims {
			asked[i] = Asked{Recorded: c.Recorded, Known: c.Known, Right: rules.Claims(requests[i], c.Addresses)}
			if c.Recorded {
				at, recorded = append(at, i), append(recorded, requests[i])
			}
		}
		if newest, err = t.NewestNumber(); err != nil || len(recorded) == 0 {
			return err
		}
		f, err := t.Facts(store.Ask{Requests: recorded})
		if err == nil {
			err = rules.CheckFrozen(f)
		}
		if err != nil {
			return err
		}
		for n, i := range at {
			asked[i].Offer, asked[i].Err = rules.Judge(f, &by, recorded[n])
		}
		return nil
	})
	if err != nil {
		return nil, 0, err
	}
	return asked, newest, nil
}

// Load is how much a staff key has signed.
type Load = store.Load

// Load returns how much a key has signed since an event, by its name and its 32 bytes.
func (b *Book) Load(ctx context.Context, name string, key []byte, since int64, now time.Time) (Load, error) {
	return read(ctx, b, func(t *store.Tx) (Load, error) { return t.Load(name, key, since, now) })
}
