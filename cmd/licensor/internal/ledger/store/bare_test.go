package store

import (
	"context"
	"database/sql"
	"testing"
)

// Bare returns what runs the statements that another store of the same ledger has run, with
// the same values, on the connections of this one, in one transaction: it reads the columns
// of every row and makes nothing of them. It returns how many rows there were.
func (s *Store) Bare(t testing.TB, w *Watched) (run func() int) {
	t.Helper()
	type statement struct {
		prepared *sql.Stmt
		args     []any
	}
	var all []statement
	for i, query := range w.ran {
		prepared, err := s.db.Conns.PrepareContext(context.Background(), query)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { prepared.Close() })
		all = append(all, statement{prepared, w.args[i]})
	}
	w.Take()
	return func() int {
		ctx, count := context.Background(), 0
		tx, err := s.db.Conns.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
		if err != nil {
			t.Fatal(err)
		}
		defer tx.Rollback()
		for _, one := range all {
			rows, err := tx.StmtContext(ctx, one.prepared).QueryContext(ctx, one.args...)
			if err != nil {
				t.Fatal(err)
			}
			columns, err := rows.Columns()
			if err != nil {
				t.Fatal(err)
			}
			cells, into := make([]sql.RawBytes, len(columns)), make([]any, len(columns))
			for i := range cells {
				into[i] = &cells[i]
			}
			for rows.Next() {
				if err := rows.Scan(into...); err != nil {
					t.Fatal(err)
				}
				count++
			}
			if err := rows.Err(); err != nil {
				t.Fatal(err)
			}
		}
		return count
	}
}
