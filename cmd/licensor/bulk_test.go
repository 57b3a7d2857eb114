package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/offlicense/offlicense/verify"
)

// wholeLicenses checks every license file in a directory and returns how many there are.
// Nothing else may be there.
func wholeLicenses(t *testing.T, v *verify.Verifier, path ...string) int {
	t.Helper()
	names := directory(t, path...)
	for _, name := range names {
		text, err := os.ReadFile(filepath.Join(append(path, name)...))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := v.Check(text, verify.Facts{Now: now, Product: "evoq", AnyMachine: true}); err != nil || !strings.HasSuffix(name, ".lic") {
			t.Fatalf("%s: %v", name, err)
		}
	}
	return len(names)
}

// timeOf returns how long a command takes that is not killed.
func timeOf(t *testing.T, dir string, args ...string) aim {
	t.Helper()
	start := time.Now()
	mustRun(t, dir, args...)
	return aim(time.Since(start))
}

// A run over many requests is killed again and again: every license file is whole at
// every instant, and in the end each request has one activation and its file.
func TestKilledBulk(t *testing.T) {
	t.Parallel()
	const n, kills = 2500, 3
	whole := timeOf(t, soldDirectory(t, n), "sign", "--home", "V", "requests", "--out", "licenses", "--yes")
	dir := soldDirectory(t, n)
	v := vendorVerifier(t, dir)
	sign := []string{"sign", "--home", "V", "requests", "--out", "licenses", "--report", "report.csv", "--yes"}
	inTheMiddle := 0
	for round := 0; inTheMiddle < kills && round < 15*kills; round++ {
		if err := os.RemoveAll(filepath.Join(dir, "licenses")); err != nil { // who is killed early has much to write again
			t.Fatal(err)
		}
		killed(t, process(dir, sign...), whole.instant())
		if _, err := os.Stat(filepath.Join(dir, "licenses")); err != nil {
			whole.early()
			continue
		}
		written := wholeLicenses(t, v, dir, "licenses")
		_, active := onRecord(t, dir, "INV0042-1")
		if active < written {
			t.Fatalf("%d licenses were written and %d are on record", written, active)
		}
		switch {
		case written > 0 && written < n || active > 0 && active < n:
			inTheMiddle++
		case written == n:
			whole.late()
		default:
			whole.early()
		}
	}
	if inTheMiddle < kills {
		t.Fatalf("only %d kills were in the middle: too few for this test to mean anything", inTheMiddle)
	}
	mustRun(t, dir, sign...)
	if written := wholeLicenses(t, v, dir, "licenses"); written != n {
		t.Errorf("%d licenses for %d requests", written, n)
	}
	if _, active := onRecord(t, dir, "INV0042-1"); active != n {
		t.Errorf("%d activations for %d requests", active, n)
	}
	if r := mustRun(t, dir, sign...); !strings.Contains(r.stdout, fmt.Sprintf("again       %d\n", n)) {
		t.Errorf("once more: %s", r)
	}
}

// Of three seats, a thousand requests get three, whatever batch they are in.
func TestBulkNeverOverIssues(t *testing.T) {
	t.Parallel()
	const n = 2500
	dir := soldDirectory(t, n)
	mustRun(t, dir, "amend", "--home", "V", "INV0042-1", "--seats", "3", "--out", "amended", "--yes")
	r := licensor(t, dir, "sign", "--home", "V", "requests", "--out", "licenses", "--yes")
	if r.exit != 3 || !strings.Contains(r.stdout, fmt.Sprintf("refused     %d\n", n-3)) {
		t.Errorf("exit %d, %s", r.exit, r.stdout)
	}
	if lines := strings.Count(r.stderr, ": refused: no seat of invoice "); lines != n-3 || strings.Count(r.stderr, "\n") != n-3 {
		t.Errorf("%d of %d lines name a refusal", lines, strings.Count(r.stderr, "\n"))
	}
	if got := wholeLicenses(t, vendorVerifier(t, dir), dir, "licenses"); got != 3 {
		t.Errorf("%d licenses for 3 seats", got)
	}
}

// untilWritten waits for the first file in a directory, for a minute at most.
func untilWritten(dir string) {
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(100 * time.Microsecond) {
		if files, err := os.ReadDir(dir); err == nil && len(files) > 0 {
			return
		}
	}
}

// A renewal is killed again and again: it is recorded with all its licenses or not at
// all, and the same command writes the same files.
func TestKilledRenew(t *testing.T) {
	t.Parallel()
	const n = 100
	dir := soldDirectory(t, n)
	v := vendorVerifier(t, dir)
	mustRun(t, dir, "sign", "--home", "V", "requests", "--out", "licenses", "--yes")
	end, seen := now.AddDate(1, 0, 0), map[bool]int{}
	whole := timeOf(t, dir, "renew", "--home", "V", "INV0042-1", "--expires", end.AddDate(0, 0, 1).Format(time.DateOnly), "--out", "first", "--yes")
	end = end.AddDate(0, 0, 1)
	for round := 0; round < 60 && (seen[true] < 2 || seen[false] < 2); round++ {
		out := fmt.Sprint("renewed", round)
		end = end.AddDate(0, 0, 1)
		renew := []string{"renew", "--home", "V", "INV0042-1", "--expires", end.Format(time.DateOnly), "--out", out, "--yes"}
		// Every other one is killed when it writes, since that takes the least of its time.
		wait := func() { time.Sleep(whole.instant()) }
		if round%2 == 1 {
			wait = func() { untilWritten(filepath.Join(dir, out)) }
		}
		if !killedWhen(t, process(dir, renew...), wait) {
			whole.late()
			continue
		}
		if _, err := os.Stat(filepath.Join(dir, out)); err == nil {
			wholeLicenses(t, v, dir, out)
		}
		before, active := onRecord(t, dir, "INV0042-1")
		if active != n {
			t.Fatalf("%d activations", active)
		}
		r := mustRun(t, dir, renew...)
		after, _ := onRecord(t, dir, "INV0042-1")
		recorded := strings.Contains(r.stderr, "nothing is different")
		if recorded != (before == after) {
			t.Fatalf("recorded before: %t, and the license was %s, is %s", recorded, before, after)
		}
		seen[recorded]++
		if recorded {
			whole.late()
		} else {
			whole.early()
		}
		if got := wholeLicenses(t, v, dir, out); got != n {
			t.Fatalf("%d licenses", got)
		}
	}
	if seen[true] < 2 || seen[false] < 2 {
		t.Errorf("kills before and after the record: %v: too few for this test to mean anything", seen)
	}
}
