package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/offlicense/offlicense/cmd/licensor/command/record"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/ledgertest"
)

// All that reads and records what was sold does so in PostgreSQL too.
func TestOnPostgreSQL(t *testing.T) {
	t.Parallel()
	address := ledgertest.Postgres(t)
	dir := t.TempDir()
	at := func(command string, args ...string) []string {
		return append([]string{command, "--home", "V", "--ledger", address}, args...)
	}
	mustRun(t, dir, append(initArgs("V"), "--ledger", address)...)
	if _, err := os.Stat(filepath.Join(dir, "V", "ledger.db")); err == nil {
		t.Error("there is a ledger in the home")
	}
	mustRun(t, dir, append(entitleArgs("V"), "--ledger", address)...)
	refused := licensor(t, dir, at("entitle", "--invoice", "T-1", "--email", "a@b.example", "--customer", "Other Ltd", "--product", "evoq", "--type", "test")...)
	if refused.exit != 1 || !strings.Contains(refused.stderr, "(rule: production)") || !strings.Contains(refused.stderr, "override: staff") {
		t.Errorf("a test license without production: %s", refused)
	}
	mustRun(t, dir, at("customer", "Other Ltd", "--partner")...)
	orders := "invoice,email,customer,product,type\nA-1,a@b.example,Other Ltd,evoq,nfr\nA-2,a@b.example,Other Ltd,evoq,test\n"
	if err := os.WriteFile(filepath.Join(dir, "orders.csv"), []byte(orders), 0o644); err != nil {
		t.Fatal(err)
	}
	mustRun(t, dir, at("import", "orders.csv")...)
	if again := mustRun(t, dir, at("import", "orders.csv")...); !strings.Contains(again.stdout, "on record  2") {
		t.Errorf("the same import again: %s", again)
	}
	mustRun(t, dir, at("sign", "--yes", "--out", "1.lic", writeRequest(t, dir, 1, "INV0042-1"))...)
	if r := mustRun(t, dir, at("list", "--active")...); !strings.Contains(r.stdout, "INV0042-1") || strings.Contains(r.stdout, "A-1") {
		t.Errorf("the active ones: %s", r)
	}
	var listed record.Listing
	if r := mustRun(t, dir, at("list", "--json", "--customer", "other  LTD")...); json.Unmarshal([]byte(r.stdout), &listed) != nil ||
		len(listed.Entitlements) != 2 || !listed.Entitlements[1].Partner {
		t.Errorf("the partner's: %s", r)
	}
	if r := mustRun(t, dir, at("history", "INV0042-1")...); !strings.Contains(r.stdout, "activated: license ") {
		t.Errorf("history: %s", r)
	}
	// From the first product on, its names are known, and a sale takes what it grants.
	mustRun(t, dir, at("product", "add", "--example", "cms")...)
	if r := licensor(t, dir, at("entitle", "--invoice", "C-1", "--email", "a@b.example", "--customer", "Site Ltd", "--product", "cms", "--edition", "basik")...); r.exit != 1 || !strings.Contains(r.stderr, `did you mean "basic"?`) {
		t.Errorf("an unknown edition: %s", r)
	}
	if r := mustRun(t, dir, at("entitle", "--invoice", "C-1", "--email", "a@b.example", "--customer", "Site Ltd", "--product", "cms", "--edition", "basic")...); !strings.Contains(r.stdout, "14 days of grace") {
		t.Errorf("a sale by its plan: %s", r)
	}
	// A term begins with the first activation.
	mustRun(t, dir, at("entitle", "--invoice", "T-2", "--email", "ops@site.example", "--customer", "Site Ltd", "--product", "evoq", "--type", "production", "--binding", "key", "--term", "30d", "--new")...)
	mustRun(t, dir, at("sign", "--yes", "--out", "2.lic", writeRequest(t, dir, 2, "T-2"))...)
	if r := mustRun(t, dir, at("history", "T-2")...); !strings.Contains(r.stdout, "its term begins: until ") {
		t.Errorf("history of a term: %s", r)
	}
	mustRun(t, dir, at("checkpoint", "--out", "head")...)

	// The copy is a file like any other, with the very same log.
	mustRun(t, dir, at("backup", "copy.db")...)
	for _, where := range []string{address, "copy.db"} {
		if r := licensor(t, dir, "audit", "--home", "V", "--ledger", where, "--against", "head"); r.exit != 0 || r.stderr != "" {
			t.Errorf("audit of %s: %s", where, r)
		}
	}
	whole := mustRun(t, dir, at("list", "--json")...)
	if r := mustRun(t, dir, "list", "--home", "V", "--ledger", "copy.db", "--json"); r.stdout != whole.stdout {
		t.Errorf("the copy lists %s\nwant %s", r.stdout, whole.stdout)
	}

	if _, err := ledgertest.Raw(t, address).Exec(`UPDATE entitlements SET sold = replace(sold, '"seats":1', '"seats":100') WHERE invoice = 'A-2'`); err != nil {
		t.Fatal(err)
	}
	if r := licensor(t, dir, at("audit")...); r.exit != 3 || !strings.Contains(r.stdout, "table entitlements, row A-2, column sold: ") {
		t.Errorf("audit after an edit: %s", r)
	}
}
