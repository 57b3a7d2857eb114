// Package apitest holds the exchanges of the tests of package web against openapi.yaml. It is a
// module of its own, so that the project depends on nothing that only this test needs.
package apitest

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"
)

type exchange struct {
	Test, Method, URL, Body string
	Header                  http.Header
	Status                  int
	AnswerHeader            http.Header
	Answer                  string
}

// recorded returns the file with the exchanges: of the run that OFFLICENSE_EXCHANGES names,
// or of one that is made now.
func recorded(t *testing.T) string {
	const name = "exchanges.jsonl"
	if directory := os.Getenv("OFFLICENSE_EXCHANGES"); directory != "" {
		return filepath.Join(directory, name)
	}
	directory := t.TempDir()
	run := exec.Command("go", "test", "-count=1", ".")
	run.Dir = ".."
	run.Env = append(os.Environ(), "OFFLICENSE_EXCHANGES="+directory, "GOWORK=off")
	if out, err := run.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return filepath.Join(directory, name)
}

// TestExchanges: each answer is one that is described, and each call that was done, too. What
// is described was called and done at least once.
func TestExchanges(t *testing.T) {
	openapi3filter.RegisterBodyDecoder("application/yaml", openapi3filter.FileBodyDecoder)
	document, err := openapi3.NewLoader().LoadFromFile("../openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if err := document.Validate(t.Context()); err != nil {
		t.Fatal(err)
	}
	router, err := gorillamux.NewRouter(document)
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(recorded(t))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	done, n := make(map[string]bool), 0
	lines := bufio.NewReader(f)
	for {
		line, err := lines.ReadBytes('\n')
		if err == io.EOF && len(line) == 0 {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		var e exchange
		if err := json.Unmarshal(line, &e); err != nil {
			t.Fatal(err)
		}
		n++
		check(t, router, &e, done)
	}
	if n < 100 {
		t.Errorf("only %d exchanges were recorded", n)
	}
	for path, item := range document.Paths.Map() {
		for method := range item.Operations() {
			if !done[method+" "+path] {
				t.Errorf("%s %s was never done", method, path)
			}
		}
	}
	t.Logf("%d exchanges", n)
}

func check(t *testing.T, router routers.Router, e *exchange, done map[string]bool) {
	t.Helper()
	at, err := url.Parse(e.URL)
	if err != nil {
		t.Fatal(err)
	}
	r, err := http.NewRequest(e.Method, "http://localhost"+at.RequestURI(), strings.NewReader(e.Body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header = e.Header
	route, params, err := router.FindRoute(r)
	if err != nil { // health, metrics, and what there is not
		if e.Status < 300 && strings.HasPrefix(at.Path, "/v1/") {
			t.Errorf("%s: %s %s is not described: %v", e.Test, e.Method, at.Path, err)
		}
		return
	}
	options := &openapi3filter.Options{AuthenticationFunc: openapi3filter.NoopAuthenticationFunc, IncludeResponseStatus: true}
	in := &openapi3filter.RequestValidationInput{Request: r, PathParams: params, Route: route, Options: options}
	if e.Status < 300 {
		done[route.Method+" "+route.Path] = true
		if r.Header.Get("Content-Type") == "" && e.Body != "" {
			r.Header.Set("Content-Type", "text/plain")
		}
		if err := openapi3filter.ValidateRequest(t.Context(), in); err != nil {
			t.Errorf("%s: %s %s was done with %.200s: %v", e.Test, e.Method, at.Path, e.Body, err)
		}
	}
	out := &openapi3filter.ResponseValidationInput{RequestValidationInput: in, Status: e.Status, Header: e.AnswerHeader, Options: options,
		Body: io.NopCloser(bytes.NewReader([]byte(e.Answer)))}
	if err := openapi3filter.ValidateResponse(t.Context(), out); err != nil {
		t.Errorf("%s: %s %s was answered %d %.300s: %v", e.Test, e.Method, at.Path, e.Status, e.Answer, err)
	}
}
