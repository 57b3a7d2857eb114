package database

import (
	"context"
	"crypto/sha256"
	"errors"
	"io/fs"
	"os"

	"github.com/jackc/pgx/v5"
	"github.com/offlicense/offlicense/cmd/internal/hint"
)

// OpenBeside opens a database of its own beside a ledger, which lies at where, for what is no
// part of it: file, in the directory of the ledger's file, or a schema of that name in its
// PostgreSQL database. Where there is none it is made, or if it is not to be, nil is returned.
// schema is its tables, each of which it makes unless it is there. It, and each statement, has
// {in} before each name of a table.
func OpenBeside(ctx context.Context, where, file, name, schema string, make bool) (*DB, error) {
	var d *DB
	var err error
	if IsPostgres(where) {
		if d, err = openPostgres(ctx, where); err != nil {
			return nil, err
		}
		// Two ledgers of one database lie in schemas of their own, and so do these.
		var own string
		if err := d.Conns.QueryRowContext(ctx, "SELECT current_schema()").Scan(&own); err != nil {
			d.Close()
			return nil, d.explain(err)
		}
		if own != "public" {
			name = own + "_" + name
		}
		d.prefix = pgx.Identifier{name}.Sanitize() + "."
		schema = "CREATE SCHEMA IF NOT EXISTS " + pgx.Identifier{name}.Sanitize() + ";" + schema
	} else {
		if _, err := os.Stat(file); !make && errors.Is(err, fs.ErrNotExist) {
			return nil, nil
		}
		if d, err = createFile(ctx, file); errors.Is(err, fs.ErrExist) {
			d, err = openFile(ctx, file)
		}
		if err != nil {
			return nil, err
		}
		lite := d.dialect.(sqliteDialect)
		lite.beside = true
		d.dialect = lite
	}
	d.beside = true
	if err = d.Write(ctx, func(t *Tx) error { return t.makeBeside(name, schema, make) }); err != nil {
		d.Close()
		if errors.Is(err, errNotThere) {
			err = nil
		}
		return nil, err
	}
	return d, nil
}

var errNotThere = errors.New("nothing is beside the ledger")

// makeBeside makes the tables, unless they are there as this program makes them. Only who makes
// them needs the right to. Where they are not to be made, the error is errNotThere.
func (t *Tx) makeBeside(name, schema string, make bool) error {
	t.unprepared = true
	due := sha256.Sum256([]byte(schema))
	count := "SELECT count(*), coalesce(sum(CASE WHEN name = 'made' THEN 1 ELSE 0 END), 0) FROM sqlite_schema WHERE type = 'table'"
	var values []any
	if t.db.prefix != "" {
		count, values = "SELECT count(*), coalesce(sum(CASE WHEN tablename = 'made' THEN 1 ELSE 0 END), 0) FROM pg_tables WHERE schemaname = $1", []any{name}
	}
	var tables, made int
	var is []byte
	_, err := t.Row(count, values, &tables, &made)
	if err == nil && tables == 0 && !make {
		return errNotThere
	}
	if err == nil && tables == 0 {
		if err = t.Make(schema + "CREATE TABLE {in}made (schema {blob} NOT NULL){strict};"); err == nil {
			_, err = t.Exec("INSERT INTO {in}made (schema) VALUES ($1)", due[:])
		}
		return err
	}
	if err == nil && made > 0 {
		_, err = t.Row("SELECT schema FROM {in}made", nil, &is)
	}
	if err == nil && string(is) != string(due[:]) {
		at := t.db.Name()
		if t.db.prefix != "" {
			at = "the schema " + name + " of " + at
		}
		err = hint.Errorf("%s was made by another version of licensor", at).WithHint("%s", makeAnew)
	}
	return err
}

// makeAnew is what to do where what lies beside the ledger cannot be used. Nothing of the ledger
// is lost.
const makeAnew = "move it away, not the ledger: who waits asks again, and tokens and users are made anew"
