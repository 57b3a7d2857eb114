package book

import (
	"context"
	"time"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/rules"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/store"
	"github.com/offlicense/offlicense/verify"
)

// Claim is what the service knows of a request before it does anything for it.
type Claim struct {
	Recorded bool // the request has got a license
	Known    bool // its machine key is that of a site of the invoice
	Right    bool // the request names an e-mail address to which the invoice was sold
}

// Claim judges whether a request was made by whoever bought the invoice. For a wrong e-mail
// address it asks the ledger exactly what it asks for an unknown invoice, so that whoever
// guesses learns nothing from the time that it takes.
func (b *Book) Claim(ctx context.Context, q *verify.Request) (Claim, error) {
	return read(ctx, b, func(t *store.Tx) (Claim, error) {
		c, err := t.Claim(q)
		if err != nil {
			return Claim{}, err
		}
		return Claim{c.Recorded, c.Known, rules.Claims(q, c.Addresses)}, nil
	})
}

// Load is how much a key has signed.
type Load = store.Load

// Load returns how much a key has signed, by its name and its 32 bytes.
func (b *Book) Load(ctx context.Context, name string, key []byte, now time.Time) (Load, error) {
	return read(ctx, b, func(t *store.Tx) (Load, error) { return t.Load(name, key, now) })
}
