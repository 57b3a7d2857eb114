package ledger

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// transaction reads and writes with prepared statements.
type transaction struct {
	ctx   context.Context
	l     *Ledger
	tx    *sql.Tx
	stmts map[string]*sql.Stmt

	// flush is called before anything is read, so that a transaction sees what it has
	// written itself. Nil for one that writes nothing.
	flush func() error
}

func (t *transaction) stmt(query string) (*sql.Stmt, error) {
	if stmt, found := t.stmts[query]; found {
		return stmt, nil
	}
	var stmt *sql.Stmt
	var err error
	if t.l.scratch {
		stmt, err = t.tx.PrepareContext(t.ctx, query)
	} else if stmt, err = t.l.stmt(t.ctx, query); err == nil {
		stmt = t.tx.StmtContext(t.ctx, stmt)
	}
	if err == nil {
		t.stmts[query] = stmt
	}
	return stmt, err
}

func (t *transaction) exec(query string, args ...any) error {
	if t.flush != nil {
		if err := t.flush(); err != nil {
			return err
		}
	}
	return t.execNow(query, args...)
}

func (t *transaction) execNow(query string, args ...any) error {
	stmt, err := t.stmt(query)
	if err != nil {
		return err
	}
	_, err = stmt.ExecContext(t.ctx, args...)
	return err
}

// row scans the one row of a query; found is false if there is none.
func (t *transaction) row(query string, args []any, into ...any) (found bool, err error) {
	rows, err := t.query(query, args...)
	if err != nil {
		return false, err
	}
	defer rows.Close()
	if !rows.Next() {
		return false, rows.Err()
	}
	if err := rows.Scan(into...); err != nil {
		return false, err
	}
	return true, rows.Close()
}

func (t *transaction) query(query string, args ...any) (*sql.Rows, error) {
	if t.flush != nil {
		if err := t.flush(); err != nil {
			return nil, err
		}
	}
	return t.queryNow(query, args...)
}

// queryNow is query for what this transaction has not written.
func (t *transaction) queryNow(query string, args ...any) (*sql.Rows, error) {
	stmt, err := t.stmt(query)
	if err != nil {
		return nil, err
	}
	return stmt.QueryContext(t.ctx, args...)
}

// each calls f for every row of a query.
func (t *transaction) each(query string, args []any, f func(rows *sql.Rows) error) error {
	rows, err := t.query(query, args...)
	if err != nil {
		return err
	}
	return eachRow(rows, f)
}

func eachRow(rows *sql.Rows, f func(rows *sql.Rows) error) error {
	defer rows.Close()
	for rows.Next() {
		if err := f(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// size returns how many events there are, and when the newest was.
func (t *transaction) size() (size int64, newest time.Time, err error) {
	var leaf []byte
	found, err := t.row("SELECT seq, event FROM events ORDER BY seq DESC LIMIT 1", nil, &size, &leaf)
	if err != nil || !found {
		return 0, time.Time{}, err
	}
	var e struct{ Time time.Time }
	if err := json.Unmarshal(leaf, &e); err != nil {
		return 0, time.Time{}, damaged("event %d: %v", size, err)
	}
	return size, e.Time, nil
}

func damaged(format string, args ...any) error {
	return &Error{
		Message: "the ledger is damaged: " + fmt.Sprintf(format, args...),
		Next:    `"licensor audit" says what was changed; nothing is written until the ledger is restored from a backup`,
	}
}

// read runs f on one state of the ledger.
func (l *Ledger) read(ctx context.Context, f func(t *transaction) error) error {
	tx, err := l.db.BeginTx(ctx, l.dialect.snapshot())
	if err != nil {
		return l.explain(err)
	}
	defer tx.Rollback()
	return l.explain(f(&transaction{ctx: ctx, l: l, tx: tx, stmts: make(map[string]*sql.Stmt)}))
}

// begin begins a transaction that writes. It waits until no other one is open.
func (l *Ledger) begin(ctx context.Context) (*sql.Tx, error) {
	tx, err := l.db.BeginTx(ctx, nil)
	if err != nil {
		return nil, err
	}
	if err := l.dialect.lock(ctx, tx); err != nil {
		tx.Rollback()
		return nil, err
	}
	return tx, nil
}

// write runs f in a transaction that commits durably if f returns nil and has recorded
// an event.
func (l *Ledger) write(ctx context.Context, by Operation, f func(w *writer) error) error {
	if err := by.check(); err != nil {
		return err
	}
	l.writing.Lock()
	defer l.writing.Unlock()
	tx, err := l.begin(ctx)
	if err != nil {
		return l.explain(err)
	}
	defer tx.Rollback()
	w := newWriter(ctx, l, tx, by)
	var newest time.Time
	if w.size, newest, err = w.transaction.size(); err != nil {
		return l.explain(err)
	}
	if err := checkClock(newest, &by); err != nil {
		return err
	}
	before := w.size
	if err := f(w); err != nil {
		return l.explain(err)
	}
	if w.size == before {
		return nil
	}
	if err := w.flush(); err != nil {
		return l.explain(err)
	}
	err = tx.Commit()
	if err != nil && l.dialect.lost(err) {
		return l.resolve(ctx, err, w)
	}
	return l.explain(err)
}

// resolve finds out whether a commit happened whose answer got lost: it asks the log,
// on a new connection, for the event that the transaction wrote first. It asks with
// the lock held, for the server may still be at work on that commit.
func (l *Ledger) resolve(ctx context.Context, lost error, w *writer) error {
	tx, err := l.begin(ctx)
	if err != nil {
		return &Error{
			Message: "the connection to the ledger was lost, and it is not known whether this was recorded",
			Next:    "run the same command again when the ledger can be reached: what was recorded is found, and nothing is recorded twice",
			Err:     errors.Join(lost, err),
		}
	}
	defer tx.Rollback()
	var leaf []byte
	err = tx.QueryRowContext(ctx, "SELECT event FROM events WHERE seq = $1", w.firstSeq).Scan(&leaf)
	switch {
	case err == nil && string(leaf) == string(w.firstLeaf):
		return nil
	case err == nil || errors.Is(err, sql.ErrNoRows):
		return &Error{
			Message: "the connection to the ledger was lost; nothing was recorded",
			Next:    "run the same command again", Err: lost,
		}
	}
	return l.explain(err)
}

// clockTolerance is how far the clocks of two workstations may be apart.
const clockTolerance = time.Hour

// checkClock refuses a workstation whose clock is behind the newest record: its licenses
// would begin in the past. Where it was the earlier clock that was wrong, staff say so;
// their record then is the newest, and the next ones pass.
func checkClock(newest time.Time, by *Operation) error {
	if by.Override || !by.Now.Add(clockTolerance).Before(newest) {
		return nil
	}
	return &Error{
		Message: fmt.Sprintf("the clock of this workstation says %s, and the ledger has a record of %s",
			by.Now.UTC().Format(time.RFC3339), newest.UTC().Format(time.RFC3339)),
		Next: "set the clock and try again; if it is right and was wrong then, say so once with --override --why; nothing was changed",
	}
}
