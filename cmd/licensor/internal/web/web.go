// Package web is the service over HTTP: what customers' servers and the vendor's own programs
// call. It decides nothing that package service does not decide. A statement is its own
// authentication, so that customers need no account.
//
// All that comes in is hostile: each connection, header, body and wait has a limit, and a
// client that is slow holds up nobody. What is logged has no statement, no address and no
// token in it.
package web

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"path"
	"runtime/debug"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/offlicense/offlicense/cmd/licensor/internal/service"
)

// Activation is what answers customers, a [service.Activator].
type Activation interface {
	Activate(ctx context.Context, request []byte) (*service.Activated, error)
	Release(ctx context.Context, release []byte) (*service.AutoReleased, error)
	NewestList(ctx context.Context) ([]byte, error)
	Stats() service.ActivatorStats
}

// Options are what both sites take.
type Options struct {
	Activation  Activation
	Ready       func(context.Context) error        // whether the ledger can be read
	Waiting     func(context.Context) (int, error) // how many requests wait for the staff
	Calls       *Calls                             // of the vendor's own programs; nil: none
	StaffPages  func(*Site)                        // registers the staff's pages; nil: none
	Pages       func(*Site)                        // registers the customers' pages; nil: none
	Origin      *url.URL                           // under which the public site is reached
	StaffOrigin *url.URL                           // under which the staff's is
	TrustProxy  bool                               // a proxy names the client in X-Forwarded-For
	Log         *slog.Logger
	Now         func() time.Time
}

// Limits of what comes in.
const (
	MaxBody   = 64 << 10 // bytes of a statement, as any that a server makes
	maxHeader = 16 << 10

	headerTime = 5 * time.Second
	readTime   = 15 * time.Second
	writeTime  = 30 * time.Second
	idleTime   = 60 * time.Second
	uploadTime = 90 * time.Second
)

// Site is one of the two: the public one, or the staff's.
type Site struct {
	o       *Options
	mux     *http.ServeMux
	origin  *url.URL // under which it is reached
	hosts   []string // that a request may name, its own among them
	clients *clients // nil: no limit
	counts  *counts
	bodies  map[string]int64 // what a route takes, where it is more than MaxBody
	refusal Refusal          // nil: each is a problem in JSON
	name    string
	ending  atomic.Bool // no more connections are taken
}

// Public returns the site for customers' servers.
func Public(o *Options) *Site {
	s := newSite(o, "public", o.Origin)
	s.clients = newClients(o.Now)
	s.mux.HandleFunc("POST /v1/activations", s.activate)
	s.mux.HandleFunc("POST /v1/releases", s.release)
	s.mux.HandleFunc("GET /v1/revocations/newest", s.newestList)
	s.mux.HandleFunc("GET /v1/openapi.yaml", s.openapi)
	if o.Pages != nil {
		o.Pages(s)
	}
	return s
}

// Staff returns the site for the vendor's own network: health and metrics, of both sites, the
// calls of its own programs, and the pages of its staff. hosts are other names than its origin's.
func Staff(o *Options, public *Site, hosts ...string) *Site {
	s := newSite(o, "staff", o.StaffOrigin, hosts...)
	sites := []*Site{s}
	if public != nil {
		sites = append(sites, public)
	}
	s.mux.HandleFunc("GET /livez", func(w http.ResponseWriter, _ *http.Request) { say(w, http.StatusOK, "ok\n") })
	s.mux.HandleFunc("GET /readyz", s.ready)
	s.mux.HandleFunc("GET /metrics", func(w http.ResponseWriter, r *http.Request) { s.metrics(w, r, sites) })
	s.mux.HandleFunc("GET /v1/openapi.yaml", s.openapi)
	if o.Calls != nil {
		o.Calls.handle(s)
	}
	if o.StaffPages != nil {
		o.StaffPages(s)
	}
	return s
}

func newSite(o *Options, name string, origin *url.URL, hosts ...string) *Site {
	return &Site{o: o, mux: http.NewServeMux(), origin: origin, hosts: append(hosts, origin.Host), counts: newCounts(), bodies: make(map[string]int64), name: name}
}

// Handle registers a page.
func (s *Site) Handle(pattern string, h http.HandlerFunc) { s.mux.HandleFunc(pattern, h) }

// HandleUpload registers a page that takes a body of at most so many bytes, such as a picture,
// and longer for it than others.
func (s *Site) HandleUpload(pattern string, most int64, h http.HandlerFunc) {
	s.bodies[pattern] = most
	s.mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
		wait := http.NewResponseController(w)
		now := time.Now()
		wait.SetReadDeadline(now.Add(uploadTime))
		wait.SetWriteDeadline(now.Add(uploadTime + writeTime))
		h(w, r)
	})
}

// Refusal answers with a page that says why a browser did not get what it asked for: rule is the
// reason in one word, detail and next are for a person.
type Refusal = func(w http.ResponseWriter, r *http.Request, status int, rule, detail, next string)

// HandleRefusals has the site tell a browser with a page what it refuses before a page is asked:
// its host, its path, its method, a page of another site, too many requests.
func (s *Site) HandleRefusals(with Refusal) { s.refusal = with }

// refuse answers with a page where a browser opens one, else with the problem.
func (s *Site) refuse(w http.ResponseWriter, r *http.Request, p problem) {
	if s.refusal == nil || strings.HasPrefix(r.URL.Path, "/v1/") || !strings.Contains(r.Header.Get("Accept"), "text/html") {
		p.write(w)
		return
	}
	if watched, ok := w.(*watched); ok {
		watched.rule = p.Rule
	}
	s.refusal(w, r, p.Status, p.Rule, p.Detail, p.Next)
}

// Loopback are the names under which a port is reached on its own machine.
func Loopback(port string) []string {
	return []string{net.JoinHostPort("localhost", port), net.JoinHostPort("127.0.0.1", port), net.JoinHostPort("::1", port)}
}

// Server returns the server of the site.
func (s *Site) Server() *http.Server {
	return &http.Server{
		Handler:           s.handler(),
		ReadHeaderTimeout: headerTime, ReadTimeout: readTime, WriteTimeout: writeTime, IdleTimeout: idleTime,
		MaxHeaderBytes: maxHeader,
		ErrorLog:       slog.NewLogLogger(s.o.Log.Handler(), slog.LevelDebug),
	}
}

// handler is everything that a request goes through, from outside: it is counted and logged,
// its host and its path are looked at, a page of another site is kept out, and the client has
// a limit.
func (s *Site) handler() http.Handler {
	origins := http.NewCrossOriginProtection()
	if err := origins.AddTrustedOrigin(s.origin.String()); err != nil { // a proxy may have changed Host
		panic(err) // the origin was checked
	}
	origins.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.refuse(w, r, problem{Status: http.StatusForbidden, Rule: "cross-origin", Detail: "A page of another site has sent this.", Next: "Send it from a program, or from a page of this site."})
	}))
	inner := origins.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// What a page loads besides is not counted: it is little, and the same for all.
		if s.clients != nil && !strings.HasPrefix(r.URL.Path, "/assets/") && !s.clients.allow(s.client(r)) {
			w.Header().Set("Retry-After", "60")
			s.refuse(w, r, problem{Status: http.StatusTooManyRequests, Rule: "rate", Detail: "Too many requests came from this address.", Next: "Send the same request again in a minute."})
			return
		}
		if _, pattern := s.mux.Handler(r); pattern == "" || path.Clean(r.URL.Path) != r.URL.Path {
			s.unknown(w, r)
			return
		}
		s.mux.ServeHTTP(w, r)
	}))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := s.o.Now()
		answer := &watched{ResponseWriter: w, status: http.StatusOK}
		h := answer.Header()
		h.Set("Cache-Control", "no-store")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
		h.Set("Referrer-Policy", "no-referrer")
		if s.ending.Load() {
			h.Set("Connection", "close")
		}
		_, pattern := s.mux.Handler(r)
		r.Body = http.MaxBytesReader(w, r.Body, max(MaxBody, s.bodies[pattern])) // w, so that the server does not wait for what it will not read
		if slices.Contains(s.hosts, strings.ToLower(r.Host)) {
			s.safely(inner, answer, r)
		} else {
			s.refuse(answer, r, problem{Status: http.StatusMisdirectedRequest, Rule: "host", Detail: "This service is not known by that name.", Next: "Use the address that the vendor gave, which is " + s.origin.String() + "."})
		}
		s.counts.add(pattern, answer.status)
		s.o.Log.Info("request", "site", s.name, "route", pattern, "status", answer.status, "rule", answer.rule, "ms", s.o.Now().Sub(start).Milliseconds())
	})
}

// safely answers as h does, also where that has a fault, which is for the log.
func (s *Site) safely(h http.Handler, w *watched, r *http.Request) {
	defer func() {
		fault := recover()
		if fault == nil {
			return
		}
		s.o.Log.Error("fault", "error", fmt.Sprint(fault), "stack", string(debug.Stack()))
		if w.wrote {
			panic(http.ErrAbortHandler)
		}
		problem{Status: http.StatusInternalServerError, Rule: "fault", Detail: "The service has a fault.", Next: "Tell the vendor, whose log has it."}.write(w)
	}()
	h.ServeHTTP(w, r)
}

// unknown answers what there is not: another path, or another method of a path that there is.
func (s *Site) unknown(w http.ResponseWriter, r *http.Request) {
	for _, method := range [...]string{http.MethodGet, http.MethodPost} {
		other := r.Clone(r.Context())
		other.Method = method
		if _, pattern := s.mux.Handler(other); pattern != "" && path.Clean(r.URL.Path) == r.URL.Path {
			w.Header().Set("Allow", method)
			s.refuse(w, r, problem{Status: http.StatusMethodNotAllowed, Rule: "method", Detail: "This address takes " + method + ".", Next: "See /v1/openapi.yaml."})
			return
		}
	}
	s.refuse(w, r, problem{Status: http.StatusNotFound, Rule: "path", Detail: "There is nothing at this address.", Next: "See /v1/openapi.yaml."})
}

// client is the address that a request came from.
func (s *Site) client(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	if s.o.TrustProxy {
		// The last one is what the proxy itself has seen.
		all := r.Header.Values("X-Forwarded-For")
		if len(all) > 0 {
			named := strings.Split(all[len(all)-1], ",")
			host = strings.TrimSpace(named[len(named)-1])
		}
	}
	return host
}

// watched remembers what was answered.
type watched struct {
	http.ResponseWriter
	status int
	rule   string
	wrote  bool
}

func (w *watched) WriteHeader(status int) {
	w.status, w.wrote = status, true
	w.ResponseWriter.WriteHeader(status)
}

// Unwrap lets http.ResponseController find what is inside.
func (w *watched) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// say answers with a text.
func say(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	w.Write([]byte(text))
}
