package ledger

import (
	"context"
	"database/sql"
	"errors"
	"sync"
)

// Ledger is an open ledger. Several processes may have the same one open, and many
// goroutines may use one Ledger.
type Ledger struct {
	db      *sql.DB
	dialect dialect
	vendor  string

	// writing lets the goroutines of this process queue in order, instead of waking up
	// by chance when the database's lock is free.
	writing sync.Mutex

	prepared sync.Map // of query to *sql.Stmt
	scratch  bool     // has one connection, so that a transaction prepares its own statements
}

// Create makes a new ledger for a vendor, in a file that does not exist yet or in an
// empty PostgreSQL database (postgres://...). It fails if there is one already.
func Create(ctx context.Context, by Operation, where, vendor string) error {
	open := createFile
	if isPostgres(where) {
		open = openPostgres
	}
	l, err := open(ctx, where)
	if err != nil {
		return err
	}
	defer l.Close()
	if err := l.migrate(ctx); err != nil {
		return l.explain(err)
	}
	return l.write(ctx, by, func(w *writer) error {
		if w.size > 0 {
			return &Error{Message: "there is a ledger in that database already",
				Next: "name another database, or use the ledger that is there"}
		}
		return w.record(&Event{Action: ActionCreate, Detail: Created{Vendor: vendor}})
	})
}

// Open opens a ledger to read and write it, and brings its schema up to date. where is
// the path of a SQLite file or the address of a PostgreSQL database.
func Open(ctx context.Context, where string) (*Ledger, error) {
	open := openFile
	if isPostgres(where) {
		open = openPostgres
	}
	l, err := open(ctx, where)
	if err != nil {
		return nil, err
	}
	if err = l.refuseEmpty(ctx); err == nil {
		err = l.migrate(ctx)
	}
	if err == nil {
		err = l.readVendor(ctx)
	}
	if err != nil {
		l.Close()
		return nil, l.explain(err)
	}
	return l, nil
}

// OpenToRead opens a ledger for a command that changes nothing. It works where the
// ledger can only be read, such as on a copy made for an auditor. A ledger of an older
// schema version stays as it is, so that older licensors on other workstations go on
// working with it: its events are replayed into one that is gone when it is closed.
func OpenToRead(ctx context.Context, where string) (*Ledger, error) {
	l, err := OpenAsIs(ctx, where)
	if err != nil {
		return nil, err
	}
	newest, err := l.atNewest(ctx)
	if err != nil {
		l.Close()
		return nil, l.explain(err)
	}
	return newest, nil
}

// OpenAsIs is OpenToRead for Backup alone, which needs no schema version more than
// another.
func OpenAsIs(ctx context.Context, where string) (*Ledger, error) {
	l, err := openAsIs(ctx, where, nil)
	if err != nil {
		return nil, err
	}
	if err := l.readVendor(ctx); err != nil {
		l.Close()
		return nil, l.explain(err)
	}
	return l, nil
}

// OpenToAudit is OpenAsIs for Audit alone: a ledger whose vendor or schema version was
// removed by hand is opened, so that this is found.
func OpenToAudit(ctx context.Context, where string) (*Ledger, error) {
	l, err := openAsIs(ctx, where, errNoVersion)
	if err != nil {
		return nil, err
	}
	var known *Error
	if err := l.readVendor(ctx); err != nil && !errors.As(err, &known) {
		l.Close()
		return nil, l.explain(err)
	}
	return l, nil
}

func openAsIs(ctx context.Context, where string, tolerated error) (*Ledger, error) {
	open := openFileToRead
	if isPostgres(where) {
		open = openPostgres
	}
	l, err := open(ctx, where)
	if err != nil {
		return nil, err
	}
	if err := l.refuseEmpty(ctx); err != nil && (tolerated == nil || !errors.Is(err, tolerated)) {
		l.Close()
		return nil, l.explain(err)
	}
	return l, nil
}

// atNewest returns the ledger if its schema is the newest, or else one that follows from
// its events, and closes this one.
func (l *Ledger) atNewest(ctx context.Context) (*Ledger, error) {
	if version, err := l.schemaVersion(ctx, l.db); err != nil || version == len(migrations) {
		return l, err
	}
	newest, err := openScratch(ctx, len(migrations))
	if err != nil {
		return nil, err
	}
	newest.vendor = l.vendor
	var head hash
	err = l.read(ctx, func(t *transaction) error {
		size, _, err := t.size()
		if err == nil {
			head, err = t.head(size)
		}
		if err == nil {
			err = t.replay(ctx, newest, nil)
		}
		return err
	})
	if err == nil { // a checkpoint signs it
		err = newest.read(ctx, func(t *transaction) error {
			size, _, err := t.size()
			if err != nil {
				return err
			}
			again, err := t.head(size)
			if err == nil && again != head {
				err = damaged("the hashes of its log are not those of its events")
			}
			return err
		})
	}
	var failed *replayError
	if errors.As(err, &failed) {
		err = damaged("%v", failed)
	}
	if err != nil {
		newest.Close()
		return nil, err
	}
	l.Close()
	return newest, nil
}

// refuseEmpty keeps Open from making tables where nobody asked for a ledger.
func (l *Ledger) refuseEmpty(ctx context.Context) error {
	version, err := l.schemaVersion(ctx, l.db)
	if err == nil && version == 0 {
		return l.noLedger()
	}
	return err
}

// howToMake says how a vendor whose keys are made gets a ledger.
const howToMake = `check the address or the folder; in an empty database, "licensor init --home HOME --ledger postgres://..." makes the ledger of a home that is there`

func (l *Ledger) noLedger() error {
	return &Error{Message: "there is no ledger in this database",
		Next: howToMake}
}

func (l *Ledger) readVendor(ctx context.Context) error {
	err := l.db.QueryRowContext(ctx, "SELECT name FROM vendor").Scan(&l.vendor)
	if errors.Is(err, sql.ErrNoRows) {
		return l.noLedger()
	}
	return err
}

func (l *Ledger) explain(err error) error {
	if err == nil {
		return nil
	}
	return l.dialect.explain(err)
}

// Close closes the ledger.
func (l *Ledger) Close() error {
	l.prepared.Range(func(_, stmt any) bool {
		stmt.(*sql.Stmt).Close()
		return true
	})
	return l.db.Close()
}

// Vendor returns the vendor whose ledger this is.
func (l *Ledger) Vendor() string { return l.vendor }

// stmt returns a statement that is prepared once for each connection.
func (l *Ledger) stmt(ctx context.Context, query string) (*sql.Stmt, error) {
	if stmt, found := l.prepared.Load(query); found {
		return stmt.(*sql.Stmt), nil
	}
	stmt, err := l.db.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	if earlier, found := l.prepared.LoadOrStore(query, stmt); found {
		stmt.Close()
		return earlier.(*sql.Stmt), nil
	}
	return stmt, nil
}
