package staff_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"html"
	"io"
	"log/slog"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/offlicense/offlicense/cmd/licensor/internal/desk"
	"github.com/offlicense/offlicense/cmd/licensor/internal/home"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/ledgertest"
	"github.com/offlicense/offlicense/cmd/licensor/internal/service"
	"github.com/offlicense/offlicense/cmd/licensor/internal/web/staff"
	"github.com/offlicense/offlicense/cmd/licensor/internal/web/staff/door"
	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/verify"
)

func TestMain(m *testing.M) {
	code := m.Run()
	ledgertest.Stop()
	os.Exit(code)
}

// vendor has a ledger, a desk, and its pages.
type vendor struct {
	*testing.T
	service   *service.Service
	desk      *desk.Desk
	activator *service.Activator
	at        home.Home
	root      string // the file of its key
	where     string
	server    *httptest.Server
	most      *atomic.Int64 // licenses that are still signed; nil: all
	mu        sync.Mutex
	clock     time.Time
	log       bytes.Buffer
}

// site is the routes of a site.
type site struct{ *http.ServeMux }

func (s site) Handle(pattern string, h http.HandlerFunc) { s.HandleFunc(pattern, h) }

func (s site) HandleUpload(pattern string, most int64, h http.HandlerFunc) {
	s.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, most)
		h(w, r)
	})
}

func (v *vendor) now() time.Time {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.clock
}

func newVendor(t *testing.T, where string) *vendor {
	t.Helper()
	ctx := t.Context()
	made, err := service.Init(ctx, filepath.Join(t.TempDir(), "home"),
		home.InitOptions{Vendor: "acme.example", Staff: "desk", Ledger: where, Now: ledgertest.Now, Random: rand.Reader}, ledgertest.By())
	if err != nil {
		t.Fatal(err)
	}
	v := &vendor{T: t, at: made.Home, root: made.RootKey, where: where, clock: ledgertest.Now.Add(time.Hour)}
	if v.service, err = service.Open(ctx, v.at, where, service.ToChange, service.Options{Random: rand.Reader, Warn: func(string) {}}); err != nil {
		t.Fatal(err)
	}
	if v.desk, err = desk.Open(ctx, v.at, where); err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.NewTextHandler(&v.log, nil))
	v.activator = v.service.NewActivator(service.ActivatorOptions{Now: v.now, Random: rand.Reader, Log: log})
	mux := http.NewServeMux()
	pages := &staff.Pages{
		Door:    &door.Door{Desk: v.desk, Random: rand.Reader, Now: v.now, Log: log, SignedIn: signedIn},
		Service: v.service, Signing: signing{v.activator, v},
	}
	pages.Register(site{mux})
	v.server = httptest.NewServer(mux)
	v.Cleanup(func() { v.server.Close(); v.activator.Close(); v.desk.Close(); v.service.Close() })
	return v
}

// signing is the service's key, which may sign so many licenses more.
type signing struct {
	*service.Activator
	v *vendor
}

func (s signing) Issue(ctx context.Context, by ledger.Operation) ledger.Issue {
	return func(grants []ledger.Grant) []ledger.Draft {
		if most := s.v.most; most != nil && int(most.Add(int64(-len(grants)))) < 0 {
			return slices.Repeat([]ledger.Draft{{Err: &service.Waiting{Word: "hour", Message: "the service has signed as many licenses in an hour as it may"}}}, len(grants))
		}
		return s.Activator.Issue(ctx, by)(grants)
	}
}

// signedIn believes a header: a name, and rights.
func signedIn(r *http.Request) (*desk.User, error) {
	name, rights, found := strings.Cut(r.Header.Get("Test-User"), " ")
	if !found {
		return nil, nil
	}
	u := &desk.User{Name: name}
	for right := range strings.FieldsSeq(rights) {
		u.Rights = append(u.Rights, desk.Right(right))
	}
	return u, nil
}

// all has every right.
const all = "anna read sell sign revoke"

// answer is a page, or where one leads.
type answer struct {
	status int
	to     string
	body   string
}

func (v *vendor) send(r *http.Request, who string) answer {
	v.Helper()
	r.Header.Set("Test-User", who)
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	got, err := client.Do(r)
	if err != nil {
		v.Fatal(err)
	}
	defer got.Body.Close()
	body, err := io.ReadAll(got.Body)
	if err != nil {
		v.Fatal(err)
	}
	keepPage(v.T, r.URL.Path, body)
	return answer{got.StatusCode, got.Header.Get("Location"), string(body)}
}

// pages counts those that are kept.
var pages int

// keepPage keeps a page for whoever wants to look at it, in the directory that
// OFFLICENSE_PAGES names, if it does.
func keepPage(t *testing.T, path string, body []byte) {
	directory := os.Getenv("OFFLICENSE_PAGES")
	if directory == "" || len(body) == 0 {
		return
	}
	style, err := os.ReadFile("../page/assets/style.css")
	if err != nil {
		t.Fatal(err)
	}
	body = bytes.Replace(body, []byte(`<link rel="stylesheet" href="/assets/style.css">`), fmt.Appendf(nil, "<style>%s</style>", style), 1)
	pages++
	if err := os.WriteFile(filepath.Join(directory, fmt.Sprintf("%03d%s.html", pages, strings.ReplaceAll(path, "/", "_"))), body, 0o600); err != nil {
		t.Error(err)
	}
}

func unescape(s string) string { return html.UnescapeString(s) }

func (v *vendor) get(path string) answer { v.Helper(); return v.getAs(all, path) }

func (v *vendor) getAs(who, path string) answer {
	v.Helper()
	r, err := http.NewRequestWithContext(v.Context(), "GET", v.server.URL+path, nil)
	if err != nil {
		v.Fatal(err)
	}
	return v.send(r, who)
}

// post sends fields: name, value, name, value.
func (v *vendor) post(path string, fields ...string) answer {
	v.Helper()
	return v.postAs(all, path, values(fields))
}

func values(fields []string) url.Values {
	form := make(url.Values)
	for i := 0; i < len(fields); i += 2 {
		form.Add(fields[i], fields[i+1])
	}
	return form
}

func (v *vendor) postAs(who, path string, form url.Values) answer {
	v.Helper()
	r, err := http.NewRequestWithContext(v.Context(), "POST", v.server.URL+path, strings.NewReader(form.Encode()))
	if err != nil {
		v.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return v.send(r, who)
}

// upload sends a file, and fields.
func (v *vendor) upload(path, file string, fields ...string) answer {
	v.Helper()
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	for i := 0; i < len(fields); i += 2 {
		w.WriteField(fields[i], fields[i+1])
	}
	part, err := w.CreateFormFile("file", "a.txt")
	if err != nil {
		v.Fatal(err)
	}
	io.WriteString(part, file)
	w.Close()
	r, err := http.NewRequestWithContext(v.Context(), "POST", v.server.URL+path, &body)
	if err != nil {
		v.Fatal(err)
	}
	r.Header.Set("Content-Type", w.FormDataContentType())
	return v.send(r, all)
}

// has wants a page with some words.
func (v *vendor) has(a answer, status int, words ...string) answer {
	v.Helper()
	if a.status != status {
		v.Fatalf("got %d %s %s, want %d", a.status, a.to, a.body, status)
	}
	text := html.UnescapeString(a.body)
	for _, word := range words {
		if !strings.Contains(text, word) {
			v.Errorf("want %q in it:\n%s", word, text)
		}
	}
	return a
}

// leads wants that a form has done something, and where it leads.
func (v *vendor) leads(a answer, prefix, word string) string {
	v.Helper()
	if a.status != http.StatusSeeOther || !strings.HasPrefix(a.to, prefix) || word != "" && !strings.Contains(a.to, "?done="+word+"&mark=") {
		v.Fatalf("got %d %s %s, want %s...?done=%s&mark=...", a.status, a.to, a.body, prefix, word)
	}
	return a.to
}

var hiddenField = regexp.MustCompile(`<input type="hidden" name="([^"]*)" value="([^"]*)">`)

// hidden are the fields that a page carries along.
func (v *vendor) hidden(a answer) url.Values {
	v.Helper()
	form := make(url.Values)
	for _, m := range hiddenField.FindAllStringSubmatch(a.body, -1) {
		form.Add(m[1], html.UnescapeString(m[2]))
	}
	if form.Get("seen") == "" {
		v.Fatalf("nothing to agree to:\n%s", a.body)
	}
	return form
}

// confirm agrees to what a page shows, with some more fields.
func (v *vendor) confirm(a answer, path string, fields ...string) answer {
	v.Helper()
	form := v.hidden(v.has(a, 200))
	for name, value := range values(fields) {
		form[name] = value
	}
	return v.postAs(all, path, form)
}

// clean wants an audit that finds nothing, and returns how many events there are of an action.
func (v *vendor) clean(action ledger.Action) (n int) {
	v.Helper()
	report, err := service.Audit(v.Context(), v.at, v.where, v.now(), nil, nil)
	if err != nil || !report.OK() {
		v.Fatalf("audit: %v %+v", err, report)
	}
	past, err := v.service.Past(v.Context(), service.EventFilter{Most: 10_000})
	if err != nil {
		v.Fatal(err)
	}
	for _, e := range past.Events {
		if e.Action == action {
			n++
		}
	}
	return n
}

func everywhere(t *testing.T, f func(t *testing.T, v *vendor)) {
	t.Run("SQLite", func(t *testing.T) { f(t, newVendor(t, "")) })
	t.Run("PostgreSQL", func(t *testing.T) { f(t, newVendor(t, ledgertest.Postgres(t))) })
}

// sold records a sale beside the pages.
func (v *vendor) sold(invoice string, change func(*ledger.Entitlement)) {
	v.Helper()
	e := ledgertest.Entitlement()
	e.Invoice, e.Seats, e.Binding = invoice, 3, ""
	if change != nil {
		change(&e)
	}
	by := ledgertest.By()
	by.NewNames = true
	if err := v.service.Entitle(v.Context(), by, e); err != nil {
		v.Fatal(err)
	}
}

// request is the signed request of a site.
func (v *vendor) request(n uint32, invoice string) string {
	v.Helper()
	return requestOf(v, n, invoice, "ops@site.example")
}

func requestOf(t testing.TB, n uint32, invoice, email string) string {
	t.Helper()
	return requestWith(t, n, invoice, email, func(*format.Request) {})
}

func requestWith(t testing.TB, n uint32, invoice, email string, change func(*format.Request)) string {
	t.Helper()
	key := ledgertest.SiteKey(n)
	hash := sha256.Sum256(key.Public().Bytes())
	q, err := ledgertest.Request(key.Public(), func(q *format.Request) {
		q.Invoice, q.Account, q.Host = invoice, format.AccountHash(invoice, email), fmt.Sprintf("web%d", n)
		q.Components = []format.Component{{Label: format.LabelMachineID, Hash: hash[:8]}, {Label: format.LabelProductUUID, Hash: hash[8:16]}, {Label: format.LabelRootFS, Hash: hash[16:24]}}
		change(q)
	})
	if err != nil {
		t.Fatal(err)
	}
	raw, err := format.Seal(format.SignedRequest, key.Public().ID(), q.Body, key.Sign)
	if err != nil {
		t.Fatal(err)
	}
	return format.EncodeText(format.SignedRequest, raw)
}

// active signs the request of a site beside the pages, and returns its activation.
func (v *vendor) active(n uint32, invoice string) *ledger.License {
	v.Helper()
	return v.activeWith(v.request(n, invoice))
}

func (v *vendor) activeWith(request string) *ledger.License {
	v.Helper()
	q, err := verify.OpenRequest([]byte(request))
	if err != nil {
		v.Fatal(err)
	}
	by := ledgertest.At(v.now())
	license, err := v.service.Book.Sign(v.Context(), by, q, v.activator.Issue(v.Context(), by))
	if err != nil {
		v.Fatal(err)
	}
	return license
}

// released is the release of a license by its site.
func (v *vendor) released(n uint32, l *ledger.License) string {
	v.Helper()
	key := ledgertest.SiteKey(n)
	claims := format.ReleaseClaims{Vendor: "acme.example", License: l.ID, Activation: l.Activation, IssuedAt: v.now().Unix()}
	body, err := claims.Marshal()
	if err != nil {
		v.Fatal(err)
	}
	raw, err := format.Seal(format.Release, key.Public().ID(), body, key.Sign)
	if err != nil {
		v.Fatal(err)
	}
	return format.EncodeText(format.Release, raw)
}

// waits puts a statement into the queue.
func (v *vendor) waits(text, invoice string) *desk.Waiting {
	v.Helper()
	w, err := v.desk.Add(v.Context(), desk.Waiting{Hash: sha256.Sum256([]byte(text)), Invoice: invoice, Request: text, Word: "plan", Why: "the plan says so", Asked: v.now()}, rand.Reader)
	if err != nil {
		v.Fatal(err)
	}
	return w
}

func unescaped(body string) string { return html.UnescapeString(body) }

func (v *vendor) later(d time.Duration) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.clock = v.clock.Add(d)
}
