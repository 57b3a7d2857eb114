package ledger

import (
	"context"
	"fmt"
	"path/filepath"
	"reflect"
	"testing"
)

// A ledger of any older schema becomes one like a new one: an audit compares the two.
func TestOlderSchemasBecomeTheNewest(t *testing.T) {
	ctx := context.Background()
	schema := func(l *Ledger) (all []string) {
		rows, err := l.db.Query("SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name")
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close()
		for rows.Next() {
			var name, sql string
			if err := rows.Scan(&name, &sql); err != nil {
				t.Fatal(err)
			}
			all = append(all, name+": "+sql)
		}
		return all
	}
	fresh, err := openScratch(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer fresh.Close()
	want := schema(fresh)
	for version := 1; version < len(migrations); version++ {
		l, err := createFile(ctx, filepath.Join(t.TempDir(), "ledger.db"))
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		statements := append([]string{"CREATE TABLE schema_version (version {int} PRIMARY KEY){strict}", fmt.Sprintf("INSERT INTO schema_version VALUES (%d)", version)}, migrations[:version]...)
		for _, statement := range statements {
			if _, err := l.db.Exec(l.dialect.words(statement)); err != nil {
				t.Fatal(err)
			}
		}
		if err := l.migrate(ctx); err != nil {
			t.Fatalf("from version %d: %v", version, err)
		}
		if got := schema(l); !reflect.DeepEqual(got, want) {
			t.Errorf("from version %d:\n%q\nwant\n%q", version, got, want)
		}
	}
}
