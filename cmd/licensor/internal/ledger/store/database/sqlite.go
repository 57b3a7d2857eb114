package database

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/offlicense/offlicense/cmd/internal/hint"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// sqliteDialect is a ledger in one file.
type sqliteDialect struct {
	path   string
	opened fs.FileInfo // nil: there was none
	beside bool        // it is no ledger: see OpenBeside
}

func createFile(ctx context.Context, path string) (*DB, error) {
	// The ledger holds customers' names and addresses.
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := f.Close(); err != nil {
		return nil, err
	}
	return openFile(ctx, path)
}

const (
	// largeCache holds the pages that a batch of a thousand licenses changes in a large
	// ledger, 64 MiB. From SQLite's own 2 MiB they would go to the disk and come back.
	largeCache = "cache_size(-65536)"

	// lateCheckpoint lets the log grow to 64 MiB before a commit folds it into the file.
	// At the usual 4 MiB each batch does that, with two more syncs, for pages that the
	// next one changes again. The last connection does it once, when it closes.
	lateCheckpoint = "wal_autocheckpoint(16384)"
)

// openFile opens the database file. WAL lets list run while sign writes, and makes a
// sign one fsync; synchronous FULL is what makes that one durable. IMMEDIATE takes the
// lock before the rules read what they judge by; secure_delete leaves nothing of what is
// forgotten.
func openFile(_ context.Context, path string) (*DB, error) {
	return openFileWith(path, "journal_mode(WAL)")
}

func openFileWith(path string, pragmas ...string) (*DB, error) {
	return openSQLite(path, url.Values{
		"mode":    {"rw"},
		"_txlock": {"immediate"},
		"_pragma": append(pragmas, fmt.Sprintf("busy_timeout(%d)", LockWait.Milliseconds()),
			"synchronous(FULL)", "trusted_schema(OFF)", "secure_delete(ON)", largeCache, lateCheckpoint),
	})
}

// openFileToRead leaves every byte of the file as it is, the journal mode too.
func openFileToRead(ctx context.Context, path string) (*DB, error) {
	d, err := openFileWith(path)
	if err != nil {
		return nil, err
	}
	err = d.Read(ctx, func(t *Tx) error { _, err := t.HasTable("schema_version"); return err })
	if !cannotWriteBeside(err) {
		return d, nil
	}
	d.Close()
	// SQLite needs to write beside a database in WAL mode even to read it, unless it is
	// promised that nobody else writes. A -wal file says that somebody does, or was
	// killed; what stands in it must not be passed over.
	if info, statErr := os.Stat(path + "-wal"); statErr == nil && info.Size() > 0 {
		return nil, err
	}
	return openSQLite(path, url.Values{"mode": {"ro"}, "immutable": {"1"}})
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

func openSQLite(path string, query url.Values) (*DB, error) {
	absolute, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	name := url.URL{Scheme: "file", Path: filepath.ToSlash(absolute), RawQuery: query.Encode()}
	db, err := sql.Open("sqlite", name.String())
	if err != nil {
		return nil, err
	}
	opened, _ := os.Stat(path) // where there is none SQLite says so
	return &DB{Conns: db, dialect: sqliteDialect{path: path, opened: opened}}, nil
}

func (sqliteDialect) words(schema string) string {
	return strings.NewReplacer("{int}", "INTEGER", "{blob}", "BLOB", "{text}", "TEXT", "{strict}", " STRICT", "{clustered}", " STRICT, WITHOUT ROWID").Replace(schema)
}

// insert saves SQLite from keeping a journal of each statement by itself, for undoing
// the rows before the one that failed: a tenth of the time of a large batch.
func (sqliteDialect) insert() string { return "INSERT OR ROLLBACK" }

func (d sqliteDialect) name() string {
	if absolute, err := filepath.Abs(d.path); err == nil {
		return absolute
	}
	return d.path
}

// lock need not wait: the transaction began as IMMEDIATE, which is the lock. A program that runs
// long may have a file open that was replaced meanwhile: what it wrote there would be lost.
func (d sqliteDialect) lock(context.Context, *sql.Tx) error {
	now, err := os.Stat(d.path)
	if err == nil && (d.opened == nil || os.SameFile(d.opened, now)) {
		return nil
	}
	return hint.Errorf("%s was moved or replaced while it was open; nothing was recorded", d.path).
		WithHint("put it back, or start the program again with the one that is there").Because(&fs.PathError{Op: "open", Path: d.path, Err: fs.ErrNotExist})
}

// snapshot asks for a read-only transaction, which the driver begins as DEFERRED: it
// sees one state and waits for no writer.
func (sqliteDialect) snapshot() *sql.TxOptions { return &sql.TxOptions{ReadOnly: true} }

func (sqliteDialect) countTables() string {
	return "SELECT COUNT(*) FROM sqlite_schema WHERE type = 'table' AND name = $1"
}

// lost is false: a commit that failed has not happened.
func (sqliteDialect) lost(error) bool { return false }

// explain turns an error of SQLite into one that says what is wrong and what to do.
func (d sqliteDialect) explain(err error) error {
	var code *sqlite.Error
	if !errors.As(err, &code) {
		return err
	}
	at, another := "the ledger "+d.path, "name the shared ledger with --ledger or LICENSOR_LEDGER, or another directory with --home"
	restore, no := "check the directory given with --home; if it is the right one, restore the ledger from a backup", " or is no ledger"
	if d.beside {
		at, another, restore, no = d.path, makeAnew, makeAnew, ""
	}
	explained := func(next, format string, args ...any) error {
		return hint.Errorf(format, args...).WithHint("%s", next).Because(code)
	}
	switch code.Code() & 0xff {
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
		return explained("wait until that program is done, or end it, and try again; nothing was changed",
			"%s has been locked by another program for %s", at, LockWait)
	case sqlite3.SQLITE_READONLY:
		return explained("get write permission for the file and its directory, or work on the workstation that has it; nothing was changed", "%s can only be read here", at)
	case sqlite3.SQLITE_CANTOPEN:
		return explained(another,
			"%s cannot be opened: %s", at, d.reason())
	case sqlite3.SQLITE_FULL:
		return explained("free some space and try again; nothing was changed", "the disk with %s is full", at)
	case sqlite3.SQLITE_IOERR:
		return explained("check the disk (df, dmesg) and try again; what was recorded before is safe",
			"%s cannot be read or written: the disk is full or failing (%v)", at, code)
	case sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT:
		return explained(restore, "%s is damaged%s", at, no)
	case sqlite3.SQLITE_PERM, sqlite3.SQLITE_AUTH:
		return explained("run as the user who owns it", "%s may not be opened by this user", at)
	}
	return explained(auditFirst, "%s failed: %v", at, code)
}

// reason finds out why a file cannot be opened, which SQLite does not say.
func (d sqliteDialect) reason() string {
	f, err := os.OpenFile(d.path, os.O_RDWR, 0)
	if err == nil {
		f.Close()
		return "its directory cannot be written"
	}
	if pathError, ok := errors.AsType[*fs.PathError](err); ok {
		err = pathError.Err
	}
	return err.Error()
}
