package store_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/ledgertest"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/store"
	"github.com/offlicense/offlicense/format"
	"golang.org/x/mod/sumdb/tlog"
)

// Whoever has the events has the ledger: a copy, or one that is replayed, is the same.
func TestBackupAndReplay(t *testing.T) {
	everywhere(t, func(t *testing.T, s *store.Store, where string) {
		record(t, s, history()...)
		file := filepath.Join(t.TempDir(), "backup.db")
		if err := s.Backup(ctx, file); err != nil {
			t.Fatal(err)
		}
		if err := s.Backup(ctx, file); !errors.Is(err, os.ErrExist) {
			t.Errorf("a backup replaced a file: %v", err)
		}
		scratch, err := store.Create(ctx, filepath.Join(t.TempDir(), "again.db"))
		if err != nil {
			t.Fatal(err)
		}
		defer scratch.Close()
		if err := s.Replays(ctx, scratch); err != nil {
			t.Fatal(err)
		}
		copied, err := store.Open(ctx, file)
		if err != nil {
			t.Fatal(err)
		}
		defer copied.Close()
		want := contents(t, s)
		for _, table := range []string{"moves", "revocations", "customers"} {
			if !strings.Contains(want, "\n"+table+" [") {
				t.Errorf("table %s is empty: nothing is tested of it", table)
			}
		}
		for name, other := range map[string]*store.Store{"the copy": copied, "the replayed one": scratch} {
			if got := contents(t, other); got != want {
				t.Errorf("%s is\n%s\nwant\n%s", name, got, want)
			}
		}
		record(t, copied, sell(func(e *ledger.Entitlement) { e.Invoice = "ON-1" })) // a ledger like any other
		entries, err := os.ReadDir(filepath.Dir(file))
		for _, entry := range entries {
			if err != nil || !strings.HasPrefix(entry.Name(), "backup.db") {
				t.Errorf("left behind: %s, %v", entry.Name(), err)
			}
		}
	})
}

// contents are all rows of all tables.
func contents(t testing.TB, s *store.Store) string {
	t.Helper()
	var b strings.Builder
	facts(t, s, func(x *store.Tx) error {
		for _, table := range store.Tables {
			rows, err := x.Rows(table)
			if err != nil {
				return err
			}
			columns, err := rows.Columns()
			if err != nil {
				return err
			}
			for rows.Next() {
				values, into := make([]any, len(columns)), make([]any, len(columns))
				for i := range values {
					into[i] = &values[i]
				}
				if err := rows.Scan(into...); err != nil {
					return err
				}
				for i, v := range values {
					if text, ok := v.(string); ok { // of SQLite; PostgreSQL has the same bytes
						values[i] = []byte(text)
					}
				}
				fmt.Fprintf(&b, "\n%s %v", table.Name, values)
			}
			rows.Close()
		}
		return nil
	})
	return b.String()
}

// An event that does not follow from those before it is named.
func TestReplayOfWhatCannotBe(t *testing.T) {
	s, where := onFile(t)
	record(t, s, sell(nil), sell(func(e *ledger.Entitlement) { e.Invoice = "P-2" }))
	ledgertest.Execute(t, where, "UPDATE events SET event = replace(event, '\"P-2\"', '\"INV0042-1\"') WHERE seq = 3")
	scratch, err := store.Create(ctx, filepath.Join(t.TempDir(), "again.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer scratch.Close()
	var failed *store.ReplayError
	if err := s.Replays(ctx, scratch); !errors.As(err, &failed) || failed.Seq != 3 {
		t.Errorf("got %v, want that event 3 does not apply", err)
	}
}

// The hashes of the table log are those of the tree over the events, however they came.
func TestLog(t *testing.T) {
	everywhere(t, func(t *testing.T, s *store.Store, _ string) {
		all := history()
		record(t, s, all[0])
		record(t, s, all[1:4]...)
		record(t, s, all[4:]...)
		var hashes []tlog.Hash
		facts(t, s, func(x *store.Tx) error {
			err := x.EachEvent(func(seq int64, leaf []byte) error {
				added, err := tlog.StoredHashes(seq-1, leaf, tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
					found := make([]tlog.Hash, len(indexes))
					for i, index := range indexes {
						found[i] = hashes[index]
					}
					return found, nil
				}))
				hashes = append(hashes, added...)
				return err
			})
			if err != nil {
				return err
			}
			seen := 0
			for rows := []store.HashRow{{}}; err == nil && len(rows) > 0; {
				rows, err = x.Hashes(int64(seen), 7)
				for _, row := range rows {
					if row.Index != int64(seen) || string(row.Hash) != string(hashes[seen][:]) {
						t.Errorf("hash %d is another", row.Index)
					}
					seen++
				}
			}
			if seen != len(hashes) || seen < 40 {
				t.Errorf("%d hashes, want %d", seen, len(hashes))
			}
			size, newest, _ := x.Size()
			if size != int64(len(all)+1) || !newest.Equal(now) {
				t.Errorf("%d events until %s", size, newest)
			}
			return err
		})
	})
}

func TestHistory(t *testing.T) {
	everywhere(t, func(t *testing.T, s *store.Store, _ string) {
		record(t, s, history()...)
		for of, want := range map[string]string{
			invoice: "entitle sign sign sign sign move sign deactivate sign revoke",
			"AAAA":  "sign sign revoke",
			"BBBB":  "sign move",
			"":      "create customer customer",
			"NONE":  "",
		} {
			facts(t, s, func(x *store.Tx) error {
				events, err := x.History(of)
				var actions []string
				for _, e := range events {
					actions = append(actions, string(e.Action))
					if e.Operator != "anna" || !e.Time.Equal(now) {
						t.Errorf("by whom and when: %+v", e)
					}
				}
				if got := strings.Join(actions, " "); got != want {
					t.Errorf("history of %q: %s, want %s", of, got, want)
				}
				return err
			})
		}
	})
}

func TestList(t *testing.T) {
	everywhere(t, func(t *testing.T, s *store.Store, _ string) {
		in := func(invoice string, expires time.Time) func(*ledger.Entitlement) {
			return func(e *ledger.Entitlement) { e.Invoice, e.Expires = invoice, expires }
		}
		other := func(e *ledger.Entitlement) { e.Customer = "Other  Ltd" }
		liquid := func(e *ledger.Entitlement) { e.Product = "liquid" }
		maintained := func(e *ledger.Entitlement) { e.UpdatesUntil = now.Add(6 * day) }
		sold := func(changes ...func(*ledger.Entitlement)) ledger.Event {
			return sell(func(e *ledger.Entitlement) {
				for _, change := range changes {
					change(e)
				}
			})
		}
		record(t, s,
			sold(in("D", ledgertest.Entitlement().Expires), other, liquid), sold(in("A", now.Add(10*day))),
			sold(in("B", now.Add(20*day)), other), sold(in("C", time.Time{}), liquid, maintained),
			begins("AAAA", 1, ledger.StateActive, "A", site(1), now), signs("AAAA", 2, 2, "A", site(11)),
			begins("BBBB", 3, ledger.StateActive, "B", site(2), now),
			ledger.Event{Action: ledger.ActionRelease, Invoice: "B", Activation: "BBBB", Detail: ledger.Closed{}})
		for name, test := range map[string]struct {
			filter store.Filter
			want   string
		}{
			"all":                     {store.Filter{}, "A B C D"},
			"invoice":                 {store.Filter{Invoice: "B"}, "B"},
			"unknown invoice":         {store.Filter{Invoice: "X"}, ""},
			"customer, as typed":      {store.Filter{Customer: " other  LTD"}, "B D"},
			"product":                 {store.Filter{Product: "liquid"}, "C D"},
			"customer and product":    {store.Filter{Customer: "Other Ltd", Product: "liquid"}, "D"},
			"active":                  {store.Filter{Active: true}, "A"},
			"expiring within 15 days": {store.Filter{EndsAfter: now, EndsBy: now.Add(15 * day)}, "A C"},
			"expiring later":          {store.Filter{EndsAfter: now.Add(15 * day), EndsBy: now.Add(30 * day)}, "B"},
			"to the second":           {store.Filter{EndsAfter: now.Add(9 * day), EndsBy: now.Add(10 * day)}, "A"},
			"after the second":        {store.Filter{EndsAfter: now.Add(10 * day), EndsBy: now.Add(15 * day)}, ""},
			"expiring updates":        {store.Filter{EndsAfter: now.Add(5 * day), EndsBy: now.Add(6 * day)}, "C"},
			"all of it":               {store.Filter{Invoice: "A", Customer: "site ltd", Product: "evoq", Active: true, EndsAfter: now, EndsBy: now.Add(30 * day)}, "A"},
		} {
			facts(t, s, func(x *store.Tx) error {
				holdings, err := x.List(test.filter)
				var got []string
				for _, h := range holdings {
					got = append(got, h.Invoice)
					want := 0
					if h.Invoice == "A" {
						want = 1
					}
					if len(h.Activations) != want || h.SeatsUsed != uint64(want) {
						t.Fatalf("%s: %s has %d activations and %d seats in use, want %d", name, h.Invoice, len(h.Activations), h.SeatsUsed, want)
					}
					if want == 0 {
						continue
					}
					a := h.Activations[0]
					if a.ID != "AAAA" || a.License.ID != id(2) || a.License.Epoch != 2 || a.License.SignedBy != "anna" || a.Site != "site AAAA" ||
						a.Host != "server-1" || !a.Since.Equal(now) || !a.License.HardEnd.Equal(ledgertest.Entitlement().Expires) {
						t.Errorf("%s: %+v, %+v", name, a, a.License)
					}
				}
				if strings.Join(got, " ") != test.want {
					t.Errorf("%s: got %v, want %s", name, got, test.want)
				}
				return err
			})
		}
	})
}

// Who has signed what, and which of it may be kept when a key is revoked.
func TestSigners(t *testing.T) {
	everywhere(t, func(t *testing.T, s *store.Store, _ string) {
		bert := begins("BBBB", 3, ledger.StateActive, invoice, site(2), now)
		l := bert.Detail.(*ledger.Signed).License
		l.SignedBy, l.SignerKey, l.Issued = "bert", ledgertest.Public(103).Bytes(), now.Add(day)
		ended := signs("AAAA", 2, 2, invoice, site(11))
		ended.Detail.(*ledger.Signed).License.HardEnd = now.Add(-day)
		revoked := signs("AAAA", 4, 3, invoice, site(12))
		record(t, s, sell(func(e *ledger.Entitlement) { e.Seats = 3 }), begins("AAAA", 1, ledger.StateActive, invoice, site(1), now), ended, revoked, bert,
			ledger.Event{Action: ledger.ActionRevoke, Invoice: invoice, Activation: "AAAA", Why: "leaked", Detail: ledger.Revoked{Licenses: []format.ID{id(4)}}})
		anna := ledgertest.Public(ledgertest.Staff).Bytes()
		facts(t, s, func(x *store.Tx) error {
			signers, err := x.Signers()
			if err != nil || len(signers) != 2 || signers[0].Name != "anna" || signers[0].Licenses != 3 || string(signers[0].Key) != string(anna) ||
				signers[1].Name != "bert" || !signers[1].First.Equal(now.Add(day)) || !signers[1].Last.Equal(now.Add(day)) {
				t.Errorf("signers: %+v, %v", signers, err)
			}
			for _, test := range []struct {
				after int64
				key   []byte
				ended time.Time
				want  string
			}{
				{0, nil, now, "1 2 4 3"}, {3, nil, now, "2 4 3"}, {6, nil, now, ""},
				{0, anna, now, "1"}, {0, anna, now.Add(-2 * day), "1 2"}, {3, anna, now.Add(-2 * day), "2"}, {5, l.SignerKey, now, "3"},
			} {
				got := map[byte]bool{}
				err := x.EachLicense(test.after, test.key, test.ended.Unix(), func(l *ledger.License) error { got[l.ID[0]] = true; return nil })
				want := map[byte]bool{}
				for _, n := range strings.Fields(test.want) {
					want[n[0]-'0'] = true
				}
				if err != nil || fmt.Sprint(got) != fmt.Sprint(want) {
					t.Errorf("after %d by %x: %v, %v, want %s", test.after, test.key, got, err, test.want)
				}
			}
			return nil
		})
	})
}
