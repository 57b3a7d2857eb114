package store

import (
	"cmp"
	"context"
	"fmt"

	"github.com/offlicense/offlicense/cmd/internal/hint"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/store/database"
)

// schemaVersion names the schema. A ledger of another one is refused.
const schemaVersion = 1

// schema is the whole schema. {int}, {blob}, {text}, {strict} and {clustered} (the rows
// lie in the order of the primary key) are the dialect's words. Requests, license files
// and lists, which are long, are only in the events; of what was sold there are columns
// only for what is asked for, and all of it is in the column sold.
//
// Texts compare by their bytes on every database, so that rows have one order. Nothing
// refers to anything by foreign key: apply alone writes, and the audit compares.
const schema = `
	CREATE TABLE schema_version (
		version {int} PRIMARY KEY
	){strict};

	CREATE TABLE events (
		seq        {int} PRIMARY KEY,
		invoice    {text} NOT NULL,
		activation {text} NOT NULL,
		operator   {text} NOT NULL,
		action     {text} NOT NULL,
		event      {text} NOT NULL
	){strict};
	CREATE INDEX events_invoice ON events (invoice, seq);
	CREATE INDEX events_activation ON events (activation, seq) WHERE activation <> '';
	CREATE INDEX events_operator ON events (operator, seq);
	CREATE INDEX events_action ON events (action, seq) WHERE action <> 'sign';

	CREATE TABLE log (
		idx  {int} PRIMARY KEY,
		hash {blob} NOT NULL
	){strict};

	CREATE TABLE customers (
		name    {text} PRIMARY KEY,
		partner {int} NOT NULL
	){strict};

	CREATE TABLE products (
		name    {text} PRIMARY KEY,
		product {text} NOT NULL
	){strict};

	CREATE TABLE entitlements (
		invoice    {text} PRIMARY KEY,
		customer   {text} NOT NULL,
		account    {blob},
		product    {text} NOT NULL,
		type       {text} NOT NULL,
		expires    {int} NOT NULL,
		hard_end   {int} NOT NULL,
		updates    {int} NOT NULL,
		seats      {int} NOT NULL,
		sold       {text} NOT NULL,
		sold_seq   {int} NOT NULL,
		standing   {text} NOT NULL,
		seller     {text} NOT NULL,
		seats_used {int} NOT NULL,
		seats_peak {int} NOT NULL
	){strict};
	CREATE INDEX entitlements_typed ON entitlements (lower(invoice), invoice);
	CREATE INDEX entitlements_customer ON entitlements (customer, product, type);
	CREATE INDEX entitlements_buyer ON entitlements (customer, invoice);
	CREATE INDEX entitlements_product ON entitlements (product, invoice);
	CREATE INDEX entitlements_standing ON entitlements (standing, invoice) WHERE standing <> '';
	CREATE INDEX entitlements_seller ON entitlements (seller);
	CREATE INDEX entitlements_account ON entitlements (account);
	CREATE INDEX entitlements_expires ON entitlements (expires, invoice, standing);
	CREATE INDEX entitlements_updates ON entitlements (updates, invoice, standing) WHERE updates <> 0;

	CREATE TABLE emails (
		account {blob} PRIMARY KEY,
		salt    {blob} NOT NULL,
		address {text} NOT NULL,
		owner   {text} NOT NULL
	){strict};
	CREATE INDEX emails_owner ON emails (owner, account);

	CREATE TABLE addresses (
		account {blob} PRIMARY KEY,
		invoice {text} NOT NULL
	){strict};
	CREATE INDEX addresses_invoice ON addresses (invoice);

	CREATE TABLE activations (
		id          {text} PRIMARY KEY,
		invoice     {text} NOT NULL,
		state       {text} NOT NULL,
		machine_key {blob},
		site        {text} NOT NULL,
		host        {text} NOT NULL,
		since       {int} NOT NULL,
		ended       {int} NOT NULL,
		epoch       {int} NOT NULL,
		license     {text} NOT NULL,

		emergency_days {int} NOT NULL
	){clustered};
	CREATE INDEX activations_emergency ON activations (invoice) WHERE emergency_days > 0;
	CREATE UNIQUE INDEX activations_site ON activations (invoice, machine_key) WHERE state IN ('active', 'bridge');
	CREATE INDEX activations_host ON activations (lower(host), id) WHERE host <> '';
	CREATE INDEX activations_ended ON activations (invoice, ended) WHERE ended > 0;
	CREATE INDEX activations_oldest ON activations (invoice, since, id) WHERE state = 'active';

	CREATE TABLE licenses (
		id           {text} PRIMARY KEY,
		activation   {text} NOT NULL,
		epoch        {int} NOT NULL,
		request_hash {blob},
		issued       {int} NOT NULL,
		hard_end     {int} NOT NULL,
		need         {int} NOT NULL,
		named        {text} NOT NULL,
		signed_by    {text} NOT NULL,
		signer_key   {blob} NOT NULL,
		seq          {int} NOT NULL
	){clustered};
	CREATE UNIQUE INDEX licenses_activation ON licenses (activation, epoch);
	CREATE INDEX licenses_request ON licenses (request_hash);
	CREATE INDEX licenses_signer ON licenses (signed_by, seq);

	CREATE TABLE moves (
		successor  {text} PRIMARY KEY,
		activation {text} NOT NULL,
		invoice    {text} NOT NULL,
		until      {int} NOT NULL,
		waits      {int} NOT NULL,
		state      {text} NOT NULL
	){strict};
	CREATE INDEX moves_activation ON moves (activation);
	CREATE INDEX moves_waiting ON moves (invoice) WHERE state = 'waiting';
	CREATE INDEX moves_until ON moves (until, successor) WHERE state IN ('pending', 'waiting');

	CREATE TABLE moved (
		seq     {int} PRIMARY KEY,
		invoice {text} NOT NULL,
		at      {int} NOT NULL
	){strict};
	CREATE INDEX moved_invoice ON moved (invoice, at);

	CREATE TABLE left_machines (
		activation {text} NOT NULL,
		label      {text} NOT NULL,
		invoice    {text} NOT NULL,
		value      {blob} NOT NULL,
		PRIMARY KEY (activation, label)
	){strict};
	CREATE INDEX left_machines_value ON left_machines (invoice, label, value);

	CREATE TABLE revocations (
		license    {text} PRIMARY KEY,
		activation {text} NOT NULL,
		since      {int} NOT NULL,
		why        {text} NOT NULL,
		list       {int} NOT NULL
	){strict};
	CREATE INDEX revocations_unlisted ON revocations (since, license) WHERE list = 0;

	CREATE TABLE revoked_keys (
		public {blob} PRIMARY KEY,
		name   {text} NOT NULL,
		root   {int} NOT NULL,
		lists  {int} NOT NULL,
		since  {int} NOT NULL,
		why    {text} NOT NULL,
		list   {int} NOT NULL,
		keep   {blob}
	){strict};

	CREATE TABLE revocation_lists (
		number     {int} PRIMARY KEY,
		issued     {int} NOT NULL,
		signed_by  {text} NOT NULL,
		signer_key {blob},
		size       {int} NOT NULL,
		seq        {int} NOT NULL
	){strict};
`

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

// Table is a table and the column or columns that order its rows.
type Table struct{ Name, Key string }

// Tables are all tables, in the order in which an audit compares them: what is found in
// an earlier one often explains what is found in a later.
var Tables = [...]Table{
	{"schema_version", "version"},
	{"events", "seq"},
	{"log", "idx"},
	{"customers", "name"},
	{"products", "name"},
	{"entitlements", "invoice"},
	{"emails", "account"},
	{"addresses", "account"},
	{"activations", "id"},
	{"licenses", "id"},
	{"moves", "successor"},
	{"moved", "seq"},
	{"left_machines", "activation, label"},
	{"revocations", "license"},
	{"revoked_keys", "public"},
	{"revocation_lists", "number"},
}

// create makes the tables, unless somebody else just has.
func create(ctx context.Context, db *database.DB) error {
	return db.Write(ctx, func(tx *database.Tx) error {
		if there, err := tx.HasTable("schema_version"); err != nil || there {
			return err
		}
		return makeTables(tx, schemaVersion)
	})
}

func makeTables(tx *database.Tx, version int64) error {
	return tx.Make(fmt.Sprintf("%s INSERT INTO schema_version VALUES (%d);", schema, version))
}

// errNoVersion and errNoTable are a ledger whose schema version was removed by hand.
var (
	errNoVersion = ledger.Damaged("the table schema_version is empty")
	errNoTable   = ledger.Damaged("the table schema_version is missing")
)

// checkVersion refuses a database without a ledger, and one of another schema.
func checkVersion(tx *database.Tx) error {
	there, err := tx.HasTable("schema_version")
	if err != nil {
		return err
	}
	if !there {
		if events, err := tx.HasTable("events"); err != nil || events {
			return cmp.Or(err, errNoTable)
		}
		return database.NoLedger()
	}
	var version int64
	found, err := tx.Once("SELECT version FROM schema_version ORDER BY version LIMIT 1", nil, &version)
	switch {
	case err != nil:
		return err
	case !found:
		return errNoVersion
	case version < 0:
		return hint.Errorf("a ledger is being moved here, and is not open yet; nothing was changed").
			WithHint(`run the same "licensor init" with --from again, or with --abort`)
	case version != schemaVersion:
		return hint.Errorf("the ledger was written by another version of licensor: it has schema version %d, this one knows %d", version, schemaVersion).
			WithHint("use the licensor that wrote it; nothing was changed")
	}
	return nil
}
