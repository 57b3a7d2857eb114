package ledger_test

import (
	"bytes"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/keys"
	"github.com/offlicense/offlicense/verify"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// lived fills a ledger with rows in every table, by events of every action.
func lived(t testing.TB, l *ledger.Ledger) {
	t.Helper()
	partner(t, l, "Partner Ltd", true)
	sold(t, l, func(e *ledger.Entitlement) { e.Seats, e.CountBy = 4, ledger.ByMachine })
	sold(t, l, func(e *ledger.Entitlement) { e.Invoice = "P-2" })
	old := signed(t, l, request(t, 1, nil))
	q := request(t, 2, nil)
	if _, err := l.Move(ctx, because("new hardware"), "INV0042-1", old.Activation, 14*day, q, issue(t, now)); err != nil {
		t.Fatal(err)
	}
	release(t, l, old, 1)
	lost := signed(t, l, request(t, 3, nil))
	if _, err := l.Reactivate(ctx, because("disk gone"), "INV0042-1", lost.Activation); err != nil {
		t.Fatal(err)
	}
	// Two sites of one machine that part, for the action reseat.
	for _, q := range []*verify.Request{onMachine(t, 6, "m6 u6 r6"), onMachine(t, 7, "m6 u6 r6"), onMachine(t, 7, "m6 u6 r7"), onMachine(t, 7, "m6 u7 r7")} {
		signed(t, l, q)
	}
	// A move that comes to nothing, for the action void.
	other := signed(t, l, request(t, 4, asks("P-2", "production")))
	if _, err := l.Move(ctx, because("x"), "P-2", other.Activation, day, request(t, 5, asks("P-2", "production")), issue(t, now)); err != nil {
		t.Fatal(err)
	}
	if _, err := tryRelease(t, l, operationAt(now.Add(2*day)), other.ID, key(t, 4).Public()); err != nil {
		t.Fatal(err)
	}
	by := operationAt(now.Add(2 * day))
	if _, err := l.Renew(ctx, by, "INV0042-1", ledger.Renewal{Expires: entitlement().Expires.Add(day)}, issue(t, by.Now)); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Amend(ctx, by, "INV0042-1", func(e *ledger.Entitlement) error { e.Seats++; return nil }, issue(t, by.Now)); err != nil {
		t.Fatal(err)
	}
	if err := l.RevokeKey(ctx, ledger.Operation{Operator: "anna", Now: by.Now, Why: "stolen"}, ledger.RevokedKey{Name: "bert", Public: public(t, 103).Bytes()}); err != nil {
		t.Fatal(err)
	}
	next, err := l.NextList(ctx, by.Now)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.RecordList(ctx, by, staff(t).Verifier, signedList(t, next, 101)); err != nil {
		t.Fatal(err)
	}
}

// A key that signs another license than the one that goes on record is found out, though
// its signature is good.
func TestAuditFindsWhatWasSignedBesideTheRecord(t *testing.T) {
	for name, test := range map[string]struct {
		change func(g *ledger.Grant)
		want   string
	}{
		"as it is": {func(*ledger.Grant) {}, ""},
		"a later end": {func(g *ledger.Grant) {
			e := *g.Entitlement
			e.Expires = e.Expires.Add(day)
			g.Entitlement = &e
		}, `the license says end "2027-11-22T23:59:59Z", and the record "2027-11-21T23:59:59Z"`},
		"no end": {func(g *ledger.Grant) {
			e := *g.Entitlement
			e.Expires = time.Time{}
			g.Entitlement = &e
		}, `the license says end "never"`},
		"another request": {func(g *ledger.Grant) {
			q := *g.Request
			q.Hash[0]++
			g.Request = &q
		}, "the license says request "},
		"another machine": {func(g *ledger.Grant) {
			q := *g.Request
			q.Key = public(t, 9)
			g.Request = &q
		}, "the license says machine key "},
		"no machine": {func(g *ledger.Grant) { g.Request = nil }, `the license says request "none"`},
	} {
		t.Run(name, func(t *testing.T) {
			l, _ := newLedger(t)
			entitle(t, l, entitlement())
			honest := issue(t, now)
			_, err := l.Sign(ctx, operation(), request(t, 1, nil), each(func(g ledger.Grant) (format.ID, []byte, string, error) {
				test.change(&g)
				return one(honest, g)
			}))
			if err != nil {
				t.Fatal(err)
			}
			r := audited(t, l, nil)
			switch {
			case test.want == "" && !r.OK():
				t.Errorf("found: %v", r.Findings)
			case test.want != "" && (len(r.Findings) != 1 || !strings.HasPrefix(r.Findings[0].Text, test.want)):
				t.Errorf("found: %v, want %s", r.Findings, test.want)
			}
		})
	}
}

// soldLater sells after what lived has done.
func soldLater(t testing.TB, l *ledger.Ledger, invoice string) {
	t.Helper()
	if err := sell(l, operationAt(now.Add(3*day)), func(e *ledger.Entitlement) { e.Invoice = invoice }); err != nil {
		t.Fatal(err)
	}
}

func audited(t testing.TB, l *ledger.Ledger, checkpoint []byte) *ledger.Report {
	t.Helper()
	r, err := l.Audit(ctx, ledger.Against{Verifier: staff(t).Verifier, Checkpoint: checkpoint, Keys: []keys.PublicKey{key(t, 102).Public(), key(t, 102).Public()}})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func wantClean(t testing.TB, l *ledger.Ledger, checkpoint []byte) *ledger.Report {
	t.Helper()
	r := audited(t, l, checkpoint)
	if !r.OK() {
		t.Fatalf("an honest ledger: %v", r.Findings)
	}
	return r
}

// wantFound wants a finding in the table, and in the column if one is given.
func wantFound(t testing.TB, r *ledger.Report, table, column, what string) {
	t.Helper()
	for _, f := range r.Findings {
		if f.Table == table && (column == "" || f.Column == column) || strings.Contains(f.Text, "table "+table) {
			return
		}
	}
	t.Errorf("%s: nothing is found in table %s %s; found: %v", what, table, column, r.Findings)
}

func checkpointOf(t testing.TB, l *ledger.Ledger) []byte {
	t.Helper()
	c, err := l.Checkpoint(ctx, key(t, 102))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestAuditOfAnHonestLedger(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger, where string) {
		empty := checkpointOf(t, l)
		wantClean(t, l, empty)
		lived(t, l)
		middle := checkpointOf(t, l)
		soldLater(t, l, "P-3")
		for _, checkpoint := range [][]byte{nil, empty, middle, checkpointOf(t, l)} {
			r := wantClean(t, l, checkpoint)
			if r.Events != int64(count(t, where, "events")) || r.Licenses != int64(count(t, where, "licenses")) || r.Head == "" {
				t.Errorf("the report counts %d events and %d licenses", r.Events, r.Licenses)
			}
		}
		for _, table := range tableNames(t, where) {
			if count(t, where, table) == 0 {
				t.Errorf("table %s is empty: nothing would be tested by editing it", table)
			}
		}
	})
}

func isPostgres(where string) bool { return strings.HasPrefix(where, "postgres://") }

func tableNames(t testing.TB, where string) (names []string) {
	t.Helper()
	query := "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name"
	if isPostgres(where) {
		query = "SELECT tablename FROM pg_tables WHERE schemaname = current_schema() ORDER BY tablename"
	}
	rows, err := raw(t, where).Query(query)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			t.Fatal(err)
		}
		names = append(names, name)
	}
	if len(names) < 11 {
		t.Fatalf("only these tables: %v", names)
	}
	return names
}

// handRow is a row of some table, as an intruder would see it.
type handRow struct {
	db      *sql.DB
	table   string
	columns []string
	values  []any
}

// rowsOf returns the rows of a table; where they are in it is by all their columns.
func rowsOf(t testing.TB, db *sql.DB, table string) (all []handRow) {
	t.Helper()
	rows, err := db.Query("SELECT * FROM " + table)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	for rows.Next() {
		values, into := make([]any, len(columns)), make([]any, len(columns))
		for i := range values {
			into[i] = &values[i]
		}
		if err := rows.Scan(into...); err != nil {
			t.Fatal(err)
		}
		all = append(all, handRow{db, table, columns, values})
	}
	return all
}

func (r handRow) where(first int) (condition string, args []any) {
	var parts []string
	for i, column := range r.columns {
		if r.values[i] == nil {
			parts = append(parts, column+" IS NULL")
			continue
		}
		args = append(args, r.values[i])
		parts = append(parts, fmt.Sprintf("%s = $%d", column, first+len(args)-1))
	}
	return strings.Join(parts, " AND "), args
}

func (r handRow) exec(t testing.TB, statement string, args ...any) {
	t.Helper()
	result, err := r.db.Exec(statement, args...)
	if err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
	if n, err := result.RowsAffected(); n != 1 || err != nil {
		t.Fatalf("%s: %d rows, %v", statement, n, err)
	}
}

// set changes one column and returns the row as it is then.
func (r handRow) set(t testing.TB, column int, value any) handRow {
	t.Helper()
	condition, args := r.where(2)
	r.exec(t, fmt.Sprintf("UPDATE %s SET %s = $1 WHERE %s", r.table, r.columns[column], condition), append([]any{value}, args...)...)
	changed := r
	changed.values = append([]any(nil), r.values...)
	changed.values[column] = value
	return changed
}

func (r handRow) drop(t testing.TB) {
	t.Helper()
	condition, args := r.where(1)
	r.exec(t, "DELETE FROM "+r.table+" WHERE "+condition, args...)
}

func (r handRow) insert(t testing.TB) {
	t.Helper()
	var places []string
	for i := range r.values {
		places = append(places, fmt.Sprintf("$%d", i+1))
	}
	r.exec(t, "INSERT INTO "+r.table+" VALUES ("+strings.Join(places, ", ")+")", r.values...)
}

// otherValue is a value of the same type.
func otherValue(v any) any {
	switch v := v.(type) {
	case int64:
		return v + 1_000_003
	case string:
		return v + "x"
	case []byte:
		changed := bytes.Clone(v)
		changed[len(changed)-1] ^= 1
		return changed
	}
	return []byte("x")
}

// Whatever one changes by hand in whichever column of whichever table is found, and
// named; so is every row that is dropped or added.
func TestAuditFindsEveryEdit(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger, where string) {
		lived(t, l)
		wantClean(t, l, nil)
		db, edits := raw(t, where), 0
		for _, table := range tableNames(t, where) {
			rows := rowsOf(t, db, table)
			for _, at := range []int{0, len(rows) / 2, len(rows) - 1} {
				row := rows[at]
				for i, column := range row.columns {
					changed := row.set(t, i, otherValue(row.values[i]))
					named := column
					if i < 2 || table == "log" { // a key: the row is found as added and as missing
						named = ""
					}
					wantFound(t, audited(t, l, nil), table, named, fmt.Sprintf("table %s, row %d, column %s edited", table, at, column))
					changed.set(t, i, row.values[i])
					edits++
				}
				row.drop(t)
				wantFound(t, audited(t, l, nil), table, "", fmt.Sprintf("table %s, row %d dropped", table, at))
				row.insert(t)
			}
			extra := rows[0]
			extra.values = append([]any(nil), extra.values...)
			for i := range extra.values[:min(2, len(extra.values))] {
				extra.values[i] = otherValue(extra.values[i])
			}
			if table == "licenses" { // unique by activation and epoch
				extra.values[2] = otherValue(extra.values[2])
			}
			extra.insert(t)
			wantFound(t, audited(t, l, nil), table, "", "row added to table "+table)
			extra.drop(t)
		}
		if edits < 150 {
			t.Errorf("only %d edits were made", edits)
		}
		wantClean(t, l, nil)
	})
}

func TestAuditFindsReorderedEvents(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger, where string) {
		lived(t, l)
		for _, statement := range []string{
			"UPDATE events SET seq = -1 WHERE seq = 3", "UPDATE events SET seq = 3 WHERE seq = 4", "UPDATE events SET seq = 4 WHERE seq = -1",
		} {
			execute(t, where, statement)
		}
		r := audited(t, l, nil)
		wantFound(t, r, "events", "seq", "two events swapped")
		if len(r.Findings) < 2 || r.Findings[0].Row != "3" || r.Findings[1].Row != "4" {
			t.Errorf("found: %v, want the rows 3 and 4", r.Findings)
		}
	})
}

// An event that is spelled in another way is not the event, even if its log agrees.
func TestAuditFindsAnotherSpelling(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger, where string) {
		entitle(t, l, entitlement())
		var leaf string
		if err := raw(t, where).QueryRow("SELECT event FROM events WHERE seq = 2").Scan(&leaf); err != nil {
			t.Fatal(err)
		}
		spaced := strings.Replace(leaf, ",", ", ", 1)
		db := raw(t, where)
		if _, err := db.Exec("UPDATE events SET event = $1 WHERE seq = 2", spaced); err != nil {
			t.Fatal(err)
		}
		added, err := tlog.StoredHashesForRecordHash(1, tlog.RecordHash([]byte(spaced)), tlog.HashReaderFunc(func([]int64) ([]tlog.Hash, error) {
			var first []byte
			err := db.QueryRow("SELECT hash FROM log WHERE idx = 0").Scan(&first)
			return []tlog.Hash{tlog.Hash(first)}, err
		}))
		if err != nil {
			t.Fatal(err)
		}
		for i, h := range added {
			if _, err := db.Exec("UPDATE log SET hash = $1 WHERE idx = $2", h[:], 1+i); err != nil {
				t.Fatal(err)
			}
		}
		wantFound(t, audited(t, l, nil), "events", "event", "a space added")
	})
}

// truncate drops the newest event, which sold an invoice, with its hashes and its
// effect: as if it had never been.
func truncate(t testing.TB, where, invoice string) {
	t.Helper()
	n := count(t, where, "events") - 1
	execute(t, where, fmt.Sprintf("DELETE FROM events WHERE seq = %d", n+1))
	execute(t, where, fmt.Sprintf("DELETE FROM log WHERE idx >= %d", tlog.StoredHashIndex(0, int64(n))))
	execute(t, where, "DELETE FROM entitlements WHERE invoice = '"+invoice+"'")
}

func TestAuditFindsTruncationByTheCheckpoint(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger, where string) {
		lived(t, l)
		before := checkpointOf(t, l)
		soldLater(t, l, "LAST")
		after := checkpointOf(t, l)
		truncate(t, where, "LAST")
		wantClean(t, l, nil) // nobody can tell without a checkpoint
		wantClean(t, l, before)
		wantFound(t, audited(t, l, after), "events", "", "the newest event dropped with all that it did")
		soldLater(t, l, "OTHER")
		wantFound(t, audited(t, l, after), "events", "", "another event put in its place")
	})
}

func TestAuditFindsAPartialTruncation(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger, where string) {
		lived(t, l)
		execute(t, where, fmt.Sprintf("DELETE FROM events WHERE seq = %d", count(t, where, "events")))
		wantFound(t, audited(t, l, nil), "log", "", "the newest event dropped alone")
	})
}

func TestAuditFindsANewHistory(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger, _ string) {
		entitle(t, l, entitlement())
		checkpoint := checkpointOf(t, l)
		forged, _ := newLedger(t)
		sold(t, forged, func(e *ledger.Entitlement) { e.Seats = 100 })
		sold(t, forged, func(e *ledger.Entitlement) { e.Invoice = "P-2" })
		wantClean(t, forged, nil)
		wantFound(t, audited(t, forged, checkpoint), "events", "", "a history written anew")
	})
}

// Who can rewrite events, hashes and tables still cannot sign.
func TestAuditFindsALicenseThatNobodySigned(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger, _ string) {
		entitle(t, l, entitlement())
		good := issue(t, now)
		license, err := l.Sign(ctx, operation(), request(t, 1, nil), each(func(g ledger.Grant) (format.ID, []byte, string, error) {
			id, file, signer, err := one(good, g)
			file[len(file)-1] ^= 1
			return id, file, signer, err
		}))
		if err != nil {
			t.Fatal(err)
		}
		r := audited(t, l, nil)
		if len(r.Findings) != 1 || r.Findings[0].Table != "licenses" || r.Findings[0].Row != license.ID.String() || !strings.Contains(r.Findings[0].Text, "verify") {
			t.Errorf("found: %v, want the license %s", r.Findings, license.ID)
		}
	})
}

func TestAuditFindsATrigger(t *testing.T) {
	l, where := newLedger(t)
	lived(t, l)
	execute(t, where, "CREATE TRIGGER more AFTER UPDATE ON entitlements BEGIN UPDATE entitlements SET seats = 100; END")
	wantFound(t, audited(t, l, nil), "sqlite_schema", "", "a trigger added")
}

func TestCheckpointForm(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger, where string) {
		lived(t, l)
		signed := checkpointOf(t, l)
		// The verifier key that any implementation of C2SP signed-note makes of the key.
		vkey, err := note.NewEd25519VerifierKey("acme.example/licensor-ledger", key(t, 102).Public().Bytes())
		if err != nil {
			t.Fatal(err)
		}
		v, err := note.NewVerifier(vkey)
		if err != nil {
			t.Fatal(err)
		}
		n, err := note.Open(signed, note.VerifierList(v))
		if err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(n.Text, "\n")
		if want := fmt.Sprint(count(t, where, "events")); lines[0] != "acme.example/licensor-ledger" || lines[1] != want || lines[2] != audited(t, l, nil).Head || lines[3] != "" {
			t.Errorf("checkpoint %q", n.Text)
		}
		for name, spoil := range map[string]func() []byte{
			"changed":   func() []byte { return bytes.Replace(signed, []byte("-ledger\n"), []byte("-ledger\n1"), 1) },
			"other key": func() []byte { c, _ := l.Checkpoint(ctx, key(t, 103)); return c },
			"empty":     func() []byte { return []byte{} },
			"huge":      func() []byte { return append(signed, make([]byte, 1<<20)...) },
			"other vendor": func() []byte {
				other := filepath.Join(t.TempDir(), "other.db")
				if err := ledger.Create(ctx, operation(), other, "evil.example"); err != nil {
					t.Fatal(err)
				}
				return checkpointOf(t, openLedger(t, other))
			},
		} {
			_, err := l.Audit(ctx, ledger.Against{Verifier: staff(t).Verifier, Checkpoint: spoil(), Keys: []keys.PublicKey{key(t, 102).Public()}})
			var known *ledger.Error
			if !errors.As(err, &known) || known.Next == "" {
				t.Errorf("%s: got %v, want an error with a hint", name, err)
			}
		}
	})
}

// Each step says how far it is, to its end.
func TestAuditTellsItsProgress(t *testing.T) {
	l, _ := newLedger(t)
	if err := l.Import(ctx, operation(), orders(2500), nil); err != nil {
		t.Fatal(err)
	}
	var steps []string
	most := map[string]int64{}
	against := ledger.Against{Verifier: staff(t).Verifier, Progress: func(step string, done, total int64) {
		if len(steps) == 0 || steps[len(steps)-1] != step {
			steps = append(steps, step)
		}
		if total > 0 && done > total || done < most[step] {
			t.Errorf("%s: %d of %d after %d", step, done, total, most[step])
		}
		most[step] = done
	}}
	if _, err := l.Audit(ctx, against); err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(steps, ", "); got != "reading events, comparing hashes, replaying events, comparing tables, verifying licenses" {
		t.Errorf("the steps are %s", got)
	}
	if most["reading events"] != 2000 || most["replaying events"] != 2000 || most["comparing hashes"] < 4000 {
		t.Errorf("the steps came to %v", most)
	}
}

// Where the schema version was removed, an audit says so; nothing else opens the ledger.
func TestAuditFindsThatTheVersionIsMissing(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger, where string) {
		lived(t, l)
		execute(t, where, "DELETE FROM schema_version")
		if _, err := ledger.OpenToRead(ctx, where); err == nil || !strings.Contains(err.Error(), "damaged") {
			t.Errorf("opened to read: %v", err)
		}
		opened, err := ledger.OpenToAudit(ctx, where)
		if err != nil {
			t.Fatal(err)
		}
		defer opened.Close()
		r := audited(t, opened, nil)
		if len(r.Findings) != 1 {
			t.Errorf("found: %v", r.Findings)
		}
		wantFound(t, r, "schema_version", "", "the version removed")
	})
}

func TestBackup(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger, where string) {
		lived(t, l)
		checkpoint := checkpointOf(t, l)
		file := filepath.Join(t.TempDir(), "backup.db")
		if err := l.Backup(ctx, file); err != nil {
			t.Fatal(err)
		}
		copied := openLedger(t, file)
		wantClean(t, copied, checkpoint)
		if got, want := fmt.Sprint(list(t, copied)), fmt.Sprint(list(t, l)); len(want) < 100 || len(got) != len(want) {
			t.Errorf("the copy lists\n%s\nwant\n%s", got, want)
		}
		if err := l.Backup(ctx, file); err == nil {
			t.Error("a backup replaced a file")
		}
		wantClean(t, openLedger(t, file), checkpoint)
		soldLater(t, copied, "ON-1") // a ledger like any other
		if left, err := filepath.Glob(filepath.Join(filepath.Dir(file), ".offlicense-*")); err != nil || len(left) != 0 {
			t.Errorf("left behind: %v, %v", left, err)
		}
	})
}
