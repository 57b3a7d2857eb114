// Package ledgertest helps to test what uses a ledger. Only tests import it.
package ledgertest

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/store/database" // and its drivers
)

// The tests start a PostgreSQL server of their own, which listens on a socket in a
// temporary directory and is gone when they end. Nobody needs to set one up.

// server is that server, started by the first test that needs it.
var server struct {
	once    sync.Once
	socket  string
	process *exec.Cmd
	start   func() error
	dir     string
	missing error // why there is none
	schemas atomic.Int64
}

// Postgres returns the address of an empty schema for one test. Without a server binary
// it skips the test. TestMain calls Stop when all tests have run.
func Postgres(t testing.TB) string {
	t.Helper()
	server.once.Do(func() { server.missing = startServer() })
	if server.missing != nil {
		t.Skipf("SKIPPED, NOT TESTED ON POSTGRESQL: %v", server.missing)
	}
	schema := fmt.Sprintf("test%d", server.schemas.Add(1))
	admin := Raw(t, Address(nil))
	if _, err := admin.Exec("CREATE SCHEMA " + schema); err != nil {
		t.Fatal(err)
	}
	return Address(url.Values{"search_path": {schema}})
}

// Address returns the address of the server that Postgres has started, with options.
func Address(options url.Values) string {
	query := url.Values{"host": {server.socket}}
	for name, values := range options {
		query[name] = values
	}
	return "postgres://postgres@/postgres?" + query.Encode()
}

// Raw opens the database of a ledger, a file or an address, without the rules of one.
func Raw(t testing.TB, where string) *sql.DB {
	t.Helper()
	driver := "pgx"
	if !database.IsPostgres(where) {
		driver, where = "sqlite", "file:"+where+"?_pragma=synchronous(OFF)"
	}
	db, err := sql.Open(driver, where)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

// Execute runs statements on the database of a ledger.
func Execute(t testing.TB, where string, statements ...string) {
	t.Helper()
	db := Raw(t, where)
	for _, statement := range statements {
		if _, err := db.Exec(statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
}

// Count returns how many rows a table has.
func Count(t testing.TB, where, table string) (n int) {
	t.Helper()
	if err := Raw(t, where).QueryRow("SELECT COUNT(*) FROM " + table).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// Everywhere runs a test with a place for a new ledger, on SQLite and on PostgreSQL.
func Everywhere(t *testing.T, f func(t *testing.T, where string)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { f(t, filepath.Join(t.TempDir(), "ledger.db")) })
	t.Run("postgres", func(t *testing.T) { f(t, Postgres(t)) })
}

// findServer returns the directory with initdb and postgres: on PATH, or where Debian
// puts them.
func findServer() (string, error) {
	if path, err := exec.LookPath("postgres"); err == nil {
		return filepath.Dir(path), nil
	}
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/postgres")
	if err != nil || len(found) == 0 {
		return "", errors.New("no postgres on PATH nor in /usr/lib/postgresql (apt-get install postgresql)")
	}
	return filepath.Dir(found[len(found)-1]), nil
}

func startServer() error {
	bin, err := findServer()
	if err != nil {
		return err
	}
	// A socket's path is short: the temporary directory of a test would be too long.
	if server.dir, err = os.MkdirTemp("", "pg"); err != nil {
		return err
	}
	user, err := ordinaryUser(server.dir)
	if err != nil {
		return err
	}
	data := filepath.Join(server.dir, "data")
	initdb := exec.Command(filepath.Join(bin, "initdb"), "--pgdata", data, "--username", "postgres", "--auth", "trust", "--encoding", "UTF8", "--locale", "C", "--no-sync")
	initdb.SysProcAttr, initdb.Dir = user, server.dir
	if out, err := initdb.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w: %s", err, out)
	}
	server.start = func() error {
		// Without fsync a power cut would lose data, and no test makes one: who is killed here,
		// or the whole server, leaves what the system has been given.
		server.process = exec.Command(filepath.Join(bin, "postgres"), "-D", data, "-k", server.dir, "-c", "listen_addresses=", "-c", "fsync=off", "-c", "max_connections=200")
		server.process.SysProcAttr, server.process.Dir = user, server.dir
		log, err := os.OpenFile(filepath.Join(server.dir, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
		if err != nil {
			return err
		}
		defer log.Close()
		server.process.Stdout, server.process.Stderr = log, log
		return server.process.Start()
	}
	if err := server.start(); err != nil {
		return err
	}
	server.socket = server.dir
	return awaitServer()
}

func awaitServer() error {
	db, err := sql.Open("pgx", Address(nil))
	if err != nil {
		return err
	}
	defer db.Close()
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		if err = db.PingContext(context.Background()); err == nil || time.Now().After(deadline) {
			return err
		}
	}
}

// Restart stops the server, calls a function, and starts the server again. A test that calls it
// is not a parallel one.
func Restart(t testing.TB, meanwhile func()) {
	t.Helper()
	server.process.Process.Signal(os.Interrupt) // "fast" shutdown
	server.process.Wait()
	meanwhile()
	if err := server.start(); err != nil {
		t.Fatal(err)
	}
	if err := awaitServer(); err != nil {
		t.Fatal(err)
	}
}

// Socket returns the directory with the socket of the server.
func Socket() string { return server.socket }

// Stop ends the server, if there is one.
func Stop() {
	if server.process != nil && server.process.Process != nil {
		server.process.Process.Signal(os.Interrupt) // "fast" shutdown
		server.process.Wait()
	}
	if server.dir != "" {
		os.RemoveAll(server.dir)
	}
}
