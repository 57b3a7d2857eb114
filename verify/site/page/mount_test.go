package page

import (
	"html"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"regexp"
	"strings"
	"testing"
)

var links = regexp.MustCompile(`(?:href|action)="([^"]*)"`)

// TestMounts: wherever the page is, none of its links, forms and redirects leads away from there.
func TestMounts(t *testing.T) {
	for name, c := range map[string]struct {
		handler func(page http.Handler) http.Handler
		path    string // of the page, as the browser sees it
	}{
		"the whole server":   {func(p http.Handler) http.Handler { return p }, "/"},
		"a path":             {mount("/license"), "/license"},
		"a directory":        {mount("/settings/license/"), "/settings/license/"},
		"stripped":           {func(p http.Handler) http.Handler { return http.StripPrefix("/settings", p) }, "/settings/"},
		"stripped whole":     {func(p http.Handler) http.Handler { return http.StripPrefix("/license", p) }, "/license"},
		"a proxy's own path": {proxied, "/admin/evoq/license"},
	} {
		t.Run(name, func(t *testing.T) {
			p := newProduct(t, nil)
			server := httptest.NewServer(c.handler(p))
			t.Cleanup(server.Close)
			p.url = server.URL + c.path
			here, err := url.Parse(p.url)
			if err != nil {
				t.Fatal(err)
			}
			stays := func(s seen) {
				t.Helper()
				found := links.FindAllStringSubmatch(s.body, -1)
				if s.status != 200 || len(found) < 3 {
					t.Fatalf("got %d, %d links", s.status, len(found))
				}
				for _, m := range found {
					if to, err := here.Parse(html.UnescapeString(m[1])); err != nil || to.Host != here.Host || to.Path != here.Path {
						t.Errorf("%q leads to %v, %v", m[1], to, err)
					}
				}
			}
			stays(p.see(t, ""))
			stays(p.see(t, "?view=add"))
			stays(p.add(t, "production", "manual"))
			if s := p.see(t, "?view=style"); s.status != 200 || s.header.Get("Content-Type") != "text/css; charset=utf-8" {
				t.Errorf("style: got %d %v", s.status, s.header)
			}

			client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
			answer, err := client.PostForm(p.url, url.Values{"do": {"add"}, "type": {"test"}, "email": {"ops@site.example"}, "invoice": {"INV1"}})
			if err != nil {
				t.Fatal(err)
			}
			answer.Body.Close()
			if to, err := answer.Location(); err != nil || answer.StatusCode != 303 || to.Path != c.path || to.Host != here.Host {
				t.Errorf("got %d %v, %v", answer.StatusCode, to, err)
			}
		})
	}
}

func mount(path string) func(http.Handler) http.Handler {
	return func(p http.Handler) http.Handler {
		mux := http.NewServeMux()
		mux.Handle(path, p)
		return mux
	}
}

// proxied is a proxy with the page at another path.
func proxied(p http.Handler) http.Handler {
	inner := httptest.NewServer(mount("/license")(p))
	to, err := url.Parse(inner.URL)
	if err != nil {
		panic(err)
	}
	return &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.Out.URL.Path = strings.TrimPrefix(r.In.URL.Path, "/admin/evoq")
		r.Out.URL.Scheme, r.Out.URL.Host, r.Out.Host = to.Scheme, to.Host, r.In.Host
	}}
}

// TestClosed: nobody gets anything, unless the product says who.
func TestClosed(t *testing.T) {
	p := newProduct(t, func(o *Options) { o.Allowed = nil })
	for _, query := range []string{"", "?view=add", "?view=style", "?view=install", "?view=nothing"} {
		p.see(t, query).wantFault(t, 403, NotAllowed, "may not open")
	}
	p.add(t, "production", "manual").wantFault(t, 403, NotAllowed, "may not open")
	if p.requests(t) != 0 {
		t.Error("it has made a request")
	}
}

// TestForms: what another site sends is refused, on plain http as well, and what no form of the page sends.
func TestForms(t *testing.T) {
	p := newProduct(t, func(o *Options) { o.Origins = []string{"https://admin.site.example"} })
	post := func(headers map[string]string, body string) seen {
		t.Helper()
		r, err := http.NewRequest("POST", p.url, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		for name, value := range headers {
			r.Header.Set(name, value)
		}
		return p.do(t, r)
	}
	const body = "do=add&type=production&email=ops@site.example&invoice=INV1&way=manual"
	post(map[string]string{"Origin": "http://evil.example"}, body).wantFault(t, 403, CrossSite, "it came from http://evil.example, and the page is at 127.0.0.1:[0-9]+")
	post(map[string]string{"Sec-Fetch-Site": "cross-site"}, body).wantFault(t, 403, CrossSite, "not sent by this page")
	post(nil, "do=destroy").wantFault(t, 400, BadForm, "not known")
	post(map[string]string{"Content-Type": "application/json"}, `{"do":"add"}`).wantFault(t, 400, BadForm, "not known")
	post(map[string]string{"Content-Type": "multipart/form-data; boundary=x"}, "--x").wantFault(t, 400, BadForm, "not arrived whole")
	post(nil, body+"&x="+strings.Repeat("x", maxBody)).wantFault(t, 413, TooLarge, "64 KiB")
	if p.requests(t) != 0 {
		t.Error("it has made a request")
	}
	post(map[string]string{"Origin": p.url[:strings.Index(p.url, "/settings")]}, body).want(t, 200, "statement-is", "INV1")
	post(map[string]string{"Origin": "https://admin.site.example", "Sec-Fetch-Site": "cross-site"}, body).want(t, 200, "statement-is", "INV1")

	r, err := http.NewRequest("DELETE", p.url, nil)
	if err != nil {
		t.Fatal(err)
	}
	if s := p.do(t, r); s.header.Get("Allow") != "GET, HEAD, POST" {
		t.Errorf("got %v", s.header)
	} else {
		s.wantFault(t, 405, BadMethod, "method")
	}
	for _, query := range []string{"?view=nothing", "?view=request&code=../../x", "?view=request&code=AAAA-AAAA-AAAA-AAAA", "?view=release&code=AAAA-AAAA-AAAA-AAAA"} {
		p.see(t, query).wantFault(t, 404, NotFound, "nothing here")
	}
	p.see(t, "?view=remove&id=../x").wantFault(t, 409, Changed, "changed meanwhile")
}

// TestHeaders: nothing is cached, framed by others, or loaded from anywhere, and to look changes nothing.
func TestHeaders(t *testing.T) {
	p := newProduct(t, nil)
	p.add(t, "production", "manual")
	before := p.snapshot(t)
	code := strings.TrimPrefix(p.see(t, "").link("request-show"), "?view=request&code=")
	for _, query := range []string{"", "?done=added", "?view=add", "?view=install", "?view=style", "?view=request&code=" + code, "?view=request&code=" + code + "&file", "?view=nothing"} {
		s := p.see(t, query)
		for name, want := range map[string]string{
			"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin",
			"Content-Security-Policy": "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'self'",
		} {
			if got := s.header.Get(name); got != want {
				t.Errorf("%s: %s is %q", query, name, got)
			}
		}
		if regexp.MustCompile(`(?i)<script|style=|\son\w+=|javascript:`).MatchString(s.body) {
			t.Errorf("%s has what the policy forbids", query)
		}
		if strings.HasPrefix(s.body, "<!DOCTYPE html>") && (strings.Count(s.body, "<h1") != 1 || !strings.Contains(s.body, `<html lang="en"`)) {
			t.Errorf("%s has not one heading", query)
		}
	}
	if p.snapshot(t) != before {
		t.Error("to look has changed something")
	}
}
