package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/ledgertest"
)

// A colleague's workstation has keys of its own and everybody's ledger, which is no file.
func TestKeysOnPostgreSQL(t *testing.T) {
	t.Parallel()
	address := ledgertest.Postgres(t)
	dir := t.TempDir()
	mustRun(t, dir, append(initArgs("V"), "--ledger", address)...)
	mustRun(t, dir, append(entitleArgs("V"), "--ledger", address)...)
	mustRun(t, dir, "key", "new", "--home", "B", "--name", "bert", "--insecure-no-passphrase")
	mustRun(t, dir, "delegate", "--root-key", "V/root", "--vendor", "acme.example", "--public", "B/keys/bert.pub", "--name", "bert",
		"--products", "evoq", "--types", "production", "--max-term", "400d", "--until", "2027-11-21", "--yes", "--out", "bert.old")
	mustRun(t, dir, "key", "add", "--home", "B", "bert.old", "--roots", "V/root.pub", "--yes")
	mustRun(t, dir, "sign", "--home", "B", "--ledger", address, "--yes", "--out", "1.lic", writeRequest(t, dir, 1, "INV0042-1"))
	if _, err := os.Lstat(filepath.Join(dir, "B", "ledger.db")); err == nil {
		t.Error("there is a ledger in the home")
	}
	signed := "  signed  1 license, the first on 2026-11-21, the last on 2026-11-21\n"
	if r := mustRun(t, dir, "key", "list", "--home", "B", "--ledger", address); !strings.Contains(r.stdout, signed) || strings.Contains(r.stdout, "none here") {
		t.Errorf("with the ledger: %s", r)
	}
	if r := mustRun(t, dir, "key", "list", "--home", "B"); strings.Contains(r.stdout, "  signed") || !strings.Contains(r.stdout, "ledger    none here, so what was signed is not known; --ledger names one\n") {
		t.Errorf("without it: %s", r)
	}
	// Where the key itself is not, its name is still in the ledger.
	if r := mustRun(t, dir, "key", "list", "--home", "V", "--ledger", address); !strings.Contains(r.stdout, "bert      a key that is not here\n          SHA256:") {
		t.Errorf("elsewhere: %s", r)
	}
}
