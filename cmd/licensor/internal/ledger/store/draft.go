package store

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"

	"github.com/offlicense/offlicense/cmd/internal/hint"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/store/database"
)

// A ledger that moves is first a draft in its new place: all tables, and as the version of
// the schema a number below zero, which no program opens. The number is that of the move.
// To open the draft and to give it up are transactions on that one row, of which only one
// can come first. So it is decided there whether the old place may be thawed, and nowhere
// else.

// VersionOf returns the version of the schema as its table has it: of a ledger, or of the
// draft for a move.
func VersionOf(draft ledger.MoveID) int64 {
	if draft != 0 {
		return -int64(draft)
	}
	return schemaVersion
}

// givenUp is a second version beside that of a draft: it is never opened.
const givenUp = 0

// Place is what stands where a ledger is to move.
type Place struct {
	Draft   ledger.MoveID // what is drafted there; 0: nothing
	GivenUp bool          // the draft is never opened
	Open    bool          // a ledger is there
}

// OpenPlace opens the place to which a ledger moves, whatever stands there. A file that is
// missing is made if make says so.
func OpenPlace(ctx context.Context, where string, make bool) (*Store, error) {
	open := database.Open
	if make {
		open = database.Create
	}
	db, err := open(ctx, where)
	if make && errors.Is(err, fs.ErrExist) {
		db, err = database.Open(ctx, where)
	}
	if err != nil {
		return nil, err
	}
	return &Store{db: db}, nil
}

// Name names the ledger for people, without a password.
func (s *Store) Name() string { return s.db.Name() }

// Place says what stands here. It waits until no other one writes, as all do that follow.
func (s *Store) Place(ctx context.Context) (p Place, err error) {
	err = s.db.Write(ctx, func(tx *database.Tx) (err error) {
		p, err = place(tx)
		return err
	})
	return p, err
}

func place(tx *database.Tx) (p Place, err error) {
	there, err := tx.HasTable("schema_version")
	if err != nil || !there {
		return p, err
	}
	var first int64
	_, err = tx.Once("SELECT COALESCE(MIN(version), 0), COUNT(CASE WHEN version = $1 THEN 1 END) > 0, COUNT(CASE WHEN version > $1 THEN 1 END) > 0 FROM schema_version",
		[]any{givenUp}, &first, &p.GivenUp, &p.Open)
	p.Draft = ledger.MoveID(max(-first, 0))
	return p, err
}

// Claim makes the draft for a move of a ledger where nothing stands, with the first event
// of that ledger, which says whose draft it is. Another Claim may have come first.
func (s *Store) Claim(ctx context.Context, move ledger.MoveID, from *Tx) (p Place, err error) {
	err = s.db.Write(ctx, func(tx *database.Tx) error {
		if p, err = place(tx); err != nil || p != (Place{}) {
			return err
		}
		if err := makeTables(tx, VersionOf(move)); err != nil {
			return err
		}
		first, err := from.Events(1, 1)
		if err != nil {
			return err
		}
		e, err := ledger.ParseEvent(first[0].Leaf)
		if err != nil {
			return ledger.Damaged("event 1: %v", err)
		}
		w := newWriter(tx)
		if err := w.Append(e, first[0].Leaf); err != nil {
			return err
		}
		p.Draft = move
		return w.flush()
	})
	return p, err
}

// Copy fills the draft for a move, in one transaction, unless that was done.
func (s *Store) Copy(ctx context.Context, move ledger.MoveID, from *Tx, advance func()) error {
	return s.Write(ctx, func(w *Writer) error {
		if err := w.drafted(move); err != nil {
			return err
		}
		if w.size > 1 {
			return nil
		}
		return from.replay(w, advance)
	})
}

// drafted wants that here is the draft for a move, and that it was not given up.
func (w *Writer) drafted(move ledger.MoveID) error {
	p, err := place(w.tx)
	if err == nil && p != (Place{Draft: move}) {
		err = hint.Errorf("the move of the ledger was given up, or has come to its end").WithHint("run the same command again, which says how it stands")
	}
	return err
}

// Opens makes the draft for a move a ledger, when the transaction commits.
func (w *Writer) Opens(move ledger.MoveID) error {
	if err := w.drafted(move); err != nil {
		return err
	}
	return w.one("schema_version", "UPDATE schema_version SET version = $2 WHERE version = $1", VersionOf(move), VersionOf(0))
}

// GiveUp lets nobody open the draft for a move any more. It says what stands here: if the
// draft of the move is not given up then, it is not here or it was opened.
func (s *Store) GiveUp(ctx context.Context, move ledger.MoveID) (p Place, err error) {
	err = s.db.Write(ctx, func(tx *database.Tx) error {
		if p, err = place(tx); err != nil || p != (Place{Draft: move}) {
			return err
		}
		p.GivenUp = true
		return tx.Make(fmt.Sprintf("INSERT INTO schema_version VALUES (%d)", givenUp))
	})
	return p, err
}

// Clear removes a draft that was given up. Who asks knows that the old place was thawed.
func (s *Store) Clear(ctx context.Context, move ledger.MoveID) error {
	return s.db.Write(ctx, func(tx *database.Tx) error {
		p, err := place(tx)
		if err != nil || p != (Place{Draft: move, GivenUp: true}) {
			return err
		}
		for _, table := range Tables {
			if err := tx.Make("DROP TABLE " + table.Name); err != nil {
				return err
			}
		}
		return nil
	})
}

// Continues reports whether the log of a ledger begins with all that is in another one.
func (t *Tx) Continues(of *Tx) (bool, error) {
	size, _, err := of.Size()
	if err != nil {
		return false, err
	}
	if mine, _, err := t.Size(); err != nil || mine < size {
		return false, err
	}
	heads := [2]hash{}
	for i, log := range [...]*Tx{t, of} {
		if heads[i], err = log.Head(size); err != nil {
			return false, err
		}
	}
	return heads[0] == heads[1], nil
}

// EmailsDigest is the same for two ledgers that know the same e-mail addresses.
func (t *Tx) EmailsDigest() (sum [sha256.Size]byte, err error) {
	h := sha256.New()
	err = t.EachEmail(func(e *Email) error {
		for _, part := range [...][]byte{e.Account, e.Salt, []byte(e.Address), []byte(e.Owner)} {
			one := sha256.Sum256(part)
			h.Write(one[:])
		}
		return nil
	})
	return [sha256.Size]byte(h.Sum(nil)), err
}

// GivenUp returns the moves after which the ledger was thawed.
func (t *Tx) GivenUp() (moves []ledger.MoveID, err error) {
	err = t.tx.Rows("SELECT event FROM events WHERE action = $1 ORDER BY seq", []any{string(ledger.ActionThaw)}, parsed(func(e *ledger.Event) {
		if d, ok := e.Detail.(ledger.Thawed); ok {
			moves = append(moves, d.Move)
		}
	}))
	return moves, err
}
