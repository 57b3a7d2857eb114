package store

import (
	"context"
	"database/sql"
	"strings"
	"time"
)

// dialect is what differs between databases.
type dialect interface {
	// words puts the database's words for types into a schema text.
	words(schema string) string

	// rows returns rows of values of one width for a statement, and what stands in its places:
	// $1 and so on.
	rows(width int, values []any) (text string, args []any)

	// portion is how many of n rows one statement has, which is prepared for so many.
	portion(n int) int

	// insert begins a statement that adds rows. If it fails, so does the transaction.
	insert() string

	// lock is run first in a transaction that writes. When it returns, no other
	// process has such a transaction open, and what the others wrote can be read.
	lock(ctx context.Context, tx *sql.Tx) error

	// snapshot returns the options of a transaction that sees one state and writes nothing.
	snapshot() *sql.TxOptions

	// name names the ledger for people, without a password.
	name() string

	hasTable(ctx context.Context, q querier, name string) (bool, error)

	// explain says what is wrong and what to do; it returns other errors as they are.
	explain(err error) error

	// lost reports whether a failed commit may have happened all the same, because the
	// answer to it got lost.
	lost(err error) bool

	// strange names what does not belong into the schema of a ledger.
	strange(t *Tx) ([]Strange, error)

	// backup writes a copy of the whole ledger into an empty file, for SQLite to open.
	backup(ctx context.Context, l *Store, file string) error
}

// LockWait is how long a command waits for another one to finish its transaction.
const LockWait = 10 * time.Second

// auditFirst is the hint of an error that should not happen.
const auditFirst = `run "licensor audit"; if it finds nothing, this is most likely a bug: please report it with the command`

// IsPostgres reports whether a ledger's place is the address of a PostgreSQL database
// rather than a file.
func IsPostgres(where string) bool {
	return strings.HasPrefix(where, "postgres://") || strings.HasPrefix(where, "postgresql://")
}
