package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
)

// Replays records the events of a ledger again in a new one.
func (s *Store) Replays(ctx context.Context, into *Store) error {
	var replayed error
	err := s.Read(ctx, func(t *Tx) error { replayed = t.Replay(ctx, into, nil); return nil })
	return errors.Join(err, replayed)
}

// Watched are the statements that a store runs.
type Watched struct {
	mu   sync.Mutex
	ran  []string
	args [][]any // of each
}

// Watch notes every statement that the store runs from now on.
func (s *Store) Watch(t testing.TB, where string) *Watched {
	t.Helper()
	s.Close()
	again, err := Open(t.Context(), strings.TrimPrefix(where, "file:"))
	if err != nil {
		t.Fatal(err)
	}
	w := new(Watched)
	s.db = again.db
	driver := s.db.Conns.Driver()
	s.db.Conns.Close()
	s.db.Conns = sql.OpenDB(watchedConnector{w, driver, where})
	return w
}

// Take returns the statements that were run since the last time.
func (w *Watched) Take() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	ran := w.ran
	w.ran, w.args = nil, nil
	return ran
}

func (w *Watched) note(query string, args []driver.NamedValue) {
	values := make([]any, len(args))
	for i := range args {
		values[i] = args[i].Value
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ran, w.args = append(w.ran, query), append(w.args, values)
}

type watchedConnector struct {
	w      *Watched
	driver driver.Driver
	where  string
}

func (c watchedConnector) Driver() driver.Driver { return c.driver }

func (c watchedConnector) Connect(context.Context) (driver.Conn, error) {
	conn, err := c.driver.Open(c.where)
	if err != nil {
		return nil, err
	}
	return watchedConn{conn, c.w}, nil
}

// watchedConn can only prepare, so that all statements come by.
type watchedConn struct {
	driver.Conn
	w *Watched
}

func (c watchedConn) BeginTx(ctx context.Context, options driver.TxOptions) (driver.Tx, error) {
	return c.Conn.(driver.ConnBeginTx).BeginTx(ctx, options)
}

func (c watchedConn) PrepareContext(ctx context.Context, query string) (driver.Stmt, error) {
	stmt, err := c.Conn.(driver.ConnPrepareContext).PrepareContext(ctx, query)
	return watchedStmt{stmt, c.w, query}, err
}

type watchedStmt struct {
	driver.Stmt
	w     *Watched
	query string
}

func (s watchedStmt) QueryContext(ctx context.Context, args []driver.NamedValue) (driver.Rows, error) {
	s.w.note(s.query, args)
	return s.Stmt.(driver.StmtQueryContext).QueryContext(ctx, args)
}

func (s watchedStmt) ExecContext(ctx context.Context, args []driver.NamedValue) (driver.Result, error) {
	s.w.note(s.query, args)
	return s.Stmt.(driver.StmtExecContext).ExecContext(ctx, args)
}

// Plan returns how SQLite finds the rows of a statement, a line each; but for the values that
// stand in it.
func (s *Store) Plan(t testing.TB, query string) (lines []string) {
	t.Helper()
	values := make([]any, strings.Count(query, "?")) // the plan is the same for all values
	for strings.Contains(query, fmt.Sprintf("$%d", len(values)+1)) {
		values = append(values, nil)
	}
	rows, err := s.db.Conns.Query("EXPLAIN QUERY PLAN "+query, values...)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	defer rows.Close()
	for rows.Next() {
		var id, parent, unused int
		var line string
		if err := rows.Scan(&id, &parent, &unused, &line); err != nil {
			t.Fatal(err)
		}
		if !strings.HasSuffix(line, "VALUES CLAUSE") && !strings.Contains(line, "CONSTANT ROW") {
			lines = append(lines, line)
		}
	}
	if len(lines) == 0 {
		t.Fatalf("no plan of %s", query)
	}
	return lines
}
