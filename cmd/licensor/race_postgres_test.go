package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/ledgertest"
)

// Eight workstations, each with a home of its own, race for the last seat of a ledger
// on PostgreSQL: one wins, and the others are refused by the rule.
func TestRaceForTheLastSeatOnPostgreSQL(t *testing.T) {
	t.Parallel()
	const rounds, racers = 3, 8
	address := ledgertest.Postgres(t)
	dir := t.TempDir()
	mustRun(t, dir, append(initArgs("V"), "--ledger", address)...)
	for racer := range racers {
		if err := os.CopyFS(filepath.Join(dir, fmt.Sprint("V", racer)), os.DirFS(filepath.Join(dir, "V"))); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(filepath.Join(dir, fmt.Sprint("V", racer), "keys", "anna"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for round := range rounds {
		mustRun(t, dir, append(entitleArgs("V"), "--ledger", address, "--invoice", invoice(round))...)
		var cmds []*exec.Cmd
		for racer := range racers {
			request := writeRequest(t, dir, racer, invoice(round))
			cmds = append(cmds, process(dir, "sign", "--home", fmt.Sprint("V", racer), "--ledger", address, "--yes", "--out", request+".lic", request))
		}
		winners := 0
		for racer, r := range together(t, cmds) {
			_, err := os.Stat(filepath.Join(dir, fmt.Sprintf("%s-%d.olq.lic", invoice(round), racer)))
			if wrote := err == nil; wrote != (r.exit == 0) {
				t.Errorf("round %d, workstation %d: a license was written: %t: %s", round, racer, wrote, r)
			}
			if r.exit == 0 {
				winners++
			} else if r.exit != 1 || !strings.Contains(r.stderr, "(rule: seats)") || strings.Contains(r.stderr, "lock") {
				t.Errorf("round %d, workstation %d: want the refusal: %s", round, racer, r)
			}
		}
		if winners != 1 {
			t.Errorf("round %d: %d workstations have the one seat", round, winners)
		}
		if r := mustRun(t, dir, "list", "--home", "V", "--ledger", address, "--invoice", invoice(round)); !strings.Contains(r.stdout, " 1/1 ") {
			t.Errorf("round %d: %s", round, r)
		}
	}
}

// Two workstations sign the same directory at once into directories of their own: each request
// has one activation and one license, the same in both.
func TestTwoBulkRunsOnPostgreSQL(t *testing.T) {
	t.Parallel()
	const n = 1500
	address := ledgertest.Postgres(t)
	dir := soldDirectory(t, n)
	mustRun(t, dir, append(initArgs("W"), "--ledger", address)...)
	mustRun(t, dir, append(entitleArgs("W"), "--ledger", address, "--seats", fmt.Sprint(n))...)
	var cmds []*exec.Cmd
	for _, out := range []string{"a", "b"} {
		cmds = append(cmds, process(dir, "sign", "--home", "W", "--ledger", address, "requests", "--out", out, "--yes"))
	}
	for _, r := range together(t, cmds) {
		if r.exit != 0 {
			t.Fatal(r)
		}
	}
	for _, name := range directory(t, dir, "requests") {
		name = strings.TrimSuffix(name, ".olq") + ".lic"
		a, err := os.ReadFile(filepath.Join(dir, "a", name))
		if err != nil {
			t.Fatal(err)
		}
		if b, err := os.ReadFile(filepath.Join(dir, "b", name)); err != nil || string(a) != string(b) {
			t.Fatalf("%s differs: %v", name, err)
		}
	}
	if r := mustRun(t, dir, "list", "--home", "W", "--ledger", address); !strings.Contains(r.stdout, fmt.Sprintf(" %d/%d ", n, n)) {
		t.Errorf("%.300s", r.stdout)
	}
}
