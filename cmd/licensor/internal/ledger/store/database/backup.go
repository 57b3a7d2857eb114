package database

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/offlicense/offlicense/cmd/internal/hint"
	"github.com/offlicense/offlicense/verify/site/atomicfile"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// Backup writes a copy of the whole database, as it stands at one moment, to a new SQLite file,
// while others go on working. SQLite copies itself; a copy of what is in PostgreSQL is made by
// fill, in an empty file. Backup never replaces a file, and no file has the name before it
// holds the whole copy.
func (d *DB) Backup(ctx context.Context, file string, fill func(*DB) error) error {
	if _, err := os.Lstat(file); err == nil {
		return &fs.PathError{Op: "create", Path: file, Err: fs.ErrExist}
	}
	return d.explain(fullCopy(d.backup(ctx, file, fill), file))
}

// fullCopy says which disk is full: SQLite does not, and it is not that of the ledger.
func fullCopy(err error, file string) error {
	var code *sqlite.Error
	if !errors.As(err, &code) || code.Code()&0xff != sqlite3.SQLITE_FULL {
		return err
	}
	return hint.Errorf("the disk with %s is full", file).WithHint("free some space, or name a file on another disk; there is no copy")
}

func (d *DB) backup(ctx context.Context, file string, fill func(*DB) error) error {
	// Mode 0600: a ledger holds customers' names and addresses.
	staged, err := os.CreateTemp(filepath.Dir(file), ".offlicense-*.tmp")
	if err != nil {
		return err
	}
	defer func() {
		for _, suffix := range [...]string{"", "-journal", "-wal", "-shm"} { // SQLite's, of a copy that failed
			os.Remove(staged.Name() + suffix)
		}
	}()
	defer staged.Close()
	if err := d.copyTo(ctx, staged.Name(), fill); err != nil {
		return err
	}
	if err := errors.Join(staged.Sync(), staged.Close()); err != nil {
		return err
	}
	return atomicfile.Place(staged.Name(), file)
}

func (d *DB) copyTo(ctx context.Context, file string, fill func(*DB) error) error {
	if _, is := d.dialect.(sqliteDialect); is {
		_, err := d.Conns.ExecContext(ctx, "VACUUM INTO $1", file)
		return err
	}
	to, err := openFile(ctx, file)
	if err != nil {
		return err
	}
	defer to.Close()
	if err := fill(to); err != nil {
		return err
	}
	// Closed, a database in WAL mode is one file with everything in it.
	return to.Close()
}
