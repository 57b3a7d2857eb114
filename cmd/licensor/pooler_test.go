package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/ledgertest"
)

// Behind a connection pooler each transaction has another session: all works, also when
// many ask at once.
func TestBehindAPooler(t *testing.T) {
	t.Parallel()
	address := ledgertest.Pooler(t, "transaction")
	dir := t.TempDir()
	mustRun(t, dir, initArgs("V")...)
	mustRun(t, dir, entitleArgs("V")...)
	mustRun(t, dir, "init", "--home", "V", "--ledger", address, "--from", "V/ledger.db", "--yes")
	in := func(args ...string) []string { return append(args, "--home", "V", "--ledger", address) }

	table := "invoice,email,customer,product,type,seats\n"
	for i := range 300 {
		table += fmt.Sprintf("P-%d,ops@site.example,Site Ltd,evoq,production,5\n", i)
	}
	if err := os.WriteFile(filepath.Join(dir, "orders.csv"), []byte(table), 0o600); err != nil {
		t.Fatal(err)
	}
	mustRun(t, dir, in("import", "orders.csv")...)
	var all sync.WaitGroup
	for i := range 8 {
		request := writeRequest(t, dir, i, "P-7")
		all.Go(func() {
			for n := range 4 {
				out := fmt.Sprintf("%d-%d.lic", i, n)
				r := licensor(t, dir, in("sign", "--yes", "--out", out, request)...)
				if r.exit != 0 && !strings.Contains(r.stderr, "seat") {
					t.Error(r)
				}
			}
			if r := licensor(t, dir, in("list", "--invoice", "P-7")...); r.exit != 0 {
				t.Error(r)
			}
		})
	}
	all.Wait()
	if r := mustRun(t, dir, in("list", "--invoice", "P-7")...); !strings.Contains(r.stdout, "5/5") {
		t.Error(r)
	}
	mustRun(t, dir, in("backup", "copy.db")...)
	mustRun(t, dir, in("audit")...)
}

// What a pooler does not do is said of the pooler.
func TestPoolerInTheWay(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	mustRun(t, dir, initArgs("V")...)
	for _, test := range []struct{ address, want, hint string }{
		{ledgertest.Pooler(t, "transaction") + "&search_path=licensor", "the connection pooler before", "ALTER ROLE"},
		{ledgertest.Pooler(t, "statement"), "the connection pooler before", "pool_mode"},
	} {
		r := licensor(t, dir, "init", "--home", "V", "--ledger", test.address, "--from", "V/ledger.db", "--yes")
		if r.exit != 1 || !strings.Contains(r.stderr, test.want) || !strings.Contains(r.stderr, test.hint) {
			t.Error(r)
		}
	}
}
