package customer

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"html"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/offlicense/offlicense/cmd/licensor/internal/home"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/ledgertest"
	"github.com/offlicense/offlicense/cmd/licensor/internal/photo"
	"github.com/offlicense/offlicense/cmd/licensor/internal/service"
	"github.com/offlicense/offlicense/cmd/licensor/internal/web/page"
	"github.com/offlicense/offlicense/cmd/licensor/internal/web/picture"
	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/verify"
)

func TestMain(m *testing.M) {
	status := m.Run()
	ledgertest.Stop()
	os.Exit(status)
}

// site is the pages over a real ledger, signed for by a real key.
type site struct {
	testing.TB
	*service.Service
	mux *http.ServeMux
}

func (s *site) Handle(pattern string, h http.HandlerFunc) { s.mux.HandleFunc(pattern, h) }
func (s *site) HandleUpload(pattern string, _ int64, h http.HandlerFunc) {
	s.mux.HandleFunc(pattern, h)
}

func newSite(t testing.TB) *site {
	t.Helper()
	ctx := context.Background()
	made, err := service.Init(ctx, filepath.Join(t.TempDir(), "home"), home.InitOptions{Vendor: "acme.example", Staff: "desk", Now: ledgertest.Now, Random: rand.Reader}, ledgertest.By())
	if err != nil {
		t.Fatal(err)
	}
	s, err := service.Open(ctx, made.Home, "", service.ToChange, service.Options{Random: rand.Reader, Warn: func(string) {}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	a := s.NewActivator(service.ActivatorOptions{Now: func() time.Time { return ledgertest.Now }, Random: rand.Reader})
	t.Cleanup(a.Close)
	p := &Pages{
		Activation: a, Brand: page.Brand{Name: "Acme <GmbH>"}, Log: slog.New(slog.DiscardHandler),
		Pictures: &picture.Reader{Limits: picture.ForCustomers},
	}
	of := &site{TB: t, Service: s, mux: http.NewServeMux()}
	p.Register(of)
	ledgertest.Sold(t, s.Book, func(e *ledger.Entitlement) {
		e.Binding, e.Seats, e.Customer = "", 3, "Site <script>alert(1)</script> Ltd"
	})
	return of
}

// send sends a form.
func (s *site) send(path string, values url.Values) *http.Response {
	s.Helper()
	r := httptest.NewRequest("POST", path, strings.NewReader(values.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := httptest.NewRecorder()
	s.mux.ServeHTTP(w, r)
	return w.Result()
}

// want sends a form, and returns the page with the wanted status.
func (s *site) want(status int, path string, values url.Values) string {
	s.Helper()
	answer := s.send(path, values)
	text, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != status {
		s.Fatalf("%s: %d, want %d, %v\n%s", path, answer.StatusCode, status, err, text)
	}
	if strings.Contains(string(text), "<script>alert") || strings.Contains(string(text), "Acme <") {
		s.Errorf("%s: not escaped:\n%s", path, text)
	}
	return string(text)
}

// request is the text of a request, signed or as a code carries it.
func request(t testing.TB, n uint32, signed bool, change func(*format.Request)) string {
	t.Helper()
	key := ledgertest.SiteKey(n)
	hash := sha256.Sum256(key.Public().Bytes())
	q, err := ledgertest.Request(key.Public(), func(q *format.Request) {
		q.Time, q.Host, q.Site = ledgertest.Now.Unix(), "db7.inside.example", "shop"
		q.Components = []format.Component{
			{Label: format.LabelMachineID, Hash: hash[:8]}, {Label: format.LabelProductUUID, Hash: hash[8:16]}, {Label: format.LabelRootFS, Hash: hash[16:24]},
		}
		if change != nil {
			change(q)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	if !signed {
		return format.EncodeText(format.RequestBody, q.Body)
	}
	raw, err := format.Seal(format.SignedRequest, key.Public().ID(), q.Body, key.Sign)
	if err != nil {
		t.Fatal(err)
	}
	return string(format.EncodeFile(format.SignedRequest, raw))
}

var textArea = regexp.MustCompile(`(?s)<textarea[^>]* id="license"[^>]*>(.*?)</textarea>`)

// A request becomes a license: on the page, as a file and as codes. The same again is the same.
func TestActivate(t *testing.T) {
	s := newSite(t)
	asked := request(t, 1, false, nil)
	made := s.want(200, "/statement", url.Values{"statement": {asked}, "lang": {"de"}})
	if !strings.Contains(made, `<html lang="de">`) || !strings.Contains(made, "Ihre Lizenz") || !strings.Contains(made, `<svg class="qr"`) {
		t.Errorf("the page is\n%s", made)
	}
	found := textArea.FindStringSubmatch(made)
	if found == nil || !strings.HasPrefix(found[1], "OLL1:") {
		t.Fatalf("no license in\n%s", made)
	}
	file := s.send("/license", url.Values{"text": {asked}})
	text, err := io.ReadAll(file.Body)
	if err != nil || string(text) != html.UnescapeString(found[1]) || !strings.Contains(file.Header.Get("Content-Disposition"), "license.lic") {
		t.Errorf("the file is %q, %v, %v", text, file.Header, err)
	}
	if strings.Contains(made, "db7.inside") {
		t.Error("a request that nobody has signed shows where the license runs")
	}
}

// What is told of an invoice, and to whom.
func TestStanding(t *testing.T) {
	s := newSite(t)
	s.want(200, "/statement", url.Values{"statement": {request(t, 1, true, nil)}})
	sold := ledgertest.Entitlement()
	ask := func(invoice, email string) url.Values { return url.Values{"invoice": {invoice}, "email": {email}} }
	told := s.want(200, "/standing", ask(" "+strings.ToLower(sold.Invoice), " "+strings.ToUpper(sold.Email)))
	for _, want := range []string{"1 of 3 in use", sold.Invoice, `class="code">`} {
		if !strings.Contains(told, want) {
			t.Errorf("no %q in\n%s", want, told)
		}
	}
	secrets := []string{"db7.inside", "shop", "Site &lt;", sold.Email}
	for _, secret := range secrets {
		if strings.Contains(told, secret) {
			t.Errorf("%q is told to who knows no more than the invoice and the address", secret)
		}
	}
	wrong := s.want(422, "/standing", ask(sold.Invoice, "who@else.example"))
	german := ask("INV9999-1", "who@else.example")
	german.Set("lang", "de")
	if !strings.Contains(wrong, "Compare both with the purchase mail.") || !strings.Contains(s.want(422, "/standing", german), "Mail zum Kauf.") {
		t.Errorf("who looks something up is told of something else:\n%s", wrong)
	}
	unknown := s.want(422, "/standing", ask("INV9999-1", "who@else.example"))
	if strings.ReplaceAll(unknown, "INV9999-1", sold.Invoice) != wrong {
		t.Errorf("a wrong address and an unknown invoice are told apart:\n%s\n%s", wrong, unknown)
	}
	for name, c := range map[string]struct {
		statement string
		shown     bool
	}{
		"fresh and signed": {request(t, 1, true, func(q *format.Request) { q.Time++ }), true},
		"its code":         {request(t, 1, false, func(q *format.Request) { q.Time += 2 }), false},
		"two days old":     {request(t, 1, true, func(q *format.Request) { q.Time -= 2 * 86400 }), false},
		"in two days":      {request(t, 1, true, func(q *format.Request) { q.Time += 2 * 86400 }), false},
	} {
		told := s.want(200, "/statement", url.Values{"statement": {c.statement}})
		for _, secret := range secrets {
			if strings.Contains(told, secret) != c.shown {
				t.Errorf("%s: %q is shown: %v", name, secret, !c.shown)
			}
		}
	}
	// A machine that is active under another invoice, or nowhere, is told nothing.
	ledgertest.Sold(t, s.Book, func(e *ledger.Entitlement) { e.Invoice, e.Binding, e.Seats = "INV0043-1", "", 1 })
	s.want(422, "/statement", url.Values{"statement": {request(t, 2, true, func(q *format.Request) { q.Account = [8]byte{1} })}})
}

// An invoice may have bought more than a page holds.
func TestNextSites(t *testing.T) {
	s := newSite(t)
	sold := ledgertest.Entitlement()
	a := s.NewActivator(service.ActivatorOptions{Now: func() time.Time { return ledgertest.Now }, Random: rand.Reader})
	t.Cleanup(a.Close)
	p := &Pages{Activation: many{a}, Log: slog.New(slog.DiscardHandler), Pictures: &picture.Reader{Limits: picture.ForCustomers}}
	s.mux = http.NewServeMux()
	p.Register(s)
	form := regexp.MustCompile(`(?s)<form method="post" action="(/[a-z]+)">(.*?)</form>`)
	field := regexp.MustCompile(`name="([a-z]+)" value="([^"]*)"`)
	for path, values := range map[string]url.Values{
		"/standing":  {"invoice": {sold.Invoice}, "email": {sold.Email}, "lang": {"de"}},
		"/statement": {"statement": {request(t, 1, true, nil)}, "lang": {"de"}, "from": {"-1"}},
	} {
		seen, pages := 0, 0
		for ; pages < 9; pages++ {
			told := s.want(200, path, values)
			seen += strings.Count(told, "CODE-")
			next := form.FindStringSubmatch(told[strings.Index(told, "</table>"):])
			if next == nil {
				break
			}
			if next[1] != path {
				t.Errorf("%s leads to %s", path, next[1])
			}
			values = make(url.Values)
			for _, f := range field.FindAllStringSubmatch(next[2], -1) {
				values.Set(f[1], html.UnescapeString(f[2]))
			}
		}
		if seen != 120 || pages != 2 {
			t.Errorf("%s: %d sites behind %d pages", path, seen, pages)
		}
		values.Set("from", "999999999999")
		s.want(200, path, values)
	}
}

// A release that waits is told as one, in each language.
func TestReleaseWaits(t *testing.T) {
	p := &Pages{Activation: many{}, Log: slog.New(slog.DiscardHandler), Pictures: &picture.Reader{Limits: picture.ForCustomers}}
	s := &site{TB: t, mux: http.NewServeMux()}
	p.Register(s)
	release := format.EncodeText(format.Release, []byte("a release"))
	told := s.want(202, "/statement", url.Values{"statement": {release}, "lang": {"de"}})
	if !strings.Contains(told, "Die Rückgabe ist abgegeben") || !strings.Contains(told, "AAAA-BBBB") || strings.Contains(told, "Anfrage") {
		t.Error(told)
	}
}

func (many) Release(context.Context, []byte) (*service.AutoReleased, error) {
	return &service.AutoReleased{Waits: true, Word: "plan", Number: "AAAA-BBBB", Detail: "english", Next: "english"}, nil
}

// many is an invoice with 120 sites.
type many struct{ Activation }

func (many) Standing(context.Context, string, string) (*service.Standing, error) {
	return &service.Standing{Sites: slices.Repeat([]service.StandingSite{{Code: "CODE-"}}, 120)}, nil
}

func (m many) StandingOf(ctx context.Context, _ []byte) (*service.Standing, error) {
	return m.Standing(ctx, "", "")
}

// After five wrong claims an invoice shows nothing to anybody.
func TestStandingIsNotGuessed(t *testing.T) {
	s := newSite(t)
	sold := ledgertest.Entitlement()
	for range 5 {
		s.want(422, "/standing", url.Values{"invoice": {sold.Invoice}, "email": {"who@else.example"}})
	}
	right := s.want(422, "/standing", url.Values{"invoice": {sold.Invoice}, "email": {sold.Email}})
	wrong := s.want(422, "/standing", url.Values{"invoice": {sold.Invoice}, "email": {"who@else.example"}})
	if strings.ReplaceAll(right, sold.Email, "who@else.example") != wrong || !strings.Contains(wrong, "an hour") {
		t.Errorf("right and wrong are told apart:\n%s\n%s", right, wrong)
	}
}

func TestMistakes(t *testing.T) {
	s := newSite(t)
	for name, c := range map[string]struct {
		values url.Values
		want   string
	}{
		"nothing":                      {url.Values{}, "Nothing was given"},
		"German":                       {url.Values{"lang": {"de"}}, "Es wurde nichts angegeben"},
		"no statement":                 {url.Values{"statement": {"hello"}}, "cannot be read"},
		"wrong address":                {url.Values{"statement": {request(t, 1, true, func(q *format.Request) { q.Account[0]++ })}}, "Compare both"},
		"cut":                          {url.Values{"statement": {request(t, 1, true, nil)[:90]}}, "cannot be read"},
		"a language that there is not": {url.Values{"lang": {"xx"}}, "Nothing was given"},
	} {
		if told := s.want(422, "/statement", c.values); !strings.Contains(told, c.want) || !strings.Contains(told, `role="alert"`) {
			t.Errorf("%s: want %q in\n%s", name, c.want, told)
		}
	}
}

// What the site refuses before a page is asked is told on the first page, in the browser's language.
func TestRefusedBySite(t *testing.T) {
	p := &Pages{}
	for rule, want := range map[string]string{
		"path": "Unter dieser Adresse gibt es keine Seite.", "method": "Unter dieser Adresse gibt es keine Seite.", "rate": "Von dieser Adresse kamen zu viele Anfragen.",
		"cross-origin": "Das hat eine Seite einer anderen Website gesendet.", "host": "Unter diesem Namen gibt es diesen Dienst nicht.", "new": "english",
	} {
		w, r := httptest.NewRecorder(), httptest.NewRequest("POST", "/standing", strings.NewReader("lang=en"))
		r.Header.Set("Accept-Language", "de-CH")
		p.Refused(w, r, 429, rule, "english", "later")
		if w.Code != 429 || !strings.Contains(w.Body.String(), want) || strings.Contains(w.Body.String(), "english") != (want == "english") {
			t.Errorf("%s: got %d %s", rule, w.Code, w.Body)
		}
	}
}

// Each language says all that the first one says; what the service says in English is said in
// the others by its word.
func TestTextsAreWhole(t *testing.T) {
	keys := func(of map[string]string) (all []string) {
		for key := range of {
			all = append(all, key)
		}
		slices.Sort(all)
		return all
	}
	for _, other := range all[1:] {
		said := slices.Concat(picture.Words, photo.Words, []string{"lookup", string(verify.Malformed), string(verify.BadSignature), string(verify.UnknownKey)})
		if a, b := keys(all[0].Page), keys(other.Page); !slices.Equal(a, b) {
			t.Errorf("%s has the texts\n%q, want\n%q", other.Lang, b, a)
		}
		for key, text := range other.Page {
			if strings.Count(text, "%") != strings.Count(all[0].Page[key], "%") || text == "" {
				t.Errorf("%s: %s is %q", other.Lang, key, text)
			}
		}
		for _, state := range ledger.Statuses {
			if other.State[string(state)] == "" {
				t.Errorf("%s has no word for the state %s", other.Lang, state)
			}
		}
		for _, kind := range format.Types() {
			if other.State[kind] == "" {
				t.Errorf("%s has no word for the type %s", other.Lang, kind)
			}
		}
		for _, rule := range ledger.CustomerRules() {
			said = append(said, string(rule))
		}
		for _, rule := range said {
			if a := other.Said[rule]; a.Detail == "" || a.Next == "" {
				t.Errorf("%s does not say the rule %s", other.Lang, rule)
			}
		}
	}
}
