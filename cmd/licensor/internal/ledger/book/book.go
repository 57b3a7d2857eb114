// Package book has the verbs of the ledger: sell, sign, move, release, revise, revoke.
// Each loads the facts for its question, asks the rules, has licenses signed, and records
// what follows. It decides nothing itself, and it has no SQL.
package book

import (
	"context"

	"github.com/offlicense/offlicense/cmd/internal/hint"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/rules"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/store"
)

// Book is an open ledger. Several processes may have the same one open, and many
// goroutines may use one Book.
type Book struct {
	store  *store.Store
	vendor string
}

// Create makes a new ledger for a vendor, in a file that does not exist yet or in an
// empty PostgreSQL database (postgres://...). It fails if there is one already.
func Create(ctx context.Context, by ledger.Operation, where, vendor string) error {
	if err := by.Check(); err != nil {
		return err
	}
	s, err := store.Create(ctx, where)
	if err != nil {
		return err
	}
	defer s.Close()
	return s.Write(ctx, func(w *store.Writer) error {
		if w.Events() > 0 {
			return hint.Errorf("there is a ledger in that database already").WithHint("name another database, or use the ledger that is there")
		}
		return w.Record(&ledger.Event{Action: ledger.ActionCreate, Detail: ledger.Created{Vendor: vendor}}, &by)
	})
}

// Open opens a ledger to read and write it. where is the path of a SQLite file or the
// address of a PostgreSQL database.
func Open(ctx context.Context, where string) (*Book, error) { return open(ctx, where, store.Open) }

// OpenReadOnly opens a ledger for a command that changes nothing. It works where the
// ledger can only be read, such as on a copy made for an auditor.
func OpenReadOnly(ctx context.Context, where string) (*Book, error) {
	return open(ctx, where, store.OpenReadOnly)
}

func open(ctx context.Context, where string, open func(context.Context, string) (*store.Store, error)) (*Book, error) {
	s, err := open(ctx, where)
	if err != nil {
		return nil, err
	}
	b := &Book{store: s}
	err = s.Read(ctx, func(t *store.Tx) (err error) {
		b.vendor, err = t.Vendor()
		return err
	})
	if err != nil {
		s.Close()
		return nil, err
	}
	return b, nil
}

// Close closes the ledger.
func (b *Book) Close() error { return b.store.Close() }

// Vendor returns the vendor whose ledger this is.
func (b *Book) Vendor() string { return b.vendor }

// Store returns what keeps the ledger, for those who read all of it.
func (b *Book) Store() *store.Store { return b.store }

// read runs a question on one state of the ledger.
func read[T any](ctx context.Context, b *Book, ask func(t *store.Tx) (T, error)) (T, error) {
	var answer, none T
	err := b.store.Read(ctx, func(t *store.Tx) (err error) {
		answer, err = ask(t)
		return err
	})
	if err != nil {
		return none, err
	}
	return answer, nil
}

// change records the steps that the rules make of facts, without a license to sign.
func (b *Book) change(ctx context.Context, by *ledger.Operation, ask store.Ask, decide func(t *store.Tx, f *rules.Facts) ([]*rules.Step, error)) error {
	return b.changeMany(ctx, by, ask, decide, nil)
}

// changeMany is change with many steps: recorded, if not nil, is called for each.
func (b *Book) changeMany(ctx context.Context, by *ledger.Operation, ask store.Ask, decide func(t *store.Tx, f *rules.Facts) ([]*rules.Step, error), recorded func()) error {
	if err := by.Check(); err != nil {
		return err
	}
	return b.store.Write(ctx, func(w *store.Writer) error {
		f, err := w.Facts(ask)
		if err != nil {
			return err
		}
		steps, err := atThisTime(f, by, func() ([]*rules.Step, error) { return decide(&w.Tx, f) })
		if err != nil {
			return err
		}
		for _, s := range steps {
			if err := w.Record(&s.Event, by); err != nil {
				return err
			}
			if recorded != nil {
				recorded()
			}
		}
		return nil
	})
}
