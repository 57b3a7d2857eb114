package book

import (
	"context"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/rules"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/store"
)

// Frozen returns the move for which the ledger is frozen, nil if it is not.
func (b *Book) Frozen(ctx context.Context) (*ledger.Frozen, error) {
	return read(ctx, b, (*store.Tx).Frozen)
}

// CheckFrozen refuses a ledger that is frozen.
func (b *Book) CheckFrozen(ctx context.Context) error {
	frozen, err := b.Frozen(ctx)
	if err != nil {
		return err
	}
	return rules.CheckFrozen(&rules.Facts{Frozen: frozen})
}

// Freeze ends the ledger for a move: nothing is recorded in it any more.
func (b *Book) Freeze(ctx context.Context, by ledger.Operation, d ledger.Frozen) error {
	return turn(ctx, b.store, by, func(_ *store.Writer, f *rules.Facts) (*rules.Step, error) { return rules.Freeze(f, d) })
}

// Thaw lets the ledger go on where it is. The place of the move must never be opened.
func (b *Book) Thaw(ctx context.Context, by ledger.Operation, move ledger.MoveID) error {
	return turn(ctx, b.store, by, func(_ *store.Writer, f *rules.Facts) (*rules.Step, error) { return rules.Thaw(f, move) })
}

// OpenDraft lets a ledger go on in the place of a move, where its copy is.
func OpenDraft(ctx context.Context, s *store.Store, by ledger.Operation, move ledger.MoveID) error {
	return turn(ctx, s, by, func(w *store.Writer, f *rules.Facts) (*rules.Step, error) {
		step, err := rules.Open(f, move)
		if err == nil {
			err = w.Opens(move)
		}
		return step, err
	})
}

// turn records a step of a move, which is about the ledger as a whole.
func turn(ctx context.Context, s *store.Store, by ledger.Operation, decide func(*store.Writer, *rules.Facts) (*rules.Step, error)) error {
	if err := by.Check(); err != nil {
		return err
	}
	return s.Write(ctx, func(w *store.Writer) error {
		f, err := w.Facts(store.Ask{})
		if err != nil {
			return err
		}
		if f.GivenUp, err = w.GivenUp(); err != nil {
			return err
		}
		steps, err := onTime(f, &by, func() ([]*rules.Step, error) {
			step, err := decide(w, f)
			return some(step), err
		})
		if err != nil {
			return err
		}
		return w.Record(&steps[0].Event, &by)
	})
}
