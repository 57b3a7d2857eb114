package main

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// soldInvoices makes a directory with a vendor's home V that has sold n invoices, with one
// site active under each, and what they end in, in ending.csv.
func soldInvoices(t testing.TB, n int) (dir string) {
	t.Helper()
	dir = t.TempDir()
	mustRun(t, dir, initArgs("V")...)
	if err := os.Mkdir(filepath.Join(dir, "requests"), 0o700); err != nil {
		t.Fatal(err)
	}
	orders := "invoice,email,customer,product,type,binding,expires\n"
	for i := range n {
		invoice := fmt.Sprintf("R-%04d", i)
		orders += invoice + ",ops@site.example,Site Ltd,evoq,production,key,2026-12-20\n"
		writeRequest(t, filepath.Join(dir, "requests"), i, invoice)
	}
	if err := os.WriteFile(filepath.Join(dir, "orders.csv"), []byte(orders), 0o600); err != nil {
		t.Fatal(err)
	}
	mustRun(t, dir, "import", "--home", "V", "orders.csv")
	mustRun(t, dir, "sign", "--home", "V", "requests", "--out", "licenses", "--yes")
	ending := mustRun(t, dir, "list", "--home", "V", "--expiring", "30d", "--csv").stdout
	if err := os.WriteFile(filepath.Join(dir, "ending.csv"), []byte(ending), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

// renewedOnRecord returns how many invoices end on a day, and how many licenses there are.
func renewedOnRecord(t *testing.T, dir, day string) (renewed, licenses int) {
	t.Helper()
	var listed struct {
		Entitlements []struct {
			Expires     time.Time
			Activations []struct{ License struct{ Epoch int } }
		}
	}
	if err := json.Unmarshal([]byte(mustRun(t, dir, "list", "--home", "V", "--json").stdout), &listed); err != nil {
		t.Fatal(err)
	}
	for _, e := range listed.Entitlements {
		is := e.Expires.Add(-time.Second).Format(time.DateOnly) == day
		if is {
			renewed++
		}
		for _, a := range e.Activations {
			licenses += a.License.Epoch
			if again := a.License.Epoch > 1; again != is {
				t.Errorf("an entitlement ends on %s and its license has epoch %d: one without the other", e.Expires, a.License.Epoch)
			}
		}
	}
	return renewed, licenses
}

// A run over many renewals by a time like 12m is killed again and again. What is recorded
// is whole, and the same command finishes it: nobody gets a second year.
func TestKilledRenewMany(t *testing.T) {
	t.Parallel()
	const n, kills = 300, 3
	for _, what := range [][]string{{"--from", "ending.csv"}, {"--customer", "Site Ltd"}} {
		t.Run(what[0], func(t *testing.T) {
			t.Parallel()
			dir := soldInvoices(t, n)
			v := vendorVerifier(t, dir)
			renew := append([]string{"renew", "--home", "V", "--expires", "12m", "--out", "renewed", "--report", "report.csv", "--yes"}, what...)
			// Each kill lets it come a bit further.
			inTheMiddle := 0
			for round := 0; inTheMiddle < kills && round < 60; round++ {
				before, _ := renewedOnRecord(t, dir, "2027-12-20")
				killedWhen(t, process(dir, renew...), func() {
					untilRecorded(t, dir, before)
					time.Sleep(rand.N(20 * time.Millisecond))
				})
				renewed, licenses := renewedOnRecord(t, dir, "2027-12-20")
				if licenses != n+renewed {
					t.Fatalf("%d renewed, and %d licenses were signed", renewed, licenses-n)
				}
				written := 0
				if _, err := os.Stat(filepath.Join(dir, "renewed")); err == nil {
					written = wholeLicenses(t, v, dir, "renewed")
				}
				if written > renewed {
					t.Fatalf("%d licenses were written and %d are on record", written, renewed)
				}
				if renewed > before && renewed < n {
					inTheMiddle++
				}
				if renewed == n {
					break
				}
			}
			if inTheMiddle == 0 {
				t.Fatal("no kill was in the middle: this test means nothing")
			}
			mustRun(t, dir, renew...)
			if renewed, licenses := renewedOnRecord(t, dir, "2027-12-20"); renewed != n || licenses != 2*n {
				t.Errorf("%d renewed once, %d licenses", renewed, licenses)
			}
			if written := wholeLicenses(t, v, dir, "renewed"); written != n {
				t.Errorf("%d licenses for %d invoices", written, n)
			}
			if r := mustRun(t, dir, renew...); !strings.Contains(r.stdout, fmt.Sprintf("again     %d\n", n)) {
				t.Errorf("once more: %s", r)
			}
			report, err := os.Open(filepath.Join(dir, "report.csv"))
			if err != nil {
				t.Fatal(err)
			}
			defer report.Close()
			if lines, err := csv.NewReader(report).ReadAll(); err != nil || len(lines) != n+1 {
				t.Errorf("the report has %d lines, %v", len(lines), err)
			}
			mustRun(t, dir, "audit", "--home", "V")
		})
	}
}

// untilRecorded waits until more is renewed, or the directory of licenses has more files,
// for a minute at most.
func untilRecorded(t *testing.T, dir string, before int) {
	t.Helper()
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(time.Millisecond) {
		if files, err := os.ReadDir(filepath.Join(dir, "renewed")); err == nil && len(files) > before {
			return
		}
	}
}

// Two people renew the same by a time, at once: nobody gets it twice.
func TestRenewManyAtOnce(t *testing.T) {
	t.Parallel()
	const n = 60
	dir := soldInvoices(t, n)
	done := make(chan result)
	for i, what := range [][]string{{"--from", "ending.csv"}, {"--customer", "Site Ltd"}, {"--from", "ending.csv"}, {"--customer", "site ltd"}} {
		cmd := process(dir, append([]string{"renew", "--home", "V", "--expires", "12m", "--out", fmt.Sprint("renewed", i), "--yes"}, what...)...)
		go func() { done <- run(t, cmd) }()
	}
	for range 4 {
		if r := <-done; r.exit != 0 {
			t.Error(r)
		}
	}
	if renewed, licenses := renewedOnRecord(t, dir, "2027-12-20"); renewed != n || licenses != 2*n {
		t.Errorf("%d of %d renewed, %d licenses", renewed, n, licenses)
	}
	v := vendorVerifier(t, dir)
	for i := range 4 {
		if written := wholeLicenses(t, v, dir, fmt.Sprint("renewed", i)); written != n {
			t.Errorf("%d licenses for %d invoices", written, n)
		}
	}
	mustRun(t, dir, "audit", "--home", "V")
}
