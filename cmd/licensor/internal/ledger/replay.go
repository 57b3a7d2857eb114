package ledger

import (
	"context"
	"database/sql"
	"fmt"
)

// replayError is an event that does not apply to what the events before it made.
type replayError struct {
	seq int64
	err error
}

func (e *replayError) Error() string { return fmt.Sprintf("event %d: %v", e.seq, e.err) }

func (e *replayError) Unwrap() error { return e.err }

// replay records the events of a ledger again in an empty one, by the very code that
// recorded them first. advance, if not nil, is called for each.
func (t *transaction) replay(ctx context.Context, into *Ledger, advance func()) error {
	tx, err := into.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	w := newWriter(ctx, into, tx, Operation{})
	err = t.each("SELECT seq, event FROM events ORDER BY seq", nil, func(rows *sql.Rows) error {
		var seq int64
		var leaf []byte
		if err := rows.Scan(&seq, &leaf); err != nil {
			return err
		}
		e, err := parseEvent(leaf)
		if err == nil {
			err = w.append(e, leaf)
		}
		if err != nil {
			return &replayError{seq, err}
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
		return &replayError{w.size, err}
	}
	return tx.Commit()
}
