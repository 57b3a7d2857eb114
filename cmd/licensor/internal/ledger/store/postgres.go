package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/offlicense/offlicense/cmd/internal/hint"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
)

// postgresDialect is a ledger that several workstations share.
type postgresDialect struct{ shown string } // see placeOf

func openPostgres(ctx context.Context, address string) (*Store, error) {
	config, err := parseAddress(address)
	if err != nil {
		return nil, err
	}
	d := postgresDialect{placeOf(config)}
	db := stdlib.OpenDB(*config)
	if err := db.PingContext(ctx); err != nil {
		db.Close()
		return nil, d.explainPing(err)
	}
	return &Store{db: db, dialect: d}, nil
}

func (postgresDialect) words(schema string) string {
	return strings.NewReplacer("{int}", "BIGINT", "{blob}", "BYTEA", "{text}", `TEXT COLLATE "C"`, "{strict}", "", "{clustered}", "").Replace(schema)
}

func (postgresDialect) place(n int) string { return "$" + strconv.Itoa(n) }

func (postgresDialect) insert() string { return "INSERT" }

// writeLock is the key of the advisory lock of those who write a ledger.
const writeLock int64 = 0x6f66666c6963 // "offlic"

// lock waits for the advisory lock that whoever writes holds until the transaction
// ends. It asks for READ COMMITTED, whatever server and role begin with: each statement
// after this one sees all that the lock's former holders have committed, whereas a
// SERIALIZABLE snapshot would be taken here, before the wait. Should somebody write
// without the lock, the key of the table events lets one of the two commit.
func (postgresDialect) lock(ctx context.Context, tx *sql.Tx) error {
	_, err := tx.ExecContext(ctx, "SET TRANSACTION ISOLATION LEVEL READ COMMITTED, READ WRITE")
	var code *pgconn.PgError
	if errors.As(err, &code) && code.Code == "0A000" { // as a standby says it
		code.Code = "25006"
	}
	if err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, fmt.Sprintf("SET LOCAL lock_timeout = %d; SET LOCAL synchronous_commit = on", LockWait.Milliseconds())); err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, fmt.Sprintf("SELECT pg_advisory_xact_lock(%d)", writeLock))
	return err
}

func (postgresDialect) snapshot() *sql.TxOptions {
	return &sql.TxOptions{ReadOnly: true, Isolation: sql.LevelRepeatableRead}
}

func (postgresDialect) hasTable(ctx context.Context, q querier, name string) (bool, error) {
	var exists bool
	err := q.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM pg_tables WHERE schemaname = current_schema() AND tablename = $1)", name).Scan(&exists)
	return exists, err
}

// lost reports whether the error may hide that a commit happened: the connection
// broke, or the server ended it, before the answer was here.
func (d postgresDialect) lost(err error) bool {
	var code *pgconn.PgError
	if errors.As(err, &code) {
		return strings.HasPrefix(code.Code, "57P") || strings.HasPrefix(code.Code, "08")
	}
	return !errors.Is(err, sql.ErrTxDone)
}

// explain turns an error of PostgreSQL into one that says what is wrong and what to do.
func (d postgresDialect) explain(err error) error {
	at := d.shown
	var known *hint.Error
	var refusal *ledger.Refusal
	if errors.As(err, &known) || errors.As(err, &refusal) {
		return err
	}
	var code *pgconn.PgError
	if !errors.As(err, &code) {
		return d.explainConnection(at, err)
	}
	explained := func(message, next string) error {
		return hint.Errorf("%s", message).WithHint("%s", next).Because(code)
	}
	switch class := code.Code[:2]; {
	case code.Code == "55P03":
		return explained(fmt.Sprintf("%s has been locked by another program for %s", at, LockWait),
			"wait until that program is done, or end it, and try again; nothing was changed")
	case code.Code == "25006":
		return explained(at+" can only be read here", "name the primary server, not a standby; nothing was changed")
	case code.Code == "42501":
		return explained(at+" may not be changed by this user", "ask the administrator of the database for the right to write; nothing was changed")
	case code.Code == "42P01":
		return explained("there is no ledger in this database", howToMake)
	case code.Code == "3D000":
		return explained(at+": there is no such database", "check the address, or have the database made (createdb)")
	case class == "28":
		return explained(at+" does not let this user in", "check user and password in the address")
	case code.Code == "57014":
		return explained(at+" did not finish the command, which was canceled there: "+code.Message+"; nothing was changed",
			"run the same command again; if it happens again, the administrator of the database knows its time limit (statement_timeout)")
	case class == "57" || class == "08":
		return explained("the connection to "+at+" was cut; nothing was changed", "run the same command again when the server is back")
	case class == "53":
		return explained(at+" has no room left: "+code.Message, "tell the administrator of the database; nothing was changed")
	}
	return explained(at+" failed: "+code.Message, auditFirst)
}

// explainPing is explain for the first word with a server. Its message may quote what
// stands in the address where a setting should be.
func (d postgresDialect) explainPing(err error) error {
	var code *pgconn.PgError
	if errors.As(err, &code) && code.Code != "42501" && (code.Code[:2] == "42" || code.Code[:2] == "22") {
		return hint.Errorf("%s does not take a setting in its address", d.shown).WithHint("%s", howToAddress).Because(code)
	}
	return d.explain(err)
}

func (d postgresDialect) explainConnection(at string, err error) error {
	var connect *pgconn.ConnectError
	var network net.Error
	switch {
	case errors.As(err, &connect):
		return hint.Errorf("%s cannot be reached", at).WithHint("check the address, and that the server runs and lets this workstation in").Because(err)
	case errors.As(err, &network), errors.Is(err, driver.ErrBadConn), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, net.ErrClosed), pgconn.SafeToRetry(err):
		return hint.Errorf("the connection to %s was cut; nothing was changed", at).WithHint("run the same command again when the server is back").Because(err)
	}
	return err
}
