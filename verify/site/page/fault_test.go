package page

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/offlicense/offlicense/verify"
	"github.com/offlicense/offlicense/verify/machine"
	"github.com/offlicense/offlicense/verify/site"
	"github.com/offlicense/offlicense/verify/site/sitetest"
)

// trip is a way to a service that does not work.
type trip func(*http.Request) (*http.Response, error)

func (f trip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// TestServiceFaults: whatever keeps the service from answering has its own words, what was typed stays, and
// with the same press it works once that is over: the same request is sent.
func TestServiceFaults(t *testing.T) {
	answers := func(status int, kind, body string) trip {
		return func(*http.Request) (*http.Response, error) {
			w := httptest.NewRecorder()
			w.Header().Set("Content-Type", kind)
			w.WriteHeader(status)
			w.WriteString(body)
			return w.Result(), nil
		}
	}
	fails := func(err error) trip { return func(*http.Request) (*http.Response, error) { return nil, err } }
	secure := httptest.NewUnstartedServer(http.NotFoundHandler())
	secure.Config.ErrorLog = log.New(io.Discard, "", 0)
	secure.StartTLS()
	defer secure.Close()
	plain := httptest.NewServer(http.NotFoundHandler())
	defer plain.Close()
	trusting := &tls.Config{RootCAs: secure.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs}
	late := trusting.Clone()
	late.Time = func() time.Time { return time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC) }
	for name, c := range map[string]struct {
		service string // "": a name
		by      http.RoundTripper
		status  int
		code    FaultCode
		words   string
	}{
		"no address":   {"licenses.acme.example", nil, 500, BadAddress, "licenses.acme.example, is none"},
		"other scheme": {"ftp://licenses.acme.example", nil, 500, BadAddress, "is none"},
		"refused":      {"", fails(&net.OpError{Op: "dial", Err: os.ErrDeadlineExceeded}), 504, TooSlow, "has not answered in time"},
		"slow":         {"", fails(context.DeadlineExceeded), 504, TooSlow, "the same is sent once more"},
		"down":         {"", fails(&net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", os.ErrInvalid)}), 502, Unreachable, "firewall"},
		"unknown name": {"", fails(&net.DNSError{Err: "no such host", IsNotFound: true}), 502, UnknownHost, "licenses.acme.example is not known"},
		"not trusted":  {secure.URL, &http.Transport{}, 502, Certificate, "not trusted here"},
		"wrong time":   {secure.URL, &http.Transport{TLSClientConfig: late}, 502, CertificateDate, "valid from .* until .* UTC, and this machine's clock says 2026-11-21 12:00 UTC"},
		"no TLS":       {strings.Replace(plain.URL, "http:", "https:", 1), &http.Transport{}, 502, NoTLS, "does not speak TLS"},
		"a sign-in":    {"", answers(200, "text/html", "<h1>Sign in</h1>"), 502, NotService, `not the activation service \(200 OK: "<h1>Sign in</h1>"\)`},
		"elsewhere": {"", trip(func(*http.Request) (*http.Response, error) {
			w := httptest.NewRecorder()
			w.Header().Set("Location", "https://portal.example/")
			w.WriteHeader(302)
			return w.Result(), nil
		}), 502, NotService, "302 Found: \"https://portal.example/\""},
		"a portal":      {"", answers(511, "text/html", "<h1>Sign in</h1>"), 502, NotService, "511 Network Authentication Required.*asks for a sign-in"},
		"nothing there": {"", answers(404, "text/plain", "404 page not found"), 502, NotService, "404"},
		"another path":  {"", answers(404, "application/problem+json", `{"detail":"There is nothing at this address.","next":"x"}`), 502, NotService, "404 .*There is nothing at this address.*Check the address"},
		"a bad gateway": {"", answers(502, "text/html", "<h1>Bad Gateway</h1>"), 502, ServiceTrouble, "502 Bad Gateway.*in a minute"},
		"in trouble":    {"", answers(503, "application/problem+json", `{"detail":"The service cannot answer now.","next":"Send it again."}`), 502, ServiceTrouble, "cannot answer now.*Send it again"},
		"too many":      {"", answers(429, "application/problem+json", `{"detail":"Too many.","next":"Wait for an hour."}`), 502, ServiceTrouble, "Too many.*Wait for an hour"},
		"no advice":     {"", answers(503, "application/problem+json", `{"detail":"Too many."}`), 502, ServiceTrouble, "Too many. What to do: Press again in a minute"},
		"a busy proxy":  {"", answers(429, "text/html", "slow down"), 502, ServiceTrouble, "Press again in a minute"},
		"no words":      {"", answers(422, "application/problem+json", `{"detail":" \n"}`), 502, NotService, "422 Unprocessable Entity"},
		"a password":    {"ftp://web:secret@acme.example", nil, 500, BadAddress, "ftp://web:xxxxx@acme.example, is none"},
		"with a fault":  {"http://web:secret@a b", nil, 500, BadAddress, "service, a b, is none"},
		"no license":    {"", answers(200, "text/plain", "hello"), 502, NotService, "200 OK: \"hello\""},
		"endless":       {"", answers(200, "text/plain", strings.Repeat("A", maxBody+1)), 502, NotService, "200 OK"},
	} {
		t.Run(name, func(t *testing.T) {
			v := newVendor(t)
			client := &http.Client{Transport: c.by}
			p := newProduct(t, func(o *Options) {
				if o.Service = c.service; c.service == "" {
					o.Service = "https://licenses.acme.example"
				}
				o.Client = client
			})
			s := p.add(t, "development", "automatic")
			s.wantFault(t, c.status, c.code, c.words)
			if !strings.Contains(s.body, `value="ops@site.example"`) || !strings.Contains(s.body, `value="development" selected`) {
				t.Error("what was typed is gone")
			}
			if s := p.see(t, ""); s.text("request") == "" {
				t.Error("the request is not on the page")
			}
			if strings.Contains(s.body, "secret") {
				t.Error("it shows a password")
			}
			p.o.Service, p.o.Client = v.URL, http.DefaultClient
			p.add(t, "development", "automatic").want(t, 200, "license-state", "^Active$")
			if p.requests(t) != 1 {
				t.Errorf("it has made %d requests", p.requests(t))
			}
		})
	}
}

// TestPatience: while the service takes its time, the page works for others, and with what comes in the end.
func TestPatience(t *testing.T) {
	v, asked, goOn := newVendor(t), make(chan bool), make(chan bool)
	p := newProduct(t, func(o *Options) {
		o.Service = v.URL
		o.Client = &http.Client{Transport: trip(func(r *http.Request) (*http.Response, error) {
			asked <- true
			<-goOn
			return http.DefaultTransport.RoundTrip(r)
		})}
	})
	license, err := sitetest.Sign([]byte(p.add(t, "production", "manual").text("statement-text")), nil)
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan seen)
	go func() { ended <- p.add(t, "production", "automatic") }()
	<-asked
	p.press(t, "do", "install", "text", string(license)).want(t, 200, "license-state", "^Active$")
	close(goOn)
	(<-ended).want(t, 200, "license-state", "^Active$")
}

// TestClock: a clock that is two days off is told, and what was refused for it works once it is set.
func TestClock(t *testing.T) {
	v := newVendor(t)
	p := newProduct(t, func(o *Options) { o.Service = v.URL })
	p.clock.Set(sitetest.Issued.Add(-48 * time.Hour))
	p.add(t, "production", "automatic").wantFault(t, 422, Refused, "The clock is wrong.*this machine's clock says 2026-11-19 12:00:00 UTC.*What to do: Set the clock")
	p.see(t, "").want(t, 200, "warnings", "clock is 48 h behind the service's")
	p.clock.Set(sitetest.Issued)
	p.add(t, "production", "automatic").want(t, 200, "license-state", "^Active$", "warnings", "^$")
	if got := v.bodies(); len(got) != 2 || got[0] != got[1] {
		t.Errorf("posted %q", got)
	}

	// Whose clock a proxy shows in the place of the service nobody knows.
	p = newProduct(t, func(o *Options) { o.Service = v.URL })
	p.clock.Set(sitetest.Issued.Add(48 * time.Hour))
	v.says(502, "")
	p.add(t, "production", "automatic")
	p.see(t, "").want(t, 200, "warnings", "^$")
	v.says(0, "")
	p.add(t, "production", "automatic").want(t, 200, "license-state", "^Active$", "warnings", "clock is 48 h ahead of the service's")
	p.clock.Set(sitetest.Issued)
	p.see(t, "").want(t, 200, "license-state", "^(Active$|The clock is wrong.*remove)") // the record of the time has moved by a day at most
}

// TestDirectoryFaults: what the directory does not do has its own words.
func TestDirectoryFaults(t *testing.T) {
	p := newProduct(t, nil)
	p.dir = filepath.Join(t.TempDir(), "missing", "S")
	reopen(t, p)
	p.add(t, "production", "manual").wantFault(t, 500, NoDirectory, "directory above it is missing")

	p.dir = t.TempDir()
	if err := os.WriteFile(filepath.Join(p.dir, "report.doc"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	reopen(t, p)
	p.add(t, "production", "manual").wantFault(t, 500, NotState, "has other things in it")
	p.see(t, "").want(t, 200, "license-state", "^No license")

	if runtime.GOOS != "linux" {
		t.Skip("SKIPPED: a directory that root cannot write to is looked for on Linux alone")
	}
	p.dir = t.TempDir()
	if err := os.Symlink("/sys/kernel", filepath.Join(p.dir, "requests")); err != nil {
		t.Fatal(err)
	}
	reopen(t, p)
	p.add(t, "production", "manual").wantFault(t, 500, NotWritable, "cannot be written by the user.*press again; nothing was changed")
	if err := os.Remove(filepath.Join(p.dir, "requests")); err != nil {
		t.Fatal(err)
	}
	code := p.add(t, "production", "manual").text("statement-code")
	if err := os.Symlink("/sys/kernel", filepath.Join(p.dir, "page")); err != nil {
		t.Fatal(err)
	}
	p.press(t, "do", "hide", "code", code).wantFault(t, 500, NotWritable, filepath.Join(p.dir, "page", code)+".json cannot be written")
}

// TestNotRecorded: the page says which protection is off, as the program's own check has found.
func TestNotRecorded(t *testing.T) {
	v := newVendor(t)
	p := newProduct(t, func(o *Options) { o.Service = v.URL })
	p.add(t, "production", "automatic").want(t, 200, "license-state", "^Active$", "warnings", "^$")
	program := p.o.Gate.Program()
	program.ReadOnly = true
	p.o.Gate = site.Open(p.dir, sitetest.Verifier(t), program)
	p.o.Gate.Check(p.clock.Now())
	p.see(t, "").want(t, 200, "license-state", "^Active$", "warnings", "is not written")
}

// TestOtherProduct: of two products that were given one directory, none gives up the license of the other.
func TestOtherProduct(t *testing.T) {
	v := newVendor(t)
	p := newProduct(t, func(o *Options) { o.Service = v.URL })
	s := p.add(t, "production", "automatic")
	id, before := s.id("license"), p.snapshot(t)
	program := p.o.Gate.Program()
	program.Product = "other"
	p.o.Gate = site.Open(p.dir, sitetest.Verifier(t), program)
	s = p.see(t, "")
	s.want(t, 200, "license-state", "^Of another product")
	if s.link("license-remove") != "" {
		t.Error("it can be removed")
	}
	p.see(t, "?view=remove&id="+id).wantFault(t, 422, OtherProduct, "belongs to another product")
	p.press(t, "do", "remove", "id", id).wantFault(t, 422, OtherProduct, "belongs to another product")
	p.add(t, "production", "automatic").wantFault(t, 422, OtherProduct, "belongs to another product")
	if p.snapshot(t) != before {
		t.Error("the directory has changed")
	}
}

// TestZone: a day that a judgement names has its zone, as all others do.
func TestZone(t *testing.T) {
	for said, want := range map[string]string{
		"it ended on 2027-11-21":                      "It ended on 2027-11-21 UTC",
		"list 1 of 2027-11-21, by acme (2027-11-22).": "List 1 of 2027-11-21 UTC, by acme (2027-11-22 UTC).",
		"the clock says 2027-11-21 12:00:00 UTC":      "The clock says 2027-11-21 12:00:00 UTC",
		"INV-2027-11-21 2027-13-01":                   "INV-2027-11-21 2027-13-01",
		"":                                            "",
	} {
		if got := sentence(said); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func reopen(t *testing.T, p *product) {
	t.Helper()
	p.o.Gate = site.Open(p.dir, sitetest.Verifier(t), p.o.Gate.Program())
}

func TestFormMistakes(t *testing.T) {
	p := newProduct(t, func(o *Options) { o.Types = []string{"production", "development"} })
	for field, c := range map[string]struct {
		code  FaultCode
		pairs []string
	}{
		"email":   {BadEmail, []string{"type", "production", "email", "ops", "invoice", "INV1"}},
		"invoice": {BadInvoice, []string{"type", "production", "email", "ops@site.example", "invoice", "\x01"}},
		"type":    {BadType, []string{"type", "staging", "email", "ops@site.example", "invoice", "INV1"}},
	} {
		s := p.press(t, append([]string{"do", "add"}, c.pairs...)...)
		s.wantFault(t, 422, c.code, "This is not")
		if !strings.Contains(s.body, `id="`+field+`"`) || strings.Count(s.body, `aria-invalid="true"`) != 1 {
			t.Errorf("%s is not marked", field)
		}
	}
	if p.requests(t) != 0 {
		t.Error("it has made a request")
	}
}

// What is no machine, or bound to none, has its own words.
func TestUnidentified(t *testing.T) {
	p := newProduct(t, nil)
	nothing := p.o.Gate.Program()
	nothing.Components = []machine.Value{}
	p.o.Gate = site.Open(p.dir, sitetest.Verifier(t), nothing)
	identity, err := machine.Read(machine.Options{Product: "evoq"})
	if err != nil {
		t.Fatal(err)
	}
	s := p.add(t, "production", "manual")
	if len(identity.Components) == 0 { // as in a container
		s.wantFault(t, 422, Unidentified, "Nothing identifies this machine.*OFFLICENSE_COMPONENTS.*tick the box")
		if !strings.Contains(s.body, `id="key-only"`) {
			t.Error("there is no box")
		}
	}
	p.press(t, "do", "add", "type", "production", "email", "ops@site.example", "invoice", "INV0042-1", "key-only", "1").want(t, 200, "statement-is", "Production")

	sitetest.Put(t, p.dir, nil)
	s = p.see(t, "")
	s.want(t, 200, "license-state", "^Active$")
	p.see(t, "?view=remove&id="+s.id("license")).want(t, 200, "remove-hint", "No release can be made")
	p.press(t, "do", "remove", "id", s.id("license")).want(t, 200, "notice", "is removed", "license-state", "^No license", "release", "^$")
	if _, err := p.o.Gate.Current(p.clock.Now()); !errors.Is(err, verify.NoLicense) {
		t.Errorf("got %v", err)
	}
}

// TestNoDirectory: a product without a state directory has a page that says so, and nothing is written anywhere.
func TestNoDirectory(t *testing.T) {
	p := newProduct(t, nil)
	t.Chdir(t.TempDir())
	p.o.Gate = site.Open("", sitetest.Verifier(t), p.o.Gate.Program())
	p.see(t, "").want(t, 200, "license-state", "^No license")
	p.add(t, "production", "manual").wantFault(t, 500, Trouble, "no state directory")
	if entries, err := os.ReadDir("."); err != nil || len(entries) != 0 {
		t.Errorf("got %v, %v", entries, err)
	}
}
