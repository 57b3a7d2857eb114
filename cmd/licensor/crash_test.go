package main

import (
	"bytes"
	"context"
	crand "crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/book"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/store"
	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/verify"
)

// Real processes are killed at random instants of their run: before they begin, in the
// middle of the transaction, between the record and the license file, and at the end.

const (
	leastKills = 150
	mostKills  = 1500
)

// killed runs a command and kills it after a while. It reports whether the command was
// still running then.
func killed(t *testing.T, cmd *exec.Cmd, after time.Duration) bool {
	t.Helper()
	return killedWhen(t, cmd, func() { time.Sleep(after) })
}

// killedWhen kills a command when wait returns.
func killedWhen(t *testing.T, cmd *exec.Cmd, wait func()) bool {
	t.Helper()
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	wait()
	cmd.Process.Kill()
	cmd.Wait()
	if code := cmd.ProcessState.ExitCode(); code > 0 {
		t.Fatalf("the command failed by itself: exit %d\n%s", code, &output)
	}
	return cmd.ProcessState.ExitCode() < 0
}

// aim is the span within which a command is killed at a random instant. It follows what
// the kills have met, since how long a command takes changes with what runs beside it.
type aim time.Duration

func (a aim) instant() time.Duration { return rand.N(time.Duration(a)) }

// early says that the last kill came before what matters; the next ones may come later.
func (a *aim) early() { *a += *a/8 + aim(time.Millisecond) }

// late says that the last kill came after what matters, or after the command's end.
func (a *aim) late() { *a -= *a / 8 }

// span takes the time of some runs of a command.
func span(t *testing.T, command func(i int) *exec.Cmd) aim {
	t.Helper()
	var took [5]time.Duration
	for i := range took {
		start := time.Now()
		if r := run(t, command(i)); r.exit != 0 {
			t.Fatal(r)
		}
		took[i] = time.Since(start)
	}
	slices.Sort(took[:])
	return aim(took[len(took)/2])
}

func TestKilledSign(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	mustRun(t, dir, initArgs("V")...)
	entitleMany(t, dir, mostKills+5)
	verifier := vendorVerifier(t, dir)
	if err := os.Mkdir(filepath.Join(dir, "out"), 0o700); err != nil {
		t.Fatal(err)
	}
	sign := func(i int, out string) *exec.Cmd {
		return process(dir, "sign", "--home", "V", "--yes", "--out", out, invoice(i)+fmt.Sprintf("-%d.olq", i))
	}
	whole := span(t, func(i int) *exec.Cmd {
		i += mostKills
		writeRequest(t, dir, i, invoice(i))
		return sign(i, filepath.Join("out", "span.lic"))
	})
	if err := os.Remove(filepath.Join(dir, "out", "span.lic")); err != nil {
		t.Fatal(err)
	}

	// Kills go on until each of the three outcomes has been seen several times.
	const nothing, recorded, written = "nothing", "recorded", "recorded and written"
	const enough = 3
	seen := map[string]int{}
	kills := 0
	for i := 0; i < mostKills && (kills < leastKills || seen[nothing] < enough || seen[recorded] < enough || seen[written] < enough); i++ {
		file := writeRequest(t, dir, i, invoice(i))
		out := filepath.Join("out", file+".lic")
		if killed(t, sign(i, out), whole.instant()) {
			kills++
		}

		first, err := os.ReadFile(filepath.Join(dir, out))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
		id, active := onRecord(t, dir, invoice(i))
		switch {
		case active == 0 && first == nil:
			seen[nothing]++
			whole.early()
		case active == 1 && first == nil:
			seen[recorded]++
		case active == 1:
			seen[written]++
			whole.late()
		default:
			t.Fatalf("kill %d: %d activations on record, and a license of %d bytes", i, active, len(first))
		}

		// The next run finishes what the first has begun.
		if r := run(t, sign(i, out)); r.exit != 0 {
			t.Fatalf("kill %d: the next sign: %s", i, r)
		}
		second, err := os.ReadFile(filepath.Join(dir, out))
		if err != nil {
			t.Fatal(err)
		}
		if first != nil && !bytes.Equal(first, second) {
			t.Fatalf("kill %d left a license of %d bytes that is not the one of the next sign, of %d", i, len(first), len(second))
		}
		license, err := verifier.Check(second, verify.Facts{Now: now, Product: "evoq", AnyMachine: true})
		if err != nil {
			t.Fatalf("kill %d: the license of the next sign: %v", i, err)
		}
		after, active := onRecord(t, dir, invoice(i))
		if active != 1 || after != license.ID || (id != format.ID{} && id != after) {
			t.Fatalf("kill %d: %d activations; the record was %s and is %s, the license is %s", i, active, id, after, license.ID)
		}
		if err := os.Remove(filepath.Join(dir, out)); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%d kills: %v", kills, seen)
	if kills < leastKills || seen[nothing] < enough || seen[recorded] < enough || seen[written] < enough {
		t.Errorf("%d kills saw %v: too few for this test to mean anything", kills, seen)
	}

	// What the killed ones have left behind: temporary files that are named as such, beside
	// the license, and nothing in the home.
	for _, name := range directory(t, dir, "out") {
		if !strings.HasPrefix(name, ".offlicense-") || !strings.HasSuffix(name, ".tmp") {
			t.Errorf("%q was left in the directory of the licenses", name)
		}
	}
	if got := directory(t, dir, "V"); !slices.Equal(got, []string{"delegations", "keys", "ledger.db", "root", "root.pub"}) {
		t.Errorf("the home holds %q", got)
	}
	// Nobody else gets a seat that is taken.
	other := writeRequest(t, dir, mostKills+10, invoice(0))
	if r := licensor(t, dir, "sign", "--home", "V", "--yes", "--out", "other.lic", other); r.exit != 1 || !strings.Contains(r.stderr, "web0") {
		t.Errorf("a second machine: %s", r)
	}
}

func TestKilledInit(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	initialise := func(i int) *exec.Cmd {
		return process(dir, initArgs(fmt.Sprint("V", i))...)
	}
	whole := span(t, func(i int) *exec.Cmd { return initialise(-i - 1) })
	const enough = 3
	kills, none, complete := 0, 0, 0
	for i := 0; i < mostKills && (kills < leastKills/3 || none < enough || complete < enough); i++ {
		home := fmt.Sprint("V", i)
		if killed(t, initialise(i), whole.instant()) {
			kills++
		}
		switch _, err := os.Lstat(filepath.Join(dir, home, "ledger.db")); {
		case errors.Is(err, fs.ErrNotExist):
			none++
			whole.early()
			interrupted(t, dir, home)
			mustRun(t, dir, initArgs(home)...)
		case err != nil:
			t.Fatal(err)
		default:
			complete++
			whole.late()
		}
		// A home that is there is whole: it sells and signs.
		mustRun(t, dir, entitleArgs(home)...)
		request := writeRequest(t, dir, i, "INV0042-1")
		mustRun(t, dir, "sign", "--home", home, "--yes", "--out", home+".lic", request)
		integrity(t, filepath.Join(dir, home, "ledger.db"))
	}
	t.Logf("%d kills: %d left nothing, %d a home", kills, none, complete)
	if kills < leastKills/3 || none < enough || complete < enough {
		t.Errorf("%d kills left %d times nothing and %d times a home: too few for this test to mean anything", kills, none, complete)
	}
}

// interrupted checks what a killed init has left: nothing that is used or open to
// others, and nothing that the next one mistakes for a home. It clears it away, as the
// next init tells its user to.
func interrupted(t *testing.T, dir, home string) {
	t.Helper()
	path := filepath.Join(dir, home)
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	if err != nil || info.Mode().Perm() != 0o700 {
		t.Fatalf("%s has the mode %v, %v", home, info.Mode(), err)
	}
	if len(directory(t, path)) > 0 {
		r := licensor(t, dir, initArgs(home)...)
		if r.exit != 1 || !strings.Contains(r.stderr, "interrupted") && !strings.Contains(r.stderr, "not empty") {
			t.Fatalf("init on the remains of another: %v", r)
		}
	}
	if err := os.RemoveAll(path); err != nil {
		t.Fatal(err)
	}
}

func invoice(i int) string { return fmt.Sprintf("INV%04d", i) }

// entitleMany sells one seat on each of n invoices, in the home V of a directory.
func entitleMany(t testing.TB, dir string, n int) {
	t.Helper()
	entitleIn(t, filepath.Join(dir, "V", "ledger.db"), n)
}

// entitleIn is entitleMany in a ledger.
func entitleIn(t testing.TB, where string, n int) {
	t.Helper()
	l, err := book.Open(context.Background(), where)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	rows := make([]book.Order, n)
	for i := range rows {
		rows[i] = book.Order{Line: i + 1, Entitlement: ledger.Entitlement{
			Invoice: invoice(i), Email: "ops@site.example", Customer: "Site Ltd", Product: "evoq", Type: "production", Seats: 1,
		}}
	}
	by := ledger.Operation{Operator: "anna", Now: now, Random: crand.Reader}
	if err := l.Import(context.Background(), by, rows, func(int) {}); err != nil {
		t.Fatal(err)
	}
}

func vendorVerifier(t testing.TB, dir string) *verify.Verifier {
	t.Helper()
	v, err := verify.ParseRoots([]byte(mustRun(t, dir, "roots", "--home", "V").stdout))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// onRecord returns how many activations an invoice has, and the newest license of the
// one. The ledger must open, pass SQLite's own check and hold no half of a record.
//
// It looks at a copy: opening the ledger itself would mend it before the next command
// has to.
func onRecord(t testing.TB, dir, invoice string) (id format.ID, active int) {
	t.Helper()
	scratch := filepath.Join(dir, "copy")
	if err := os.RemoveAll(scratch); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(scratch, 0o700); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(scratch, "ledger.db")
	for _, suffix := range []string{"", "-wal"} {
		data, err := os.ReadFile(filepath.Join(dir, "V", "ledger.db"+suffix))
		if err == nil {
			err = os.WriteFile(path+suffix, data, 0o600)
		}
		if err != nil && !(suffix != "" && errors.Is(err, fs.ErrNotExist)) {
			t.Fatal(err)
		}
	}
	l, err := book.OpenReadOnly(context.Background(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	holdings, err := l.List(context.Background(), store.Filter{Invoice: invoice})
	if err != nil {
		t.Fatal(err)
	}
	integrity(t, path)
	if active = len(holdings[0].Activations); active > 0 {
		id = holdings[0].Activations[0].License.ID
	}
	return id, active
}

func integrity(t testing.TB, path string) {
	t.Helper()
	db := openDatabase(t, path)
	defer db.Close()
	var verdict string
	if err := db.QueryRow("PRAGMA integrity_check").Scan(&verdict); err != nil || verdict != "ok" {
		t.Fatalf("integrity of the ledger: %q, %v", verdict, err)
	}
	var torn int
	if err := db.QueryRow(`SELECT
		(SELECT COUNT(*) FROM activations) - (SELECT COUNT(DISTINCT activation) FROM licenses) +
		(SELECT COUNT(*) FROM licenses) - (SELECT COUNT(*) FROM events WHERE event LIKE '%"action":"sign"%')`).Scan(&torn); err != nil || torn != 0 {
		t.Fatalf("activations, licenses and events do not agree, by %d (%v)", torn, err)
	}
}

func openDatabase(t testing.TB, path string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}
