// Package database opens SQLite files and PostgreSQL databases and runs statements on them.
// What differs between the two is behind the interface dialect: a statement is written once,
// with $1 and so on for its values, and a schema with {int}, {blob}, {text}, {strict} and
// {clustered} (the rows lie in the order of the primary key). It knows no table of a ledger.
//
// SQLite serves one workstation, PostgreSQL several.
package database

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"sync"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/offlicense/offlicense/cmd/internal/hint"
)

// DB is an open database. Several processes may have the same one open, and many goroutines
// may use one DB.
type DB struct {
	Conns    *sql.DB // its connections; tests put others in their place
	dialect  dialect
	prepared sync.Map // of query to *sql.Stmt
	pooled   bool     // a statement is not prepared: its session may be another one the next time

	beside bool   // it is no ledger: see OpenBeside
	prefix string // of the names of its tables
}

// IsPostgres reports whether a database's place is the address of a PostgreSQL database
// rather than a file.
func IsPostgres(where string) bool {
	return strings.HasPrefix(where, "postgres://") || strings.HasPrefix(where, "postgresql://")
}

// Create opens a PostgreSQL database (postgres://...), or a file that does not exist yet.
func Create(ctx context.Context, where string) (*DB, error) { return open(ctx, where, createFile) }

// Open opens a database to read and write it. where is the path of a SQLite file or the
// address of a PostgreSQL database.
func Open(ctx context.Context, where string) (*DB, error) { return open(ctx, where, openFile) }

// OpenReadOnly opens a database for a command that changes nothing. It works where a file can
// only be read, such as a copy made for an auditor.
func OpenReadOnly(ctx context.Context, where string) (*DB, error) {
	return open(ctx, where, openFileToRead)
}

func open(ctx context.Context, where string, file func(context.Context, string) (*DB, error)) (*DB, error) {
	if IsPostgres(where) {
		return openPostgres(ctx, where)
	}
	return file(ctx, where)
}

// NoLedger is the error of a database that has none. Its hint says how a vendor whose keys are
// made gets one.
func NoLedger() *hint.Error {
	return hint.Errorf("there is no ledger in this database").
		WithHint(`name the database with the ledger; "licensor init --home HOME --ledger postgres://..." makes one`)
}

// Name names the database for people, without a password.
func (d *DB) Name() string { return d.dialect.name() }

// Close closes the database.
func (d *DB) Close() error {
	d.prepared.Range(func(_, stmt any) bool {
		stmt.(*sql.Stmt).Close()
		return true
	})
	return d.Conns.Close()
}

// Read runs f in a transaction that sees one state and writes nothing.
func (d *DB) Read(ctx context.Context, f func(*Tx) error) error {
	return d.run(ctx, d.dialect.snapshot(), f)
}

// Write runs f in a transaction, alone among those that write: what others wrote before can be
// read. It commits durably if f returns nil.
func (d *DB) Write(ctx context.Context, f func(*Tx) error) error {
	return d.run(ctx, nil, func(t *Tx) error {
		if err := d.dialect.lock(ctx, t.tx); err != nil {
			return err
		}
		return f(t)
	})
}

func (d *DB) run(ctx context.Context, o *sql.TxOptions, f func(*Tx) error) error {
	tx, err := d.begin(ctx, o)
	if err != nil {
		return d.explain(err)
	}
	defer tx.Rollback()
	if err := f(&Tx{ctx: ctx, db: d, tx: tx, stmts: make(map[string]*sql.Stmt), unprepared: d.pooled}); err != nil || o != nil {
		return d.explain(err)
	}
	if err = tx.Commit(); err != nil && d.dialect.lost(err) {
		return &lost{d.explain(err)}
	}
	return d.explain(err)
}

func (d *DB) explain(err error) error {
	if err == nil {
		return nil
	}
	return d.dialect.explain(err)
}

// maxCut is how many connections may have been cut while nobody used them, and a few more.
const maxCut = 8

// begin begins a transaction. A connection that the server has cut while nobody used it is
// passed over, for nothing was asked on it: whoever runs for long outlives a restart of the
// server.
func (d *DB) begin(ctx context.Context, o *sql.TxOptions) (*sql.Tx, error) {
	for cut := 0; ; cut++ {
		tx, err := d.Conns.BeginTx(ctx, o)
		var connect *pgconn.ConnectError // to a new connection
		if err == nil || cut == maxCut || ctx.Err() != nil || !d.dialect.lost(err) || errors.As(err, &connect) {
			return tx, err
		}
	}
}

// lost is a commit of which the answer got lost.
type lost struct{ error }

func (l *lost) Unwrap() error { return l.error }

// IsLost reports whether a commit failed and may have happened all the same.
func IsLost(err error) bool {
	_, is := errors.AsType[*lost](err)
	return is
}
