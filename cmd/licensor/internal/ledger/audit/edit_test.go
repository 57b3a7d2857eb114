package audit_test

import (
	"bytes"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/audit"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/book"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/ledgertest"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/store"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/store/database"
)

// handRow is a row of some table, as an intruder would see it.
type handRow struct {
	db      *sql.DB
	table   string
	columns []string
	values  []any
}

// rowsOf returns the rows of a table; where they are in it is by all their columns.
func rowsOf(t testing.TB, db *sql.DB, table store.Table) (all []handRow) {
	t.Helper()
	rows, err := db.Query("SELECT * FROM " + table.Name + " ORDER BY " + table.Key)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	for rows.Next() {
		values, into := make([]any, len(columns)), make([]any, len(columns))
		for i := range values {
			into[i] = &values[i]
		}
		if err := rows.Scan(into...); err != nil {
			t.Fatal(err)
		}
		all = append(all, handRow{db, table.Name, columns, values})
	}
	if len(all) == 0 {
		t.Fatalf("table %s is empty: nothing would be tested by editing it", table.Name)
	}
	return all
}

func (r handRow) where(first int) (condition string, args []any) {
	var parts []string
	for i, column := range r.columns {
		if r.values[i] == nil {
			parts = append(parts, column+" IS NULL")
			continue
		}
		args = append(args, r.values[i])
		parts = append(parts, fmt.Sprintf("%s = $%d", column, first+len(args)-1))
	}
	return strings.Join(parts, " AND "), args
}

func (r handRow) exec(t testing.TB, statement string, args ...any) {
	t.Helper()
	result, err := r.db.Exec(statement, args...)
	if err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
	if n, err := result.RowsAffected(); n != 1 || err != nil {
		t.Fatalf("%s: %d rows, %v", statement, n, err)
	}
}

// set changes one column and returns the row as it is then.
func (r handRow) set(t testing.TB, column int, value any) handRow {
	t.Helper()
	condition, args := r.where(2)
	r.exec(t, fmt.Sprintf("UPDATE %s SET %s = $1 WHERE %s", r.table, r.columns[column], condition), append([]any{value}, args...)...)
	changed := r
	changed.values = slices.Clone(r.values)
	changed.values[column] = value
	return changed
}

func (r handRow) drop(t testing.TB) {
	t.Helper()
	condition, args := r.where(1)
	r.exec(t, "DELETE FROM "+r.table+" WHERE "+condition, args...)
}

func (r handRow) insert(t testing.TB) {
	t.Helper()
	var places []string
	for i := range r.values {
		places = append(places, fmt.Sprintf("$%d", i+1))
	}
	r.exec(t, "INSERT INTO "+r.table+" VALUES ("+strings.Join(places, ", ")+")", r.values...)
}

// otherValue is a value of the same type.
func otherValue(v any) any {
	switch v := v.(type) {
	case int64:
		return v + 1_000_003
	case string:
		return v + "x"
	case []byte:
		changed := bytes.Clone(v)
		changed[len(changed)-1] ^= 1
		return changed
	}
	return []byte("x")
}

// edits are the numbers of the rows of a table that are changed: the first and the last
// are where a walk through two tables goes wrong.
func edits(rows []handRow, all bool) []int {
	if !all {
		return []int{len(rows) - 1}
	}
	return slices.Compact([]int{0, len(rows) - 1})
}

// editTable changes by hand whatever is in a table, and wants it found and named.
func editTable(t *testing.T, s *store.Store, db *sql.DB, table store.Table, everyRow bool) (n int) {
	rows := rowsOf(t, db, table)
	for _, at := range edits(rows, everyRow) {
		row := rows[at]
		for i, column := range row.columns {
			changed := row.set(t, i, otherValue(row.values[i]))
			named := column
			if i <= strings.Count(table.Key, ",") || table.Name == "log" || table.Name == "emails" { // a key: the row is found as added and as missing
				named = ""
			}
			wantFound(t, auditedStore(t, s, nil), table.Name, named, fmt.Sprintf("row %d, column %s edited", at, column))
			changed.set(t, i, row.values[i])
			n++
		}
		row.drop(t)
		wantFound(t, auditedStore(t, s, nil), table.Name, "", fmt.Sprintf("row %d dropped", at))
		row.insert(t)
	}
	extra := rows[0]
	extra.values = slices.Clone(extra.values)
	for i := range extra.values[:min(2, len(extra.values))] {
		extra.values[i] = otherValue(extra.values[i])
	}
	extra.insert(t)
	wantFound(t, auditedStore(t, s, nil), table.Name, "", "row added")
	extra.drop(t)
	if r := auditedStore(t, s, nil); !r.OK() {
		t.Errorf("all is as it was: %v", r.Findings)
	}
	return n
}

// Whatever one changes by hand in whichever column of whichever table is found, and
// named; so is every row that is dropped or added. Each table is edited in a copy.
func TestAuditFindsEveryEdit(t *testing.T) {
	b, where := ledgertest.New(t)
	lived(t, b)
	wantClean(t, b, nil)
	original := filepath.Join(t.TempDir(), "original.db")
	if err := b.Store().Backup(ctx, original); err != nil {
		t.Fatal(err)
	}
	wantTables(t, where)
	content, err := os.ReadFile(original)
	if err != nil {
		t.Fatal(err)
	}
	for _, table := range store.Tables {
		t.Run(table.Name, func(t *testing.T) {
			t.Parallel()
			file := filepath.Join(t.TempDir(), "copy.db")
			if err := os.WriteFile(file, content, 0o600); err != nil {
				t.Fatal(err)
			}
			s, err := store.Open(ctx, file)
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			db := ledgertest.Raw(t, file)
			if n := editTable(t, s, db, table, true); n == 0 {
				t.Error("nothing was edited")
			}
		})
	}
}

// The comparison is the same on PostgreSQL, and the values come by another driver.
func TestAuditFindsEditsInPostgres(t *testing.T) {
	where := ledgertest.Postgres(t)
	b := ledgertest.Create(t, where)
	lived(t, b)
	wantClean(t, b, nil)
	db := ledgertest.Raw(t, where)
	n := 0
	for _, table := range store.Tables {
		t.Run(table.Name, func(t *testing.T) { n += editTable(t, b.Store(), db, table, false) })
	}
	if n < 60 {
		t.Errorf("only %d edits were made", n)
	}
}

// wantTables wants that store.Tables has all of them.
func wantTables(t testing.TB, where string) {
	t.Helper()
	rows, err := ledgertest.Raw(t, where).Query("SELECT name FROM sqlite_schema WHERE type = 'table'")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	seen := 0
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			t.Fatal(err)
		}
		seen++
		if !slices.ContainsFunc(store.Tables[:], func(table store.Table) bool { return table.Name == name }) {
			t.Errorf("no audit compares the table %s", name)
		}
	}
	if seen != len(store.Tables) {
		t.Errorf("%d tables, want %d", seen, len(store.Tables))
	}
}

func TestAuditFindsReorderedEvents(t *testing.T) {
	b, where := ledgertest.New(t)
	lived(t, b)
	ledgertest.Execute(t, where,
		"UPDATE events SET seq = -1 WHERE seq = 3", "UPDATE events SET seq = 3 WHERE seq = 4", "UPDATE events SET seq = 4 WHERE seq = -1")
	r := audited(t, b, nil)
	wantFound(t, r, "events", "seq", "two events swapped")
	if len(r.Findings) < 2 || r.Findings[0].Row != "3" || r.Findings[1].Row != "4" {
		t.Errorf("found: %v, want the rows 3 and 4", r.Findings)
	}
}

// A table that is dropped, or has a view in its place, is named, and stops the audit: what
// the others seem to hold means nothing then.
func TestAuditFindsThatATableIsMissing(t *testing.T) {
	everywhere(t, func(t *testing.T, b *book.Book, where string) {
		lived(t, b)
		for i, table := range store.Tables {
			name := table.Name
			here := where
			if !database.IsPostgres(where) { // that writes the schema anew when a table is renamed
				here = filepath.Join(t.TempDir(), "copy.db")
				if err := b.Store().Backup(ctx, here); err != nil {
					t.Fatal(err)
				}
			}
			s := opened(t, here)
			ledgertest.Execute(t, here, "ALTER TABLE "+name+" RENAME TO gone")
			if i%2 == 0 {
				ledgertest.Execute(t, here, "CREATE VIEW "+name+" AS SELECT * FROM gone")
			}
			r := auditedStore(t, s, nil)
			wantStopped(t, r, "row "+name)
			if !slices.ContainsFunc(r.Findings, func(f audit.Finding) bool { return f.Row == name }) {
				t.Errorf("without %s: %v", name, r.Findings)
			}
			if i%2 == 0 {
				ledgertest.Execute(t, here, "DROP VIEW "+name)
			}
			ledgertest.Execute(t, here, "ALTER TABLE gone RENAME TO "+name)
		}
	})
}

// Where the schema version was removed, an audit says so; nothing else opens the ledger.
func TestAuditFindsThatTheVersionIsMissing(t *testing.T) {
	everywhere(t, func(t *testing.T, b *book.Book, where string) {
		lived(t, b)
		ledgertest.Execute(t, where, "DELETE FROM schema_version")
		s, err := store.OpenToAudit(ctx, where)
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		r := auditedStore(t, s, nil)
		if len(r.Findings) != 1 {
			t.Errorf("found: %v", r.Findings)
		}
		wantFound(t, r, "schema_version", "", "the version removed")
	})
}
