package database

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/offlicense/offlicense/cmd/internal/hint"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
)

// postgresDialect is a ledger that several workstations share.
type postgresDialect struct {
	shown string // see placeOf
	tls   bool   // the address allows no connection without
}

func openPostgres(ctx context.Context, address string) (*DB, error) {
	config, err := parseAddress(address)
	if err != nil {
		return nil, err
	}
	d := postgresDialect{placeOf(config), config.TLSConfig != nil && !slices.ContainsFunc(config.Fallbacks, func(f *pgconn.FallbackConfig) bool { return f.TLSConfig == nil })}
	db := stdlib.OpenDB(*config)
	pooled, err := behindPooler(ctx, db)
	if err == nil && pooled {
		db.Close()
		config.DefaultQueryExecMode = pgx.QueryExecModeCacheDescribe
		db = stdlib.OpenDB(*config)
		err = db.PingContext(ctx)
	}
	if err != nil {
		db.Close()
		return nil, d.explainPing(err)
	}
	return &DB{Conns: db, dialect: d, pooled: pooled}, nil
}

// behindPooler reports whether something stands between this and the server, such as
// pgbouncer, that may give each transaction another session: then it is another process
// that answers than the one that the connection began with.
func behindPooler(ctx context.Context, db *sql.DB) (pooled bool, err error) {
	conn, err := db.Conn(ctx)
	if err != nil {
		return false, err
	}
	defer conn.Close()
	err = conn.Raw(func(raw any) error {
		c := raw.(*stdlib.Conn).Conn()
		var process uint32
		err := c.QueryRow(ctx, "SELECT pg_catalog.pg_backend_pid()", pgx.QueryExecModeSimpleProtocol).Scan(&process)
		pooled = process != c.PgConn().PID()
		return err
	})
	return pooled, err
}

func (postgresDialect) words(schema string) string {
	return strings.NewReplacer("{int}", "BIGINT", "{blob}", "BYTEA", "{text}", `TEXT COLLATE "C"`, "{strict}", "", "{clustered}", "").Replace(schema)
}

func (postgresDialect) insert() string { return "INSERT" }

func (d postgresDialect) name() string { return d.shown }

// writeLock is the key of the advisory lock of those who write a ledger.
const writeLock int64 = 0x6f66666c6963 // "offlic"

// lock waits for the advisory lock that whoever writes holds until the transaction
// ends. It asks for READ COMMITTED, whatever server and role begin with: each statement
// after this one sees all that the lock's former holders have committed, whereas a
// SERIALIZABLE snapshot would be taken here, before the wait. Should somebody write
// without the lock, the key of the table events lets one of the two commit.
func (postgresDialect) lock(ctx context.Context, tx *sql.Tx) error {
	_, err := tx.ExecContext(ctx, fmt.Sprintf("SET TRANSACTION ISOLATION LEVEL READ COMMITTED, READ WRITE; SET LOCAL lock_timeout = %d; SET LOCAL synchronous_commit = on; SELECT pg_advisory_xact_lock(%d)",
		LockWait.Milliseconds(), writeLock))
	var code *pgconn.PgError
	if errors.As(err, &code) && code.Code == "0A000" { // as a standby says it
		code.Code = "25006"
	}
	return err
}

func (postgresDialect) snapshot() *sql.TxOptions {
	return &sql.TxOptions{ReadOnly: true, Isolation: sql.LevelRepeatableRead}
}

func (postgresDialect) countTables() string {
	return "SELECT COUNT(*) FROM pg_tables WHERE schemaname = current_schema() AND tablename = $1"
}

// lost reports whether the error may hide that a commit happened: the connection
// broke, or the server ended it, before the answer was here.
func (d postgresDialect) lost(err error) bool {
	if code, ok := errors.AsType[*pgconn.PgError](err); ok {
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
		return explained(at+" is closed to this user: "+code.Message, "ask the administrator of the database for the right to read and write; nothing was changed")
	case code.Code == "3F000":
		return explained(at+" has no schema that the address names", "check search_path in the address, or have the schema made (CREATE SCHEMA)")
	case code.Code == "55000" && strings.Contains(code.Message, "accepting connections"):
		return explained(at+" lets nobody in now", "ask the administrator of the database; nothing was changed")
	case code.Code == "42P01":
		return NoLedger().Because(code)
	case code.Code == "42P07":
		return explained(at+" has a table of another program, or an index; nothing was changed: "+code.Message, "name a database for the ledger alone, or have one made (createdb)")
	case code.Code == "3D000":
		return explained(at+": there is no such database", "check the address, or have the database made (createdb)")
	case class == "28" && strings.HasSuffix(code.Message, "no encryption"):
		return explained(at+" lets nobody in without TLS", "put sslmode=require into the address, or leave sslmode out")
	case strings.Contains(code.Message, "statement pooling mode"):
		return explained("the connection pooler before "+at+" allows no transactions", "have its pool_mode set to transaction or session; nothing was changed")
	case strings.Contains(code.Message, "unsupported startup parameter"):
		return explained("the connection pooler before "+at+" does not take a setting in its address",
			"take the setting out; the database gives it to a user with ALTER ROLE ... SET")
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
