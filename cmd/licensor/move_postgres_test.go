package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/ledgertest"
)

// A vendor that began with a file goes on with a database, and comes back.
func TestLedgerMovesToADatabaseAndBack(t *testing.T) {
	t.Parallel()
	address := ledgertest.Postgres(t)
	dir := t.TempDir()
	mustRun(t, dir, initArgs("V")...)
	mustRun(t, dir, entitleArgs("V")...)
	first := writeRequest(t, dir, 1, "INV0042-1")
	mustRun(t, dir, "sign", "--home", "V", "--yes", "--out", "1.lic", first)
	refused := func(want, hint string, args ...string) {
		t.Helper()
		r := licensor(t, dir, args...)
		if r.exit == 0 || !strings.Contains(r.stderr, want) || !strings.Contains(r.stderr, "hint: ") || !strings.Contains(r.stderr, hint) {
			t.Errorf("%q, want %q, hint %q: %s", args, want, hint, r)
		}
	}
	move := []string{"init", "--home", "V", "--ledger", address, "--from", "V/ledger.db"}
	// Mistakes.
	refused("no terminal to ask on", "", move...)
	refused("--from names no file", "V/ledger.db", "init", "--home", "V", "--ledger", address, "--from", "V/ledgr.db", "--yes")
	refused("--ledger names neither", "the file is V/ledger.db", "init", "--home", "V", "--ledger", "other.db", "--from", address, "--yes")
	refused("there is no ledger in this database", "", "init", "--home", "V", "--from", address, "--yes")
	refused("would make a key", "", append(move, "--name", "bert", "--yes")...)
	refused("--abort is for a move of a ledger", "--from", "init", "--home", "V", "--abort")
	refused("is not frozen", "go on with it", append(move, "--abort", "--yes")...)

	// A backup becomes no second ledger.
	mustRun(t, dir, "backup", "--home", "V", "copy.db")
	refused("copy.db is not the ledger file of the home", "put there, as V/ledger.db",
		"init", "--home", "V", "--ledger", ledgertest.Postgres(t), "--from", "copy.db", "--yes")

	r := mustRun(t, dir, append(move, "--yes", "--json")...)
	var moved struct {
		Version          int
		Outcome, Head    string
		Events, Licenses int
	}
	if err := json.Unmarshal([]byte(r.stdout), &moved); err != nil || moved.Version != 1 || moved.Outcome != "moved" || moved.Licenses != 1 || moved.Events != 4 || moved.Head == "" {
		t.Errorf("%v: %s", err, r)
	}
	if !strings.Contains(r.stderr, "LICENSOR_LEDGER") || !strings.Contains(r.stderr, "Next: licensor list --home V --ledger ADDRESS") {
		t.Error(r)
	}
	if r := mustRun(t, dir, append(move, "--yes")...); !strings.Contains(r.stdout, "was moved") {
		t.Error(r)
	}
	refused("the ledger is open in the ledger (database postgres", "go on there", append(move, "--abort", "--yes")...)
	// Where --ledger was forgotten, the file in the home is meant, which is what moves.
	for _, more := range [][]string{{"--yes"}, {"--yes", "--abort"}} {
		refused("is not what --ledger names", "name that place", append([]string{"init", "--home", "V", "--from", "V/ledger.db"}, more...)...)
	}

	// The old one is read, and says where to go on. Each command that writes is refused.
	if r := mustRun(t, dir, "list", "--home", "V"); !strings.Contains(r.stderr, "warning: this ledger is frozen: it moves, or has moved, to the ledger (database postgres") {
		t.Error(r)
	}
	second := writeRequest(t, dir, 2, "INV0042-1")
	if err := os.WriteFile(filepath.Join(dir, "orders.csv"), []byte("invoice,email,customer,product,type\nINV1,a@b.example,C,evoq,production\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		{"sign", "--yes", "--out", "2.lic", second},
		{"sign", "--yes", "--out", "2.lic", first},
		{"entitle", "--invoice", "INV2", "--email", "a@b.example", "--customer", "C", "--product", "evoq", "--type", "production"},
		{"import", "orders.csv"},
		{"amend", "INV0042-1", "--seats", "3", "--yes", "--out", "."},
		{"renew", "INV0042-1", "--perpetual", "--yes", "--out", "."},
		{"customer", "C", "--partner", "--why", "x"},
		{"revoke", "--key", "anna", "--why", "x", "--yes"},
	} {
		refused("this ledger is frozen", "go on there, with --ledger or in that home", append(args, "--home", "V")...)
	}
	mustRun(t, dir, "audit", "--home", "V")
	mustRun(t, dir, "audit", "--home", "V", "--ledger", address)
	mustRun(t, dir, "amend", "INV0042-1", "--seats", "3", "--yes", "--home", "V", "--ledger", address, "--out", ".")

	// Back, when the old file is out of the way.
	back := []string{"init", "--home", "V", "--ledger", "V/ledger.db", "--from", address, "--yes"}
	refused("there is a ledger already in "+filepath.Join(dir, "V", "ledger.db"), "moved away", back...)
	if err := os.Rename(filepath.Join(dir, "V", "ledger.db"), filepath.Join(dir, "V", "ledger-2026.db")); err != nil {
		t.Fatal(err)
	}
	if r := mustRun(t, dir, back...); !strings.Contains(r.stdout, "moved") || !strings.Contains(r.stderr, "Next: licensor list --home V\n") {
		t.Error(r)
	}
	// The home of a colleague is not where it went.
	mustRun(t, dir, initArgs("W")...)
	if err := os.Remove(filepath.Join(dir, "W", "ledger.db")); err != nil {
		t.Fatal(err)
	}
	for _, more := range [][]string{{"--yes"}, {"--yes", "--abort"}} {
		refused("is not what --ledger names", "name that place", append([]string{"init", "--home", "W", "--from", address}, more...)...)
	}
	mustRun(t, dir, "sign", "--home", "V", "--yes", "--out", "2.lic", second)
	mustRun(t, dir, "audit", "--home", "V")
	refused("this ledger is frozen", "go on there", "entitle", "--home", "V", "--ledger", address,
		"--invoice", "INV2", "--email", "a@b.example", "--customer", "C", "--product", "evoq", "--type", "production")
}

// A password in an address is shown nowhere, whatever becomes of the move, and stands in
// neither ledger.
func TestMoveShowsNoPassword(t *testing.T) {
	t.Parallel()
	const secret = "hunter2"
	address := strings.Replace(ledgertest.Postgres(t), "postgres@", "postgres:"+secret+"@", 1)
	dir := t.TempDir()
	mustRun(t, dir, initArgs("V")...)
	move := []string{"init", "--home", "V", "--from", "V/ledger.db", "--yes", "--ledger"}
	for _, place := range []string{address, address, strings.Replace(address, "host=", "host=/nowhere", 1), strings.Replace(address, "://", ":/", 1), address + "#x"} {
		if r := licensor(t, dir, append(move, place)...); strings.Contains(r.stdout+r.stderr, secret) {
			t.Error(r)
		}
	}
	if r := licensor(t, dir, append(move, address, "--abort")...); r.exit == 0 || strings.Contains(r.stdout+r.stderr, secret) {
		t.Error(r)
	}
	for _, where := range []string{filepath.Join(dir, "V", "ledger.db"), address} {
		var n int
		if err := ledgertest.Raw(t, where).QueryRow("SELECT COUNT(*) FROM events WHERE event LIKE '%" + secret + "%'").Scan(&n); err != nil || n > 0 {
			t.Errorf("%d events with the password (%v)", n, err)
		}
	}
}

// Real processes that move a ledger are killed at random instants. Never do both places
// sign; what was begun goes on, or is given up while the new one is not open.
func TestKilledMove(t *testing.T) {
	t.Parallel()
	ledgertest.Postgres(t) // or skip
	dir := t.TempDir()
	mustRun(t, dir, initArgs("V")...)
	entitleMany(t, dir, 100)
	request := writeRequest(t, dir, 1, invoice(0))
	moves := 0
	move := func() (home, address string) {
		moves++
		home = fmt.Sprint("V", moves)
		if err := os.CopyFS(filepath.Join(dir, home), os.DirFS(filepath.Join(dir, "V"))); err != nil {
			t.Fatal(err)
		}
		if err := exec.Command("chmod", "-R", "go=", filepath.Join(dir, home)).Run(); err != nil {
			t.Fatal(err)
		}
		return home, ledgertest.Postgres(t)
	}
	moving := func(home, address string, more ...string) []string {
		return append([]string{"init", "--home", home, "--ledger", address, "--from", home + "/ledger.db", "--yes"}, more...)
	}
	whole := span(t, func(int) *exec.Cmd {
		home, address := move()
		return process(dir, moving(home, address)...)
	})
	signs := func(home string, more ...string) bool {
		r := licensor(t, dir, append([]string{"sign", "--home", home, "--yes", "--out", "-", request}, more...)...)
		return r.exit == 0
	}

	const untouched, frozen, open = "untouched", "frozen", "open"
	const enough, least = 3, 24
	seen := map[string]int{}
	gaveUp, kills := 0, 0
	for i := 0; i < mostKills && (kills < least || seen[untouched] < enough || seen[frozen] < enough || seen[open] < enough); i++ {
		home, address := move()
		if killed(t, process(dir, moving(home, address)...), whole.instant()) {
			kills++
		}
		old, new := signs(home), signs(home, "--ledger", address)
		switch {
		case old && new:
			t.Fatalf("kill %d: both sign", i)
		case old:
			seen[untouched]++
			whole.early()
		case new:
			seen[open]++
			whole.late()
		default:
			seen[frozen]++
		}
		wantNew := true
		if !old && i%2 == 0 {
			switch r := licensor(t, dir, moving(home, address, "--abort")...); {
			case (r.exit == 0) == new:
				t.Fatalf("kill %d: the new one signs: %t; given up: %s", i, new, r)
			case r.exit == 0:
				gaveUp++
				wantNew = false
			}
		} else {
			mustRun(t, dir, moving(home, address)...)
		}
		if old, new := signs(home), signs(home, "--ledger", address); new != wantNew || old == wantNew {
			t.Fatalf("kill %d: in the end the old one signs: %t, the new one: %t", i, old, new)
		}
		if !wantNew {
			mustRun(t, dir, moving(home, address)...)
		}
		mustRun(t, dir, "audit", "--home", home, "--ledger", address)
	}
	t.Logf("%d kills: %v, given up: %d", kills, seen, gaveUp)
	if kills < least || seen[untouched] < enough || seen[frozen] < enough || seen[open] < enough || gaveUp == 0 {
		t.Errorf("%d kills saw %v, given up: %d: too few for this test to mean anything", kills, seen, gaveUp)
	}
}
