package web

import (
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
)

// Connections that are open at once: of all, and of one address. A client that opens more is
// cut off, so that those that are slow hold up nobody.
const (
	maxConnections = 8_000
	maxOfOne       = 100
)

// Limit limits the connections of a listener. perAddress is not for one behind a proxy, from
// which all come.
func Limit(l net.Listener, perAddress bool) *Listener {
	return &Listener{Listener: l, perAddress: perAddress, of: make(map[netip.Addr]int)}
}

// Listener limits connections.
type Listener struct {
	net.Listener
	Kept bool // by systemd, which hands the socket to the next service

	perAddress bool
	stopping   atomic.Bool

	mu  sync.Mutex
	all int
	of  map[netip.Addr]int
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
		address := addressOf(conn)
		if l.enter(address) {
			return &counted{Conn: conn, leave: sync.OnceFunc(func() { l.leave(address) })}, nil
		}
		conn.Close()
	}
}

func addressOf(conn net.Conn) netip.Addr {
	at, err := netip.ParseAddrPort(conn.RemoteAddr().String())
	if err != nil {
		return netip.Addr{}
	}
	return at.Addr().Unmap()
}

func (l *Listener) enter(address netip.Addr) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.all >= maxConnections || l.perAddress && l.of[address] >= maxOfOne {
		return false
	}
	l.all++
	l.of[address]++
	return true
}

func (l *Listener) leave(address netip.Addr) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all--
	if l.of[address]--; l.of[address] == 0 {
		delete(l.of, address)
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
