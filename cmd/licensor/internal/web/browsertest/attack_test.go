package browsertest

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// The attacks that only a browser can show; the others are tests of the pages themselves, such as
// door_test.go, routes_test.go and hostile_test.go of package staff, and of packages customer
// and desk.

// A page of another site, and one of another port of the same host, to which a browser sends the
// cookie: what they post changes nothing.
func TestOtherSitePosts(t *testing.T) {
	d := newDesk(t)
	d.house.sell("INV0042-1", "--seats", "1", "--product", "cms", "--edition", "basic")
	evil := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, "<!doctype html><title>Win</title>")
		for i, path := range []string{"/entitlements/INV0042-1/suspend", "/sell", "/sign-out"} {
			fmt.Fprintf(w, `<form id="form%d" method="post" action="%s%s"><input name="why" value="x"><button>Win</button></form>`, i, d.service.staff, path)
		}
	}))
	t.Cleanup(evil.Close)
	before := d.house.run(licensor, "history", "--home", "V", "INV0042-1")
	for _, site := range []string{evil.URL, strings.Replace(evil.URL, "127.0.0.1", "localhost", 1)} {
		for i := range 3 {
			d.visit(site)
			d.do(chromedp.Click(chromedp.CSS(fmt.Sprintf("#form%d button", i))))
			d.await("A page of another site has sent this.")
			d.want("nothing was changed")
		}
	}
	if after := d.house.run(licensor, "history", "--home", "V", "INV0042-1"); after != before {
		t.Errorf("something has changed:\n%s", after)
	}
	d.visit(d.service.staff)
	d.want("anna", "Overview")
}

// What somebody writes into names and notes, in the hope that a page runs it. A tab fails its test
// for each dialog, each exception, and each script that a policy has stopped.
const (
	bad        = `</td></textarea><script>alert(1)</script><img src=x onerror="alert(2)">`
	badLink    = `javascript:alert(3)//"autofocus onfocus="alert(4)`
	badInvoice = `"><IMG SRC=X ONERROR=ALERT()>`
)

// Nothing that is stored runs anywhere: on no kind of page of the staff, and not on the customers'.
func TestNothingStoredRuns(t *testing.T) {
	d := newDesk(t)
	h := d.house
	soon := []string{"--product", "cms", "--edition", "basic", "--binding", "operator", "--updates-until", "none", "--seats", "2", "--expires", "9d"}
	h.sell(badInvoice, append(soon, "--customer", bad, "--why", bad)...)
	h.sell("INV0042-1", append(soon, "--customer", badLink, "--automatic", "none")...)
	h.run(licensor, "correct", "--home", "V", badInvoice, "--seats", "3", "--why", badLink, "--yes")
	d.visit(d.service.public)
	for i, invoice := range []string{badInvoice, "INV0042-1", "INV0042-1"} {
		d.fill("#statement", h.request(fmt.Sprint("S", i), invoice, "--product", "cms", "--host", bad, "--site", badLink, "--component", fmt.Sprint("inventory=rack-7-S", i)))
		d.press("#statement-form button:not([type])")
		d.harmless("public")
		if i < 2 {
			d.visit(d.service.public)
		}
	}
	number := value[string](d.tab, `document.querySelector("strong.code").textContent`)
	d.visit(d.service.staff + "/queue/" + number + "/refuse")
	d.fill("#say", bad)
	d.button("Refuse this request")
	d.want(bad)
	d.visit(d.service.public)
	d.fill("#statement", h.read("S2.olq"))
	d.press("#statement-form button:not([type])")
	d.want(bad)
	d.harmless("refused")
	d.visit(d.service.public)
	d.fill("#invoice", badInvoice)
	d.fill("#email", "ops@site.example")
	d.press("form[action='/standing'] button")
	d.want(badInvoice)
	d.harmless("standing")
	d.crawl(d.service.staff, d.harmless)
}

// harmless fails if a page has what no template of it has.
func (b *tab) harmless(kind string) {
	b.Helper()
	if found := value[[]string](b, `[...document.querySelectorAll("img, script:not([src^='/assets/']), [onerror], [onfocus], [href^='javascript:']")].map(e => e.outerHTML)`); len(found) > 0 {
		b.Errorf("%s has %q", kind, found)
	}
}

// With the keyboard alone: Tab goes to each control of the page of a request, which is seen there,
// and Enter signs.
func TestKeyboard(t *testing.T) {
	d := newDesk(t)
	d.house.sell("INV0042-1", "--seats", "1", "--product", "cms", "--edition", "basic", "--binding", "operator", "--automatic", "none")
	d.visit(d.service.public)
	d.fill("#statement", d.request("S", "INV0042-1"))
	d.press("#statement-form button:not([type])")
	number := value[string](d.tab, `document.querySelector("strong.code").textContent`)
	d.visit(d.service.staff + "/queue/" + number)
	left := value[int](d.tab, `document.querySelectorAll("a[href], button, input:not([type=hidden]), [tabindex='0']").length`)
	if left < 10 {
		t.Fatalf("%d controls", left)
	}
	for ; left > 0; left-- {
		d.do(chromedp.KeyEvent(kb.Tab))
		if seen := value[string](d.tab, `(() => {
			const e = document.activeElement, s = getComputedStyle(e), r = e.getBoundingClientRect();
			if (e === document.body || e.visited) return "nothing new has the focus";
			e.visited = true;
			if (s.outlineStyle === "none" || r.right < 1 || r.bottom > innerHeight + 1) return "nobody sees the focus of " + e.outerHTML;
			return "";
		})()`); seen != "" {
			t.Errorf("%d are left: %s", left, seen)
		}
	}
	d.do(chromedp.Focus(chromedp.CSS(`form[action$="/sign"] button`)))
	ctx, cancel := d.step()
	defer cancel()
	if _, err := chromedp.RunResponse(ctx, chromedp.KeyEvent(kb.Enter)); err != nil {
		t.Fatal(err)
	}
	d.want("Signed, and on record.")
}
