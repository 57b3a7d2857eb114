package ledger_test

import (
	"context"
	"database/sql"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/format"
)

// Eight workstations race for the last seat: one gets it, nobody sees a lock.
func TestRaceForTheLastSeat(t *testing.T) {
	l, path := newLedger(t)
	entitle(t, l, entitlement())
	const racers = 8
	outcomes := make(chan error, racers)
	var start, done sync.WaitGroup
	start.Add(1)
	for site := byte(1); site <= racers; site++ {
		mine, q := openLedger(t, path), request(t, site, nil)
		done.Go(func() {
			start.Wait()
			_, err := sign(t, mine, q)
			outcomes <- err
		})
	}
	start.Done()
	done.Wait()
	won := 0
	for range racers {
		err := <-outcomes
		var refusal *ledger.Refusal
		switch {
		case err == nil:
			won++
		case !errors.As(err, &refusal) || refusal.Rule != ledger.RuleSeats:
			t.Errorf("got %v, want the seat or a refusal", err)
		}
	}
	if active := len(list(t, l)[0].Activations); won != 1 || active != 1 {
		t.Errorf("%d won and %d are active, want 1", won, active)
	}
}

// What the callback refuses to sign leaves nothing behind.
func TestNothingIsRecordedWithoutALicense(t *testing.T) {
	l, path := newLedger(t)
	entitle(t, l, entitlement())
	events := count(t, path, "events")
	broken := errors.New("the key is gone")
	_, err := l.Sign(context.Background(), operation(), request(t, 1, nil), func(ledger.Grant) (format.ID, []byte, string, error) {
		return format.ID{}, nil, "", broken
	})
	if !errors.Is(err, broken) {
		t.Fatalf("got %v", err)
	}
	if len(list(t, l)[0].Activations) != 0 || count(t, path, "events") != events || count(t, path, "licenses") != 0 {
		t.Error("a license that was not signed left a record")
	}
}

// Every change is an event that names who made it.
func TestEvents(t *testing.T) {
	l, path := newLedger(t)
	entitle(t, l, entitlement())
	license, err := sign(t, l, request(t, 1, nil))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := sign(t, l, request(t, 1, nil)); err != nil { // again: changes nothing
		t.Fatal(err)
	}
	rows, err := raw(t, path).Query("SELECT action, operator, invoice, activation, detail FROM events ORDER BY seq")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var actions []string
	for rows.Next() {
		var action, operator, invoice, activation, detail string
		if err := rows.Scan(&action, &operator, &invoice, &activation, &detail); err != nil {
			t.Fatal(err)
		}
		actions = append(actions, action)
		if operator != "anna" || invoice != "INV0042-1" {
			t.Errorf("%s: operator %q, invoice %q", action, operator, invoice)
		}
		if action == "sign" && (activation != license.Activation || !strings.Contains(detail, license.ID.String())) {
			t.Errorf("sign: activation %q, detail %.200s", activation, detail)
		}
	}
	if got := strings.Join(actions, " "); got != "entitle sign" {
		t.Errorf("events: %s", got)
	}
}

func TestEntitlementsThatCannotBe(t *testing.T) {
	l, _ := newLedger(t)
	entitle(t, l, entitlement())
	for name, spoil := range map[string]func(*ledger.Entitlement){
		"invoice twice":        func(*ledger.Entitlement) {},
		"no e-mail address":    func(e *ledger.Entitlement) { e.Email = "ops" },
		"product in upper":     func(e *ledger.Entitlement) { e.Product = "Evoq" },
		"unknown type":         func(e *ledger.Entitlement) { e.Type = "prod" },
		"no seat":              func(e *ledger.Entitlement) { e.Seats = 0 },
		"no customer":          func(e *ledger.Entitlement) { e.Customer = "" },
		"escape in customer":   func(e *ledger.Entitlement) { e.Customer = "\x1b[2J" },
		"ended already":        func(e *ledger.Entitlement) { e.Expires = now.Add(-time.Hour) },
		"grace without an end": func(e *ledger.Entitlement) { e.Expires, e.GraceDays = time.Time{}, 14 },
		"long invoice":         func(e *ledger.Entitlement) { e.Invoice = strings.Repeat("I", 33) },
		"version in words":     func(e *ledger.Entitlement) { e.MaxVersion = "newest" },
		"feature twice":        func(e *ledger.Entitlement) { e.Features = []string{"sso", "sso"} },
	} {
		e := entitlement()
		if name != "invoice twice" {
			e.Invoice = "INV0042-2"
		}
		spoil(&e)
		err := l.Entitle(context.Background(), operation(), e)
		var known *ledger.Error
		if !errors.As(err, &known) || known.Next == "" {
			t.Errorf("%s: got %v, want an error with a hint", name, err)
		}
	}
	if got := len(list(t, l)); got != 1 {
		t.Errorf("%d entitlements are recorded, want 1", got)
	}
}

func TestClockBehindTheLedger(t *testing.T) {
	l, _ := newLedger(t)
	entitle(t, l, entitlement())
	for _, test := range []struct {
		behind  time.Duration
		refused bool
	}{{time.Hour, false}, {time.Hour + time.Second, true}} {
		_, err := signAt(t, l, request(t, 1, nil), now.Add(-test.behind))
		var known *ledger.Error
		// One second before the delegation begins nothing can be signed: that is its own error.
		if refused := errors.As(err, &known) && strings.Contains(known.Message, "clock"); refused != test.refused {
			t.Errorf("%s behind: got %v", test.behind, err)
		}
	}
}

func TestBrokenLedgers(t *testing.T) {
	for name, test := range map[string]struct {
		spoil func(t *testing.T, path string)
		want  string
	}{
		"newer": {func(t *testing.T, path string) { execute(t, path, "PRAGMA user_version = 999") }, "newer licensor"},
		"no ledger": {func(t *testing.T, path string) {
			if err := os.WriteFile(path, []byte(strings.Repeat("no database ", 100)), 0o600); err != nil {
				t.Fatal(err)
			}
		}, "no ledger"},
		"gone": {func(t *testing.T, path string) {
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
		}, "no such file"},
	} {
		t.Run(name, func(t *testing.T) {
			l, path := newLedger(t)
			l.Close()
			test.spoil(t, path)
			_, err := ledger.Open(context.Background(), path)
			var known *ledger.Error
			if !errors.As(err, &known) || !strings.Contains(known.Message, test.want) || known.Next == "" {
				t.Errorf("got %v, want an error that says %q, with a hint", err, test.want)
			}
		})
	}
}

func TestCreateNeverReplaces(t *testing.T) {
	_, path := newLedger(t)
	if err := ledger.Create(context.Background(), path, "evil.example"); !errors.Is(err, fs.ErrExist) {
		t.Errorf("got %v, want that it exists", err)
	}
	if vendor := openLedger(t, path).Vendor(); vendor != "acme.example" {
		t.Errorf("vendor is %q", vendor)
	}
}

// A path is a path, whatever SQLite thinks of ? and # and % in names.
func TestStrangePath(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a?mode=memory#%41 b")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "ledger.db")
	if err := ledger.Create(context.Background(), path, "acme.example"); err != nil {
		t.Fatal(err)
	}
	entitle(t, openLedger(t, path), entitlement())
	if info, err := os.Stat(path); err != nil || info.Size() == 0 {
		t.Errorf("the ledger is not where it belongs: %v", err)
	}
}

func raw(t *testing.T, path string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

func execute(t *testing.T, path, statement string) {
	t.Helper()
	if _, err := raw(t, path).Exec(statement); err != nil {
		t.Fatal(err)
	}
}

func count(t *testing.T, path, table string) (n int) {
	t.Helper()
	if err := raw(t, path).QueryRow("SELECT COUNT(*) FROM " + table).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}
