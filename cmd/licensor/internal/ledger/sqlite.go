package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// Ledger is an open ledger. Several processes may have the same one open.
type Ledger struct {
	db     *sql.DB
	path   string
	vendor string
}

// LockWait is how long a command waits for another one to finish its transaction.
const LockWait = 10 * time.Second

// Create makes a new ledger for a vendor. It fails if there is one already.
func Create(ctx context.Context, path, vendor string) error {
	// The ledger holds customers' names and addresses.
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	l, err := open(ctx, path)
	if err != nil {
		return err
	}
	defer l.Close()
	if _, err := l.db.ExecContext(ctx, "INSERT INTO vendor (name) VALUES ($1)", vendor); err != nil {
		return l.explain(err)
	}
	return nil
}

// Open opens a ledger to read and write it, and brings its schema up to date.
func Open(ctx context.Context, path string) (*Ledger, error) {
	l, err := open(ctx, path)
	if err != nil {
		return nil, err
	}
	if err := l.readVendor(ctx); err != nil {
		l.Close()
		return nil, err
	}
	return l, nil
}

// OpenToRead opens a ledger for a command that changes nothing. It works where the
// ledger can only be read, such as on a copy made for an auditor.
func OpenToRead(ctx context.Context, path string) (*Ledger, error) {
	l, err := Open(ctx, path)
	if !cannotWriteBeside(err) {
		return l, err
	}
	// SQLite needs to write beside a database in WAL mode even to read it, unless it is
	// promised that nobody else writes. A -wal file says that somebody does, or was
	// killed; what stands in it must not be passed over.
	if info, statErr := os.Stat(path + "-wal"); statErr == nil && info.Size() > 0 {
		return nil, err
	}
	if l, err = connect(path, url.Values{"mode": {"ro"}, "immutable": {"1"}}); err != nil {
		return nil, err
	}
	if err = l.checkSchema(ctx); err == nil {
		err = l.readVendor(ctx)
	}
	if err != nil {
		l.Close()
		return nil, l.explain(err)
	}
	return l, nil
}

// cannotWriteBeside reports whether there is no right or no space to write beside the
// database.
func cannotWriteBeside(err error) bool {
	var code *sqlite.Error
	if !errors.As(err, &code) {
		return false
	}
	primary := code.Code() & 0xff
	return primary == sqlite3.SQLITE_READONLY || primary == sqlite3.SQLITE_CANTOPEN || code.Code() == sqlite3.SQLITE_IOERR_SHMSIZE
}

func (l *Ledger) readVendor(ctx context.Context) error {
	return l.explain(l.db.QueryRowContext(ctx, "SELECT name FROM vendor").Scan(&l.vendor))
}

// open opens the database file. In WAL mode list runs while sign writes, and a
// transaction is durable with one fsync (synchronous FULL). The last one to close folds
// the log into the file, so that a ledger at rest is one file that can be copied; alone
// on a workstation that costs four more.
func open(ctx context.Context, path string) (*Ledger, error) {
	l, err := connect(path, url.Values{
		"mode":    {"rw"},
		"_txlock": {"immediate"},
		"_pragma": {
			fmt.Sprintf("busy_timeout(%d)", LockWait.Milliseconds()),
			"journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(ON)", "trusted_schema(OFF)",
		},
	})
	if err != nil {
		return nil, err
	}
	if err := l.migrate(ctx); err != nil {
		l.Close()
		return nil, l.explain(err)
	}
	return l, nil
}

func connect(path string, query url.Values) (*Ledger, error) {
	absolute, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	name := url.URL{Scheme: "file", Path: filepath.ToSlash(absolute), RawQuery: query.Encode()}
	db, err := sql.Open("sqlite", name.String())
	if err != nil {
		return nil, err
	}
	return &Ledger{db: db, path: path}, nil
}

// Close closes the ledger.
func (l *Ledger) Close() error { return l.db.Close() }

// Vendor returns the vendor whose ledger this is.
func (l *Ledger) Vendor() string { return l.vendor }

// explain turns an error of SQLite into one that says what is wrong and what to do.
func (l *Ledger) explain(err error) error {
	var code *sqlite.Error
	if !errors.As(err, &code) {
		return err
	}
	at := "the ledger " + l.path
	switch code.Code() & 0xff {
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
		return &Error{Message: fmt.Sprintf("%s has been locked by another program for %s", at, LockWait),
			Next: "wait until that program is done, or end it, and try again; nothing was changed"}
	case sqlite3.SQLITE_READONLY:
		return &Error{Message: at + " can only be read here",
			Err:  code,
			Next: "get write permission for the file and its folder, or work on the workstation that has it; nothing was changed"}
	case sqlite3.SQLITE_CANTOPEN:
		return &Error{Message: at + " cannot be opened: " + reason(l.path), Err: code,
			Next: "check the folder given with --home; \"licensor init\" makes a new one"}
	case sqlite3.SQLITE_FULL:
		return &Error{Message: "the disk with " + at + " is full",
			Next: "free some space and try again; nothing was changed"}
	case sqlite3.SQLITE_IOERR:
		return &Error{Message: at + " cannot be read or written: the disk is full or failing (" + code.Error() + ")", Err: code,
			Next: "check the disk (df, dmesg) and try again; what was recorded before is safe"}
	case sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT:
		return &Error{Message: at + " is damaged or is no ledger",
			Next: "check the folder given with --home; if it is the right one, restore the ledger from a backup"}
	case sqlite3.SQLITE_PERM, sqlite3.SQLITE_AUTH:
		return &Error{Message: at + " may not be opened by this user",
			Next: "run as the user who owns it"}
	}
	return &Error{Message: at + " failed: " + code.Error(), Err: code, Next: "this is most likely a bug: please report it with the command"}
}

// reason finds out why a file cannot be opened, which SQLite does not say.
func reason(path string) string {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err == nil {
		f.Close()
		return "its folder cannot be written"
	}
	var pathError *fs.PathError
	if errors.As(err, &pathError) {
		err = pathError.Err
	}
	return err.Error()
}
