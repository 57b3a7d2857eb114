package web

import (
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Each client may send so many requests at once, and then so many in a minute. A machine that
// asks for its license sends one.
const (
	burst      = 30
	perMinute  = 30
	maxClients = 20_000 // that are remembered, a few megabytes
)

// clients limit how fast each of them sends. They are remembered in two generations: once the
// newer one is full the older one is forgotten, so that memory has a bound and no flood of
// addresses makes it slow.
type clients struct {
	now func() time.Time

	mu           sync.Mutex
	newer, older map[netip.Prefix]*rate.Limiter
}

func newClients(now func() time.Time) *clients {
	return &clients{now: now, newer: make(map[netip.Prefix]*rate.Limiter)}
}

// networkOf is who counts as one client: an address, or of IPv6 the network of 64 bits, for one
// customer has all of it.
func networkOf(ip netip.Addr) netip.Prefix {
	ip = ip.Unmap().WithZone("")
	bits := ip.BitLen()
	if ip.Is6() {
		bits = 64
	}
	client, _ := ip.Prefix(bits) // of no address: none
	return client
}

// allow takes one request from the bucket of a client. A proxy may name its port, too; what is
// no address has one bucket together.
func (c *clients) allow(address string) bool {
	now := c.now()
	ip, err := netip.ParseAddr(address)
	if err != nil {
		at, _ := netip.ParseAddrPort(address)
		ip = at.Addr()
	}
	client := networkOf(ip)
	c.mu.Lock()
	defer c.mu.Unlock()
	bucket := c.newer[client]
	if bucket == nil {
		if bucket = c.older[client]; bucket == nil {
			bucket = rate.NewLimiter(perMinute/60.0, burst)
		}
		if len(c.newer) >= maxClients/2 {
			c.newer, c.older = make(map[netip.Prefix]*rate.Limiter), c.newer
		}
		c.newer[client] = bucket
	}
	return bucket.AllowN(now, 1)
}
