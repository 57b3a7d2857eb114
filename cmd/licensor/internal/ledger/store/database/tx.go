package database

import (
	"context"
	"database/sql"
	"errors"
	"strings"
)

// Tx is a transaction. Its statements are prepared once for each connection.
type Tx struct {
	// Flush, if not nil, is called before anything is read.
	Flush func() error

	ctx   context.Context
	db    *DB
	tx    *sql.Tx
	stmts map[string]*sql.Stmt

	unprepared bool // others do not see the tables yet, see also DB.pooled
}

// Make runs statements of a schema text, in which the dialect puts its words.
func (t *Tx) Make(schema string) error {
	t.unprepared = true
	_, err := t.tx.ExecContext(t.ctx, t.named(t.db.dialect.words(schema)))
	return err
}

// HasTable reports whether there is a table.
func (t *Tx) HasTable(name string) (bool, error) {
	var n int
	_, err := t.Once(t.db.dialect.countTables(), []any{name}, &n)
	return n > 0, err
}

// Once is Row for a statement that is not worth being prepared.
func (t *Tx) Once(query string, values []any, into ...any) (found bool, err error) {
	err = t.tx.QueryRowContext(t.ctx, query, values...).Scan(into...)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil, err
}

// Exec runs a statement, whose values are $1, $2 and so on, and returns how many rows it
// changed.
func (t *Tx) Exec(query string, values ...any) (int64, error) {
	query = t.named(query)
	var result sql.Result
	var err error
	if t.unprepared {
		result, err = t.tx.ExecContext(t.ctx, query, values...)
	} else if stmt, failed := t.stmt(query); failed == nil {
		result, err = stmt.ExecContext(t.ctx, values...)
	} else {
		err = failed
	}
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

// Row scans one row. It reports whether there is one.
func (t *Tx) Row(query string, values []any, into ...any) (found bool, err error) {
	rows, err := t.query(query, values)
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

// Rows calls f for each row.
func (t *Tx) Rows(query string, values []any, f func(scan func(into ...any) error) error) error {
	rows, err := t.query(query, values)
	if err != nil {
		return err
	}
	return eachRow(rows, f)
}

// Cursor opens all rows, for who reads two tables at once.
func (t *Tx) Cursor(query string) (*sql.Rows, error) {
	rows, err := t.query(query, nil)
	return rows, t.db.explain(err)
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

func (t *Tx) query(query string, values []any) (*sql.Rows, error) {
	if t.Flush != nil {
		if err := t.Flush(); err != nil {
			return nil, err
		}
	}
	query = t.named(query)
	if t.unprepared {
		return t.tx.QueryContext(t.ctx, query, values...)
	}
	stmt, err := t.stmt(query)
	if err != nil {
		return nil, err
	}
	return stmt.QueryContext(t.ctx, values...)
}

// named puts the prefix of the tables into a statement.
func (t *Tx) named(query string) string {
	if !t.db.beside {
		return query
	}
	return strings.ReplaceAll(query, "{in}", t.db.prefix)
}

func (t *Tx) stmt(query string) (*sql.Stmt, error) {
	if stmt, found := t.stmts[query]; found {
		return stmt, nil
	}
	stmt, err := t.db.stmt(t.ctx, query)
	if err != nil {
		return nil, err
	}
	stmt = t.tx.StmtContext(t.ctx, stmt)
	t.stmts[query] = stmt
	return stmt, nil
}

// stmt returns a statement that is prepared once for each connection.
func (d *DB) stmt(ctx context.Context, query string) (*sql.Stmt, error) {
	if stmt, found := d.prepared.Load(query); found {
		return stmt.(*sql.Stmt), nil
	}
	stmt, err := d.Conns.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	if earlier, found := d.prepared.LoadOrStore(query, stmt); found {
		stmt.Close()
		return earlier.(*sql.Stmt), nil
	}
	return stmt, nil
}
