package page_test

import (
	"crypto/rand"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
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
	administrator := func(r *http.Request) bool { _, password, _ := r.BasicAuth(); return password == "secret" }
	settings := page.New(page.Options{ // its AutoRenew pulls renewals
		Gate: gate, Service: "https://licenses.acme.example", Types: []string{"production", "development"},
		Allowed: administrator, Now: now, Random: rand.Reader,
	})
	mux.HandleFunc("/settings/license", func(w http.ResponseWriter, r *http.Request) {
		if !administrator(r) { // here a product asks for its own sign-in
			w.Header().Set("WWW-Authenticate", `Basic realm="evoq"`)
			http.Error(w, "administrators only", http.StatusUnauthorized)
			return
		}
		settings.ServeHTTP(w, r)
	})
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		if _, err := gate.Current(now()); err != nil {
			http.Error(w, "not licensed: "+err.Error(), http.StatusPaymentRequired)
			return
		}
		fmt.Fprint(w, "evoq at work")
	})
	return mux
}

func Example() {
	evoq := product(os.TempDir()+"/offlicense-example", sitetest.Roots(), time.Now) // /var/lib/evoq/license in earnest
	r, w := httptest.NewRequest("GET", "/settings/license", nil), httptest.NewRecorder()
	r.SetBasicAuth("admin", "secret")
	evoq.ServeHTTP(w, r)
	fmt.Println(w.Code, strings.Contains(w.Body.String(), "Add license"))
	// Output: 200 true
}
