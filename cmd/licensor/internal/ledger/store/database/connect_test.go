package database_test

import (
	"crypto/ed25519"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/offlicense/offlicense/cmd/internal/hint"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/store/database"
)

// answering listens as a server does that is asked for TLS, and returns where.
func answering(t *testing.T, answer func(net.Conn)) (port string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				if _, err := io.ReadFull(c, make([]byte, 8)); err == nil { // SSLRequest
					answer(c)
				}
			}()
		}
	}()
	_, port, _ = net.SplitHostPort(l.Addr().String())
	return port
}

// A server without TLS, one that nobody vouches for, a closed port, a missing socket and a
// host that does not answer are told apart, each with what to do.
func TestWhyAServerCannotBeReached(t *testing.T) {
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	template := x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "db"}, DNSNames: []string{"localhost"},
		NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true}
	certificate, err := x509.CreateCertificate(nil, &template, &template, public, private)
	if err != nil {
		t.Fatal(err)
	}
	withoutTLS := answering(t, func(c net.Conn) { c.Write([]byte("N")) })
	unknown := answering(t, func(c net.Conn) {
		c.Write([]byte("S"))
		tls.Server(c, &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{certificate}, PrivateKey: private}}}).Handshake()
	})
	silent := answering(t, func(c net.Conn) { io.Copy(io.Discard, c) })
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, free, _ := net.SplitHostPort(closed.Addr().String())
	closed.Close()
	for name, test := range map[string]struct{ at, want, next string }{
		"no TLS":               {"localhost:" + withoutTLS + "/x?sslmode=require", "the server has no TLS", "sslmode=disable"},
		"nobody vouches":       {"localhost:" + unknown + "/x?sslmode=verify-full", "not trusted here", "sslrootcert"},
		"closed port":          {"127.0.0.1:" + free + "/x", "nothing listens at that port", "check the port"},
		"no socket":            {"/x?host=" + url.QueryEscape(t.TempDir()), "there is no such socket", "host="},
		"no answer":            {"127.0.0.1:" + silent + "/x?connect_timeout=1", "does not answer", "firewalls"},
		"something else there": {"127.0.0.1:" + answering(t, func(c net.Conn) { c.Write([]byte("HTTP/1.1 400\r\n")) }) + "/x", "no server of PostgreSQL answers there", "check the address"},
	} {
		err := open("postgres://u:SECRET@" + test.at)
		if err == nil || !strings.Contains(err.Error(), "cannot be reached: ") || !strings.Contains(err.Error(), test.want) || !strings.Contains(hint.Of(err), test.next) || len(hint.Of(err)) > 100 ||
			strings.Contains(err.Error()+hint.Of(err), "SECRET") {
			t.Errorf("%s: got %v; hint %s", name, err, hint.Of(err))
		}
	}
	for want, err := range map[string]error{
		"not known here":    &net.DNSError{IsNotFound: true},
		"the name service":  &net.DNSError{IsTemporary: true},
		"for another host":  x509.HostnameError{Certificate: &template, Host: "db"},
		"no server of Post": io.EOF,
	} {
		if what, next := database.Unreachable(fmt.Errorf("dialing: %w", err)); !strings.Contains(what, want) || next == "" {
			t.Errorf("%v: %s; %s", err, what, next)
		}
	}
}
