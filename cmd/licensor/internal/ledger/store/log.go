package store

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
)

// EachEvent calls f for the canonical bytes of every event, in order.
func (t *Tx) EachEvent(f func(seq int64, leaf []byte) error) error {
	return t.each("SELECT seq, event FROM events ORDER BY seq", nil, func(scan func(...any) error) error {
		var seq int64
		var leaf []byte
		if err := scan(&seq, &leaf); err != nil {
			return err
		}
		return f(seq, leaf)
	})
}

// EachHash calls f for every hash that the table log holds, in the order of its index.
func (t *Tx) EachHash(f func(index int64, hash []byte) error) error {
	return t.each("SELECT idx, hash FROM log ORDER BY idx", nil, func(scan func(...any) error) error {
		var index int64
		var hash []byte
		if err := scan(&index, &hash); err != nil {
			return err
		}
		return f(index, hash)
	})
}

// History returns the events of an invoice or of an activation, the oldest first; those
// that are of neither for ""; none for what the ledger does not know.
func (t *Tx) History(invoiceOrActivation string) ([]*ledger.Event, error) {
	var events []*ledger.Event
	for _, condition := range [...]string{
		"invoice = $1",
		"activation = $1 AND activation <> ''", // as the index says it
	} {
		err := t.each("SELECT event FROM events WHERE "+condition+" ORDER BY seq", []any{invoiceOrActivation}, func(scan func(...any) error) error {
			var leaf []byte
			if err := scan(&leaf); err != nil {
				return err
			}
			e, err := ledger.ParseEvent(leaf)
			if err != nil {
				return ledger.Damaged("%v", err)
			}
			events = append(events, e)
			return nil
		})
		if err != nil || len(events) > 0 {
			return events, err
		}
	}
	return nil, nil
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
	tx, err := into.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	w := newWriter(ctx, into, tx)
	err = t.EachEvent(func(seq int64, leaf []byte) error {
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
	if err := w.flush(); err != nil {
		return &ReplayError{w.size, err}
	}
	return tx.Commit()
}

// Rows opens all rows of a table in the order of its key.
func (t *Tx) Rows(table Table) (*sql.Rows, error) {
	rows, err := t.query("SELECT * FROM " + table.Name + " ORDER BY " + table.Key)
	return rows, t.s.explain(err)
}

// SchemaTable is what a database says of its own schema, empty where the comparison of
// the schema has no such table.
func (t *Tx) SchemaTable() Table { return t.s.dialect.schemaTable() }
