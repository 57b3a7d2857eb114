package store_test

import (
	"errors"
	"net/url"
	"strings"
	"testing"

	"github.com/offlicense/offlicense/cmd/internal/hint"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/ledgertest"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/store"
)

// Whoever reads an error over a shoulder or in a log reads no password, however the
// address was written.
func TestReadThePasswordInAnError(t *testing.T) {
	t.Setenv("PGPASSWORD", "SECRET")
	ledgertest.Postgres(t)
	there := url.QueryEscape(ledgertest.Socket())
	for _, address := range []string{
		"postgres://u:SECRET@127.0.0.1:1/db",
		"postgresql://u:SECRET@127.0.0.1:1/db",
		"postgres://u:SECRET@127.0.0.1:1,127.0.0.2:1/db",
		"postgres://u:SECRET@127.0.0.1:port/db",
		"postgres://u:SECRET@[::1:1/db",
		"postgres://u:SECRET@127.0.0.1:1/db?sslmode=odd",
		"postgres://u%3aSECRET@127.0.0.1:1/db",
		"postgres://u%3ASECRET%40127.0.0.1:1/db",
		"postgres://u:%SECRET@127.0.0.1:1/db",
		"postgres://u:%zzSECRET@127.0.0.1:1/db",
		"postgres://u:x@SECRET@127.0.0.1:1/db",
		"postgres://u:1/SECRET@127.0.0.1/db",
		"postgres://u:1@2/SECRET@127.0.0.1:1/db",
		"postgres://u:1@127.0.0.1:1?SECRET@127.0.0.1/db",
		"postgres://u:1#SECRET@127.0.0.1:1/db",
		"postgres://u:1@127.0.0.1:1/db#SECRET",
		"postgres://u: SECRET@127.0.0.1:1/db",
		"postgres://u:\x01SECRET@127.0.0.1:1/db",
		"postgres://127.0.0.1:1/db?user=u&password=SECRET",
		"postgres://127.0.0.1:1/db?user=u:SECRET",
		"postgres://127.0.0.1:1/db?user=u&PASSWORD=SECRET",
		"postgres://127.0.0.1:1/db?x=1;password=SECRET",
		"postgres://127.0.0.1:1/db;password=SECRET",
		"postgres://u@127.0.0.1:1/db?sslpassword=SECRET",
		"postgres://u@127.0.0.1:1/db?sslpassword=SECRET&sslkey=/none&sslcert=/none",
		"postgres://u@127.0.0.1:1/db?default_query_exec_mode=SECRET",
		"postgres://u@127.0.0.1:1/db?statement_cache_capacity=SECRET",
		"postgres://u@127.0.0.1:1/db?connect_timeout=SECRET",
		"postgres://u@127.0.0.1:1/db?password=%zSECRET",
		"postgres://postgres:SECRET@/postgres?host=" + there + "&DateStyle=SECRET",
		"postgres://postgres:SECRET@/postgres?host=" + there + "&1SECRET=x",
		"postgres://postgres@/postgres?host=" + there + "&PASSWORD=SECRET",
		"postgres://postgres@/postgres?host=" + there + "&options=-c%20SECRET",
		"postgres://stranger:SECRET@/postgres?host=" + there,
		"postgres://postgres:SECRET@/none?host=" + there,
		"postgres://postgres:SECRET@/postgres?host=" + there + "&search_path=pg_temp",
		"host=127.0.0.1 port=1 user=u password=SECRET",
		"host=127.0.0.1 user=u password='SEC RET'",
	} {
		err := open(address)
		if err == nil || hint.Of(err) == "" && store.IsPostgres(address) {
			t.Errorf("%s: got %v (hint: %s), want an error with a hint", address, err, hint.Of(err))
			continue
		}
		if !store.IsPostgres(address) {
			continue // a path, which the command refuses unread
		}
		for _, said := range []string{err.Error(), hint.Of(err)} {
			if strings.Contains(said, "SECRET") {
				t.Errorf("%s: the password is in %q", address, said)
			}
		}
	}
}

// An address that was written as it must be is named, so that a wrong one is found.
func TestAddressInAnError(t *testing.T) {
	wantError(t, "address", open("postgres://u:x@127.0.0.1:1,127.0.0.2:1/db"), "the ledger (database db on 127.0.0.1, 127.0.0.2, user u) cannot be reached")
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
