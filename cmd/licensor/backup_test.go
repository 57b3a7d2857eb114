package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

// Whenever a backup is killed, the name that it was to write has a whole copy or does
// not exist.
func TestKilledBackup(t *testing.T) {
	t.Parallel()
	dir := newHome(t)
	orders := "invoice,email,customer,product,type\n"
	for i := range 2000 {
		orders += fmt.Sprintf("B-%d,ops@site.example,Site Ltd,evoq,production\n", i)
	}
	if err := os.WriteFile(filepath.Join(dir, "orders.csv"), []byte(orders), 0o600); err != nil {
		t.Fatal(err)
	}
	mustRun(t, dir, "import", "--home", "V", "orders.csv")
	whole := timeOf(t, dir, "backup", "--home", "V", "whole.db")
	want := mustRun(t, dir, "list", "--home", "V", "--ledger", "whole.db", "--csv").stdout
	without, with := 0, 0
	for round := 0; round < 100 && (without < 10 || with < 2); round++ {
		path := filepath.Join(dir, "copy.db")
		killed(t, process(dir, "backup", "--home", "V", "copy.db"), whole.instant())
		if _, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) {
			without++
			whole.early()
			continue
		}
		with++
		whole.late()
		if got := mustRun(t, dir, "list", "--home", "V", "--ledger", "copy.db", "--csv").stdout; got != want {
			t.Fatalf("round %d: the copy is not whole", round)
		}
		for _, suffix := range []string{"", "-wal", "-shm"} {
			os.Remove(path + suffix)
		}
	}
	if without == 0 || with == 0 {
		t.Errorf("%d backups were killed before their end, %d after it: too few for this test to mean anything", without, with)
	}
}
