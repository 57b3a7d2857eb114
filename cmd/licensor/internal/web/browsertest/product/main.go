// Command product is a small product that mounts the license page, for a browser to open: what it
// sells is at /, and its settings are at /settings/license. Who may open them is asked of nobody
// here, as it listens on this machine alone.
package main

import (
	"crypto/rand"
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/offlicense/offlicense/verify"
	"github.com/offlicense/offlicense/verify/site"
	"github.com/offlicense/offlicense/verify/site/page"
)

func main() {
	dir := flag.String("state", "", "the state directory")
	roots := flag.String("roots", "", "the root public keys")
	service := flag.String("service", "", "where the vendor's service is; empty: there is no network")
	host := flag.String("host", "", "the name of the server, for people")
	ahead := flag.Duration("ahead", 0, "how much the clock is ahead")
	flag.Parse()
	text, err := os.ReadFile(*roots)
	if err != nil {
		log.Fatal(err)
	}
	verifier, err := verify.ParseRoots(text)
	if err != nil {
		log.Fatal(err)
	}
	now := func() time.Time { return time.Now().Add(*ahead) }
	gate := site.Open(*dir, verifier, site.Program{Product: "evoq", Version: "9.2.0"})
	mux := http.NewServeMux()
	mux.Handle("/settings/license", page.New(page.Options{
		Gate: gate, Service: *service, Types: []string{"production", "development"}, Request: site.RequestOptions{Host: *host},
		Allowed: func(*http.Request) bool { return true }, Now: now, Random: rand.Reader,
	}))
	mux.HandleFunc("/{$}", func(w http.ResponseWriter, r *http.Request) {
		if _, err := gate.Check(now()); err != nil {
			http.Error(w, "not licensed: "+err.Error(), http.StatusPaymentRequired)
			return
		}
		io.WriteString(w, "evoq at work")
	})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("http://%s\n", l.Addr())
	log.Fatal(http.Serve(l, mux))
}
