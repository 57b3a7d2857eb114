package browsertest

import (
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// way is the network between a product and the service: while it says something, that is the answer, and
// "cut" is none.
type way struct {
	*httptest.Server
	says atomic.Pointer[string]
}

func newWay(h *house, service string) *way {
	h.Helper()
	to, err := url.Parse(service)
	if err != nil {
		h.Fatal(err)
	}
	w := new(way)
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(to) }}
	w.Server = httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		switch says := w.says.Load(); {
		case says == nil:
			proxy.ServeHTTP(rw, r)
		case *says == "cut":
			panic(http.ErrAbortHandler)
		default:
			rw.Header().Set("Content-Type", "text/html")
			rw.Write([]byte(*says))
		}
	}))
	h.Cleanup(w.Close)
	return w
}

// another opens a second tab of the same browser.
func (b *tab) another() *tab {
	b.Helper()
	ctx, cancel := chromedp.NewContext(b.ctx)
	b.Cleanup(cancel)
	twin := &tab{TB: b.TB, ctx: ctx}
	twin.watch()
	return twin
}

// looks judges the screen by day, and by night.
func (b *tab) looks(name string) {
	b.Helper()
	b.accessible()
	b.shot(name)
	b.scheme("dark")
	b.judge()
	b.shot(name + "-dark")
	b.scheme("light")
}

func (b *tab) scheme(name string) {
	b.Helper()
	media := emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: name}}}
	if _, err := chromedp.Call(b.ctx, emulation.SetEmulatedMedia, media); err != nil {
		b.Fatal(err)
	}
}

// What a person sees of the faults, and that the same press heals each.
func TestLicensePageFaults(t *testing.T) {
	h := newHouse(t)
	sellOne(h)
	way := newWay(h, h.serve("--public", "127.0.0.1:0").public)
	s, b := h.start("server", way.URL), open(t)

	b.settings(s)
	b.looks("nothing")
	b.press("#add-license")
	b.looks("add")
	b.settings(s)
	portal, cut := "<h1>Sign in to the guest network</h1>", "cut"
	way.says.Store(&portal)
	b.addLicense("production", "automatic")
	b.want("is not the activation service", "asks for a sign-in")
	b.looks("portal")
	way.says.Store(&cut)
	b.press("#add-submit") // what was typed is still there
	b.want("cannot be reached", "press again")
	b.looks("cut")
	b.settings(s)
	b.want("Request", "Asked for Production")
	b.looks("request")
	b.press("#request-show")
	b.looks("request-by-hand")
	b.fill("#install-text", value[string](b, `document.querySelector("#statement-text").value`))
	b.press("#install-submit")
	b.want("Send the request to the vendor")
	b.looks("request-pasted")
	b.settings(s)
	b.press("#install-license")
	b.looks("install")

	// A file that is too large is refused in words, and not by a connection that breaks.
	h.write("large.bin", strings.Repeat("x", 1<<20))
	b.do(chromedp.SetUploadFiles(chromedp.CSS("#install-file"), []string{h.path("large.bin")}))
	b.press("#install-submit")
	b.want("more than 64 KiB")
	b.looks("large")

	// Two have the page open: both press, at once.
	way.says.Store(nil)
	twin := b.another()
	for _, tab := range []*tab{b, twin} {
		tab.settings(s)
	}
	pressBoth := func(selector, want string) {
		t.Helper()
		for _, tab := range []*tab{b, twin} {
			tab.do(chromedp.Evaluate[chromedp.Void](`setTimeout(() => document.querySelector("` + selector + `").click())`))
		}
		for _, tab := range []*tab{b, twin} {
			tab.do(chromedp.WaitVisible(chromedp.CSS("#notice")))
			tab.want(want)
		}
	}
	pressBoth("#request-send-submit", "Active")
	b.looks("active")
	s.wantWorks(true)
	way.says.Store(&cut)
	for _, tab := range []*tab{b, twin} {
		tab.press("#license-remove")
	}
	b.looks("remove")
	b.press("#remove-submit")
	b.want("cannot be reached", "The vendor does not know yet")
	b.looks("removed")
	s.wantWorks(false)
	way.says.Store(nil)
	twin.press("#remove-submit") // who confirms a moment later has it delivered
	twin.want("The license is removed", "The vendor has recorded it")
	b.settings(s)
	b.want("The vendor has recorded it")
	b.press("#release-show")
	b.looks("release-by-hand")
	b.visit(s.url + "/settings/license?view=request&code=AAAA-AAAA-AAAA-AAAA")
	b.looks("stop")
	h.run(licensor, "audit", "--home", "V")
}

// A clock that is two days off, and a directory that cannot be written.
func TestLicensePageMachineFaults(t *testing.T) {
	h := newHouse(t)
	h.sell("INV0042-1", "--seats", "3", "--binding", "operator")
	public, b := h.serve("--public", "127.0.0.1:0").public, open(t)

	behind := h.start("behind", public, "-ahead", "-48h")
	b.settings(behind)
	b.addLicense("production", "automatic")
	b.want("The clock is wrong", "Set the clock")
	b.looks("behind")
	b.settings(behind)
	b.want("clock is 48 h behind")
	behind.kill()
	behind = h.start("behind", public)
	b.settings(behind)
	b.press("#request-send-submit")
	b.want("Active")
	behind.wantWorks(true)

	ahead := h.start("ahead", public, "-ahead", "48h")
	b.settings(ahead)
	b.addLicense("production", "automatic")
	b.want("Active", "clock is 48 h ahead")
	b.looks("ahead")
	ahead.wantWorks(true)
	ahead.kill()
	ahead = h.start("ahead", public)
	ahead.wantWorks(true) // a day is recorded at most, and that is tolerated

	closed := h.start("closed", public)
	if err := os.Mkdir(h.path("closed"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("/sys/kernel", h.path("closed/requests")); err != nil { // where root cannot write either
		t.Fatal(err)
	}
	b.settings(closed)
	b.addLicense("production", "automatic")
	b.want("cannot be written", "press again")
	if err := os.Remove(h.path("closed/requests")); err != nil {
		t.Fatal(err)
	}
	b.press("#add-submit")
	b.want("Active")
	closed.wantWorks(true)
	h.run(licensor, "audit", "--home", "V")
}
