package audit_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/book"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/ledgertest"
)

// What an attacker would plant in a database, so that its tables seem to hold something
// else. The schema is read first, and stops the audit.

// stops runs statements on a ledger, wants that an audit stops and says what, undoes them
// and wants a clean audit.
func stops(t *testing.T, b *book.Book, where, do, undo, what string) {
	t.Helper()
	ledgertest.Execute(t, where, do)
	wantStopped(t, auditedStore(t, opened(t, where), nil), what)
	ledgertest.Execute(t, where, undo)
	wantClean(t, b, nil)
}

func TestPlantedInPostgres(t *testing.T) {
	where := ledgertest.Postgres(t)
	b := ledgertest.Create(t, where)
	lived(t, b)
	for name, test := range map[string]struct{ do, undo, what string }{
		"a view that says otherwise to those who read": {
			`ALTER TABLE entitlements RENAME TO kept; CREATE VIEW entitlements AS SELECT invoice, customer, account, product, type, expires, hard_end, updates, seats, sold, seller,
				CASE WHEN current_query() LIKE 'SELECT *%' THEN seats_used ELSE 0 END AS seats_used, seats_peak FROM kept`,
			"DROP VIEW entitlements; ALTER TABLE kept RENAME TO entitlements", "row entitlements: is a view, and a ledger has a table"},
		"a trigger": {
			`CREATE FUNCTION uncount() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.seats_used = 0; RETURN NEW; END';
				CREATE TRIGGER uncount BEFORE UPDATE ON entitlements FOR EACH ROW EXECUTE FUNCTION uncount()`,
			"DROP TRIGGER uncount ON entitlements; DROP FUNCTION uncount", "the trigger uncount"},
		"a rule":                    {"CREATE RULE keep AS ON DELETE TO moves DO INSTEAD NOTHING", "DROP RULE keep ON moves", "the rule keep"},
		"a policy":                  {"CREATE POLICY few ON licenses USING (epoch = 1)", "DROP POLICY few ON licenses", "the policy few"},
		"row security":              {"ALTER TABLE licenses ENABLE ROW LEVEL SECURITY", "ALTER TABLE licenses DISABLE ROW LEVEL SECURITY", "row licenses: row security"},
		"row security for owners":   {"ALTER TABLE licenses FORCE ROW LEVEL SECURITY", "ALTER TABLE licenses NO FORCE ROW LEVEL SECURITY", "row licenses: row security"},
		"rows of a child":           {"CREATE TABLE more () INHERITS (customers)", "DROP TABLE more", "the child more"},
		"another table":             {"CREATE TABLE more (n int)", "DROP TABLE more", "row more: was added by hand"},
		"a column":                  {"ALTER TABLE moved ADD n int", "ALTER TABLE moved DROP n", "row moved: is not as it was made"},
		"a default":                 {"ALTER TABLE moved ALTER at SET DEFAULT 0", "ALTER TABLE moved ALTER at DROP DEFAULT", "row moved: is not as it was made"},
		"another order":             {`ALTER TABLE moves ALTER state TYPE text COLLATE "default"`, `ALTER TABLE moves ALTER state TYPE text COLLATE "C"`, "row moves: is not as it was made"},
		"a table that is forgotten": {"ALTER TABLE moved SET UNLOGGED", "ALTER TABLE moved SET LOGGED", "row moved: is not as it was made"},
		"a constraint":              {"ALTER TABLE moved ADD CONSTRAINT c CHECK (at > 0)", "ALTER TABLE moved DROP CONSTRAINT c", "the constraint c"},
		"an index":                  {"CREATE INDEX more ON moved (at)", "DROP INDEX more", "row more: was added by hand"},
		"an index that runs code":   {"CREATE INDEX more ON moved (abs(at))", "DROP INDEX more", "row more: was added by hand"},
		"an index that is gone":     {"DROP INDEX licenses_request", "CREATE INDEX licenses_request ON licenses (request_hash)", "row licenses_request: the index was removed"},
		"an index of fewer rows": {"DROP INDEX licenses_request; CREATE INDEX licenses_request ON licenses (request_hash) WHERE epoch > 9",
			"DROP INDEX licenses_request; CREATE INDEX licenses_request ON licenses (request_hash)", "row licenses_request: is not as it was made"},
		"an index that is broken": {"UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'licenses_request'::regclass",
			"UPDATE pg_index SET indisvalid = true WHERE indexrelid = 'licenses_request'::regclass", "row licenses_request: is not as it was made"},
		"a view that never ends": {
			"ALTER TABLE customers RENAME TO kept; CREATE VIEW customers AS WITH RECURSIVE n(name, partner) AS (SELECT 'a', 1::bigint UNION ALL SELECT name || 'a', partner FROM n) SELECT * FROM n",
			"DROP VIEW customers; ALTER TABLE kept RENAME TO customers", "row customers: is a view"},
	} {
		t.Run(name, func(t *testing.T) { stops(t, b, where, test.do, test.undo, test.what) })
	}
}

func TestPlantedInSQLite(t *testing.T) {
	b, where := ledgertest.New(t)
	lived(t, b)
	const open, shut = "PRAGMA writable_schema = ON; ", "; PRAGMA writable_schema = RESET"
	for name, test := range map[string]struct{ do, undo, what string }{
		"a trigger":      {"CREATE TRIGGER more AFTER UPDATE ON entitlements BEGIN UPDATE entitlements SET seats_used = 0; END", "DROP TRIGGER more", "row more: was added by hand"},
		"an odd trigger": {open + "CREATE TRIGGER sqlite_x AFTER UPDATE ON entitlements BEGIN UPDATE entitlements SET seats_used = 0; END" + shut, "DROP TRIGGER sqlite_x", "row sqlite_x: was added by hand"},
		"a trigger called as statistics are": {open + "CREATE TRIGGER sqlite_stat1 AFTER UPDATE ON entitlements BEGIN UPDATE entitlements SET seats_used = 0; END" + shut,
			"DROP TRIGGER sqlite_stat1", "row sqlite_stat1: was added by hand"},
		"an index":              {"CREATE INDEX more ON moved (at)", "DROP INDEX more", "row more: was added by hand"},
		"an index that is gone": {"DROP INDEX licenses_request", "CREATE INDEX licenses_request ON licenses (request_hash)", "row licenses_request: the index was removed"},
		"another table":         {"CREATE TABLE more (n)", "DROP TABLE more", "row more: was added by hand"},
	} {
		t.Run(name, func(t *testing.T) { stops(t, b, where, test.do, test.undo, test.what) })
	}
	// What the database itself makes is no finding.
	ledgertest.Execute(t, where, "ANALYZE")
	wantClean(t, b, nil)
}

// emptied empties an index, as its text would not show.
func emptied(t testing.TB, where, index string) {
	t.Helper()
	db := ledgertest.Raw(t, where)
	db.SetMaxOpenConns(1)
	for _, statement := range []string{
		"PRAGMA writable_schema = ON",
		"UPDATE sqlite_schema SET sql = sql || ' WHERE 0' WHERE name = '" + index + "'",
		"PRAGMA writable_schema = RESET",
		"REINDEX " + index,
		"PRAGMA writable_schema = ON",
		"UPDATE sqlite_schema SET sql = replace(sql, ' WHERE 0', '') WHERE name = '" + index + "'",
		"PRAGMA writable_schema = RESET",
	} {
		if _, err := db.Exec(statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
}

func TestEmptiedIndexes(t *testing.T) {
	b, where := ledgertest.New(t)
	lived(t, b)
	for _, index := range []string{"licenses_request", "entitlements_customer", "emails_owner", "left_machines_value"} {
		emptied(t, where, index)
		wantStopped(t, auditedStore(t, opened(t, where), nil), index)
		ledgertest.Execute(t, where, "REINDEX "+index)
		wantClean(t, b, nil)
	}
}

// A view in a table's place never ends.
func TestEndlessView(t *testing.T) {
	b, _ := ledgertest.New(t)
	lived(t, b)
	for _, table := range []string{"customers", "events", "log", "schema_version"} {
		file := filepath.Join(t.TempDir(), "copy.db")
		if err := b.Store().Backup(ctx, file); err != nil {
			t.Fatal(err)
		}
		ledgertest.Execute(t, file, "ALTER TABLE "+table+" RENAME TO kept",
			"CREATE VIEW "+table+" AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT * FROM n, kept")
		r := auditedStore(t, opened(t, file), nil)
		wantStopped(t, r, "row "+table)
		if strings.Contains(r.Findings[0].Text, "disagree") {
			t.Error("the view was read")
		}
	}
}
