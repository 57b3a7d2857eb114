package database

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"net"

	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"
)

// IsTrouble reports whether an error is the database's, or of the way to it, and not about what
// was asked: the same may be asked again.
func IsTrouble(err error) bool {
	var file *sqlite.Error
	var server *pgconn.PgError
	var connect *pgconn.ConnectError
	var way net.Error
	return errors.As(err, &file) || errors.As(err, &server) || errors.As(err, &connect) || errors.As(err, &way) ||
		errors.Is(err, driver.ErrBadConn) || errors.Is(err, sql.ErrConnDone) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}
