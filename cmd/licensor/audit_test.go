package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/offlicense/offlicense/cmd/licensor/command/record"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/book"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/store"
	"github.com/offlicense/offlicense/cmd/licensor/internal/service"
	"golang.org/x/mod/sumdb/tlog"
)

// audited makes a ledger with two sales and two signed licenses, two checkpoints of it,
// and a copy to go back to after each edit.
func audited(t *testing.T) (dir string) {
	t.Helper()
	dir = newHome(t)
	mustRun(t, dir, "checkpoint", "--home", "V", "--out", "early")
	mustRun(t, dir, "sign", "--home", "V", "--yes", "--out", "1.lic", writeRequest(t, dir, 1, "INV0042-1"))
	mustRun(t, dir, append(entitleArgs("V"), "--invoice", "INV0042-2")...)
	mustRun(t, dir, "sign", "--home", "V", "--yes", "--out", "2.lic", writeRequest(t, dir, 2, "INV0042-2"))
	mustRun(t, dir, append(entitleArgs("V"), "--invoice", "LAST")...)
	mustRun(t, dir, "checkpoint", "--home", "V", "--out", "late")
	mustRun(t, dir, "backup", "--home", "V", "honest.db")
	return dir
}

// edit changes the ledger as somebody with a database shell would.
func edit(t *testing.T, dir string, statements ...string) {
	t.Helper()
	honest, err := os.ReadFile(filepath.Join(dir, "honest.db"))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "V", "ledger.db")
	if err := os.WriteFile(path, honest, 0o600); err != nil {
		t.Fatal(err)
	}
	db := openDatabase(t, path)
	defer db.Close()
	changed := int64(0)
	for _, statement := range statements {
		result, err := db.Exec(statement)
		if err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
		n, err := result.RowsAffected()
		if err != nil {
			t.Fatal(err)
		}
		changed += n
	}
	if changed == 0 && len(statements) > 0 {
		t.Fatalf("%q changed nothing", statements)
	}
}

// What is edited, dropped or put into another order by hand is named, with exit 3.
func TestAuditNamesEdits(t *testing.T) {
	t.Parallel()
	dir := audited(t)
	edit(t, dir)
	if r := licensor(t, dir, "audit", "--home", "V", "--against", "late"); r.exit != 0 || r.stderr != "" {
		t.Fatalf("an honest ledger: %s", r)
	}
	for _, c := range []struct {
		statement string
		finding   string
	}{
		{"UPDATE entitlements SET sold = replace(sold, '\"seats\":1', '\"seats\":100') WHERE invoice = 'INV0042-1'", "table entitlements, row INV0042-1, column sold: "},
		{"DELETE FROM entitlements WHERE invoice = 'LAST'", "table entitlements, row LAST: "},
		{"DELETE FROM activations WHERE invoice = 'INV0042-1'", "table activations, row "},
		{"UPDATE licenses SET hard_end = hard_end + 86400 WHERE activation = (SELECT MIN(id) FROM activations)", "column hard_end: "},
		{"UPDATE licenses SET signed_by = 'bert' WHERE activation = (SELECT MIN(id) FROM activations)", "column signed_by: "},
		{"DELETE FROM schema_version", "table schema_version, row "},
		{"UPDATE events SET event = replace(event, '\"seats\":1', '\"seats\":9') WHERE seq = 2", "table events, row 2, column event: "},
		{"DELETE FROM events WHERE seq = 3", "table events, row 3: "},
		{"UPDATE events SET seq = CASE seq WHEN 2 THEN -4 ELSE -2 END WHERE seq IN (2, 4); UPDATE events SET seq = -seq WHERE seq < 0", "table events, row 2, column seq: "},
		{"DELETE FROM events WHERE seq = (SELECT MAX(seq) FROM events)", "table events, row 6: "},
		{"DELETE FROM log WHERE idx = 2", "table log, row 2: "},
		{"DELETE FROM licenses; DROP TABLE licenses", "table sqlite_schema, row licenses: the table was removed"},
		{"INSERT INTO customers VALUES ('site ltd', 1)", "table customers, row site ltd: "},
	} {
		edit(t, dir, c.statement)
		for _, against := range [][]string{nil, {"--against", "late"}} {
			r := licensor(t, dir, append([]string{"audit", "--home", "V"}, against...)...)
			if r.exit != 3 || !strings.Contains(r.stdout, c.finding) {
				t.Errorf("%s %v: want exit 3 and %q: %s", c.statement, against, c.finding, r)
			}
		}
		r := licensor(t, dir, "audit", "--home", "V", "--json")
		var report record.AuditReport
		if err := json.Unmarshal([]byte(r.stdout), &report); err != nil || r.exit != 3 || report.Clean {
			t.Errorf("%s: %v: %s", c.statement, err, r)
		}
		if !slices.ContainsFunc(report.Findings, func(f service.Finding) bool { return strings.Contains(f.String(), c.finding) }) {
			t.Errorf("%s: the JSON does not name %q: %s", c.statement, c.finding, r)
		}
	}
}

// The newest events, dropped with all that they did, leave nothing that does not fit:
// only a checkpoint made after them shows it, and the tool says so.
func TestAuditNeedsACheckpointForTruncation(t *testing.T) {
	t.Parallel()
	dir := audited(t)
	edit(t, dir, "DELETE FROM events WHERE seq = 6", fmt.Sprintf("DELETE FROM log WHERE idx >= %d", tlog.StoredHashIndex(0, 5)),
		"DELETE FROM emails WHERE account = (SELECT account FROM entitlements WHERE invoice = 'LAST')", "DELETE FROM entitlements WHERE invoice = 'LAST'")
	r := licensor(t, dir, "audit", "--home", "V")
	if r.exit != 0 || !strings.Contains(r.stderr, "without a checkpoint (--against) nobody can tell whether the newest events were dropped") {
		t.Errorf("without a checkpoint: %s", r)
	}
	if r := licensor(t, dir, "audit", "--home", "V", "--against", "early"); r.exit != 0 || r.stderr != "" {
		t.Errorf("with a checkpoint of before: %s", r)
	}
	if r := licensor(t, dir, "audit", "--home", "V", "--against", "late"); r.exit != 3 || !strings.Contains(r.stdout, "table events, row 6: dropped") {
		t.Errorf("with a checkpoint of after: %s", r)
	}
}

// A ledger that cannot be checked is not a clean one, nor one in which something was
// found.
func TestAuditCannotCheck(t *testing.T) {
	t.Parallel()
	dir := audited(t)
	for statement, want := range map[string]string{
		"UPDATE schema_version SET version = 99": "written by another version of licensor",
	} {
		edit(t, dir, "UPDATE entitlements SET sold = replace(sold, '\"seats\":1', '\"seats\":100')", statement)
		r := licensor(t, dir, "audit", "--home", "V")
		if r.exit != 1 || r.stdout != "" || !strings.Contains(r.stderr, want) || !strings.Contains(r.stderr, "hint: ") {
			t.Errorf("%s: want exit 1 and %q: %s", statement, want, r)
		}
	}
}

// Backups made while others sell: each opens, is whole, and has what was recorded
// before it began.
func TestBackupWhileOthersWrite(t *testing.T) {
	t.Parallel()
	const writers, sales, backups = 4, 6, 4
	dir := newHome(t)
	done := make(chan error)
	for w := range writers {
		go func() {
			for i := range sales {
				if out, err := process(dir, append(entitleArgs("V"), "--invoice", fmt.Sprintf("W%d-%d", w, i))...).CombinedOutput(); err != nil {
					done <- fmt.Errorf("%w: %s", err, out)
					return
				}
			}
			done <- nil
		}()
	}
	least := 1
	for i := range backups {
		name := fmt.Sprintf("copy%d.db", i)
		mustRun(t, dir, "backup", "--home", "V", name)
		mustRun(t, dir, "audit", "--home", "V", "--ledger", name)
		l, err := book.OpenReadOnly(context.Background(), filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		holdings, err := l.List(context.Background(), store.Filter{})
		l.Close()
		if err != nil || len(holdings) < least {
			t.Errorf("backup %d has %d entitlements, and an earlier one had %d: %v", i, len(holdings), least, err)
		}
		least = len(holdings)
	}
	for range writers {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	mustRun(t, dir, "backup", "--home", "V", "last.db")
	r := mustRun(t, dir, "audit", "--home", "V", "--ledger", "last.db")
	if want := fmt.Sprintf(`(?m)^events +%d$`, 2+writers*sales); !regexp.MustCompile(want).MatchString(r.stdout) {
		t.Errorf("the last backup lacks something, want %q: %s", want, r)
	}
}
