package database_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/offlicense/offlicense/cmd/internal/hint"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/ledgertest"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/store/database"
)

const besideTable = "CREATE TABLE {in}things (a {int} NOT NULL){strict};"

// TestBesideOfAnotherVersion: what another version has made, and what is no database, is said to
// be that, and nobody is told to restore the ledger.
func TestBesideOfAnotherVersion(t *testing.T) {
	file := filepath.Join(t.TempDir(), "desk.db")
	refused := func(where, schema, want string) {
		t.Helper()
		b, err := database.OpenBeside(t.Context(), where, file, "desk", schema, true)
		if err == nil {
			b.Close()
		}
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(hint.Of(err), "not the ledger") {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	for _, where := range []string{"", ledgertest.Postgres(t)} {
		for range 2 {
			b, err := database.OpenBeside(t.Context(), where, file, "desk", besideTable, true)
			if err != nil {
				t.Fatal(err)
			}
			if err := b.Write(t.Context(), func(x *database.Tx) error {
				_, err := x.Exec("INSERT INTO {in}things (a) VALUES (1)")
				return err
			}); err != nil {
				t.Fatal(err)
			}
			b.Close()
		}
		refused(where, besideTable+besideTable, "another version")
	}
	if err := os.WriteFile(file, []byte(strings.Repeat("no database ", 1000)), 0o600); err != nil {
		t.Fatal(err)
	}
	refused("", besideTable, "is damaged")
}

// TestReplacedWhileOpen: nothing is written into a file that is not where it was.
func TestReplacedWhileOpen(t *testing.T) {
	file := filepath.Join(t.TempDir(), "desk.db")
	b, err := database.OpenBeside(t.Context(), "", file, "desk", besideTable, true)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	add := func() error {
		return b.Write(t.Context(), func(x *database.Tx) error {
			_, err := x.Exec("INSERT INTO {in}things (a) VALUES (1)")
			return err
		})
	}
	if err := add(); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(file, file+".old"); err != nil {
		t.Skipf("SKIPPED: this system does not move a file that is open: %v", err)
	}
	if err := add(); err == nil || !strings.Contains(err.Error(), "moved or replaced") {
		t.Errorf("got %v", err)
	}
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := add(); err == nil || !strings.Contains(err.Error(), "moved or replaced") {
		t.Errorf("got %v", err)
	}
	if err := os.Rename(file+".old", file); err != nil {
		t.Fatal(err)
	}
	if err := add(); err != nil {
		t.Error(err)
	}
}
