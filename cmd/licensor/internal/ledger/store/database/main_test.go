package database_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/offlicense/offlicense/cmd/internal/hint"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/ledgertest"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/store/database"
)

func TestMain(m *testing.M) {
	code := m.Run()
	ledgertest.Stop()
	os.Exit(code)
}

var ctx = context.Background()

// wantError wants an error that says something and has a hint.
func wantError(t testing.TB, what string, err error, want string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), want) || hint.Of(err) == "" {
		t.Errorf("%s: got %v (hint: %s), want an error that says %q, with a hint", what, err, hint.Of(err), want)
	}
}

func open(where string) error {
	d, err := database.Open(ctx, where)
	if err == nil {
		err = d.Read(ctx, func(x *database.Tx) error { _, err := x.Row("SELECT a FROM things", nil); return err })
		d.Close()
	}
	return err
}

// things makes a file with a table.
func things(t testing.TB) (d *database.DB, where string) {
	t.Helper()
	where = filepath.Join(t.TempDir(), "things.db")
	d, err := database.Create(ctx, where)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	if err := d.Write(ctx, func(x *database.Tx) error {
		return x.Make("CREATE TABLE things (a {int} NOT NULL, b {text} NOT NULL){strict};")
	}); err != nil {
		t.Fatal(err)
	}
	return d, where
}

// add adds so many rows.
func add(d *database.DB, n int) error {
	var values []any
	for i := range n {
		values = append(values, int64(i), strings.Repeat("thing ", 100))
	}
	return d.Write(ctx, func(x *database.Tx) error { return x.Insert("things", "a, b", 2, values) })
}

func count(t testing.TB, d *database.DB) (n int) {
	t.Helper()
	if err := d.Read(ctx, func(x *database.Tx) error { _, err := x.Row("SELECT COUNT(*) FROM things", nil, &n); return err }); err != nil {
		t.Error(err)
	}
	return n
}
