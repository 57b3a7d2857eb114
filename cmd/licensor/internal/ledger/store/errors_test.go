package store_test

import (
	"errors"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/offlicense/offlicense/cmd/internal/hint"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/ledgertest"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/store"
)

// wantError wants an error that says something and has a hint.
func wantError(t testing.TB, what string, err error, want string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), want) || hint.Of(err) == "" {
		t.Errorf("%s: got %v (hint: %s), want an error that says %q, with a hint", what, err, hint.Of(err), want)
	}
}

func open(where string) error { return opened(store.Open(ctx, where)) }

func openReadOnly(where string) error { return opened(store.OpenReadOnly(ctx, where)) }

func openToAudit(where string) error { return opened(store.OpenToAudit(ctx, where)) }

func opened(s *store.Store, err error) error {
	if err == nil {
		s.Close()
	}
	return err
}

func TestBrokenFiles(t *testing.T) {
	for name, test := range map[string]struct {
		spoil func(path string) error
		want  string
	}{
		"no database": {func(path string) error {
			return os.WriteFile(path, []byte(strings.Repeat("no database ", 100)), 0o600)
		}, "is no ledger"},
		"empty": {func(path string) error { return os.Truncate(path, 0) }, "no ledger in this database"},
		"gone":  {os.Remove, "no such file"},
	} {
		t.Run(name, func(t *testing.T) {
			s, path := onFile(t)
			s.Close()
			if err := test.spoil(path); err != nil {
				t.Fatal(err)
			}
			wantError(t, "to write", open(path), test.want)
			wantError(t, "to read", openReadOnly(path), test.want)
		})
	}
}

// A path is a path, whatever SQLite thinks of ? and # and % in names.
func TestStrangePath(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a?mode=memory#%41 b")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "ledger.db")
	record(t, begin(t, path), sell(nil))
	if info, err := os.Stat(path); err != nil || info.Size() == 0 || info.Mode().Perm() != 0o600 {
		t.Errorf("the ledger is not where it belongs, or others may read it: %v, %v", info, err)
	}
	if err := opened(store.Create(ctx, path)); !errors.Is(err, fs.ErrExist) {
		t.Errorf("made over another: %v", err)
	}
}

func TestAnotherSchema(t *testing.T) {
	everywhere(t, func(t *testing.T, s *store.Store, where string) {
		ledgertest.Execute(t, where, "UPDATE schema_version SET version = 999")
		for name, open := range map[string]func(string) error{"to write": open, "to read": openReadOnly, "to audit": openToAudit} {
			wantError(t, name, open(where), "another version of licensor: it has schema version 999")
		}
		// Where the version was removed, only an audit goes on.
		ledgertest.Execute(t, where, "DELETE FROM schema_version")
		wantError(t, "to write", open(where), "schema_version is empty")
		wantError(t, "to read", openReadOnly(where), "schema_version is empty")
		if err := openToAudit(where); err != nil {
			t.Error(err)
		}
		for _, table := range store.Tables {
			ledgertest.Execute(t, where, "DROP TABLE "+table.Name)
		}
		for name, open := range map[string]func(string) error{"to write": open, "to read": openReadOnly, "to audit": openToAudit} {
			wantError(t, name, open(where), "no ledger in this database")
		}
	})
}

// Where the tables are made and the first event is not there, nobody's ledger it is.
func TestNoFirstEvent(t *testing.T) {
	ledgertest.Everywhere(t, func(t *testing.T, where string) {
		s, err := store.Create(ctx, where)
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		wantError(t, "vendor", s.Read(ctx, func(x *store.Tx) error { _, err := x.Vendor(); return err }), "no ledger in this database")
		record(t, s, ledger.Event{Action: ledger.ActionCustomer, Detail: ledger.Customer{Name: "Site Ltd"}})
		wantError(t, "vendor", s.Read(ctx, func(x *store.Tx) error { _, err := x.Vendor(); return err }), "damaged")
	})
}

// What is not on record whole is not on record at all.
func TestNothingOfAFailedTransaction(t *testing.T) {
	everywhere(t, func(t *testing.T, s *store.Store, where string) {
		failed := errors.New("no more")
		err := s.Write(ctx, func(w *store.Writer) error {
			e, by := sell(nil), ledgertest.By()
			if err := w.Record(&e, &by); err != nil {
				return err
			}
			if f, err := w.Facts(store.Ask{Invoices: []string{invoice}}); err != nil || f.Sales[invoice] == nil {
				t.Errorf("what was written is not seen: %v", err)
			}
			return failed
		})
		if !errors.Is(err, failed) || ledgertest.Count(t, where, "events") != 1 || ledgertest.Count(t, where, "entitlements") != 0 {
			t.Errorf("got %v, and %d events", err, ledgertest.Count(t, where, "events"))
		}
		// Nor of one whose effect cannot be: the sale of an invoice that is there.
		record(t, s, sell(nil))
		wantError(t, "sold twice", write(s, now, sell(nil)), "failed")
		wantError(t, "amended and never sold", write(s, now, ledger.Event{Action: ledger.ActionAmend, Invoice: "X", Detail: &ledger.Entitlement{Invoice: "X"}}), "damaged")
		if n := ledgertest.Count(t, where, "events"); n != 2 {
			t.Errorf("%d events are on record, want 2", n)
		}
	})
}

// Nothing is added to a log of which a hash was changed or dropped by hand.
func TestDamagedLog(t *testing.T) {
	for name, damage := range map[string]string{
		"missing": "DELETE FROM log WHERE idx = 2",
		"cut":     "UPDATE log SET hash = x'00' WHERE idx = 2",
	} {
		t.Run(name, func(t *testing.T) {
			s, where := onFile(t)
			record(t, s, sell(nil))
			ledgertest.Execute(t, where, damage)
			// The fourth event is the next of which the hash has a use.
			record(t, s, sell(func(e *ledger.Entitlement) { e.Invoice = "P-3" }))
			wantError(t, name, write(s, now, sell(func(e *ledger.Entitlement) { e.Invoice = "P-4" })), "damaged")
		})
	}
}

func TestPostgresErrorsSayWhatToDo(t *testing.T) {
	where := ledgertest.Postgres(t)
	begin(t, where)
	for name, test := range map[string]struct{ address, want string }{
		"nobody there":     {"postgres://u:secret@/x?host=" + url.QueryEscape(t.TempDir()), "cannot be reached"},
		"no such database": {strings.Replace(where, "/postgres?", "/none?", 1), "no such database"},
		"no ledger":        {ledgertest.Address(url.Values{"search_path": {"pg_temp"}}), "no ledger"},
		"not in UTF-8":     {where + "&client_encoding=LATIN1", "in UTF-8"},
		"closed":           {strings.Replace(where, "/postgres?", "/template0?", 1), "lets nobody in"},
		"malformed":        {"postgres://u:secret@host:port/x", "malformed address"},
		"unknown user":     {strings.Replace(where, "postgres@", "stranger:secret@", 1), "does not let this user in"},
	} {
		err := open(test.address)
		wantError(t, name, err, test.want)
		if err != nil && strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: the password is in %q", name, err)
		}
	}
	wantError(t, "no schema", opened(store.Create(ctx, ledgertest.Address(url.Values{"search_path": {"nowhere"}}))), "no schema")
}

// A command that the database cancels, for its time limit here, was not cut off.
func TestPostgresCancels(t *testing.T) {
	where := ledgertest.Postgres(t)
	begin(t, where)
	s, err := store.Open(ctx, where+"&statement_timeout=500")
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	other, err := ledgertest.Raw(t, where).Begin()
	if err != nil {
		t.Fatal(err)
	}
	defer other.Rollback()
	if _, err := other.Exec("SELECT pg_advisory_xact_lock(x'6f66666c6963'::bigint)"); err != nil { // as who writes holds it
		t.Fatal(err)
	}
	err = write(s, now, sell(nil))
	wantError(t, "canceled", err, "statement timeout")
	if strings.Contains(err.Error(), "was cut") {
		t.Error(err)
	}
}

// Who may set what a role or a database begins with takes no seat by it, and stops nobody.
func TestSellASeatTwiceByTheIsolationOfTheServer(t *testing.T) {
	where := ledgertest.Postgres(t)
	begin(t, where)
	ledgertest.Execute(t, where, "CREATE ROLE odd LOGIN SUPERUSER",
		"ALTER ROLE odd SET default_transaction_isolation = 'serializable'",
		"ALTER ROLE odd SET default_transaction_read_only = on")
	odd := strings.Replace(where, "postgres@", "odd@", 1)
	errs := make(chan error)
	const signers = 8
	for i := range signers {
		s, err := store.Open(ctx, odd)
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		go func() {
			var all []error
			for j := range 5 {
				all = append(all, write(s, now, sell(func(e *ledger.Entitlement) { e.Invoice = "ODD-" + string(rune('A'+i)) + string(rune('A'+j)) })))
			}
			errs <- errors.Join(all...)
		}()
	}
	for range signers {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
	if n := ledgertest.Count(t, where, "entitlements"); n != 5*signers {
		t.Errorf("%d sales are on record, want %d", n, 5*signers)
	}
}
