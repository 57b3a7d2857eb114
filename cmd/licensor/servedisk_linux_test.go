package main

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestServiceOnAFullDisk: new requests are refused while the disk is full, the log says why,
// and all goes on when there is space.
func TestServiceOnAFullDisk(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	disk(t, filepath.Join(dir, "V"), "size=4m,mode=0700")
	mustRun(t, dir, initArgs("V")...)
	entitleMany(t, dir, 100)
	s := newServed(t, dir)
	ask := func(site int) answer {
		text, err := siteText(site)
		if err != nil {
			t.Fatal(err)
		}
		return s.activate(text)
	}
	first := ask(0)
	fill(t, filepath.Join(dir, "V"), 0)
	refused := 0
	for site := 2; site < 100; site += 2 { // what is there of the log of SQLite is used first
		if a := ask(site); a.status != http.StatusOK {
			wantTrouble(t, a)
			refused++
		}
	}
	if refused == 0 {
		t.Error("nothing was refused: too few for this test to mean anything")
	}
	if again := ask(0); again.body != first.body {
		t.Errorf("what is on record is answered %v", again)
	}
	if said := s.said(t); !strings.Contains(said, `"level":"ERROR"`) || !strings.Contains(said, "full") {
		t.Errorf("the log is %s", said)
	}
	if err := os.Remove(filepath.Join(dir, "V", "filler")); err != nil {
		t.Fatal(err)
	}
	for site := 0; site < 100; site += 2 {
		if a := ask(site); a.status != http.StatusOK {
			t.Errorf("site %d: got %v", site, a)
		}
	}
	wantClean(t, dir)
	s.end(t)
}
