package web

import (
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
)

// Connections that are open at once: of all, and of one client, see networkOf. One that opens more is
// cut off, so that those that are slow hold up nobody.
const (
	maxConnections = 8_000
	maxOfOne       = 100
)

// Limit limits the connections of a listener. perClient is not for one behind a proxy, from
// which all come.
func Limit(l net.Listener, perClient bool) *Listener {
	return &Listener{Listener: l, perClient: perClient, of: make(map[netip.Prefix]int)}
}

// Listener limits connections.
type Listener struct {
	net.Listener
	Kept bool // by systemd, which hands the socket to the next service

	perClient bool
	stopping  atomic.Bool

	mu  sync.Mutex
	all int
	of  map[netip.Prefix]int
}

// Accept passes over those that are too many.
func (l *Listener) Accept() (net.Conn, error) {
	for {
		conn, err := l.Listener.Accept()
		if err != nil {
			if l.stopped(err) {
				err = net.ErrClosed
			}
			return nil, err
		}
		client := clientOf(conn)
		if l.enter(client) {
			return &counted{Conn: conn, leave: sync.OnceFunc(func() { l.leave(client) })}, nil
		}
		conn.Close()
	}
}

func clientOf(conn net.Conn) netip.Prefix {
	at, _ := netip.ParseAddrPort(conn.RemoteAddr().String())
	return networkOf(at.Addr())
}

func (l *Listener) enter(client netip.Prefix) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.all >= maxConnections || l.perClient && l.of[client] >= maxOfOne {
		return false
	}
	l.all++
	l.of[client]++
	return true
}

func (l *Listener) leave(client netip.Prefix) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all--
	if l.of[client]--; l.of[client] == 0 {
		delete(l.of, client)
	}
}

type counted struct {
	net.Conn
	leave func()
}

func (c *counted) Close() error {
	c.leave()
	return c.Conn.Close()
}
