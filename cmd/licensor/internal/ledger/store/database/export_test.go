package database

import "testing"

// Exec runs a statement on the only connection from then on, such as a PRAGMA that makes
// trouble.
func (d *DB) Exec(t testing.TB, statement string) {
	t.Helper()
	d.Conns.SetMaxOpenConns(1)
	d.pooled = true // to prepare a statement would need another one
	if _, err := d.Conns.Exec(statement); err != nil {
		t.Fatal(err)
	}
}

// ExplainPostgres is what is made of an error of a server.
func ExplainPostgres(err error) error {
	return postgresDialect{shown: "postgres://host/ledger"}.explain(err)
}

// Unreachable says why a server does not answer.
func Unreachable(err error) (what, next string) { return unreachable(err, false) }
