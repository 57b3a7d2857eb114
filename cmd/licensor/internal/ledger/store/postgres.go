package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
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

func openPostgres(ctx context.Context, address string) (*Store, error) {
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
	return &Store{db: db, dialect: d, pooled: pooled}, nil
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

func (postgresDialect) hasTable(ctx context.Context, q querier, name string) (bool, error) {
	var exists bool
	err := q.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM pg_tables WHERE schemaname = current_schema() AND tablename = $1)", name).Scan(&exists)
	return exists, err
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
		return explained("there is no ledger in this database", howToMake)
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

// strange reads the system catalog: what has a table's name must be a table, with the
// columns and indexes that it was made with, and without rules, triggers, policies and
// children, which would change what it seems to hold.
func (d postgresDialect) strange(t *Tx) ([]Strange, error) {
	due := d.madeSchema()
	var all []Strange
	add := func(name, format string, args ...any) {
		all = append(all, Strange{"pg_catalog", name, fmt.Sprintf(format, args...)})
	}
	there := make(map[string]bool)
	err := t.each(relations, nil, columns3(func(name, kind, shape string) {
		there[name] = true
		switch want, known := due[name]; {
		case !known:
			add(name, "was added by hand: a ledger has no such %s", relationKinds[kind])
		case kind != want.kind:
			add(name, "is a %s, and a ledger has a %s: table %s", relationKinds[kind], relationKinds[want.kind], want.table)
		case shape != want.shape:
			add(name, "is not as it was made: it is %s, and was %s: table %s", shape, want.shape, want.table)
		}
	}))
	if err != nil {
		return nil, err
	}
	for _, name := range slices.Sorted(maps.Keys(due)) {
		if !there[name] {
			add(name, "the %s was removed: table %s", relationKinds[due[name].kind], due[name].table)
		}
	}
	for _, attached := range [...]string{attachedTriggers, attachedRules, attachedPolicies, attachedSecurity, attachedChildren, attachedConstraints, shadowed} {
		err := t.each(attached, nil, columns(func(table, what string) {
			add(table, "%s: a ledger has none. It may change what the table %s seems to hold", what, table)
		}))
		if err != nil {
			return nil, err
		}
	}
	return all, nil
}

var relationKinds = map[string]string{
	"r": "table", "i": "index", "v": "view", "m": "materialized view", "f": "foreign table", "p": "partitioned table",
	"I": "partitioned index", "S": "sequence", "c": "type", "t": "table of its own",
}

// relations are the tables, indexes and whatever else is in the schema of the ledger,
// but for what extensions have brought; with their shape: of a table its columns, of an
// index what it is on.
const relations = `SELECT c.relname, c.relkind::text, CASE WHEN c.relkind = 'i' THEN (
		SELECT am.amname || CASE WHEN x.indisunique THEN ' unique' ELSE '' END ||
			CASE WHEN x.indisprimary THEN ' primary' ELSE '' END ||
			CASE WHEN x.indisvalid AND x.indisready AND x.indislive THEN '' ELSE ' invalid' END ||
			' on ' || o.relname || ' (' || (SELECT string_agg(pg_get_indexdef(x.indexrelid, k::int, false), ', ' ORDER BY k) FROM generate_series(1, x.indnatts) k) || ')' ||
			COALESCE(' where ' || pg_get_expr(x.indpred, x.indrelid), '')
		FROM pg_catalog.pg_index x JOIN pg_catalog.pg_class o ON o.oid = x.indrelid JOIN pg_catalog.pg_am am ON am.oid = c.relam
		WHERE x.indexrelid = c.oid
	) WHEN c.relkind = 'r' THEN c.relpersistence::text || ' ' || (
		SELECT string_agg(a.attname || ' ' || format_type(a.atttypid, a.atttypmod) || CASE WHEN a.attnotnull THEN ' not null' ELSE '' END ||
			COALESCE(' collate ' || NULLIF(l.collname, 'default'), '') || CASE WHEN a.atthasdef THEN ' default' ELSE '' END || a.attgenerated::text || a.attidentity::text, ', ' ORDER BY a.attnum)
		FROM pg_catalog.pg_attribute a LEFT JOIN pg_catalog.pg_collation l ON l.oid = a.attcollation
		WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
	) ELSE '' END
	FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
	WHERE n.nspname = current_schema() AND c.relkind <> 'c'
	AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_depend d WHERE d.objid = c.oid AND d.classid = 'pg_catalog.pg_class'::regclass AND d.deptype = 'e')
	ORDER BY c.relname`

// ofTheLedger is where the queries after this one look.
const ofTheLedger = " JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = current_schema() AND c.relkind IN ('r', 'v', 'p')"

const (
	attachedTriggers    = "SELECT c.relname, 'the trigger ' || t.tgname FROM pg_catalog.pg_trigger t JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid" + ofTheLedger
	attachedRules       = "SELECT c.relname, 'the rule ' || r.rulename FROM pg_catalog.pg_rewrite r JOIN pg_catalog.pg_class c ON c.oid = r.ev_class" + ofTheLedger + " AND c.relkind <> 'v'"
	attachedPolicies    = "SELECT c.relname, 'the policy ' || p.polname FROM pg_catalog.pg_policy p JOIN pg_catalog.pg_class c ON c.oid = p.polrelid" + ofTheLedger
	attachedSecurity    = "SELECT c.relname, 'row security' FROM pg_catalog.pg_class c" + ofTheLedger + " AND (c.relrowsecurity OR c.relforcerowsecurity)"
	attachedChildren    = "SELECT c.relname, 'the child ' || i.inhrelid::regclass FROM pg_catalog.pg_inherits i JOIN pg_catalog.pg_class c ON c.oid = i.inhparent" + ofTheLedger
	attachedConstraints = "SELECT c.relname, 'the constraint ' || k.conname FROM pg_catalog.pg_constraint k JOIN pg_catalog.pg_class c ON c.oid = k.conrelid" + ofTheLedger + " AND k.contype NOT IN ('p', 'n')"
)

// shadowed are tables whose names lead elsewhere, and a search path by which functions
// and operators do.
const shadowed = `SELECT c.relname, 'another thing of its name is found first' FROM pg_catalog.pg_class c` + ofTheLedger + `
	AND pg_catalog.to_regclass(pg_catalog.quote_ident(c.relname)) IS DISTINCT FROM c.oid::regclass
	UNION ALL SELECT s.name, 'a schema before pg_catalog on the search path' FROM (
		SELECT (array_remove(pg_catalog.current_schemas(true), (SELECT nspname FROM pg_catalog.pg_namespace WHERE oid = pg_catalog.pg_my_temp_schema())))[1]::text AS name) s
	WHERE s.name <> 'pg_catalog'`

// relation is a table or an index as the catalog has it.
type relation struct{ kind, table, shape string }

// predicates are the conditions of partial indexes as PostgreSQL writes them.
var predicates = map[string]string{
	"events_activation":     "(activation <> ''::text)",
	"events_action":         "(action <> 'sign'::text)",
	"activations_host":      "(host <> ''::text)",
	"activations_site":      "(state = ANY (ARRAY['active'::text, 'bridge'::text]))",
	"activations_oldest":    "(state = 'active'::text)",
	"activations_emergency": "(emergency_days > 0)",
	"moves_waiting":         "(state = 'waiting'::text)",
	"entitlements_updates":  "(updates <> 0)",
	"activations_ended":     "(ended > 0)",
	"entitlements_standing": "(standing <> ''::text)",
	"moves_until":           "(state = ANY (ARRAY['pending'::text, 'waiting'::text]))",
	"revocations_unlisted":  "(list = 0)",
}

// madeSchema returns the relations that the schema makes, read from its text.
func (postgresDialect) madeSchema() map[string]relation {
	all := make(map[string]relation)
	for statement := range strings.SplitSeq(schema, ";") {
		statement = strings.Join(strings.Fields(statement), " ")
		head, rest, _ := strings.Cut(statement, "(")
		words := strings.Fields(head)
		switch {
		case strings.HasPrefix(statement, "CREATE TABLE"):
			name := words[2]
			columns, key := columnsOf(rest[:strings.LastIndex(rest, ")")])
			all[name] = relation{"r", name, "p " + columns}
			all[name+"_pkey"] = relation{"i", name, "btree unique primary on " + name + " (" + key + ")"}
		case strings.HasPrefix(statement, "CREATE"):
			unique := ""
			if words[1] == "UNIQUE" {
				unique = " unique"
			}
			name, table := words[len(words)-3], words[len(words)-1]
			on, _, _ := strings.Cut(rest, " WHERE ")
			shape := "btree" + unique + " on " + table + " (" + on
			if predicate := predicates[name]; predicate != "" {
				shape += " where " + predicate
			}
			all[name] = relation{"i", table, shape}
		}
	}
	return all
}

// columnsOf returns the columns of a table as the query relations writes them, and its
// primary key.
func columnsOf(definition string) (columns, key string) {
	if before, after, found := strings.Cut(definition, "PRIMARY KEY ("); found {
		definition, key = strings.TrimRight(before, ", "), strings.TrimRight(after, ") ")
	}
	keyed := strings.Split(key, ", ")
	var all []string
	for column := range strings.SplitSeq(definition, ",") {
		words := strings.Fields(column)
		name := words[0]
		if strings.HasSuffix(strings.TrimSpace(column), "PRIMARY KEY") {
			key = name
		}
		text := name + " " + map[string]string{"{int}": "bigint", "{blob}": "bytea", "{text}": "text"}[words[1]]
		if len(words) > 2 || slices.Contains(keyed, name) { // NOT NULL or PRIMARY KEY
			text += " not null"
		}
		if words[1] == "{text}" {
			text += " collate C"
		}
		all = append(all, text)
	}
	return strings.Join(all, ", "), key
}
