package serve

import (
	"crypto/tls"
	"errors"
	"net"
	"net/url"
	"os"
	"strings"
	"syscall"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/cmd/licensor/internal/web"
)

// listening are the open sockets.
type listening struct {
	staff, public *web.Listener // public is nil for none
	origin        *url.URL
	tls           *tls.Config // of the public one; nil: none
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
	if l.origin, err = c.originOf(l); err != nil {
		return nil, err
	}
	if l.public != nil && c.certificate != "" {
		pair, err := tls.LoadX509KeyPair(c.certificate, c.tlsKey)
		if err != nil {
			return nil, cli.Failf("the certificate cannot be used: %w", err).WithHint("--tls-cert and --tls-key are files in PEM form that belong together")
		}
		l.tls = &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}
	}
	return l, nil
}

// open opens a socket, unless it is given; nil for no address.
func open(given net.Listener, name, address string, perAddress bool) (*web.Listener, error) {
	if given != nil {
		l := web.Limit(given, perAddress)
		l.Kept = true
		return l, nil
	}
	if address == "" {
		return nil, nil
	}
	l, err := net.Listen("tcp", address)
	if err == nil {
		return web.Limit(l, perAddress), nil
	}
	next := "give --" + name + " an address of this machine, with a port that is free"
	if errors.Is(err, syscall.EADDRINUSE) {
		next = "end the program that listens there, or give --" + name + " another port"
	}
	return nil, cli.Failf("cannot listen at %s: %w", cli.Quote(address), err).WithHint("%s", next)
}

// originOf is the address under which customers know the service.
func (c *serveCommand) originOf(l *listening) (*url.URL, error) {
	text := c.origin
	if text == "" {
		scheme, at := "http", l.staff
		if c.certificate != "" {
			scheme = "https"
		}
		if l.public != nil {
			at = l.public
		}
		text = scheme + "://localhost:" + port(at)
	}
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.User != nil {
		return nil, cli.Usagef("--origin does not take %s", cli.Quote(text)).WithHint("want a scheme and a host, such as https://licenses.acme.example")
	}
	u.Path, u.Host = "", strings.ToLower(u.Host)
	return u, nil
}

func port(l net.Listener) string {
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		return "0" // a socket of systemd that is none of TCP
	}
	return port
}
