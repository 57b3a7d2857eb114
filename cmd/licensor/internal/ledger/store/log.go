package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/store/database"
	"golang.org/x/mod/sumdb/tlog"
)

// EachEvent calls f for the canonical bytes of every event, in order.
func (t *Tx) EachEvent(f func(seq int64, leaf []byte) error) error { return t.eachEvent(0, f) }

// eachEvent is EachEvent for the events after one.
func (t *Tx) eachEvent(after int64, f func(seq int64, leaf []byte) error) error {
	return t.tx.Rows("SELECT seq, event FROM events WHERE seq > $1 ORDER BY seq", []any{after}, func(scan func(...any) error) error {
		var seq int64
		var leaf []byte
		if err := scan(&seq, &leaf); err != nil {
			return err
		}
		return f(seq, leaf)
	})
}

// EventRow is a row of the table events.
type EventRow struct {
	Seq                 int64
	Invoice, Activation string
	Operator, Action    string
	Leaf                []byte // the event's canonical bytes
}

// Events returns rows of the table events in their order, from a number on, at most so
// many. Between two calls other things may be asked.
func (t *Tx) Events(from int64, most int) ([]EventRow, error) {
	all := make([]EventRow, 0, most)
	err := t.tx.Rows("SELECT seq, invoice, activation, operator, action, event FROM events WHERE seq >= $1 ORDER BY seq LIMIT "+strconv.Itoa(most), []any{from},
		database.Structs(&all, func(r *EventRow) []any {
			return []any{&r.Seq, &r.Invoice, &r.Activation, &r.Operator, &r.Action, &r.Leaf}
		}))
	return all, err
}

// Email is a row of the table emails.
type Email struct {
	Account, Salt  []byte // the commitment, and its salt
	Address, Owner string
}

// EachEmail calls f for every e-mail address that is known.
func (t *Tx) EachEmail(f func(*Email) error) error {
	return t.tx.Rows("SELECT account, salt, address, owner FROM emails ORDER BY account", nil, func(scan func(...any) error) error {
		e := new(Email)
		if err := scan(&e.Account, &e.Salt, &e.Address, &e.Owner); err != nil {
			return err
		}
		return f(e)
	})
}

// HashRow is a row of the table log.
type HashRow struct {
	Index int64
	Hash  []byte
}

// Hashes returns rows of the table log in their order, from an index on, at most so many.
// Between two calls other things may be asked.
func (t *Tx) Hashes(from int64, most int) ([]HashRow, error) {
	all := make([]HashRow, 0, most)
	err := t.tx.Rows("SELECT idx, hash FROM log WHERE idx >= $1 ORDER BY idx LIMIT "+strconv.Itoa(most), []any{from}, func(scan func(...any) error) error {
		var r HashRow
		err := scan(&r.Index, &r.Hash)
		all = append(all, r)
		return err
	})
	return all, err
}

// hashes reads hashes from the table log.
func (t *Tx) hashes(indexes []int64) ([]hash, error) {
	if len(indexes) == 0 {
		return nil, nil
	}
	args := make([]any, len(indexes))
	at := make(map[int64]int, len(indexes))
	for i, index := range indexes {
		args[i], at[index] = index, i
	}
	hashes := make([]hash, len(indexes))
	before := *t.tx
	before.Flush = nil // nothing is asked for that this transaction has written
	err := before.RowsIn("SELECT idx, hash FROM log WHERE idx IN (%s)", args, func(scan func(...any) error) error {
		var index int64
		var raw []byte
		if err := scan(&index, &raw); err != nil {
			return err
		}
		if len(raw) != tlog.HashSize {
			return ledger.Damaged("hash %d of the log has %d bytes, want %d", index, len(raw), tlog.HashSize)
		}
		if i, due := at[index]; due {
			hashes[i] = hash(raw)
			delete(at, index)
		}
		return nil
	})
	if err == nil && len(at) > 0 {
		err = ledger.Damaged("%d hashes of the log are missing", len(at))
	}
	return hashes, err
}

// Head returns the root hash of the first size events.
func (t *Tx) Head(size int64) (hash, error) {
	return tlog.TreeHash(size, tlog.HashReaderFunc(t.hashes))
}

// ReplayError is an event that does not apply to what the events before it made.
type ReplayError struct {
	Seq int64
	Err error
}

func (e *ReplayError) Error() string { return fmt.Sprintf("event %d: %v", e.Seq, e.Err) }

func (e *ReplayError) Unwrap() error { return e.Err }

// Replay records the events of a ledger again in an empty one, by the very code that
// recorded them first. advance, if not nil, is called for each.
func (t *Tx) Replay(ctx context.Context, into *Store, advance func()) error {
	var failed *ReplayError
	err := into.Write(ctx, func(w *Writer) error {
		err := t.replay(w, advance)
		errors.As(err, &failed)
		return err
	})
	if failed != nil {
		return failed
	}
	return err
}

// replay records again the events that a copy does not have, and the e-mail addresses.
func (t *Tx) replay(w *Writer, advance func()) error {
	err := t.eachEvent(w.size, func(seq int64, leaf []byte) error {
		e, err := ledger.ParseEvent(leaf)
		if err == nil {
			err = w.Append(e, leaf)
		}
		if err != nil {
			return &ReplayError{seq, err}
		}
		if advance != nil {
			advance()
		}
		return nil
	})
	if err != nil {
		return err
	}
	if err := t.copyEmails(w); err != nil {
		return err
	}
	if err := w.flush(); err != nil {
		return &ReplayError{w.size, err}
	}
	return nil
}

// copyEmails copies the e-mail addresses, which are in no event.
func (t *Tx) copyEmails(w *Writer) error {
	return t.tx.Rows("SELECT account, salt, address, owner FROM emails", nil, func(scan func(...any) error) error {
		var account, salt []byte
		var address, owner string
		if err := scan(&account, &salt, &address, &owner); err != nil {
			return err
		}
		_, err := w.change("emails", "UPDATE emails SET salt = $2, address = $3, owner = $4 WHERE account = $1", account, salt, address, owner)
		return err
	})
}

// Rows opens all rows of a table in the order of its key.
func (t *Tx) Rows(table Table) (*sql.Rows, error) {
	return t.tx.Cursor("SELECT * FROM " + table.Name + " ORDER BY " + table.Key)
}
