package database_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/offlicense/offlicense/cmd/internal/hint"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/ledgertest"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/store/database"
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
		if err == nil || hint.Of(err) == "" && database.IsPostgres(address) {
			t.Errorf("%s: got %v (hint: %s), want an error with a hint", address, err, hint.Of(err))
			continue
		}
		if !database.IsPostgres(address) {
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
