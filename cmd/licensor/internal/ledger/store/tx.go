package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/offlicense/offlicense/cmd/internal/hint"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
)

// Tx reads with prepared statements. What a Writer has written, its Tx sees.
type Tx struct {
	ctx   context.Context
	s     *Store
	tx    *sql.Tx
	stmts map[string]*sql.Stmt

	// alone prepares statements for this transaction: others do not see the tables yet.
	alone bool

	// flush is called before anything is read. Nil for one that writes nothing.
	flush func() error
}

// Read runs f on one state of the ledger.
func (s *Store) Read(ctx context.Context, f func(t *Tx) error) error {
	tx, err := beginOn(ctx, s.db, s.dialect, s.dialect.snapshot())
	if err != nil {
		return s.explain(err)
	}
	defer tx.Rollback()
	return s.explain(f(&Tx{ctx: ctx, s: s, tx: tx, stmts: make(map[string]*sql.Stmt)}))
}

// maxCut is how many connections may have been cut while nobody used them, and a few more.
const maxCut = 8

// beginOn begins a transaction. A connection that the server has cut while nobody used it is
// passed over, for nothing was asked on it: whoever runs for long outlives a restart of the
// server.
func beginOn(ctx context.Context, db *sql.DB, d dialect, o *sql.TxOptions) (*sql.Tx, error) {
	for cut := 0; ; cut++ {
		tx, err := db.BeginTx(ctx, o)
		var connect *pgconn.ConnectError // to a new connection
		if err == nil || cut == maxCut || ctx.Err() != nil || !d.lost(err) || errors.As(err, &connect) {
			return tx, err
		}
	}
}

// begin begins a transaction that writes. It waits until no other one is open.
func (s *Store) begin(ctx context.Context) (*sql.Tx, error) {
	tx, err := beginOn(ctx, s.db, s.dialect, nil)
	if err != nil {
		return nil, err
	}
	if err := s.dialect.lock(ctx, tx); err != nil {
		tx.Rollback()
		return nil, err
	}
	return tx, nil
}

// Write runs f in a transaction that commits durably if f returns nil and has recorded
// an event.
func (s *Store) Write(ctx context.Context, f func(w *Writer) error) error {
	s.writing.Lock()
	defer s.writing.Unlock()
	tx, err := s.begin(ctx)
	if err != nil {
		return s.explain(err)
	}
	defer tx.Rollback()
	w := newWriter(ctx, s, tx)
	if w.size, _, err = w.Size(); err != nil {
		return s.explain(err)
	}
	before := w.size
	w.tree.size = before
	if err := f(w); err != nil {
		return s.explain(err)
	}
	if w.size == before {
		return nil
	}
	if err := w.flush(); err != nil {
		return s.explain(err)
	}
	err = tx.Commit()
	if err != nil && s.dialect.lost(err) {
		return s.resolve(ctx, err, w)
	}
	return s.explain(err)
}

// resolve finds out whether a commit happened whose answer got lost: it asks the log,
// on a new connection, for the event that the transaction wrote first. It asks with
// the lock held, for the server may still be at work on that commit.
func (s *Store) resolve(ctx context.Context, lost error, w *Writer) error {
	tx, err := s.begin(ctx)
	if err != nil {
		return hint.Errorf("the connection to the ledger was lost, and it is not known whether this was recorded").
			WithHint("run the same command again when the ledger can be reached: what was recorded is found, and nothing is recorded twice").
			Because(errors.Join(lost, err))
	}
	defer tx.Rollback()
	var leaf []byte
	err = tx.QueryRowContext(ctx, "SELECT event FROM events WHERE seq = $1", w.firstSeq).Scan(&leaf)
	switch {
	case err == nil && string(leaf) == string(w.firstLeaf):
		return nil
	case err == nil || errors.Is(err, sql.ErrNoRows):
		return hint.Errorf("the connection to the ledger was lost; nothing was recorded").WithHint("run the same command again").Because(lost)
	}
	return s.explain(err)
}

func (t *Tx) stmt(query string) (*sql.Stmt, error) {
	if stmt, found := t.stmts[query]; found {
		return stmt, nil
	}
	var stmt *sql.Stmt
	var err error
	if t.s.scratch || t.alone {
		stmt, err = t.tx.PrepareContext(t.ctx, query)
	} else if stmt, err = t.s.stmt(t.ctx, query); err == nil {
		stmt = t.tx.StmtContext(t.ctx, stmt)
	}
	if err == nil {
		t.stmts[query] = stmt
	}
	return stmt, err
}

// row scans the one row of a query; found is false if there is none.
func (t *Tx) row(query string, args []any, into ...any) (found bool, err error) {
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

func (t *Tx) query(query string, args ...any) (*sql.Rows, error) {
	if t.flush != nil {
		if err := t.flush(); err != nil {
			return nil, err
		}
	}
	if t.s.pooled {
		return t.tx.QueryContext(t.ctx, query, args...)
	}
	stmt, err := t.stmt(query)
	if err != nil {
		return nil, err
	}
	return stmt.QueryContext(t.ctx, args...)
}

// exec runs a statement that changes something.
func (t *Tx) exec(query string, args ...any) (sql.Result, error) {
	if t.s.pooled {
		return t.tx.ExecContext(t.ctx, query, args...)
	}
	stmt, err := t.stmt(query)
	if err != nil {
		return nil, err
	}
	return stmt.ExecContext(t.ctx, args...)
}

// each calls f for every row of a query.
func (t *Tx) each(query string, args []any, f rowFunc) error {
	rows, err := t.query(query, args...)
	if err != nil {
		return err
	}
	return eachRow(rows, f)
}

func eachRow(rows *sql.Rows, f rowFunc) error {
	defer rows.Close()
	for rows.Next() {
		if err := f(rows.Scan); err != nil {
			return err
		}
	}
	return rows.Err()
}

// Size returns how many events there are, and when the newest was.
func (t *Tx) Size() (size int64, newest time.Time, err error) {
	size, newest, _, err = t.newest()
	return size, newest, err
}

// Frozen returns the event's detail if the newest event has frozen the ledger, nil if it
// is not frozen.
func (t *Tx) Frozen() (*ledger.Frozen, error) {
	_, _, frozen, err := t.newest()
	return frozen, err
}

// newest reads the newest event.
func (t *Tx) newest() (size int64, at time.Time, frozen *ledger.Frozen, err error) {
	var leaf []byte
	found, err := t.row("SELECT seq, event FROM events ORDER BY seq DESC LIMIT 1", nil, &size, &leaf)
	if err != nil || !found {
		return 0, time.Time{}, nil, err
	}
	var e struct {
		Time   time.Time
		Rules  int
		Action ledger.Action
	}
	if err := json.Unmarshal(leaf, &e); err != nil {
		return 0, time.Time{}, nil, ledger.Damaged("event %d: %v", size, err)
	}
	if e.Rules > ledger.RulesVersion {
		return 0, time.Time{}, nil, hint.Errorf("the ledger is judged by rules of version %d, and this licensor knows %d", e.Rules, ledger.RulesVersion).
			WithHint("update licensor; nothing was changed")
	}
	if e.Action == ledger.ActionFreeze {
		whole, err := ledger.ParseEvent(leaf)
		if err != nil {
			return 0, time.Time{}, nil, ledger.Damaged("event %d: %v", size, err)
		}
		d := whole.Detail.(ledger.Frozen)
		frozen = &d
	}
	return size, e.Time, frozen, nil
}

// Vendor returns the vendor whose ledger this is: the first event says so.
func (t *Tx) Vendor() (string, error) {
	var leaf []byte
	found, err := t.row("SELECT event FROM events WHERE seq = 1", nil, &leaf)
	if err != nil {
		return "", err
	}
	if !found {
		return "", hint.Errorf("there is no ledger in this database").WithHint("%s", howToMake)
	}
	e, err := ledger.ParseEvent(leaf)
	if err != nil {
		return "", ledger.Damaged("event 1: %v", err)
	}
	created, ok := e.Detail.(ledger.Created)
	if !ok {
		return "", ledger.Damaged("event 1 (%s) is where the ledger begins", e.Action)
	}
	return created.Vendor, nil
}

// unixTime scans a column with seconds since 1970.
type unixTime time.Time

// Scan implements sql.Scanner.
func (t *unixTime) Scan(value any) error {
	n, ok := value.(int64)
	if !ok {
		return fmt.Errorf("a time is stored as %T", value)
	}
	*t = unixTime(ledger.TimeOf(n))
	return nil
}

// textColumn scans a column into what reads its own text, such as an id.
type textColumn struct {
	into interface{ UnmarshalText([]byte) error }
}

// Scan implements sql.Scanner.
func (c textColumn) Scan(value any) error {
	switch v := value.(type) {
	case string:
		return c.into.UnmarshalText([]byte(v))
	case []byte:
		return c.into.UnmarshalText(v)
	}
	return fmt.Errorf("a text is stored as %T", value)
}

// number64 writes a number into a statement.
func number64(n int64) string { return strconv.FormatInt(n, 10) }

// Number is how a truth value is stored.
func Number(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// OrNil stores no bytes as NULL, which no unique index compares.
func OrNil(b []byte) any {
	if len(b) == 0 {
		return nil
	}
	return b
}
