package book

import (
	"context"
	"slices"
	"time"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/rules"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/store"
)

// List returns entitlements in the order of their invoices, with their activations,
// the oldest first.
func (b *Book) List(ctx context.Context, filter store.Filter) ([]ledger.Holding, error) {
	return read(ctx, b, func(t *store.Tx) ([]ledger.Holding, error) { return t.List(filter) })
}

// Partners returns the customers who are partners now.
func (b *Book) Partners(ctx context.Context) (ledger.Partners, error) {
	return read(ctx, b, (*store.Tx).Partners)
}

// History returns the events of an invoice or of an activation, the oldest first; none
// for what the ledger does not know.
func (b *Book) History(ctx context.Context, invoiceOrActivation string) ([]*ledger.Event, error) {
	return read(ctx, b, func(t *store.Tx) ([]*ledger.Event, error) { return t.History(invoiceOrActivation) })
}

// Past returns the events that a filter wants, the oldest first.
func (b *Book) Past(ctx context.Context, filter store.EventFilter) (*store.Past, error) {
	return read(ctx, b, func(t *store.Tx) (*store.Past, error) { return t.Past(filter) })
}

// CustomerHistory returns what was recorded of a customer as such, the oldest first.
func (b *Book) CustomerHistory(ctx context.Context, name string) ([]*ledger.Event, error) {
	past, err := b.Past(ctx, store.EventFilter{Customer: name})
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(past.Events, func(e *ledger.Event) bool { return e.Invoice != "" }), nil
}

// Narrow returns a filter with the narrowest match for each of its texts that finds
// anything.
func (b *Book) Narrow(ctx context.Context, filter store.Filter) (store.Filter, error) {
	return read(ctx, b, func(t *store.Tx) (store.Filter, error) { return t.Narrow(filter) })
}

// Revocations returns all that is revoked, and which list is the next.
func (b *Book) Revocations(ctx context.Context) (*rules.Revocations, error) {
	return read(ctx, b, (*store.Tx).Revocations)
}

// RevokedKeys returns the keys that are to be revoked and those that were.
func (b *Book) RevokedKeys(ctx context.Context) ([]ledger.KeyRevocation, error) {
	return read(ctx, b, func(t *store.Tx) ([]ledger.KeyRevocation, error) { return t.RevokedKeys(store.KeepOfNone) })
}

// Signers returns the keys that have signed a license on record, each with each of its
// names.
func (b *Book) Signers(ctx context.Context) ([]ledger.Signer, error) {
	return read(ctx, b, (*store.Tx).Signers)
}

// ListSigners returns the delegated keys that have signed a revocation list on record.
func (b *Book) ListSigners(ctx context.Context) ([]ledger.Signer, error) {
	return read(ctx, b, (*store.Tx).ListSigners)
}

// NewestList returns the newest revocation list of at most so many bytes, as it travels,
// without the text form; nil if there is none.
func (b *Book) NewestList(ctx context.Context, most int) ([]byte, error) {
	return read(ctx, b, func(t *store.Tx) ([]byte, error) { return t.NewestList(most) })
}

// Nearest returns the name on record that a word was most likely meant to be, "" for none.
// It looks at all names.
func (b *Book) Nearest(ctx context.Context, of store.Known, word string) (string, error) {
	names, err := read(ctx, b, func(t *store.Tx) ([]string, error) { return t.Nearest(of, word) })
	if err != nil {
		return "", err
	}
	return names[0], nil
}

// Dossier returns all that is on record of what is wanted, nil if nothing is.
func (b *Book) Dossier(ctx context.Context, w store.Wanted) (*ledger.Dossier, error) {
	return read(ctx, b, func(t *store.Tx) (*ledger.Dossier, error) { return t.Dossier(w) })
}

// Page returns so many of the entitlements that a filter finds behind a page.
func (b *Book) Page(ctx context.Context, filter store.Filter, behind string, most int) (*ledger.Page, error) {
	return read(ctx, b, func(t *store.Tx) (*ledger.Page, error) { return t.Page(filter, behind, most) })
}

// EndingPage returns so many of what ends after a time and by another, behind a page.
func (b *Book) EndingPage(ctx context.Context, after, by time.Time, behind string, most int) (*ledger.EndingPage, error) {
	return read(ctx, b, func(t *store.Tx) (*ledger.EndingPage, error) { return t.EndingPage(after, by, behind, most) })
}

// Buyers returns so many of the customers whose names begin with a text, behind one of them; next
// names the page behind them, "" if there is none.
func (b *Book) Buyers(ctx context.Context, beginning, behind string, most int) (all []ledger.Buyer, next string, err error) {
	_, err = read(ctx, b, func(t *store.Tx) (_ struct{}, err error) {
		all, next, err = t.Buyers(beginning, behind, most)
		return struct{}{}, err
	})
	return all, next, err
}

// Bridges returns so many of the bridges that run out after a time and by another.
func (b *Book) Bridges(ctx context.Context, after, by time.Time, most int) ([]ledger.Bridge, error) {
	return read(ctx, b, func(t *store.Tx) ([]ledger.Bridge, error) { return t.Bridges(after, by, most) })
}

// Unlisted returns so many of the licenses that are to be revoked and that no list has yet.
func (b *Book) Unlisted(ctx context.Context, most int) ([]ledger.Revocation, error) {
	return read(ctx, b, func(t *store.Tx) ([]ledger.Revocation, error) { return t.Unlisted(most) })
}

// Months counts the month of a time, so many before it and so many after it.
func (b *Book) Months(ctx context.Context, now time.Time, back, ahead int) ([]ledger.Month, error) {
	return read(ctx, b, func(t *store.Tx) ([]ledger.Month, error) { return t.Months(now, back, ahead) })
}

// Listed returns the number of the newest revocation list, when it was issued and who has signed
// it; 0 if there is none.
func (b *Book) Listed(ctx context.Context) (number uint64, issued time.Time, signedBy string, err error) {
	_, err = read(ctx, b, func(t *store.Tx) (_ struct{}, err error) {
		number, issued, signedBy, err = t.Listed()
		return struct{}{}, err
	})
	return number, issued, signedBy, err
}

// Events returns how many events are on record.
func (b *Book) Events(ctx context.Context) (int64, error) {
	return read(ctx, b, func(t *store.Tx) (int64, error) {
		n, _, err := t.Size()
		return n, err
	})
}
