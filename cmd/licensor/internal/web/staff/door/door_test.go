package door_test

import (
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/offlicense/offlicense/cmd/licensor/internal/desk"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/ledgertest"
	"github.com/offlicense/offlicense/cmd/licensor/internal/web/staff"
	"github.com/offlicense/offlicense/cmd/licensor/internal/web/staff/door"
)

// TestLink: a link signs in once; looking at it uses nothing up; a second time it is said when
// the first one was.
func TestLink(t *testing.T) {
	ledgertest.Everywhere(t, func(t *testing.T, where string) {
		h := build(t, where)
		h.user("anna", desk.Rights...)
		link := h.linkOf("anna")
		b := &browser{house: h}
		for _, method := range []string{"GET", "HEAD", "GET"} {
			if got := b.send(method, link, nil, ""); got.status != http.StatusOK || got.session() != nil {
				t.Fatalf("%s: got %d %v", method, got.status, got.header)
			}
		}
		got := b.post(link, nil)
		c := got.session()
		if got.status != http.StatusSeeOther || got.to() != "/" || c == nil {
			t.Fatalf("got %d %v", got.status, got.header)
		}
		if c.Name != "__Host-licensor" || !c.Secure || !c.HttpOnly || c.SameSite != http.SameSiteStrictMode || c.Path != "/" || c.Domain != "" || len(c.Value) != 43 {
			t.Errorf("the cookie is %v", c)
		}
		if got := b.get("/"); got.status != http.StatusOK || !strings.Contains(got.body, "<span>anna</span>") {
			t.Errorf("got %d %s", got.status, got.body)
		}
		other := &browser{house: h}
		for _, method := range []string{"GET", "POST"} {
			if got := other.send(method, link, nil, ""); got.status != http.StatusForbidden || !strings.Contains(got.body, "This link was used at 20") || got.session() != nil {
				t.Errorf("%s: got %d %s", method, got.status, got.body)
			}
		}
		// Neither an old one, nor one that a newer one has replaced, nor a guess.
		old, older := h.linkOf("anna"), h.linkOf("anna")
		h.later(desk.LinkTime + time.Second)
		for path, want := range map[string]string{
			old: "a newer one has replaced it", older: "older than 10 minutes", "/sign-in/x": "is none", "/sign-in/" + strings.Repeat("A", 43): "is none",
		} {
			if got := other.post(path, nil); got.status != http.StatusForbidden || !strings.Contains(got.body, want) || other.cookie != nil {
				t.Errorf("%s: got %d %s", path, got.status, got.body)
			}
		}
		// The log has who has signed in, and no link.
		if text := h.log.String(); !strings.Contains(text, `"signed in","user":"anna"`) || strings.Contains(text, strings.TrimPrefix(link, "/sign-in/")) {
			t.Errorf("the log has %s", text)
		}
	})
}

// TestLinkIsRaced: of many who use one link at the same moment, one gets in.
func TestLinkIsRaced(t *testing.T) {
	ledgertest.Everywhere(t, func(t *testing.T, where string) {
		h := build(t, where)
		h.user("anna", desk.Read)
		link := h.linkOf("anna")
		in := make(chan bool, 8)
		var all sync.WaitGroup
		for range cap(in) {
			all.Go(func() { in <- (&browser{house: h}).post(link, nil).status == http.StatusSeeOther })
		}
		all.Wait()
		n := 0
		for range cap(in) {
			if <-in {
				n++
			}
		}
		if n != 1 {
			t.Errorf("%d got in", n)
		}
	})
}

// TestFixation: a session that somebody else has put into the browser is nobody's, before the
// sign-in and after it.
func TestFixation(t *testing.T) {
	h := build(t, t.TempDir()+"/ledger.db")
	h.user("anna", desk.Read)
	h.user("mallory", desk.Read)
	planted := &http.Cookie{Name: "__Host-licensor", Value: strings.Repeat("A", 43)}
	b := &browser{house: h, cookie: planted}
	b.post(h.linkOf("anna"), nil)
	if b.cookie.Value == planted.Value {
		t.Error("the session that was planted is anna's")
	}
	// One that is real, such as mallory's own, ends with the sign-in.
	mallory := h.in("mallory")
	b = &browser{house: h, cookie: mallory.cookie}
	link := h.linkOf("anna")
	if got := b.get(link); !strings.Contains(got.body, "You are signed in as mallory; this ends that.") {
		t.Errorf("got %s", got.body)
	}
	b.post(link, nil)
	if got := mallory.get("/"); got.status != http.StatusSeeOther || b.cookie.Value == mallory.cookie.Value {
		t.Errorf("the other one's browser got %d", got.status)
	}
}

// TestSessionsEnd: with a sign-out, with time, and with what is taken from the user.
func TestSessionsEnd(t *testing.T) {
	ledgertest.Everywhere(t, func(t *testing.T, where string) {
		h := build(t, where)
		isIn := func(b *browser) bool { return b.get("/").status == http.StatusOK }
		h.user("keeper", desk.Revoke)
		disable := func() {
			if err := h.desk.DisableUser(t.Context(), "anna", "keeper", h.now()); err != nil {
				t.Fatal(err)
			}
		}
		for name, c := range map[string]struct {
			do   func(b *browser)
			want bool
		}{
			"nothing":                   {func(*browser) {}, true},
			"signed out":                {func(b *browser) { b.post("/sign-out", nil) }, false},
			"signed out elsewhere":      {func(b *browser) { (&browser{house: h, cookie: b.cookie}).post("/sign-out", nil) }, false},
			"8 hours without a request": {func(*browser) { h.later(door.IdleTime + time.Second) }, false},
			"used now and then": {func(b *browser) {
				h.later(door.IdleTime - time.Second)
				b.get("/")
				h.later(door.IdleTime - time.Second)
			}, true},
			"24 hours": {func(b *browser) {
				for range 4 {
					h.later(6*time.Hour + time.Second)
					b.get("/")
				}
			}, false},
			"disabled":             {func(*browser) { disable() }, false},
			"disabled and enabled": {func(*browser) { disable(); h.user("anna", desk.Read, desk.Sell) }, false},
			"a right less":         {func(*browser) { h.user("anna", desk.Read) }, false},
			"a right more":         {func(*browser) { h.user("anna", desk.Read, desk.Sell, desk.Sign) }, true},
		} {
			h.user("anna", desk.Read, desk.Sell)
			b := h.in("anna")
			was := *b.cookie
			if !isIn(b) {
				t.Fatalf("%s: not in", name)
			}
			c.do(b)
			if got := isIn(&browser{house: h, cookie: &was}); got != c.want {
				t.Errorf("%s: signed in %v, want %v", name, got, c.want)
			}
		}
		// A link from before no longer works either.
		h.user("anna", desk.Read, desk.Sell)
		link := h.linkOf("anna")
		h.user("anna", desk.Read)
		if got := (&browser{house: h}).post(link, nil); got.status != http.StatusForbidden {
			t.Errorf("a link from before: %d", got.status)
		}
	})
}

// TestSessionsAreBounded: one user has so many; the one that rested longest gives way.
func TestSessionsAreBounded(t *testing.T) {
	h := build(t, t.TempDir()+"/ledger.db")
	h.user("anna", desk.Read)
	h.user("bob", desk.Read)
	bob, first := h.in("bob"), h.in("anna")
	h.later(time.Second)
	second := h.in("anna")
	h.later(time.Second)
	first.get("/")
	for range door.MaxOfOne - 1 {
		h.later(time.Second)
		h.in("anna")
	}
	for name, c := range map[string]struct {
		b    *browser
		want int
	}{"bob": {bob, 200}, "the one that was used": {first, 200}, "the one that rested": {second, 303}} {
		if got := c.b.get("/"); got.status != c.want {
			t.Errorf("%s got %d", name, got.status)
		}
	}
	if n := h.pages.Sessions(); n != door.MaxOfOne+1 {
		t.Errorf("%d sessions are kept", n)
	}
}

// TestCrossSite: no page of another site changes anything here, by what browsers say of it.
func TestCrossSite(t *testing.T) {
	h := build(t, t.TempDir()+"/ledger.db")
	h.user("anna", desk.Rights...)
	b := h.in("anna")
	known := make(registered)
	(&staff.Pages{Door: new(door.Door)}).Register(known)
	for name, header := range map[string]http.Header{
		"Sec-Fetch-Site":            {"Sec-Fetch-Site": {"cross-site"}},
		"Sec-Fetch-Site, same site": {"Sec-Fetch-Site": {"same-site"}},
		"Origin":                    {"Sec-Fetch-Site": nil, "Origin": {"https://evil.example"}},
		"Origin null":               {"Sec-Fetch-Site": nil, "Origin": {"null"}},
		"another port":              {"Sec-Fetch-Site": nil, "Origin": {"https://desk.acme.example:8443"}},
	} {
		for pattern := range known {
			if method, path, _ := strings.Cut(pattern, " "); method == http.MethodPost {
				evil := &browser{house: h, cookie: b.cookie, header: header}
				if got := evil.post(path, nil); got.status != http.StatusForbidden || !strings.Contains(got.body, "A page of another site has sent this.") {
					t.Errorf("%s: %s got %d", name, path, got.status)
				}
			}
		}
	}
	if got := b.get("/"); got.status != http.StatusOK {
		t.Errorf("a page of another site has signed anna out: %d", got.status)
	}
	evil := &browser{house: h, cookie: b.cookie, header: http.Header{"Host": {"evil.example"}}}
	if got := evil.get("/"); got.status != http.StatusMisdirectedRequest || strings.Contains(got.body, "anna") || !strings.Contains(got.body, "Open https://desk.acme.example, or start") {
		t.Errorf("another host got %d %s", got.status, got.body)
	}
}

// TestNext: a sign-in leads on to pages of this site alone.
func TestNext(t *testing.T) {
	h := build(t, t.TempDir()+"/ledger.db")
	h.user("anna", desk.Read)
	b := h.in("anna")
	for next, want := range map[string]string{
		"":                              "/",
		"/queue":                        "/queue",
		"/entitlements?q=a%26b&c=d":     "/entitlements?q=a%26b&c=d",
		"/a%2fb":                        "/a%2fb",
		"queue":                         "/",
		"//evil.example":                "/",
		"///evil.example":               "/",
		"/\\evil.example":               "/",
		"\\/evil.example":               "/",
		"/\t/evil.example":              "/",
		"/%09/evil.example":             "/%09/evil.example",
		"/%2f/evil.example":             "/",
		"/..//evil.example":             "/",
		"https://evil.example/":         "/",
		"https:evil.example":            "/",
		"javascript:alert(1)":           "/",
		"/x\r\nSet-Cookie: a=b":         "/",
		"/" + strings.Repeat("a", 2000): "/",
	} {
		if got := b.get("/sign-in?next=" + url.QueryEscape(next)); got.status != http.StatusSeeOther || got.to() != want || len(got.header["Set-Cookie"]) > 0 {
			t.Errorf("%q leads to %q, want %q", next, got.to(), want)
		}
	}
	nobody := &browser{house: h}
	if got := nobody.get("/?a=b&c"); got.to() != "/sign-in" {
		t.Errorf("leads to %q", got.to())
	}
	if got := nobody.post("/sign-out", nil); got.to() != "/sign-in?done=signed-out" {
		t.Errorf("leads to %q", got.to())
	}
	if got := nobody.get("/sign-in?next=%2F%2Fevil.example&done=%3Cscript%3E"); got.status != http.StatusOK || strings.Contains(got.body, "evil") || strings.Contains(got.body, "<script>") {
		t.Errorf("got %s", got.body)
	}
	// A link from a mail to a page: the browser keeps the cookie back, and one press goes on.
	nobody.header = http.Header{"Sec-Fetch-Site": {"cross-site"}}
	if got := nobody.get("/sign-in?next=/queue"); !strings.Contains(got.body, `<a href="/queue">go on</a>`) {
		t.Errorf("got %s", got.body)
	}
}

// TestNothingIsKept: after a sign-out the browser shows nothing of what it has shown.
func TestNothingIsKept(t *testing.T) {
	h := build(t, t.TempDir()+"/ledger.db")
	h.user("anna", desk.Read)
	b := h.in("anna")
	for _, path := range []string{"/", "/sign-in", "/nothing", h.linkOf("anna")} {
		got := b.get(path)
		if got.header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %v", path, got.header)
		}
	}
	was := *b.cookie
	got := b.post("/sign-out", nil)
	if got.header.Get("Clear-Site-Data") != `"cache"` || b.cookie != nil || got.header.Get("Cache-Control") != "no-store" {
		t.Errorf("got %v", got.header)
	}
	if got := (&browser{house: h, cookie: &was}).get("/"); got.status != http.StatusSeeOther || strings.Contains(got.body, "anna") {
		t.Errorf("got %d %s", got.status, got.body)
	}
}

// TestRefusalsArePages: a browser is told in a page, and a program in JSON.
func TestRefusalsArePages(t *testing.T) {
	h := build(t, t.TempDir()+"/ledger.db")
	h.user("anna", desk.Read)
	b := h.in("anna")
	for path, want := range map[string]int{"/nothing": 404, "/../etc": 404, "//": 404} {
		if got := b.get(path); got.status != want || !strings.Contains(got.body, "<h1>Nothing here</h1>") || !strings.Contains(got.body, "<span>anna</span>") || got.header.Get("Content-Security-Policy") != (b.get("/")).header.Get("Content-Security-Policy") {
			t.Errorf("%s: got %d %s", path, got.status, got.body)
		}
	}
	if got := b.send("DELETE", "/", nil, ""); got.status != http.StatusMethodNotAllowed || got.header.Get("Allow") == "" || !strings.Contains(got.body, "<h1>") {
		t.Errorf("got %d %s", got.status, got.body)
	}
	if got := b.get("/v1/nothing"); got.header.Get("Content-Type") != "application/problem+json" {
		t.Errorf("got %v", got.header)
	}
	b.header = http.Header{"Accept": {"*/*"}}
	if got := b.get("/nothing"); got.header.Get("Content-Type") != "application/problem+json" {
		t.Errorf("got %v", got.header)
	}
}
