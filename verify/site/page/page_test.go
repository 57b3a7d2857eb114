package page

import (
	"crypto/rand"
	"errors"
	"fmt"
	"html"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/verify"
	"github.com/offlicense/offlicense/verify/site"
	"github.com/offlicense/offlicense/verify/site/sitetest"
)

// vendor is an activation service that signs whatever it is asked for, once for each request.
type vendor struct {
	*httptest.Server
	mu     sync.Mutex
	signed map[string][]byte
	posted []string                                          // bodies, in order
	answer func(w http.ResponseWriter, r *http.Request) bool // true: it has answered; nil: never
	change func(*format.LicenseClaims)
}

func newVendor(t testing.TB) *vendor {
	v := &vendor{signed: make(map[string][]byte)}
	v.Server = httptest.NewServer(v)
	t.Cleanup(v.Close)
	return v
}

func (v *vendor) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	w.Header().Set("Date", sitetest.Issued.Format(http.TimeFormat))
	v.posted = append(v.posted, string(body))
	if r.URL.Path == "/v1/activations" && v.signed[string(body)] == nil {
		text, err := sitetest.Sign(body, func(l *format.LicenseClaims) {
			l.ID = format.ID{byte(len(v.signed) + 1)}
			l.Terms.Epoch = uint64(len(v.signed) + 1)
			if v.change != nil {
				v.change(l)
			}
		})
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		v.signed[string(body)] = text
	}
	if v.answer != nil && v.answer(w, r) {
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	if r.URL.Path == "/v1/releases" {
		io.WriteString(w, "released: the seat is free\n")
		return
	}
	w.Write(v.signed[string(body)])
}

func (v *vendor) bodies() []string {
	v.mu.Lock()
	defer v.mu.Unlock()
	return append([]string(nil), v.posted...)
}

// says makes the vendor answer so from now on; "" as usual.
func (v *vendor) says(status int, problem string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.answer = nil; status != 0 {
		v.answer = func(w http.ResponseWriter, _ *http.Request) bool {
			w.Header().Set("Content-Type", "application/problem+json")
			w.WriteHeader(status)
			io.WriteString(w, problem)
			return true
		}
	}
}

// product is a page on a server, and a person with a browser.
type product struct {
	*handler
	dir   string
	url   string // of the page
	clock *sitetest.Clock
}

func newProduct(t testing.TB, change func(*Options)) *product {
	t.Helper()
	p := &product{dir: filepath.Join(t.TempDir(), "S"), clock: new(sitetest.Clock)}
	components, err := site.ParseComponents("cluster=0b5e0a0c-5f0e-4c53-9d0c-2b8a3c1d7e11")
	if err != nil {
		t.Fatal(err)
	}
	o := Options{
		Gate:    site.Open(p.dir, sitetest.Verifier(t), site.Program{Product: "evoq", Components: components, Getenv: func(string) string { return "" }}),
		Allowed: func(*http.Request) bool { return true }, Now: p.clock.Now, Random: rand.Reader,
	}
	if change != nil {
		change(&o)
	}
	p.handler = newHandler(o)
	server := httptest.NewServer(p)
	t.Cleanup(server.Close)
	p.url = server.URL + "/settings/license"
	return p
}

func (p *product) ServeHTTP(w http.ResponseWriter, r *http.Request) { p.enter(w, r) }

// seen is a screen.
type seen struct {
	status int
	body   string
	header http.Header
}

func (p *product) do(t testing.TB, r *http.Request) seen {
	t.Helper()
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return seen{answer.StatusCode, string(body), answer.Header}
}

func (p *product) see(t testing.TB, query string) seen {
	t.Helper()
	r, err := http.NewRequest("GET", p.url+query, nil)
	if err != nil {
		t.Fatal(err)
	}
	return p.do(t, r)
}

// press sends a form, and follows to where it leads: "do", "add", "type", "production"...
func (p *product) press(t testing.TB, pairs ...string) seen {
	t.Helper()
	form := make(url.Values)
	for i := 0; i < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	r, err := http.NewRequest("POST", p.url, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return p.do(t, r)
}

func (p *product) add(t testing.TB, kind, way string) seen {
	t.Helper()
	return p.press(t, "do", "add", "type", kind, "email", " ops@site.example ", "invoice", "INV0042-1", "way", way)
}

// text returns what an element says, "" if there is none.
func (s seen) text(id string) string {
	_, rest, found := strings.Cut(s.body, ` id="`+id+`"`)
	if !found {
		return ""
	}
	_, rest, _ = strings.Cut(rest, ">")
	for _, end := range []string{"</td>", "</div>", "</p>", "</span>", "</strong>", "</textarea>", "</section>"} {
		if i := strings.Index(rest, end); i >= 0 && !strings.Contains(rest[:i], "<"+end[2:len(end)-1]) {
			rest = rest[:i]
		}
	}
	return strings.Join(strings.Fields(html.UnescapeString(regexp.MustCompile(`<[^>]*>`).ReplaceAllString(rest, " "))), " ")
}

// link returns the query of the link of an element, "" if there is none.
func (s seen) link(id string) string {
	m := regexp.MustCompile(`<a [^>]*id="` + regexp.QuoteMeta(id) + `" href="([^"]*)"`).FindStringSubmatch(s.body)
	if m == nil {
		return ""
	}
	return html.UnescapeString(m[1])
}

func (s seen) want(t testing.TB, status int, pairs ...string) {
	t.Helper()
	if s.status != status {
		t.Fatalf("got %d, want %d: %s", s.status, status, s.text("fault"))
	}
	for i := 0; i < len(pairs); i += 2 {
		if got := s.text(pairs[i]); !regexp.MustCompile(pairs[i+1]).MatchString(got) {
			t.Errorf("%s says %q, want %s", pairs[i], got, pairs[i+1])
		}
	}
}

// wantFault wants a fault with a code, and words of its own.
func (s seen) wantFault(t testing.TB, status int, code FaultCode, words string) {
	t.Helper()
	if !strings.Contains(s.body, `data-code="`+string(code)+`"`) {
		t.Errorf("got %d %q, want %s", s.status, s.text("fault"), code)
	}
	s.want(t, status, "fault", words)
	if code != NotAllowed && s.text("fault-next") == "" {
		t.Errorf("%s says nothing of what to do", code)
	}
}

// active wants that the product runs, without a restart.
func (p *product) active(t testing.TB, kind string) {
	t.Helper()
	l, err := p.o.Gate.Current(p.clock.Now())
	if err != nil || l.Type != kind {
		t.Errorf("got %+v, %v, want a license of type %s", l, err, kind)
	}
}

func (p *product) requests(t testing.TB) int {
	t.Helper()
	all, err := filepath.Glob(filepath.Join(p.dir, "requests", "*.olq"))
	if err != nil {
		t.Fatal(err)
	}
	return len(all)
}

// snapshot is all that is in the state directory.
func (p *product) snapshot(t testing.TB) string {
	t.Helper()
	var all strings.Builder
	err := filepath.WalkDir(p.dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			text, err := os.ReadFile(path)
			fmt.Fprintf(&all, "%s %q %v\n", path, text, err)
		}
		return err
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	return all.String()
}

func TestAutomatic(t *testing.T) {
	v := newVendor(t)
	p := newProduct(t, func(o *Options) {
		o.Service, o.Use = v.URL, func() map[string]uint64 { return map[string]uint64{"users": 37} }
	})
	p.see(t, "").want(t, 200, "license-state", "^No license .*What to do: Add a license")
	p.add(t, "production", "automatic").want(t, 200, "notice", "is installed", "license-state", "^Active$",
		"license-type", "^Production$", "license-invoice", "^INV0042-1$", "license-customer", "^Site Ltd$",
		"license-valid-from", "^2026-11-21 12:00 UTC$", "license-expires", "^2027-11-21 UTC 365 days left$", "license-limits", "users: 37 of 200 in use",
		"license-margin", "1 of 1 components match, 1 needed")
	p.active(t, "production")
	if got := v.bodies(); len(got) != 1 || p.requests(t) != 1 {
		t.Errorf("posted %d, wrote %d", len(got), p.requests(t))
	}
	// Pressed once more, the same is asked again, and the same license comes.
	p.add(t, "production", "automatic").want(t, 200, "notice", "on record", "license-state", "^Active$")
	if got := v.bodies(); len(got) != 2 || got[0] != got[1] || p.requests(t) != 1 {
		t.Errorf("posted %q", got)
	}
	p.clock.Set(sitetest.Ends.AddDate(0, 0, -10))
	p.see(t, "").want(t, 200, "warnings", "ends on 2027-11-21")
	p.clock.Set(sitetest.Ends.AddDate(0, 0, 10))
	p.see(t, "").want(t, 200, "license-state", "^Expired .*ended on 2027-11-21.*What to do: Ask acme", "license-type", "^Production$", "license-expires", "^2027-11-21 UTC$")
}

// What the service says in the place of a license is kept, and a press asks the same again.
func TestWaits(t *testing.T) {
	v := newVendor(t)
	p := newProduct(t, func(o *Options) { o.Service = v.URL })
	v.says(202, `{"detail":"It waits for the vendor.","rule":"seats","next":"Send it again later.","number":"K7QX-2MPA"}`)
	s := p.add(t, "production", "automatic")
	s.want(t, 200, "notice", "waits", "request", "Production, invoice INV0042-1", "request-answer", "It waits for the vendor.*again later", "request-number", "K7QX-2MPA")
	code := strings.TrimPrefix(s.link("request-show"), "?view=request&code=")
	p.see(t, "").want(t, 200, "request-number", "K7QX-2MPA")

	v.says(0, "")
	p.press(t, "do", "send", "code", code).want(t, 200, "license-state", "^Active$", "request", "^$")
	if got := v.bodies(); len(got) != 2 || got[0] != got[1] {
		t.Errorf("posted %q", got)
	}

	// A request that was declined is no more under way, and what was typed is there to be corrected.
	v.says(422, `{"detail":"Nothing was sold <b>so</b>.","rule":"claim","next":"Compare both."}`)
	s = p.press(t, "do", "add", "type", "development", "email", "x@site.example", "invoice", "INV9", "way", "automatic")
	s.wantFault(t, 422, ServiceDeclined, "Nothing was sold <b>so</b>. *What to do: *Compare both")
	if !strings.Contains(s.body, `value="x@site.example"`) || !strings.Contains(s.body, `value="INV9"`) || !strings.Contains(s.body, `value="development" selected`) {
		t.Errorf("what was typed is gone: %s", s.body)
	}
	p.see(t, "").want(t, 200, "request", "^$")
	before := p.requests(t)
	v.says(502, "") // asked once more, it is another request, since the same one would be declined for ever
	p.press(t, "do", "add", "type", "development", "email", "x@site.example", "invoice", "INV9", "way", "automatic")
	p.see(t, "").want(t, 200, "request", "INV9")
	if n := p.requests(t); n != before+1 {
		t.Errorf("%d requests, want one more than %d", n, before)
	}
	v.says(422, `{"detail":"No."}`)
	p.press(t, "do", "add", "type", "development", "email", "x@site.example", "invoice", "INV9", "way", "automatic").wantFault(t, 422, ServiceDeclined, "No. What to do: Ask the vendor")

	// What was put away comes back when it is asked for again.
	v.says(202, `{"detail":"It waits.","next":"Later."}`)
	s = p.press(t, "do", "add", "type", "development", "email", "x@site.example", "invoice", "INV8", "way", "automatic")
	code = strings.TrimPrefix(s.link("request-show"), "?view=request&code=")
	p.press(t, "do", "hide", "code", code).want(t, 200, "notice", "Put away", "request", "^$")
	p.press(t, "do", "add", "type", "development", "email", "x@site.example", "invoice", "INV8", "way", "automatic").want(t, 200, "request", "INV8")
}

// What decides nothing does not take the place of what the service has said: the number of a request that waits
// stays, and a release that the vendor has is not said to be under way again.
func TestLastWordStays(t *testing.T) {
	v := newVendor(t)
	p := newProduct(t, func(o *Options) { o.Service = v.URL })
	v.says(202, `{"detail":"It waits.","next":"Later.","number":"K7QX-2MPA"}`)
	code := strings.TrimPrefix(p.add(t, "production", "automatic").link("request-show"), "?view=request&code=")
	for status, problem := range map[int]string{502: "", 404: "portal", 503: `{"detail":"The service cannot answer now."}`} {
		v.says(status, problem)
		p.press(t, "do", "send", "code", code).want(t, 502, "request-number", "K7QX-2MPA", "request-answer", "It waits. Later.")
	}
	v.says(0, "")
	s := p.press(t, "do", "send", "code", code)
	s = p.press(t, "do", "remove", "id", s.id("license"))
	s.want(t, 200, "release-state", "has recorded")
	code = strings.TrimPrefix(s.link("release-show"), "?view=release&code=")
	for status, problem := range map[int]string{502: "", 422: `{"detail":"No."}`} {
		v.says(status, problem)
		p.press(t, "do", "deliver", "code", code)
		p.see(t, "").want(t, 200, "release-state", "has recorded", "release-answer", "The seat is free")
	}
}

// By hand: the request in three forms, and the license back in each that there is.
func TestManual(t *testing.T) {
	for name, back := range map[string]func(t *testing.T, license, request []byte) []byte{
		"file": func(_ *testing.T, l, _ []byte) []byte { return l },
		"mail": func(_ *testing.T, l, _ []byte) []byte {
			return []byte("Hello,\n\n> " + strings.ReplaceAll(string(l), "\n", "\r\n> ") + "\nRegards\n")
		},
		"parts":  parts,
		"spoken": spoken,
		"UTF-16": func(_ *testing.T, l, _ []byte) []byte {
			wide := []byte{0xff, 0xfe}
			for _, c := range append(l, "\r\n"...) {
				wide = append(wide, c, 0)
			}
			return wide
		},
		"short": short,
	} {
		t.Run(name, func(t *testing.T) {
			delegation, err := sitetest.Delegation()
			if err != nil {
				t.Fatal(err)
			}
			p := newProduct(t, func(o *Options) { o.Delegations = [][]byte{format.EncodeFile(format.Delegation, delegation)} })
			s := p.add(t, "production", "automatic") // there is no service
			s.want(t, 200, "statement-is", "Production, invoice INV0042-1", "statement-code", "^[A-Z2-7]{4}(-[A-Z2-7]{4}){3}$")
			file := p.see(t, s.link("statement-file"))
			if got := file.header.Get("Content-Disposition"); got != "attachment; filename=request.olq" || strings.Join(strings.Fields(file.body), " ") != s.text("statement-text") {
				t.Errorf("got %q %q", got, file.body)
			}
			if strings.Count(s.body, "<svg") != 1 {
				t.Errorf("no code: %s", s.body)
			}
			license, err := sitetest.Sign([]byte(file.body), nil)
			if err != nil {
				t.Fatal(err)
			}
			p.press(t, "do", "install", "text", string(back(t, license, []byte(file.body)))).want(t, 200, "notice", "is installed", "license-state", "^Active$")
			p.active(t, "production")
		})
	}
}

func parts(t *testing.T, license, _ []byte) []byte {
	kind, raw, err := format.DecodeText(license)
	if err != nil {
		t.Fatal(err)
	}
	all, err := format.EncodeParts(kind, raw, 300)
	if err != nil || len(all) < 2 {
		t.Fatal(all, err)
	}
	return []byte(all[1] + "\n" + all[0] + "\n" + strings.Join(all[2:], "\n"))
}

// short is the license as a code carries it, to a product that has the delegation.
func short(t *testing.T, license, request []byte) []byte {
	raw, err := format.DecodeTextAs(license, format.LicenseFile)
	if err != nil {
		t.Fatal(err)
	}
	q, err := verify.OpenRequest(request)
	if err != nil {
		t.Fatal(err)
	}
	carried, err := format.Carry(raw, q.Body, false)
	if err != nil {
		t.Fatal(err)
	}
	return []byte(format.EncodeText(format.CarriedLicense, carried))
}

func spoken(t *testing.T, license, _ []byte) []byte {
	kind, raw, err := format.DecodeText(license)
	if err != nil {
		t.Fatal(err)
	}
	lines, err := format.Spell(kind, raw)
	if err != nil {
		t.Fatal(err)
	}
	return []byte(strings.ToLower(strings.Join(lines, "\n")))
}

func TestInstallMistakes(t *testing.T) {
	p := newProduct(t, nil)
	request := p.add(t, "production", "manual").text("statement-text")
	license, err := sitetest.Sign([]byte(request), nil)
	if err != nil {
		t.Fatal(err)
	}
	other, err := sitetest.Sign([]byte(newProduct(t, nil).add(t, "production", "manual").text("statement-text")), nil)
	if err != nil {
		t.Fatal(err)
	}
	before := p.snapshot(t)
	for text, words := range map[string]string{
		"":                       "Neither a file nor a text",
		"hello":                  "This is no license, or not all of one.*What to do: Choose the license file",
		request:                  "What to do: Send the request to the vendor; the license is what comes back",
		string(license[:200]):    "not all of one",
		string(other):            "Of another server.*What to do: Install it on the server",
		"\x89PNG\r\n\x1a\n":      "picture",
		"OLK1:AAAAAAAA":          "Keep the key private",
		`{"detail":"It waits."}`: "This is no license",
	} {
		s := p.press(t, "do", "install", "text", text)
		if s.status != 422 || s.text("fault-next") == "" {
			t.Errorf("%.20q: got %d %s", text, s.status, s.text("fault"))
		}
		s.want(t, 422, "fault", words)
	}
	if after := p.snapshot(t); after != before {
		t.Errorf("the directory has changed: %s", after)
	}
	list, err := sitetest.List(sitetest.Root, 3, func(c *format.RevocationClaims) { c.Licenses = format.NewSet([16]byte{2}) })
	if err != nil {
		t.Fatal(err)
	}
	p.press(t, "do", "install", "text", string(license)).want(t, 200, "license-state", "^Active$")
	p.press(t, "do", "install", "text", string(list)).want(t, 200, "notice", "list", "license-state", "^Revoked")
	if _, err := p.o.Gate.Current(p.clock.Now()); !errors.Is(err, verify.Revoked) {
		t.Errorf("got %v", err)
	}
}
