package door_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/offlicense/offlicense/cmd/licensor/internal/desk"
	"github.com/offlicense/offlicense/cmd/licensor/internal/home"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/ledgertest"
	"github.com/offlicense/offlicense/cmd/licensor/internal/service"
	"github.com/offlicense/offlicense/cmd/licensor/internal/web"
	"github.com/offlicense/offlicense/cmd/licensor/internal/web/staff"
	"github.com/offlicense/offlicense/cmd/licensor/internal/web/staff/door"
)

func TestMain(m *testing.M) {
	code := m.Run()
	ledgertest.Stop()
	os.Exit(code)
}

// house is a vendor's desk with all that it stands on, at https://desk.acme.example.
type house struct {
	*testing.T
	service *service.Service
	desk    *desk.Desk
	pages   *staff.Pages
	handler http.Handler
	mu      sync.Mutex
	clock   time.Time
	log     bytes.Buffer
}

func (h *house) now() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.clock
}

func (h *house) later(d time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.clock = h.clock.Add(d)
}

// build makes a vendor with an empty ledger at a place.
func build(t *testing.T, where string) *house {
	t.Helper()
	ctx := t.Context()
	made, err := service.Init(ctx, filepath.Join(t.TempDir(), "home"),
		home.InitOptions{Vendor: "acme.example", Staff: "desk", Ledger: where, Now: ledgertest.Now, Random: rand.Reader}, ledgertest.By())
	if err != nil {
		t.Fatal(err)
	}
	h := &house{T: t, clock: ledgertest.Now.Add(time.Hour)}
	if h.service, err = service.Open(ctx, made.Home, where, service.ToChange, service.Options{Random: rand.Reader, Warn: func(string) {}}); err != nil {
		t.Fatal(err)
	}
	beside := where
	if !strings.HasPrefix(where, "postgres") {
		beside = ""
	}
	if h.desk, err = desk.Open(ctx, made.Home, beside); err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.NewJSONHandler(&h.log, nil))
	activator := h.service.NewActivator(service.ActivatorOptions{Now: h.now, Random: rand.Reader, Log: log})
	t.Cleanup(func() { activator.Close(); h.desk.Close(); h.service.Close() })
	origin := &url.URL{Scheme: "https", Host: "desk.acme.example"}
	h.pages = &staff.Pages{
		Door:    &door.Door{Desk: h.desk, Random: rand.Reader, Now: h.now, Log: log, Origin: origin},
		Service: h.service, Signing: activator,
	}
	site := web.Staff(&web.Options{
		Ready: func(context.Context) error { return nil }, Log: log, Now: h.now, StaffOrigin: origin,
		StaffPages: func(s *web.Site) {
			s.HandleRefusals(h.pages.Refused)
			h.pages.Register(s)
		},
	}, nil)
	h.handler = site.Server().Handler
	return h
}

// registered are the patterns of all pages.
type registered map[string]bool

func (s registered) Handle(pattern string, _ http.HandlerFunc) { s[pattern] = true }

func (s registered) HandleUpload(pattern string, _ int64, _ http.HandlerFunc) { s[pattern] = true }

// user adds one of the staff.
func (h *house) user(name string, rights ...desk.Right) {
	h.Helper()
	if _, err := h.desk.AddUser(h.Context(), desk.User{Name: name, Rights: rights, Changed: h.now(), By: "root"}); err != nil {
		h.Fatal(err)
	}
}

func (h *house) linkOf(name string) string {
	h.Helper()
	secret, err := h.desk.MakeLink(h.Context(), name, h.now(), rand.Reader)
	if err != nil {
		h.Fatal(err)
	}
	return "/sign-in/" + secret
}

// answered is what a browser got.
type answered struct {
	status int
	header http.Header
	body   string
}

func (a *answered) to() string { return a.header.Get("Location") }

func (a *answered) session() *http.Cookie { return a.cookie("__Host-licensor") }

func (a *answered) cookie(name string) *http.Cookie {
	for _, c := range (&http.Response{Header: a.header}).Cookies() {
		if c.Name == name {
			return c
		}
	}
	return nil
}

// browser is one with the cookie that it has got.
type browser struct {
	*house
	cookie *http.Cookie
	asks   *http.Cookie // for a passkey
	header http.Header  // that it sends besides
}

// in signs a user in with a link, in a browser of its own.
func (h *house) in(name string) *browser {
	h.Helper()
	b := &browser{house: h}
	if got := b.post(h.linkOf(name), nil); got.status != http.StatusSeeOther || b.cookie == nil {
		h.Fatalf("%s is not signed in: %d %s", name, got.status, got.body)
	}
	return b
}

func (b *browser) get(path string) *answered { return b.send(http.MethodGet, path, nil, "") }

func (b *browser) post(path string, form url.Values) *answered {
	return b.send(http.MethodPost, path, strings.NewReader(form.Encode()), "application/x-www-form-urlencoded")
}

func (b *browser) send(method, path string, body io.Reader, kind string) *answered {
	r := httptest.NewRequest(method, "https://desk.acme.example/", body)
	r.URL, r.RequestURI = &url.URL{Path: path}, path
	if u, err := url.ParseRequestURI(path); err == nil {
		r.URL = u
	}
	r.Header.Set("Accept", "text/html,*/*;q=0.8")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	if kind != "" {
		r.Header.Set("Content-Type", kind)
	}
	for _, c := range []*http.Cookie{b.cookie, b.asks} {
		if c != nil {
			r.AddCookie(c)
		}
	}
	for name, values := range b.header {
		r.Header[name] = values
		if name == "Host" {
			r.Host = values[0]
		}
	}
	w := httptest.NewRecorder()
	b.handler.ServeHTTP(w, r)
	got := &answered{w.Code, w.Header(), w.Body.String()}
	if c := got.session(); c != nil {
		if b.cookie = c; c.MaxAge < 0 {
			b.cookie = nil
		}
	}
	if c := got.cookie("__Host-licensor-asks"); c != nil {
		b.asks = c
	}
	return got
}
