// Package store keeps the ledger in a database. All SQL is here: two dialects, the
// schema, transactions, the log, how an event changes the tables, and how the facts for
// a question are loaded. It decides nothing: what may be recorded is the rules' subject.
//
// The table events is the ledger; all other tables are what follows from it, but for
// emails: it has the addresses to which events commit, because the log cannot forget. One
// function, apply, takes an event to the tables, and nothing else writes them. So a replay
// of the events, with the addresses, makes the same tables. The table log holds the hashes
// of the events' Merkle tree by tlog's index; the other columns of events are an index to
// it.
//
// SQLite serves one workstation, PostgreSQL several. What differs is behind the
// interface dialect.
package store

import (
	"context"
	"database/sql"
	"slices"
	"sync"
)

// Store is an open ledger. Several processes may have the same one open, and many
// goroutines may use one Store.
type Store struct {
	db      *sql.DB
	dialect dialect

	// writing lets the goroutines of this process queue in order, instead of waking up
	// by chance when the database's lock is free.
	writing sync.Mutex

	prepared sync.Map // of query to *sql.Stmt
	pooled   bool     // a statement is not prepared: its session may be another one the next time
	scratch  bool     // has one connection, as in tests: a transaction prepares its own statements
}

// Create makes the tables of a new ledger, in a file that does not exist yet or in a
// PostgreSQL database (postgres://...).
func Create(ctx context.Context, where string) (*Store, error) {
	open := createFile
	if IsPostgres(where) {
		open = openPostgres
	}
	s, err := open(ctx, where)
	if err != nil {
		return nil, err
	}
	if err := s.create(ctx); err != nil {
		s.Close()
		return nil, s.explain(err)
	}
	return s, nil
}

// Open opens a ledger to read and write it. where is the path of a SQLite file or the
// address of a PostgreSQL database.
func Open(ctx context.Context, where string) (*Store, error) {
	return openWith(ctx, where, openFile)
}

// OpenReadOnly opens a ledger for a command that changes nothing. It works where the
// ledger can only be read, such as on a copy made for an auditor.
func OpenReadOnly(ctx context.Context, where string) (*Store, error) {
	return openWith(ctx, where, openFileToRead)
}

// OpenToAudit is OpenReadOnly for an audit: a ledger whose schema version was removed by
// hand, or the table that has it, is opened, so that this is found and named.
func OpenToAudit(ctx context.Context, where string) (*Store, error) {
	return openWith(ctx, where, openFileToRead, errNoVersion, errNoTable)
}

func openWith(ctx context.Context, where string, file func(context.Context, string) (*Store, error), tolerated ...error) (*Store, error) {
	if IsPostgres(where) {
		file = openPostgres
	}
	s, err := file(ctx, where)
	if err != nil {
		return nil, err
	}
	if err := s.checkVersion(ctx); err != nil && !slices.Contains(tolerated, err) {
		s.Close()
		return nil, s.explain(err)
	}
	return s, nil
}

func (s *Store) explain(err error) error {
	if err == nil {
		return nil
	}
	return s.dialect.explain(err)
}

// Close closes the ledger.
func (s *Store) Close() error {
	s.prepared.Range(func(_, stmt any) bool {
		stmt.(*sql.Stmt).Close()
		return true
	})
	return s.db.Close()
}

// stmt returns a statement that is prepared once for each connection.
func (s *Store) stmt(ctx context.Context, query string) (*sql.Stmt, error) {
	if stmt, found := s.prepared.Load(query); found {
		return stmt.(*sql.Stmt), nil
	}
	stmt, err := s.db.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	if earlier, found := s.prepared.LoadOrStore(query, stmt); found {
		stmt.Close()
		return earlier.(*sql.Stmt), nil
	}
	return stmt, nil
}
