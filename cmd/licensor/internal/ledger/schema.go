package ledger

import (
	"context"
	"fmt"
)

// migrations take a ledger from one schema version to the next: the version is how
// many of them were applied. They go forward only, and none is changed once released.
var migrations = [...]string{
	`
	CREATE TABLE vendor (
		name TEXT NOT NULL
	) STRICT;

	CREATE TABLE events (
		seq        INTEGER PRIMARY KEY,
		time       INTEGER NOT NULL,
		operator   TEXT NOT NULL,
		action     TEXT NOT NULL,
		invoice    TEXT NOT NULL,
		activation TEXT NOT NULL,
		why        TEXT NOT NULL,
		detail     TEXT NOT NULL
	) STRICT;
	CREATE INDEX events_invoice ON events (invoice);

	CREATE TABLE entitlements (
		invoice       TEXT PRIMARY KEY,
		email         TEXT NOT NULL,
		customer      TEXT NOT NULL,
		product       TEXT NOT NULL,
		edition       TEXT NOT NULL,
		type          TEXT NOT NULL,
		seats         INTEGER NOT NULL,
		expires       INTEGER NOT NULL,
		grace_days    INTEGER NOT NULL,
		updates_until INTEGER NOT NULL,
		max_version   TEXT NOT NULL,
		features      TEXT NOT NULL,
		limits        TEXT NOT NULL
	) STRICT;

	CREATE TABLE activations (
		id          TEXT PRIMARY KEY,
		invoice     TEXT NOT NULL REFERENCES entitlements,
		machine_key BLOB NOT NULL,
		site        TEXT NOT NULL,
		host        TEXT NOT NULL,
		since       INTEGER NOT NULL,
		UNIQUE (invoice, machine_key)
	) STRICT;

	CREATE TABLE licenses (
		id           TEXT PRIMARY KEY,
		activation   TEXT NOT NULL REFERENCES activations,
		epoch        INTEGER NOT NULL,
		request_hash BLOB NOT NULL UNIQUE,
		request      BLOB NOT NULL,
		issued       INTEGER NOT NULL,
		signer       TEXT NOT NULL,
		file         BLOB NOT NULL,
		UNIQUE (activation, epoch)
	) STRICT;
	`,
}

// migrate brings the database to the newest schema version.
func (l *Ledger) migrate(ctx context.Context) error {
	version, err := l.schemaVersion(ctx)
	if err != nil {
		return err
	}
	for ; version < len(migrations); version++ {
		if err := l.apply(ctx, version); err != nil {
			return err
		}
	}
	return nil
}

// checkSchema refuses a ledger that would have to be migrated before it can be read.
func (l *Ledger) checkSchema(ctx context.Context) error {
	version, err := l.schemaVersion(ctx)
	if err == nil && version < len(migrations) {
		return &Error{
			Message: fmt.Sprintf("the ledger was written by an older licensor, and it can only be read here: it has schema version %d, this one wants %d", version, len(migrations)),
			Next:    "open it once where it can be written",
		}
	}
	return err
}

func (l *Ledger) schemaVersion(ctx context.Context) (int, error) {
	var version int
	if err := l.db.QueryRowContext(ctx, "PRAGMA user_version").Scan(&version); err != nil {
		return 0, err
	}
	if version > len(migrations) {
		return 0, &Error{
			Message: fmt.Sprintf("the ledger was written by a newer licensor: it has schema version %d, this one knows %d", version, len(migrations)),
			Next:    "use the newer licensor; nothing was changed",
		}
	}
	return version, nil
}

// apply runs one migration in one transaction, unless another process was faster.
func (l *Ledger) apply(ctx context.Context, version int) error {
	tx, err := l.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	var now int
	if err := tx.QueryRowContext(ctx, "PRAGMA user_version").Scan(&now); err != nil || now != version {
		return err
	}
	if _, err := tx.ExecContext(ctx, migrations[version]); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, fmt.Sprintf("PRAGMA user_version = %d", version+1)); err != nil {
		return err
	}
	return tx.Commit()
}
