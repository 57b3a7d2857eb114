package database

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/offlicense/offlicense/cmd/internal/hint"
)

const howToAddress = "write it as postgres://user@host:5432/database, with the odd characters of a password as %XX: / is %2F, @ is %40, # is %23"

// parseAddress reads the address of a database. The error says nothing of it: in one that
// nobody can read, any part may be the password.
func parseAddress(address string) (*pgx.ConnConfig, error) {
	config, err := pgx.ParseConfig(address)
	// What is behind a # counts for nothing, and is most likely the rest of a password.
	if err != nil || strings.Contains(address, "#") {
		return nil, hint.Errorf("malformed address of a PostgreSQL database").WithHint("%s", howToAddress)
	}
	config.ConnectTimeout = cmp.Or(config.ConnectTimeout, connectTimeout)
	return config, nil
}

// connectTimeout is how long a command waits for a host that does not answer, where the
// address (connect_timeout) and the environment say nothing.
const connectTimeout = 15 * time.Second

// plainName is a part of an address in which nobody looks for a password.
var plainName = regexp.MustCompile(`^[A-Za-z0-9_.-]*$|^[0-9a-f]*:[0-9a-f:.]*$|^/[A-Za-z0-9_./-]*$`)

// placeOf names a ledger for people, by what the driver took for user, host and database,
// never by the address itself. If one of these is odd, or one of the settings, it names
// none: a password that was not written as it must be falls apart into all of them.
func placeOf(c *pgx.ConnConfig) string {
	hosts := []string{c.Host}
	for _, f := range c.Fallbacks {
		if !slices.Contains(hosts, f.Host) {
			hosts = append(hosts, f.Host)
		}
	}
	parts := append(hosts, c.User, c.Database)
	for name := range c.RuntimeParams {
		parts = append(parts, name)
	}
	if slices.ContainsFunc(parts, func(part string) bool { return !plainName.MatchString(part) }) {
		return "the ledger in PostgreSQL"
	}
	database := cmp.Or(c.Database, c.User)
	return "the ledger (database " + database + " on " + strings.Join(hosts, ", ") + ", user " + c.User + ")"
}
