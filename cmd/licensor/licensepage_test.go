package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"html"
	"io"
	"mime/multipart"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/offlicense/offlicense/verify"
	"github.com/offlicense/offlicense/verify/site"
	licensepage "github.com/offlicense/offlicense/verify/site/page"
)

// licensed is a server with a small product that has a license page, and whoever presses there.
type licensed struct {
	dir, roots, service string
	cluster             string // by what the machine is known
	client              *http.Client
	gate                *site.Gate
	url                 string
	server              *httptest.Server
}

// start starts the product, as after a crash.
func (l *licensed) start(t testing.TB) {
	t.Helper()
	roots, err := os.ReadFile(l.roots)
	if err != nil {
		t.Fatal(err)
	}
	verifier, err := verify.ParseRoots(roots)
	if err != nil {
		t.Fatal(err)
	}
	components, err := site.ParseComponents("cluster=" + l.cluster)
	if err != nil {
		t.Fatal(err)
	}
	clock := func() time.Time { return now }
	l.gate = site.Open(l.dir, verifier, site.Program{Product: "evoq", Components: components, Getenv: func(string) string { return "" }})
	l.gate.Check(now)
	if l.server != nil {
		l.server.Close()
	}
	l.server = httptest.NewServer(licensepage.New(licensepage.Options{
		Gate: l.gate, Service: l.service, Client: l.client,
		Allowed: func(*http.Request) bool { return true }, Now: clock, Random: rand.Reader,
	}))
	t.Cleanup(l.server.Close)
	l.url = l.server.URL + "/settings/license"
}

// screen is what the page shows.
type screen struct {
	status int
	body   string
}

func screenOf(t testing.TB, r *http.Response, err error) screen {
	t.Helper()
	a := got(r, err)
	if a.err != nil {
		t.Fatal(a.err)
	}
	return screen{a.status, a.body}
}

func (l *licensed) see(t testing.TB, query string) screen {
	t.Helper()
	r, err := http.Get(l.url + query)
	return screenOf(t, r, err)
}

func (l *licensed) press(t testing.TB, form url.Values) screen {
	t.Helper()
	r, err := http.PostForm(l.url, form)
	return screenOf(t, r, err)
}

// upload chooses a file on the page.
func (l *licensed) upload(t testing.TB, file string) screen {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	part, err := form.CreateFormFile("file", filepath.Base(file))
	if err == nil {
		_, err = part.Write(text)
	}
	if err := errors.Join(err, form.WriteField("do", "install"), form.WriteField("text", ""), form.Close()); err != nil {
		t.Fatal(err)
	}
	r, err := http.Post(l.url, form.FormDataContentType(), &body)
	return screenOf(t, r, err)
}

func adds(kind, way string) url.Values {
	return url.Values{"do": {"add"}, "type": {kind}, "email": {"ops@site.example"}, "invoice": {"INV0042-1"}, "way": {way}}
}

// removes is the form of the screen that asks whether the license of an entry is to be removed.
func (l *licensed) removes(t testing.TB, entry string) url.Values {
	t.Helper()
	link := regexp.MustCompile(`id="` + entry + `-remove" href="([^"]*)"`).FindStringSubmatch(l.see(t, "").body)
	if link == nil {
		t.Fatalf("%s cannot be removed", entry)
	}
	id := regexp.MustCompile(`name="id" value="([^"]*)"`).FindStringSubmatch(l.see(t, html.UnescapeString(link[1])).body)
	if id == nil {
		t.Fatal("it is not asked for")
	}
	return url.Values{"do": {"remove"}, "id": {id[1]}}
}

// field returns what a field of an entry says, "" if there is none.
func (s screen) field(name string) string {
	_, rest, _ := strings.Cut(s.body, ` id="`+name+`">`)
	rest, _, _ = strings.Cut(rest, "</td>")
	return strings.Join(strings.Fields(regexp.MustCompile(`<[^>]*>`).ReplaceAllString(rest, " ")), " ")
}

func (s screen) want(t testing.TB, pairs ...string) {
	t.Helper()
	if s.status != 200 {
		t.Fatalf("got %d: %s", s.status, s.body)
	}
	for i := 0; i < len(pairs); i += 2 {
		if got := s.field(pairs[i]); !strings.HasPrefix(got, pairs[i+1]) || got == "" != (pairs[i+1] == "") {
			t.Errorf("%s is %q, want %q", pairs[i], got, pairs[i+1])
		}
	}
}

// runs wants that the product works with a license of a type.
func (l *licensed) runs(t testing.TB, kind string) {
	t.Helper()
	if license, err := l.gate.Current(now); err != nil || license.Type != kind {
		t.Errorf("%s: got %+v, %v, want a license of type %s", l.cluster, license, err, kind)
	}
}

// migrating is a vendor with one invoice of one seat.
func migrating(t testing.TB) (dir string) {
	dir = t.TempDir()
	mustRun(t, dir, initArgs("V")...)
	mustRun(t, dir, "entitle", "--home", "V", "--invoice", "INV0042-1", "--email", "ops@site.example", "--customer", "Site Ltd",
		"--product", "evoq", "--type", "production", "--seats", "1", "--binding", "operator", "--expires", "2027-11-21", "--new")
	mustRun(t, dir, "roots", "--home", "V", "--out", "roots.pub")
	return dir
}

// wantMoved wants that the ledger tells the migration as a story, and that an auditor agrees.
func wantMoved(t testing.TB, dir string) {
	t.Helper()
	told := mustRun(t, dir, "history", "--home", "V", "INV0042-1").stdout
	last := 0
	for _, line := range []string{
		"sold evoq (production) to Site Ltd; seats: 1; until 2027-11-21",
		"activated: license [A-Z2-7]+ for [A-Z2-7]+",
		"signed a bridge: license [A-Z2-7]+ for [A-Z2-7]+ .*, until 2026-12-05",
		"began to move [A-Z2-7]+ to [A-Z2-7]+, which runs on a bridge until 2026-12-05",
		"[A-Z2-7]+ was released by its server",
		"the seat of [A-Z2-7]+ waits for [A-Z2-7]+",
		"[A-Z2-7]+ took over the seat of [A-Z2-7]+",
		"signed again: license [A-Z2-7]+ for [A-Z2-7]+, epoch 2, until 2027-11-21",
	} {
		line = strings.NewReplacer("(", `\(`, ")", `\)`).Replace(line)
		found := regexp.MustCompile(line).FindStringIndex(told[last:])
		if found == nil {
			t.Fatalf("the history does not go on with %q: %s", line, told)
		}
		last += found[1]
	}
	if strings.Count(told, "\n") != 9 {
		t.Errorf("the history tells more: %s", told)
	}
	wantClean(t, dir)
}

// TestMigrationOnThePage: a CMS vendor's published migration, step by step, by pressing on the license page
// of two servers. In each step the service is down first, and product and service crash behind it.
func TestMigrationOnThePage(t *testing.T) {
	dir := migrating(t)
	var service *served
	var down atomic.Bool
	var calls atomic.Int64
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
		calls.Add(1)
		if down.Load() {
			return new(net.Dialer).DialContext(ctx, network, "127.0.0.1:1")
		}
		return new(net.Dialer).DialContext(ctx, network, service.public)
	}}}
	service = newServed(t, dir)
	server := func(name string) *licensed {
		l := &licensed{dir: filepath.Join(dir, name), roots: filepath.Join(dir, "roots.pub"), service: "http://" + service.host, cluster: name + "-machine", client: client}
		l.start(t)
		return l
	}
	// step presses with the service down, and again when it is up.
	step := func(l *licensed, form url.Values, pairs ...string) {
		t.Helper()
		down.Store(true)
		if s := l.press(t, form); s.status != http.StatusBadGateway || !strings.Contains(s.body, "cannot be reached") {
			t.Errorf("got %d %s", s.status, s.body)
		}
		down.Store(false)
		l.start(t)
		s := l.press(t, form)
		s.want(t, pairs...)
		service.kill()
		service = newServed(t, dir)
		l.service = "http://" + service.host
		l.start(t)
		l.see(t, "").want(t, pairs...)
	}
	old, fresh := server("old"), server("new")
	step(old, adds("production", "automatic"), "license-state", "Active", "license-type", "Production", "license-expires", "2027-11-21 UTC")
	kept := filepath.Join(dir, "kept")
	if err := os.CopyFS(kept, os.DirFS(old.dir)); err != nil {
		t.Fatal(err)
	}

	// C19: the new server works, while the old one holds production.
	fresh.service = "http://" + service.host
	fresh.start(t)
	step(fresh, adds("development", "automatic"), "license-state", "Active", "license-type", "Development", "license-expires", "2026-12-05 UTC")
	fresh.runs(t, "development")
	old.runs(t, "production")

	// C21: the old one is removed, and confirmed.
	old.service = "http://" + service.host
	old.start(t)
	form := old.removes(t, "license")
	down.Store(true)
	if s := old.press(t, form); s.status != http.StatusBadGateway || !strings.Contains(s.field("license-state"), "Removed") || !strings.Contains(s.body, "does not know yet") {
		t.Errorf("got %d %s", s.status, s.body)
	}
	down.Store(false)
	old.start(t)
	if s := old.press(t, form); !strings.Contains(s.body, "goes to the new server") || !strings.Contains(s.body, "has recorded it") {
		t.Errorf("got %d %s", s.status, s.body)
	}
	if _, err := old.gate.Current(now); !errors.Is(err, verify.Released) {
		t.Errorf("got %v", err)
	}

	// C22 and C24: production on the new one.
	fresh.service = "http://" + service.host
	fresh.start(t)
	step(fresh, adds("production", "automatic"), "license-state", "Active", "license-type", "Production", "license-expires", "2027-11-21 UTC",
		"earlier-1-state", "Replaced", "earlier-1-type", "Development")
	fresh.runs(t, "production")

	// C23: the development entry is taken off, and the vendor is not even told.
	before := calls.Load()
	fresh.press(t, fresh.removes(t, "earlier-1")).want(t, "license-state", "Active", "license-type", "Production", "license-expires", "2027-11-21 UTC", "earlier-1-state", "")
	if calls.Load() != before {
		t.Error("it has called the service")
	}
	fresh.runs(t, "production")
	service.end(t)
	wantMoved(t, dir)
	wantCopy(t, dir, kept, old)
}

// wantCopy: what cannot be known without a network. A copy of the old directory, made before, runs until its license
// ends, or a list that names it reaches it.
func wantCopy(t testing.TB, dir, kept string, old *licensed) {
	t.Helper()
	twin := *old
	twin.dir, twin.server = kept, nil
	twin.start(t)
	twin.runs(t, "production")
	if _, err := twin.gate.Current(time.Date(2027, 11, 21, 23, 59, 0, 0, time.UTC)); err != nil {
		t.Errorf("on its last day: %v", err)
	}
	if _, err := twin.gate.Current(time.Date(2027, 11, 22, 0, 0, 0, 0, time.UTC)); !errors.Is(err, verify.Expired) {
		t.Errorf("got %v", err)
	}
	license, err := twin.gate.Current(now)
	if err != nil {
		t.Fatal(err)
	}
	mustRun(t, dir, "revoke", "--home", "V", "--license", license.ID.String(), "--why", "copies of the old server", "--yes")
	mustRun(t, dir, "revocations", "--home", "V", "--root-key", "V/root", "--out", "list.olv", "--yes")
	twin.upload(t, filepath.Join(dir, "list.olv")).want(t, "license-state", "Revoked")
	if _, err := twin.gate.Current(now); !errors.Is(err, verify.Revoked) {
		t.Errorf("got %v", err)
	}
	wantClean(t, dir)
}

// TestMigrationByHand is the same with no network between: each hand-over is a file.
func TestMigrationByHand(t *testing.T) {
	dir := migrating(t)
	server := func(name string) *licensed {
		l := &licensed{dir: filepath.Join(dir, name), roots: filepath.Join(dir, "roots.pub"), cluster: name + "-machine"}
		l.start(t)
		return l
	}
	// carry saves the file of a screen, and returns its name.
	files := 0
	carry := func(l *licensed, s screen) string {
		t.Helper()
		link := regexp.MustCompile(`id="statement-file" href="([^"]*)"`).FindStringSubmatch(s.body)
		if link == nil {
			t.Fatalf("no file: %d %s", s.status, s.body)
		}
		r, err := http.Get(l.url + html.UnescapeString(link[1]))
		if err != nil {
			t.Fatal(err)
		}
		defer r.Body.Close()
		text, err := io.ReadAll(r.Body)
		files++
		name := fmt.Sprintf("%d.txt", files)
		if err := errors.Join(err, os.WriteFile(filepath.Join(dir, name), text, 0o644)); err != nil {
			t.Fatal(err)
		}
		return name
	}
	license := func(l *licensed, kind string) screen {
		t.Helper()
		request := carry(l, l.press(t, adds(kind, "manual")))
		mustRun(t, dir, "sign", "--home", "V", request, "--out", request+".lic", "--yes")
		return l.upload(t, filepath.Join(dir, request+".lic"))
	}
	old, fresh := server("old"), server("new")
	license(old, "production").want(t, "license-state", "Active", "license-type", "Production")
	license(fresh, "development").want(t, "license-state", "Active", "license-type", "Development")
	old.runs(t, "production")
	mustRun(t, dir, "release", "--home", "V", carry(old, old.press(t, old.removes(t, "license"))), "--yes")
	old.see(t, "").want(t, "license-state", "Removed")
	license(fresh, "production").want(t, "license-state", "Active", "license-type", "Production", "license-expires", "2027-11-21 UTC", "earlier-1-type", "Development")
	fresh.press(t, fresh.removes(t, "earlier-1")).want(t, "license-state", "Active", "license-type", "Production", "earlier-1-state", "")
	fresh.runs(t, "production")
	wantMoved(t, dir)
}
