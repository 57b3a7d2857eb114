package web

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// healthTime is how long the database has, where the service is asked for its health.
const healthTime = 5 * time.Second

// ready answers whether the ledger can be read, and more can be asked. It is no reason to end
// the service: livez is.
func (s *Site) ready(w http.ResponseWriter, r *http.Request) {
	if s.ending.Load() {
		say(w, http.StatusServiceUnavailable, "the service ends\n")
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), healthTime)
	defer cancel()
	if err := s.o.Ready(ctx); err != nil {
		s.o.Log.Error("not ready", "error", err.Error())
		say(w, http.StatusServiceUnavailable, "the ledger cannot be read; the log says why\n")
		return
	}
	say(w, http.StatusOK, "ok\n")
}

// counts are the answers of a site, by route and status.
type counts struct {
	mu sync.Mutex
	of map[answered]int64
}

type answered struct {
	route  string // "": there is no such route
	status int
}

func newCounts() *counts { return &counts{of: make(map[answered]int64)} }

func (c *counts) add(route string, status int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.of[answered{route, status}]++
}

// metrics are in the text format of Prometheus.
func (s *Site) metrics(w http.ResponseWriter, r *http.Request, sites []*Site) {
	w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
	fmt.Fprint(w, "# HELP licensor_http_requests_total Answers, by site, route and status.\n# TYPE licensor_http_requests_total counter\n")
	for _, site := range sites {
		site.counts.write(w, site.name)
	}
	one := func(kind, name, help string, value float64) {
		fmt.Fprintf(w, "# HELP licensor_%s %s\n# TYPE licensor_%s %s\nlicensor_%s %v\n", name, help, name, kind, name, value)
	}
	if s.o.Activation != nil {
		stats := s.o.Activation.Stats()
		one("counter", "licenses_signed_total", "Licenses that the service has signed.", float64(stats.Signed))
		one("counter", "licenses_repeated_total", "Requests that got a license that was on record.", float64(stats.Again))
		one("counter", "requests_left_total", "Requests that were left to the staff.", float64(stats.Waits))
		one("counter", "requests_declined_total", "Requests that got nothing.", float64(stats.Declined))
		one("counter", "requests_failed_total", "Requests that the service could not answer.", float64(stats.Failed))
		one("gauge", "key_living_licenses", "Licenses of the service's key that have not ended.", float64(stats.Living))
		one("gauge", "licenses_last_hour", "Licenses that the service has signed in the last hour.", float64(stats.LastHour))
	}
	if s.o.Waiting != nil {
		ctx, cancel := context.WithTimeout(r.Context(), healthTime) // the others are told all the same
		defer cancel()
		if n, err := s.o.Waiting(ctx); err == nil {
			one("gauge", "queue_waiting", "Requests that wait for the staff.", float64(n))
		}
	}
}

func (c *counts) write(w io.Writer, site string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	all := make([]answered, 0, len(c.of))
	for a := range c.of {
		all = append(all, a)
	}
	slices.SortFunc(all, func(a, b answered) int {
		return cmp.Or(strings.Compare(a.route, b.route), a.status-b.status)
	})
	for _, a := range all {
		fmt.Fprintf(w, "licensor_http_requests_total{site=%q,route=%q,status=\"%d\"} %d\n", site, a.route, a.status, c.of[a])
	}
}
