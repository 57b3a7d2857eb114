// Package store keeps the ledger in a database. All SQL is here and below: the schema,
// transactions, the log, how an event changes the tables, and how the facts for a question
// are loaded. It decides nothing: what may be recorded is the rules' subject.
//
// The table events is the ledger; all other tables are what follows from it, but for
// emails: it has the addresses to which events commit, because the log cannot forget. One
// function, apply, takes an event to the tables, and nothing else writes them. So a replay
// of the events, with the addresses, makes the same tables. The table log holds the hashes
// of the events' Merkle tree by tlog's index; the other columns of events are an index to
// it.
package store

import (
	"context"
	"errors"
	"slices"
	"sync"

	"github.com/offlicense/offlicense/cmd/internal/hint"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/store/database"
)

// Store is an open ledger. Several processes may have the same one open, and many
// goroutines may use one Store.
type Store struct {
	db *database.DB

	// writing lets the goroutines of this process queue in order, instead of waking up
	// by chance when the database's lock is free.
	writing sync.Mutex
}

// Create makes the tables of a new ledger, in a file that does not exist yet or in a
// PostgreSQL database (postgres://...).
func Create(ctx context.Context, where string) (*Store, error) {
	db, err := database.Create(ctx, where)
	if err != nil {
		return nil, err
	}
	if err := create(ctx, db); err != nil {
		db.Close()
		return nil, err
	}
	return &Store{db: db}, nil
}

// Open opens a ledger to read and write it. where is the path of a SQLite file or the
// address of a PostgreSQL database.
func Open(ctx context.Context, where string) (*Store, error) {
	return openWith(ctx, where, database.Open)
}

// OpenReadOnly opens a ledger for a command that changes nothing. It works where the
// ledger can only be read, such as on a copy made for an auditor.
func OpenReadOnly(ctx context.Context, where string) (*Store, error) {
	return openWith(ctx, where, database.OpenReadOnly)
}

// OpenToAudit is OpenReadOnly for an audit: a ledger whose schema version was removed by
// hand, or the table that has it, is opened, so that this is found and named.
func OpenToAudit(ctx context.Context, where string) (*Store, error) {
	return openWith(ctx, where, database.OpenReadOnly, errNoVersion, errNoTable)
}

func openWith(ctx context.Context, where string, open func(context.Context, string) (*database.DB, error), tolerated ...error) (*Store, error) {
	db, err := open(ctx, where)
	if err != nil {
		return nil, err
	}
	if err := db.Read(ctx, checkVersion); err != nil && !slices.Contains(tolerated, err) {
		db.Close()
		return nil, err
	}
	return &Store{db: db}, nil
}

// Close closes the ledger.
func (s *Store) Close() error { return s.db.Close() }

// Backup writes a copy of the whole ledger to a new SQLite file: see database.DB.Backup. The
// copy is a ledger like any other, whichever database it came from: from PostgreSQL it is
// made again from its events.
func (s *Store) Backup(ctx context.Context, file string) error {
	return s.db.Backup(ctx, file, func(to *database.DB) error {
		if err := create(ctx, to); err != nil {
			return err
		}
		return s.Read(ctx, func(t *Tx) error { return t.Replay(ctx, &Store{db: to}, nil) })
	})
}

// Read runs f on one state of the ledger.
func (s *Store) Read(ctx context.Context, f func(t *Tx) error) error {
	return s.db.Read(ctx, func(tx *database.Tx) error { return f(&Tx{tx}) })
}

var errNothing = errors.New("nothing was recorded")

// Write runs f in a transaction that commits durably if f returns nil and has recorded
// an event.
func (s *Store) Write(ctx context.Context, f func(w *Writer) error) error {
	s.writing.Lock()
	defer s.writing.Unlock()
	var w *Writer
	err := s.db.Write(ctx, func(tx *database.Tx) (err error) {
		w = newWriter(tx)
		if w.size, _, err = w.Size(); err != nil {
			return err
		}
		before := w.size
		w.tree.size = before
		if err := f(w); err != nil {
			return err
		}
		if w.size == before {
			return errNothing
		}
		return w.flush()
	})
	switch {
	case err == errNothing:
		return nil
	case database.IsLost(err):
		return s.resolve(ctx, err, w)
	}
	return err
}

// resolve finds out whether a commit happened whose answer got lost: it asks the log,
// on a new connection, for the event that the transaction wrote first. It asks with
// the lock held, for the server may still be at work on that commit.
func (s *Store) resolve(ctx context.Context, lost error, w *Writer) error {
	var leaf []byte
	var found bool
	err := s.db.Write(ctx, func(tx *database.Tx) (err error) {
		found, err = tx.Once("SELECT event FROM events WHERE seq = $1", []any{w.firstSeq}, &leaf)
		return err
	})
	switch {
	case found && string(leaf) == string(w.firstLeaf):
		return nil
	case found || err == nil:
		return hint.Errorf("the connection to the ledger was lost; nothing was recorded").WithHint("run the same command again").Because(lost)
	}
	return hint.Errorf("the connection to the ledger was lost, and it is not known whether this was recorded").
		WithHint("run the same command again when the ledger can be reached: what was recorded is found, and nothing is recorded twice").
		Because(errors.Join(lost, err))
}
