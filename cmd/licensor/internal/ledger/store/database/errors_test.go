package database_test

import (
	"fmt"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/ledgertest"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/store/database"
)

// Another program holds the file for longer than a command waits. Who only reads does
// not wait for it.
func TestLockedFile(t *testing.T) {
	d, where := things(t)
	d.Exec(t, "PRAGMA busy_timeout = 20") // a wait that a user could shorten would be of no use
	conn, err := ledgertest.Raw(t, where).Conn(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.ExecContext(ctx, "BEGIN EXCLUSIVE"); err != nil {
		t.Fatal(err)
	}
	wantError(t, "write", add(d, 1), "has been locked by another program for 10s")
	if n := count(t, d); n != 0 {
		t.Errorf("read while it is locked: %d rows", n)
	}
	if _, err := conn.ExecContext(ctx, "ROLLBACK"); err != nil {
		t.Fatal(err)
	}
	if err := add(d, 1); err != nil {
		t.Error(err)
	}
}

func TestFullDisk(t *testing.T) {
	d, _ := things(t)
	d.Exec(t, "PRAGMA max_page_count = 1") // of what there is already, SQLite takes nothing away
	wantError(t, "write", add(d, 200), "is full")
	if n := count(t, d); n != 0 {
		t.Errorf("%d rows are there, want none", n)
	}
	d.Exec(t, "PRAGMA max_page_count = 1000000")
	if err := add(d, 200); err != nil || count(t, d) != 200 {
		t.Error(err)
	}
}

// What no test can bring about is told all the same.
func TestPostgresErrorCodes(t *testing.T) {
	for code, want := range map[string]string{
		"55P03": "has been locked by another program for 10s",
		"25006": "can only be read here",
		"42501": "is closed to this user",
		"42P07": "has a table of another program",
		"53100": "has no room left",
		"57P01": "was cut",
		"08006": "was cut",
		"XX000": "failed: something",
	} {
		wantError(t, code, database.ExplainPostgres(fmt.Errorf("writing: %w", &pgconn.PgError{Code: code, Message: "something"})), want)
	}
	refusal := ledger.Refuse(ledger.RuleSeats, ledger.LiftNobody, "x", "y")
	if err := database.ExplainPostgres(refusal); err != refusal {
		t.Errorf("a refusal became %v", err)
	}
}
