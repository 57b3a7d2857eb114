package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/ledgertest"
)

// The keys are made where no network is, and the workstation makes the ledger for them in
// PostgreSQL: without a key of its own, for the vendor that the roots have signed for.
func TestInitOfALedgerAlone(t *testing.T) {
	t.Parallel()
	address := ledgertest.Postgres(t)
	dir := t.TempDir()
	mustRun(t, dir, "init", "--home", "V", "--vendor", "acme.example", "--name", "anna", "--root-key", "root", "--standby-key", "standby", "--insecure-no-passphrase")
	before := directory(t, dir, "V", "keys")
	refused := func(want string, args ...string) {
		t.Helper()
		if r := licensor(t, dir, args...); r.exit == 0 || !strings.Contains(r.stderr, want) {
			t.Errorf("%q, want %q: %s", args, want, r)
		}
	}
	// What is there not to be: the hint names the command.
	refused(`"licensor init --home HOME --ledger postgres://..."`, "list", "--home", "V", "--ledger", address)
	make := []string{"init", "--home", "V", "--ledger", address}
	refused("no terminal to ask on", make...)
	refused("is the home of acme.example, not of", append(make, "--vendor", "other.example", "--yes")...)
	for _, option := range [][]string{{"--root-key", "root2"}, {"--standby-key", "standby2"}, {"--name", "bert"}, {"--insecure-no-passphrase"}, {"--passphrase-file", "x"}} {
		refused(option[0]+" would make a key", append(append(make, "--yes"), option...)...)
	}
	refused("there is no ledger", "list", "--home", "V", "--ledger", address)

	// A ledger in the home with something in it is not left behind.
	mustRun(t, dir, entitleArgs("V")...)
	refused("seats would be given twice", append(make, "--yes")...)
	if err := os.Remove(filepath.Join(dir, "V", "ledger.db")); err != nil {
		t.Fatal(err)
	}
	r := mustRun(t, dir, append(make, "--yes")...)
	for _, want := range []string{"vendor            acme.example\n", "active root key   SHA256:", "standby root key  SHA256:", "a new one, empty, in the PostgreSQL database"} {
		if !strings.Contains(r.stdout, want) {
			t.Errorf("want %q: %s", want, r)
		}
	}
	if after := directory(t, dir, "V", "keys"); strings.Join(after, " ") != strings.Join(before, " ") {
		t.Errorf("keys: %q, before %q", after, before)
	}
	if _, err := os.Stat(filepath.Join(dir, "V", "ledger.db")); err == nil {
		t.Error("there is a ledger in the home")
	}
	mustRun(t, dir, append(entitleArgs("V"), "--ledger", address)...)
	mustRun(t, dir, "sign", "--home", "V", "--ledger", address, "--yes", "--out", "1.lic", writeRequest(t, dir, 1, "INV0042-1"))
	refused("there is a ledger in that database already, that of acme.example", append(make, "--yes")...)
	if r := mustRun(t, dir, "list", "--home", "V", "--ledger", address); !strings.Contains(r.stdout, "INV0042-1") {
		t.Errorf("after the second init: %s", r)
	}
}

// A new home reports where its ledger is, and no file that does not exist.
func TestInitWithPostgresReportsNoFile(t *testing.T) {
	t.Parallel()
	address := ledgertest.Postgres(t)
	r := mustRun(t, t.TempDir(), append(initArgs("V"), "--ledger", address)...)
	if strings.Contains(r.stdout, "ledger.db") || !strings.Contains(r.stdout, "ledger     in the PostgreSQL database that --ledger") {
		t.Error(r)
	}
}
