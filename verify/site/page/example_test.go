package page_test

import (
	"crypto/rand"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/offlicense/offlicense/verify"
	"github.com/offlicense/offlicense/verify/site"
	"github.com/offlicense/offlicense/verify/site/page"
	"github.com/offlicense/offlicense/verify/site/sitetest"
)

// product is a whole small product: what it sells at /, and its license page at /settings/license.
func product(dir string, roots []byte, now func() time.Time) http.Handler {
	verifier, err := verify.ParseRoots(roots) // of a file that is embedded
	if err != nil {
		log.Fatal(err)
	}
	gate := site.Open(dir, verifier, site.Program{Product: "evoq", Version: "9.2.0"})
	gate.Check(now()) // and go gate.Watch(...), which sees what others install
	mux := http.NewServeMux()
	mux.Handle("/settings/license", page.New(page.Options{ // its AutoRenew pulls renewals
		Gate: gate, Service: "https://licenses.acme.example", Types: []string{"production", "development"},
		Allowed: func(r *http.Request) bool { _, password, _ := r.BasicAuth(); return password == "secret" },
		Now:     now, Random: rand.Reader,
	}))
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		if _, err := gate.Current(now()); err != nil {
			http.Error(w, "not licensed: "+err.Error(), http.StatusPaymentRequired)
			return
		}
		io.WriteString(w, "evoq at work")
	})
	return mux
}

func Example() {
	evoq := product(filepath.Join(os.TempDir(), "offlicense-example"), sitetest.Roots(), time.Now) // /var/lib/evoq/license in earnest
	for _, user := range []string{"guest", "secret"} {
		r, w := httptest.NewRequest("GET", "/settings/license", nil), httptest.NewRecorder()
		r.SetBasicAuth("admin", user)
		evoq.ServeHTTP(w, r)
		fmt.Println(w.Code, strings.Contains(w.Body.String(), "Add license"))
	}
	// Output:
	// 403 false
	// 200 true
}
