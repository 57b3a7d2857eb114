package serve

import (
	"crypto/tls"
	"errors"
	"io/fs"
	"net"
	"net/url"
	"os"
	"strings"
	"syscall"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/cmd/licensor/command/common"
	"github.com/offlicense/offlicense/cmd/licensor/internal/web"
)

// listening are the open sockets.
type listening struct {
	staff, public *web.Listener // public is nil for none
	origin        *url.URL      // under which customers know the service
	staffOrigin   *url.URL      // and staff
	tls, staffTLS *tls.Config   // nil: none
}

// listen opens the sockets, or takes those that systemd has opened: by the names staff and
// public.
func (c *serveCommand) listen(env *cli.Env) (l *listening, err error) {
	given, err := web.Sockets(env.Getenv, os.Getpid())
	if err != nil {
		return nil, err
	}
	if c.staff == "" && given["staff"] == nil {
		return nil, cli.Usagef("--staff is empty").WithHint("give it an address of this machine, such as 127.0.0.1:8080")
	}
	l = new(listening)
	if l.staff, err = open(given["staff"], "staff", c.staff, false); err != nil {
		return nil, err
	}
	if l.public, err = open(given["public"], "public", c.public, !c.trustProxy); err != nil {
		return nil, err
	}
	if err := c.origins(l); err != nil {
		return nil, err
	}
	if l.public != nil && !isLoopback(host(l.public)) {
		if c.origin == "" {
			env.Warnf("customers know this service as %s, and any other name is refused: give theirs with --origin", l.origin)
		}
		if c.certificate == "" && !c.trustProxy {
			env.Warnf("what customers send is not encrypted: give --tls-cert and --tls-key, or a proxy before it and --trust-proxy")
		}
	}
	if c.staffOrigin == "" && !isLoopback(host(l.staff)) {
		env.Warnf("staff know this service as %s, and any other name is refused: give theirs with --staff-origin", l.staffOrigin)
	}
	if c.certificate != "" {
		pair, err := tls.LoadX509KeyPair(c.certificate, c.tlsKey)
		if missing := (*fs.PathError)(nil); errors.As(err, &missing) {
			return nil, cli.FileError("read", missing.Path, err)
		}
		if err != nil {
			return nil, cli.Failf("the certificate cannot be used: %w", err).WithHint("--tls-cert and --tls-key are files in PEM form that belong together")
		}
		l.tls = &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}
		if l.staffOrigin.Scheme == "https" {
			l.staffTLS = l.tls
		}
	}
	return l, nil
}

// open opens a socket, unless it is given; nil for no address.
func open(given net.Listener, name, address string, perClient bool) (*web.Listener, error) {
	if given != nil {
		l := web.Limit(given, perClient)
		l.Kept = true
		return l, nil
	}
	if address == "" {
		return nil, nil
	}
	l, err := net.Listen("tcp", address)
	if err == nil {
		return web.Limit(l, perClient), nil
	}
	next := "give --" + name + " an address of this machine, with a port that is free"
	if address != "" && strings.Trim(address, "0123456789") == "" {
		next = "a port has a colon before it: --" + name + " 127.0.0.1:" + address
	}
	if errors.Is(err, syscall.EADDRINUSE) {
		next = "end the program that listens there, or give --" + name + " another port"
	}
	return nil, cli.Failf("cannot listen at %s: %w", cli.Quote(address), err).WithHint("%s", next)
}

// origins says under which addresses the sites are known.
func (c *serveCommand) origins(l *listening) (err error) {
	text, at, scheme := c.origin, l.staff, "http"
	if l.public != nil {
		at = l.public
		if c.certificate != "" {
			scheme = "https"
		}
	}
	if text == "" {
		text = scheme + "://localhost:" + port(at)
	}
	if l.origin, err = common.Origin("origin", text); err != nil {
		return err
	}
	text = c.staffOrigin
	if text == "" {
		text = "http://localhost:" + port(l.staff)
	}
	if l.staffOrigin, err = common.Origin("staff-origin", text); err != nil {
		return err
	}
	if l.staffOrigin.Scheme == "http" && !isLoopback(l.staffOrigin.Hostname()) {
		return cli.Usagef("--staff-origin %s is not encrypted: whoever reads along could act as who is signed in", l.staffOrigin).
			WithHint("give it as https://, with --tls-cert and --tls-key, or with a proxy before it that has the certificate")
	}
	return nil
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || ip != nil && ip.IsLoopback()
}

// host is the address of this machine at which a socket listens.
func host(l net.Listener) string {
	host, _, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		return "localhost" // a socket of systemd that is none of TCP
	}
	return host
}

func port(l net.Listener) string {
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		return "0" // a socket of systemd that is none of TCP
	}
	return port
}
