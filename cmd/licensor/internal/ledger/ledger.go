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
// ledger can only be read, such as on a copy made for an auditor.
func OpenToRead(ctx context.Context, where string) (*Ledger, error) {
	l, err := openToRead(ctx, where, nil)
	if err != nil {
		return nil, err
	}
	if err := l.readVendor(ctx); err != nil {
		l.Close()
		return nil, l.explain(err)
	}
	return l, nil
}

// OpenToAudit is OpenToRead for Audit alone: a ledger whose vendor or schema version was
// removed by hand is opened, so that this is found.
func OpenToAudit(ctx context.Context, where string) (*Ledger, error) {
	l, err := openToRead(ctx, where, errNoVersion)
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

func openToRead(ctx context.Context, where string, tolerated error) (*Ledger, error) {
	open := openFileToRead
	if isPostgres(where) {
		open = openPostgres
	}
	l, err := open(ctx, where)
	if err != nil {
		return nil, err
	}
	if err := l.checkSchema(ctx); err != nil && (tolerated == nil || !errors.Is(err, tolerated)) {
		l.Close()
		return nil, l.explain(err)
	}
	return l, nil
}

// refuseEmpty keeps Open from making tables where nobody asked for a ledger.
func (l *Ledger) refuseEmpty(ctx context.Context) error {
	version, err := l.schemaVersion(ctx, l.db)
	if err == nil && version == 0 {
		return l.noLedger()
	}
	return err
}

func (l *Ledger) noLedger() error {
	return &Error{Message: "there is no ledger in this database",
		Next: `check the address or the folder; "licensor init" makes a new ledger`}
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
