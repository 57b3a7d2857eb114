package database

import (
	"crypto/x509"
	"database/sql/driver"
	"errors"
	"io"
	"net"
	"strings"
	"syscall"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/offlicense/offlicense/cmd/internal/hint"
)

// explainConnection says why there is no connection, or no more.
func (d postgresDialect) explainConnection(at string, err error) error {
	var connect *pgconn.ConnectError
	var network net.Error
	switch {
	case errors.As(err, &connect):
		what, next := unreachable(err, d.tls)
		return hint.Errorf("%s cannot be reached: %s", at, what).WithHint("%s", next).Because(err)
	case errors.As(err, &network), errors.Is(err, driver.ErrBadConn), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, net.ErrClosed), pgconn.SafeToRetry(err):
		return hint.Errorf("the connection to %s was cut; nothing was changed", at).WithHint("run the same command again when the server is back").Because(err)
	case strings.Contains(err.Error(), "client_encoding"):
		return hint.Errorf("%s does not keep text in UTF-8", at).WithHint("have another database made: createdb -T template0 -E UTF8 NAME").Because(err)
	}
	return err
}

// connectionRefused is how Windows says ECONNREFUSED. No other system has the number.
const connectionRefused = syscall.Errno(10061)

// unreachable tells apart why a server does not answer, which the address asks for TLS or
// not. It quotes nothing of the error: in
// an address that was not written as it must be, any part may be the password.
func unreachable(err error, tls bool) (what, next string) {
	var name *net.DNSError
	var network net.Error
	var authority x509.UnknownAuthorityError
	var host x509.HostnameError
	var certificate x509.CertificateInvalidError
	switch {
	case errors.As(err, &name) && name.IsNotFound:
		return "its host is not known here", "check the name of the host in the address"
	case errors.As(err, &name):
		return "the name service does not say where its host is", "check the network of this workstation, or write the host as a number"
	case tls && strings.Contains(err.Error(), "server refused TLS connection"):
		return "the server has no TLS, which the address asks for", "have TLS set up there; sslmode=disable is for a network that nobody else reads"
	case errors.As(err, &host):
		return "the certificate of the server is for another host", "name the host in the address as its certificate does"
	case errors.As(err, &authority), errors.As(err, &certificate):
		return "the certificate of the server is not trusted here", "name the certificate of who signed it in the address: sslrootcert=FILE"
	case errors.Is(err, syscall.ECONNREFUSED), errors.Is(err, connectionRefused):
		return "nothing listens at that port of the host", "check the port in the address, and that the server runs and listens on the network"
	case errors.Is(err, syscall.ENOENT):
		return "there is no such socket", "check the directory after host= in the address, and that the server runs"
	case errors.As(err, &network) && network.Timeout():
		return "the host does not answer", "check host and port in the address, and the firewalls between"
	}
	return "no server of PostgreSQL answers there", "check the address, and that the server runs and lets this workstation in"
}
