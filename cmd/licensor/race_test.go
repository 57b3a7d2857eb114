package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/store/database"
)

// together runs commands at the same time.
func together(t *testing.T, cmds []*exec.Cmd) []result {
	t.Helper()
	results := make([]result, len(cmds))
	var wg sync.WaitGroup
	for i, cmd := range cmds {
		wg.Go(func() { results[i] = run(t, cmd) })
	}
	wg.Wait()
	return results
}

// Eight workstations sign for the last seat: one wins, the others are refused by the
// rule, and none of them sees that there was a lock.
func TestRaceForTheLastSeat(t *testing.T) {
	t.Parallel()
	const rounds, racers = 5, 8
	dir := t.TempDir()
	mustRun(t, dir, initArgs("V")...)
	entitleMany(t, dir, rounds)
	for round := range rounds {
		var cmds []*exec.Cmd
		for machine := range racers {
			request := writeRequest(t, dir, machine, invoice(round))
			cmds = append(cmds, process(dir, "sign", "--home", "V", "--yes", "--out", request+".lic", request))
		}
		winner := -1
		results := together(t, cmds)
		for machine, r := range results {
			if r.exit == 0 {
				if winner >= 0 {
					t.Errorf("round %d: both %d and %d have the seat", round, winner, machine)
				}
				winner = machine
			}
		}
		if winner < 0 {
			t.Fatalf("round %d: nobody got the seat: %s", round, results[0])
		}
		for machine, r := range results {
			_, err := os.Stat(filepath.Join(dir, fmt.Sprintf("%s-%d.olq.lic", invoice(round), machine)))
			if wrote := err == nil; wrote != (machine == winner) {
				t.Errorf("round %d, machine %d: a license was written: %t", round, machine, wrote)
			}
			if machine != winner && (r.exit != 1 || !strings.Contains(r.stderr, fmt.Sprintf("on \"web%d\" since 2026-11-21", winner)) ||
				strings.Contains(r.stderr, "lock")) {
				t.Errorf("round %d, machine %d: want a refusal that names web%d: %s", round, machine, winner, r)
			}
		}
		if _, active := onRecord(t, dir, invoice(round)); active != 1 {
			t.Errorf("round %d: %d activations for one seat", round, active)
		}
	}
}

// Two people sign the same request at the same moment: it is one license.
func TestRaceForTheSameRequest(t *testing.T) {
	t.Parallel()
	dir := newHome(t)
	request := writeRequest(t, dir, 1, "INV0042-1")
	var cmds []*exec.Cmd
	for i := range 8 {
		cmds = append(cmds, process(dir, "sign", "--home", "V", "--yes", "--out", fmt.Sprint(i, ".lic"), request))
	}
	licenses := map[string]bool{}
	for i, r := range together(t, cmds) {
		if r.exit != 0 {
			t.Fatal(r)
		}
		license, err := os.ReadFile(filepath.Join(dir, fmt.Sprint(i, ".lic")))
		if err != nil {
			t.Fatal(err)
		}
		licenses[string(license)] = true
	}
	if _, active := onRecord(t, dir, "INV0042-1"); len(licenses) != 1 || active != 1 {
		t.Errorf("%d licenses and %d activations for one request", len(licenses), active)
	}
}

// Another program holds the ledger for longer than a command waits. This takes as long
// as the wait is: a wait that a test could shorten, a user could too.
func TestLockedLedger(t *testing.T) {
	t.Parallel()
	dir := newHome(t)
	request := writeRequest(t, dir, 1, "INV0042-1")
	db := openDatabase(t, filepath.Join(dir, "V", "ledger.db"))
	other, err := db.Conn(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	if _, err := other.ExecContext(context.Background(), "BEGIN EXCLUSIVE"); err != nil {
		t.Fatal(err)
	}
	entitle := append(entitleArgs("V"), "--invoice", "INV0042-2")
	start := time.Now()
	results := together(t, []*exec.Cmd{
		process(dir, "sign", "--home", "V", "--yes", "--out", "license.lic", request),
		process(dir, entitle...),
	})
	if took := time.Since(start); took < database.LockWait {
		t.Errorf("gave up after %s, before the wait of %s was over", took, database.LockWait)
	}
	for _, r := range results {
		if r.exit != 1 || !strings.Contains(r.stderr, "error: the ledger V/ledger.db has been locked by another program for 10s") ||
			!strings.Contains(r.stderr, "hint: wait until that program is done") {
			t.Error(r)
		}
	}
	// Who only reads does not wait for it.
	start = time.Now()
	list := mustRun(t, dir, "list", "--home", "V")
	if took := time.Since(start); took > database.LockWait/2 {
		t.Errorf("list took %s", took)
	}
	if !strings.Contains(list.stdout, " 0/1 ") || strings.Contains(list.stdout, "INV0042-2") {
		t.Errorf("something was recorded: %s", list)
	}
	if _, err := os.Stat(filepath.Join(dir, "license.lic")); err == nil {
		t.Error("a license was written")
	}
	// And when it is gone, all is as before.
	if _, err := other.ExecContext(context.Background(), "ROLLBACK"); err != nil {
		t.Fatal(err)
	}
	mustRun(t, dir, "sign", "--home", "V", "--yes", "--out", "license.lic", request)
	mustRun(t, dir, entitle...)
}
