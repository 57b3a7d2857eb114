package page

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"path"
	"testing"
)

// A path leads to the page of the very name that it was made of.
func TestPath(t *testing.T) {
	mux, got := http.NewServeMux(), ""
	mux.HandleFunc("GET /entitlements/{invoice}/renew", func(_ http.ResponseWriter, r *http.Request) { got = Named(r.PathValue("invoice")) })
	for _, name := range []string{
		"INV0042-1", "INV/2026/1", "/", "//", ".", "..", "../..", "a/../b", "~1", "~0~2.", "a b", " ", "?", "#x", "50%", "%2F", "\"<script>'&", "é", "\u202e", "a\\b", "a;b", ":", "a.b",
	} {
		at := Path("entitlements", name, "renew")
		u, err := url.Parse(at)
		if err != nil || path.Clean(u.Path) != u.Path || u.RawQuery != "" || u.Fragment != "" {
			t.Errorf("%q becomes %s, %v", name, at, err)
			continue
		}
		got = "nothing"
		mux.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", at, nil))
		if got != name {
			t.Errorf("%q becomes %s, which leads to %q", name, at, got)
		}
	}
}
