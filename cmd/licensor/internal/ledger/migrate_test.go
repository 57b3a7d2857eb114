package ledger

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"path/filepath"
	"reflect"
	"testing"
)

// released are the SHA-256 of the migrations that ledgers have. To change one changes no
// ledger that has it, so that there would be two schemas of one version: what is to be
// different is another migration.
var released = [...]string{
	"dea0acc28ba8768f5a4ccd5d960bb6e4d015550544426637bea4878cd81c9bb8",
	"358a3c043b3dcfbb78476ef20c57329d82621c5605f354eb53513b6bb76094d9",
	"8e0004bd7f94ea7ae2ed0b5b22dbd70aae0129e01b45090bd595cdf798c38fea",
}

func TestReleasedMigrationsAreAsTheyWere(t *testing.T) {
	if len(released) != len(migrations) {
		t.Errorf("%d migrations, %d are pinned", len(migrations), len(released))
	}
	for i, migration := range migrations {
		sum := sha256.Sum256([]byte(migration))
		if got := hex.EncodeToString(sum[:]); i < len(released) && got != released[i] {
			t.Errorf("migration %d was changed: it has the SHA-256 %s", i+1, got)
		}
	}
}

// A ledger of any older schema has what a new one has: an audit compares the two.
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
	fresh, err := openScratch(ctx, len(migrations))
	if err != nil {
		t.Fatal(err)
	}
	defer fresh.Close()
	want := schema(fresh)
	for version := 1; version < len(migrations); version++ {
		t.Run(fmt.Sprint(version), func(t *testing.T) {
			l, err := createFile(ctx, filepath.Join(t.TempDir(), "ledger.db"))
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			if err := l.migrateTo(ctx, version); err != nil {
				t.Fatal(err)
			}
			if err := l.migrate(ctx); err != nil {
				t.Fatal(err)
			}
			if got := schema(l); !reflect.DeepEqual(got, want) {
				t.Errorf("it has\n%q\nwant\n%q", got, want)
			}
		})
	}
}
