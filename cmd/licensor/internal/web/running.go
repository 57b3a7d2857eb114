package web

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"os"
	"sync"
	"time"
)

// Running is a site that is served.
type Running struct {
	site     *Site
	server   *http.Server
	listener *Listener
	due      due
	ended    chan struct{}
	err      error // why it has ended
}

// Serve serves the site at a listener, with TLS if config is not nil.
func (s *Site) Serve(l *Listener, config *tls.Config) *Running {
	r := &Running{site: s, server: s.Server(), listener: l, ended: make(chan struct{})}
	r.due.conns = make(map[net.Conn]bool)
	r.server.ConnState = r.due.note
	var at net.Listener = l
	if config != nil {
		at = tls.NewListener(l, config)
	}
	go func() {
		defer close(r.ended)
		r.err = r.server.Serve(at)
	}()
	return r
}

// Ended is closed when no connection is taken any more.
func (r *Running) Ended() <-chan struct{} { return r.ended }

// Err returns why none is taken, once Ended is closed.
func (r *Running) Err() error { return r.err }

// Ends says that the site is about to finish: it is not ready any more, and keeps no connection.
func (r *Running) Ends() { r.site.ending.Store(true) }

// Finish takes no more connections, answers all that have come before, and ends; or cuts those
// that are still open when ctx ends. The server alone would cut whoever has connected and whose
// request it has not read yet.
func (r *Running) Finish(ctx context.Context) {
	r.Ends()
	r.listener.stop()
	<-r.ended
	for r.due.any() && ctx.Err() == nil {
		time.Sleep(2 * time.Millisecond)
	}
	if err := r.server.Shutdown(ctx); err != nil {
		r.server.Close()
	}
}

// due are the connections on which a request has come, or is about to.
type due struct {
	mu    sync.Mutex
	conns map[net.Conn]bool
}

func (d *due) note(conn net.Conn, state http.ConnState) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if state == http.StateNew || state == http.StateActive {
		d.conns[conn] = true
	} else {
		delete(d.conns, conn)
	}
}

func (d *due) any() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.conns) > 0
}

// lastTime is how long a listener that ends takes those who have connected already: the system
// keeps a queue of them, and cuts them when the socket is closed.
const lastTime = 20 * time.Millisecond

// stop has Accept take nobody any more. What is in the queue of a socket that is kept waits for
// the next service.
func (l *Listener) stop() {
	until := time.Now().Add(lastTime)
	if l.Kept {
		until = time.Now().Add(-time.Second)
	}
	l.stopping.Store(true)
	if timed, ok := l.Listener.(interface{ SetDeadline(time.Time) error }); !ok || timed.SetDeadline(until) != nil {
		l.Close()
	}
}

// stopped closes a listener that has taken the last one.
func (l *Listener) stopped(err error) bool {
	if !l.stopping.Load() || !errors.Is(err, os.ErrDeadlineExceeded) {
		return false
	}
	l.Close()
	return true
}
