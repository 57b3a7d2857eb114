package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"io/fs"
	"os"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/offlicense/offlicense/cmd/internal/hint"
)

// Beside is a database of its own beside a ledger, for what is no part of it: a file in the
// directory of the ledger's file, or a schema in its PostgreSQL database.
type Beside struct {
	s      *Store
	prefix string // of the names of its tables
}

// OpenBeside opens a database beside a ledger, which lies at where: file, or a
// schema of that name. Where there is none it is made, or if it is not to be, nil is returned.
// schema is its tables, each of which it makes unless it is there, with the dialect's words and
// {in} before each name of its own.
func OpenBeside(ctx context.Context, where, file, name, schema string, make bool) (*Beside, error) {
	var s *Store
	var err error
	b := &Beside{}
	if IsPostgres(where) {
		if s, err = openPostgres(ctx, where); err == nil {
			// Two ledgers of one database lie in schemas of their own, and so do these.
			var own string
			if err = s.db.QueryRowContext(ctx, "SELECT current_schema()").Scan(&own); err == nil && own != "public" {
				name = own + "_" + name
			}
			err = s.explain(err)
		}
		b.prefix = pgx.Identifier{name}.Sanitize() + "."
		schema = "CREATE SCHEMA IF NOT EXISTS " + pgx.Identifier{name}.Sanitize() + ";" + schema
	} else {
		if _, err := os.Stat(file); !make && errors.Is(err, fs.ErrNotExist) {
			return nil, nil
		}
		if s, err = createFile(ctx, file); errors.Is(err, fs.ErrExist) {
			s, err = openFile(ctx, file)
		}
	}
	if err != nil {
		if s != nil {
			s.Close()
		}
		return nil, err
	}
	if d, ok := s.dialect.(sqliteDialect); ok {
		d.beside = true
		s.dialect = d
	}
	b.s = s
	if err = b.Change(ctx, func(t *BesideTx) error { return t.make(name, schema, make) }); err != nil {
		b.Close()
		if errors.Is(err, errNotThere) {
			err = nil
		}
		return nil, err
	}
	return b, nil
}

var errNotThere = errors.New("nothing is beside the ledger")

// make makes the tables, unless they are there as this program makes them. Only who makes
// them needs the right to. Where they are not to be made, the error is errNotThere.
func (t *BesideTx) make(name, schema string, make bool) error {
	t.alone = true
	named, due := t.b.named(t.s.dialect.words(schema)), sha256.Sum256([]byte(schema))
	count := "SELECT count(*), coalesce(sum(CASE WHEN name = 'made' THEN 1 ELSE 0 END), 0) FROM sqlite_schema WHERE type = 'table'"
	var values []any
	if t.b.prefix != "" {
		count, values = "SELECT count(*), coalesce(sum(CASE WHEN tablename = 'made' THEN 1 ELSE 0 END), 0) FROM pg_tables WHERE schemaname = $1", []any{name}
	}
	var tables, made int
	var is []byte
	_, err := t.Row(count, values, &tables, &made)
	if err == nil && tables == 0 && !make {
		return errNotThere
	}
	if err == nil && tables == 0 {
		if _, err = t.tx.ExecContext(t.ctx, named+t.b.named(t.s.dialect.words("CREATE TABLE {in}made (schema {blob} NOT NULL){strict};"))); err == nil {
			_, err = t.Exec("INSERT INTO {in}made (schema) VALUES ($1)", due[:])
		}
		return err
	}
	if err == nil && made > 0 {
		_, err = t.Row("SELECT schema FROM {in}made", nil, &is)
	}
	if err == nil && string(is) != string(due[:]) {
		at := t.s.dialect.name()
		if t.b.prefix != "" {
			at = "the schema " + name + " of " + at
		}
		err = hint.Errorf("%s was made by another version of licensor", at).WithHint("%s", makeAnew)
	}
	return err
}

// makeAnew is what to do where what lies beside the ledger cannot be used. Nothing of the ledger
// is lost.
const makeAnew = "move it away, not the ledger: who waits asks again, and tokens and users are made anew"

// named puts the prefix of the tables into a statement.
func (b *Beside) named(statement string) string {
	return strings.ReplaceAll(statement, "{in}", b.prefix)
}

// Close closes the database.
func (b *Beside) Close() error { return b.s.Close() }

// BesideTx is a transaction.
type BesideTx struct {
	Tx
	b *Beside
}

// Change runs f in a transaction, alone among those that write to the ledger's database or
// to this one.
func (b *Beside) Change(ctx context.Context, f func(*BesideTx) error) error {
	return b.run(ctx, nil, func(t *BesideTx) error {
		if err := b.s.dialect.lock(ctx, t.tx); err != nil {
			return err
		}
		return f(t)
	})
}

// Read runs f in a transaction that sees one state.
func (b *Beside) Read(ctx context.Context, f func(*BesideTx) error) error {
	return b.run(ctx, b.s.dialect.snapshot(), f)
}

func (b *Beside) run(ctx context.Context, o *sql.TxOptions, f func(*BesideTx) error) error {
	tx, err := beginOn(ctx, b.s.db, b.s.dialect, o)
	if err != nil {
		return b.s.explain(err)
	}
	defer tx.Rollback()
	if err := f(&BesideTx{Tx{ctx: ctx, s: b.s, tx: tx, stmts: make(map[string]*sql.Stmt)}, b}); err != nil {
		return b.s.explain(err)
	}
	return b.s.explain(tx.Commit())
}

// Exec runs a statement, whose values are $1, $2 and so on, and returns how many rows it
// changed.
func (t *BesideTx) Exec(statement string, values ...any) (int64, error) {
	result, err := t.exec(t.b.named(statement), values...)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

// Row scans one row. It reports whether there is one.
func (t *BesideTx) Row(statement string, values []any, into ...any) (bool, error) {
	return t.row(t.b.named(statement), values, into...)
}

// Rows calls scan for each row.
func (t *BesideTx) Rows(statement string, values []any, scan func(scan func(...any) error) error) error {
	return t.each(t.b.named(statement), values, scan)
}

// RowsIn is Rows for a statement that has some values where it says %s.
func (t *BesideTx) RowsIn(statement string, values []any, scan func(scan func(...any) error) error) error {
	return t.eachIn(t.b.named(statement), values, scan)
}
