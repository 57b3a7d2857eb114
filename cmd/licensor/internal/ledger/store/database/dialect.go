package database

import (
	"context"
	"database/sql"
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

	// name names the database for people, without a password.
	name() string

	// countTables counts the tables of the name $1.
	countTables() string

	// explain says what is wrong and what to do; it returns other errors as they are.
	explain(err error) error

	// lost reports whether a failed commit may have happened all the same, because the
	// answer to it got lost.
	lost(err error) bool

	// strange: see Tx.Strange.
	strange(t *Tx, schema string, predicates map[string]string) ([]Strange, error)
}

// LockWait is how long a command waits for another one to finish its transaction.
const LockWait = 10 * time.Second

// auditFirst is the hint of an error that should not happen.
const auditFirst = `run "licensor audit"; if it finds nothing, this is most likely a bug: please report it with the command`
