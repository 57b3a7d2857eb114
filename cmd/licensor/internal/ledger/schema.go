package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// migrations take a ledger from one schema version to the next: the version is how
// many of them were applied. They go forward only, and none is changed once released:
// its hash is pinned in the tests. A command that changes the ledger applies them first;
// one that reads never does, see OpenToRead. Audit and Backup replay the events into the
// schema version that the ledger has, so apply must go on writing to all of them.
// {int}, {blob}, {text}, {strict} and {clustered} (the rows lie in the order of the
// primary key) are the dialect's words. Requests and license files, which are long,
// are only in the events.
//
// Texts compare by their bytes on every database, so that rows have one order.
// Nothing refers to anything by foreign key: apply alone writes, and Audit compares.
var migrations = [...]string{
	`
	CREATE TABLE vendor (
		name {text} PRIMARY KEY
	){strict};

	CREATE TABLE events (
		seq        {int} PRIMARY KEY,
		invoice    {text} NOT NULL,
		activation {text} NOT NULL,
		event      {text} NOT NULL
	){strict};
	CREATE INDEX events_invoice ON events (invoice, seq);
	CREATE INDEX events_activation ON events (activation, seq) WHERE activation <> '';

	CREATE TABLE log (
		idx  {int} PRIMARY KEY,
		hash {blob} NOT NULL
	){strict};

	CREATE TABLE customers (
		name    {text} PRIMARY KEY,
		partner {int} NOT NULL
	){strict};

	CREATE TABLE entitlements (
		invoice        {text} PRIMARY KEY,
		email          {text} NOT NULL,
		customer       {text} NOT NULL,
		customer_name  {text} NOT NULL,
		product        {text} NOT NULL,
		edition        {text} NOT NULL,
		type           {text} NOT NULL,
		seats          {int} NOT NULL,
		count_by       {text} NOT NULL,
		allowance      {int} NOT NULL,
		unbound        {int} NOT NULL,
		excused        {int} NOT NULL,
		expires        {int} NOT NULL,
		grace_days     {int} NOT NULL,
		updates_until  {int} NOT NULL,
		max_version    {text} NOT NULL,
		emergency_days {int} NOT NULL,
		features       {text} NOT NULL,
		limits         {text} NOT NULL,
		seats_used     {int} NOT NULL,
		emergency_used {int} NOT NULL
	){strict};
	CREATE INDEX entitlements_customer ON entitlements (customer, product, type);
	CREATE INDEX entitlements_expires ON entitlements (expires);

	CREATE TABLE activations (
		id          {text} PRIMARY KEY,
		invoice     {text} NOT NULL,
		seat        {text} NOT NULL,
		state       {text} NOT NULL,
		machine_key {blob},
		site        {text} NOT NULL,
		host        {text} NOT NULL,
		since       {int} NOT NULL,
		ended       {int} NOT NULL,
		epoch       {int} NOT NULL,
		license     {text} NOT NULL
	){clustered};
	CREATE UNIQUE INDEX activations_site ON activations (invoice, machine_key) WHERE state IN ('active', 'bridge');
	CREATE INDEX activations_seat ON activations (seat) WHERE seat <> id;

	CREATE TABLE components (
		activation {text} NOT NULL,
		label      {text} NOT NULL,
		invoice    {text} NOT NULL,
		hash       {blob} NOT NULL,
		PRIMARY KEY (activation, label)
	){strict};
	CREATE INDEX components_hash ON components (invoice, label, hash);

	CREATE TABLE licenses (
		id           {text} PRIMARY KEY,
		activation   {text} NOT NULL,
		epoch        {int} NOT NULL,
		request_hash {blob},
		issued       {int} NOT NULL,
		expires      {int} NOT NULL,
		signer       {text} NOT NULL,
		seq          {int} NOT NULL
	){clustered};
	CREATE UNIQUE INDEX licenses_activation ON licenses (activation, epoch);
	CREATE INDEX licenses_request ON licenses (request_hash);

	CREATE TABLE moves (
		successor  {text} PRIMARY KEY,
		activation {text} NOT NULL,
		until      {int} NOT NULL,
		state      {text} NOT NULL
	){strict};
	CREATE INDEX moves_activation ON moves (activation);

	CREATE TABLE revocations (
		license    {text} PRIMARY KEY,
		activation {text} NOT NULL,
		since      {int} NOT NULL,
		why        {text} NOT NULL,
		list       {int} NOT NULL
	){strict};
	`,
	`
	CREATE TABLE revoked_keys (
		thumbprint {text} PRIMARY KEY,
		name       {text} NOT NULL,
		public     {blob} NOT NULL,
		root       {int} NOT NULL,
		lists      {int} NOT NULL,
		since      {int} NOT NULL,
		why        {text} NOT NULL,
		list       {int} NOT NULL,
		seq        {int} NOT NULL,
		keep       {blob}
	){strict};

	CREATE TABLE revocation_lists (
		number {int} PRIMARY KEY,
		issued {int} NOT NULL,
		signer {text} NOT NULL,
		size   {int} NOT NULL,
		seq    {int} NOT NULL
	){strict};
	`,
	// Both databases make A to Z small here, and nothing else: see accountKey.
	`
	CREATE INDEX entitlements_account ON entitlements (lower(email), product, type);
	`,
}

// table is a table and the column or columns that order its rows.
type table struct{ name, key string }

// tables are all tables that the migrations make, in the order in which they are
// compared: what is found in an earlier one often explains what is found in a later.
var tables = [...]table{
	{"schema_version", "version"},
	{"vendor", "name"},
	{"events", "seq"},
	{"log", "idx"},
	{"customers", "name"},
	{"entitlements", "invoice"},
	{"activations", "id"},
	{"components", "activation, label"},
	{"licenses", "id"},
	{"moves", "successor"},
	{"revocations", "license"},
	{"revoked_keys", "thumbprint"},
	{"revocation_lists", "number"},
}

// migrate brings the database to the newest schema version.
func (l *Ledger) migrate(ctx context.Context) error { return l.migrateTo(ctx, len(migrations)) }

// migrateTo brings the database to a schema version, if it has an older one, in one
// transaction that one process at a time makes.
func (l *Ledger) migrateTo(ctx context.Context, wanted int) error {
	if version, err := l.schemaVersion(ctx, l.db); err != nil || version >= wanted {
		return err
	}
	tx, err := l.begin(ctx)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	version, err := l.schemaVersion(ctx, tx)
	if err != nil || version >= wanted {
		return err
	}
	if version == 0 {
		if _, err := tx.ExecContext(ctx, l.dialect.words("CREATE TABLE schema_version (version {int} PRIMARY KEY){strict}; INSERT INTO schema_version VALUES (0)")); err != nil {
			return err
		}
	}
	for _, migration := range migrations[version:wanted] {
		if _, err := tx.ExecContext(ctx, l.dialect.words(migration)); err != nil {
			return err
		}
	}
	if _, err := tx.ExecContext(ctx, "UPDATE schema_version SET version = $1", wanted); err != nil {
		return err
	}
	return tx.Commit()
}

// errNoVersion is a ledger whose schema version was removed by hand.
var errNoVersion = damaged("the table schema_version is empty")

// schemaVersion returns 0 for an empty database.
func (l *Ledger) schemaVersion(ctx context.Context, q querier) (int, error) {
	exists, err := l.dialect.hasTable(ctx, q, "schema_version")
	if err != nil || !exists {
		return 0, err
	}
	var version int
	err = q.QueryRowContext(ctx, "SELECT version FROM schema_version").Scan(&version)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, errNoVersion
	}
	if err != nil {
		return 0, err
	}
	if version < 1 {
		return 0, damaged("it has the schema version %d", version)
	}
	if version > len(migrations) {
		return 0, &Error{
			Message: fmt.Sprintf("the ledger was written by a newer licensor: it has schema version %d, this one knows %d", version, len(migrations)),
			Next:    "use the newer licensor; nothing was changed",
		}
	}
	return version, nil
}

// querier is what a transaction and a database have in common.
type querier interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}
