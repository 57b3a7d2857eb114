package web

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"testing"
)

// exchange is one call and its answer, as a line of JSON. The module apitest holds all of them
// against openapi.yaml.
type exchange struct {
	Test, Method, URL, Body string
	Header                  http.Header
	Status                  int
	AnswerHeader            http.Header
	Answer                  string
}

var exchanges sync.Mutex

// keep keeps an exchange in the directory that OFFLICENSE_EXCHANGES names, if it does.
func keep(t *testing.T, e exchange) {
	directory := os.Getenv("OFFLICENSE_EXCHANGES")
	if directory == "" {
		return
	}
	line, err := json.Marshal(e)
	if err != nil {
		t.Error(err)
		return
	}
	exchanges.Lock()
	defer exchanges.Unlock()
	f, err := os.OpenFile(filepath.Join(directory, "exchanges.jsonl"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		t.Error(err)
		return
	}
	defer f.Close()
	if _, err := f.Write(append(line, '\n')); err != nil {
		t.Error(err)
	}
}
