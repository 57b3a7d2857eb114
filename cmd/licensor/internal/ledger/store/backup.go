package store

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

// Backup writes a copy of the whole ledger, as it stands at one moment, to a new
// SQLite file, while others go on working. The copy is a ledger like any other,
// whichever database it came from. Backup never replaces a file, and no file has the
// name before it holds the whole copy.
func (s *Store) Backup(ctx context.Context, file string) error {
	if _, err := os.Lstat(file); err == nil {
		return &fs.PathError{Op: "create", Path: file, Err: fs.ErrExist}
	}
	return s.explain(fullCopy(s.backup(ctx, file), file))
}

// fullCopy says which disk is full: SQLite does not, and it is not that of the ledger.
func fullCopy(err error, file string) error {
	var code *sqlite.Error
	if !errors.As(err, &code) || code.Code()&0xff != sqlite3.SQLITE_FULL {
		return err
	}
	return hint.Errorf("the disk with %s is full", file).WithHint("free some space, or name a file on another disk; there is no copy")
}

func (s *Store) backup(ctx context.Context, file string) error {
	// Mode 0600: the ledger holds customers' names and addresses.
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
	if err := s.dialect.backup(ctx, s, staged.Name()); err != nil {
		return err
	}
	if err := errors.Join(staged.Sync(), staged.Close()); err != nil {
		return err
	}
	return atomicfile.Place(staged.Name(), file)
}

// backup lets SQLite copy itself.
func (sqliteDialect) backup(ctx context.Context, l *Store, file string) error {
	_, err := l.db.ExecContext(ctx, "VACUUM INTO $1", file)
	return err
}

// backup makes the ledger again from its events.
func (postgresDialect) backup(ctx context.Context, l *Store, file string) error {
	to, err := openFile(ctx, file)
	if err != nil {
		return err
	}
	defer to.Close()
	if err := to.create(ctx); err != nil {
		return to.explain(err)
	}
	if err := l.Read(ctx, func(t *Tx) error { return t.Replay(ctx, to, nil) }); err != nil {
		return err
	}
	// Closed, a database in WAL mode is one file with everything in it.
	return to.Close()
}
