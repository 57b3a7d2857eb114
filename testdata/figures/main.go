// Figures runs the benchmarks that carry a promise and writes testdata/FIGURES.md. Run it at the
// top of the repository, on an idle machine: go run ./testdata/figures. It takes half an hour.
package main

import (
	"errors"
	"fmt"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"
)

// suite is one call of go test, with the figures that are taken from it.
type suite struct {
	pkg, benchmark, flags string
	figures               []figure
}

// figure is a row of the table: one metric of one benchmark.
type figure struct {
	what, name, metric string  // the name is the benchmark's, without Benchmark
	target             float64 // at most so many; 0: none
}

var suites = []suite{
	{"./verify", "VsRaw$", "-benchtime=1s -count=5", []figure{
		{"check of a license, text to terms, against raw `ed25519.Verify` of the message", "CheckVsRaw", "x-raw", 1.10},
		{"the same with a revocation list of 100 entries in the file", "CheckWithListVsRaw", "x-raw", 0},
		{"first check of a process, root to terms (two signatures)", "ColdVsRaw", "x-raw", 2.2},
	}},
	{"./verify/site", "^BenchmarkCurrent$", "-benchtime=1s -count=5", []figure{
		{"`Gate.Current`, a license from memory", "Current", "ns/current", 1000},
		{"the same against reading the clock for it, `time.Now`", "Current", "x-clock", 0},
	}},
	{"./cmd/offlicense", "VerifyVsBare$", "-benchtime=1s -count=5", []figure{
		{"`offlicense verify` as a process, against a bare program with one signature", "VerifyVsBare", "x-bare", 1.5},
	}},
	{"./cmd/offlicense", "VerifyManyVsRaw$", "-benchtime=3x", []figure{
		{"`offlicense verify` of a directory of 100,000 files, against as many `ed25519.Verify` on the same processors", "VerifyManyVsRaw", "x-raw", 1.4},
	}},
	{"./cmd/offlicense", "Fleet$", "-benchtime=3x", []figure{
		{"`offlicense fleet` of 10,000 sites, a license and an attestation each, with its page", "Fleet", "ns/fleet", 5e9},
	}},
	{"./cmd/licensor/internal/ledger/book", "^BenchmarkSign$", "-benchtime=1s -count=5", []figure{
		{"one signing in the ledger, against one bare durable commit of SQLite", "Sign", "x-commit", 0},
		{"that commit", "Sign", "ns/commit", 0},
	}},
	{"./cmd/licensor/internal/ledger/book", "AtAMillion$", "-benchtime=1s", []figure{
		{"one signing at 1,000,000 activations, against 1,000", "AtAMillion/sign", "x-thousand", 1.2},
		{"`list --invoice` likewise", "AtAMillion/list_one_invoice", "x-thousand", 0},
	}},
	{"./cmd/licensor/internal/ledger/store", "Search$/./^1000000$", "-benchtime=1x", []figure{
		{"`list --invoice` of a whole number at 1,000,000 activations on SQLite, against the same statements in one bare transaction", "Search/sqlite/1000000/invoice_exactly", "x-bare", 1.5},
		{"by the beginning of the number, likewise", "Search/sqlite/1000000/beginning_of_an_invoice", "x-bare", 1.5},
		{"by the beginning of a host's name, likewise", "Search/sqlite/1000000/beginning_of_a_host", "x-bare", 1.5},
		{"the first of these on PostgreSQL", "Search/postgres/1000000/invoice_exactly", "x-bare", 1.5},
		{"the second", "Search/postgres/1000000/beginning_of_an_invoice", "x-bare", 1.5},
		{"the third", "Search/postgres/1000000/beginning_of_a_host", "x-bare", 1.5},
	}},
	{"./cmd/licensor", "BulkSignVsRaw$", "-benchtime=1x -count=3", []figure{
		{"`sign DIR` of 10,000 requests, against bare checks, signatures, files and rows (see there)", "BulkSignVsRaw", "x-sum", 1.5},
	}},
	{"./cmd/licensor", "ImportVsRows$", "-benchtime=1x -count=3", []figure{
		{"`import` of 100,000 orders, against one bare transaction that inserts the same rows", "ImportVsRows", "x-rows", 3},
	}},
	{"./cmd/licensor", "ServeVsBare$", "-benchtime=1x", []figure{
		{"`licensor serve` on SQLite, 2,000 new requests of 64 clients over HTTP on the same processors, against a bare loop in one process that checks, signs and commits the same rows", "ServeVsBare/SQLite", "x-bare", 2},
		{"the same on PostgreSQL", "ServeVsBare/PostgreSQL", "x-bare", 2},
	}},
	{"./cmd/licensor", "Guess$", "-benchtime=1x", []figure{
		{"its answer to a wrong e-mail address, against that to an unknown invoice: medians of 2,000 each over HTTP", "Guess", "x-unknown", 1.05},
	}},
	{"./cmd/licensor/internal/web/staff", "PagesAtMillion$", "-benchtime=1x -timeout=40m", []figure{
		{"the page of the desk that is the slowest at 1,000,000 entitlements on SQLite, against the same at 1,000", "PagesAtMillion/sqlite/the_slowest_of_them", "x-thousand", 1.2},
		{"the same on PostgreSQL", "PagesAtMillion/postgres/the_slowest_of_them", "x-thousand", 1.2},
	}},
	{"./cmd/licensor/internal/ledger/audit", "Audit$/./^100000$", "-benchtime=1x", []figure{
		{"`audit` of 100,000 licenses on SQLite, processor time, against bare checks of the signatures", "Audit/sqlite/100000", "x-raw", 3},
		{"the same on PostgreSQL, its server included", "Audit/postgres/100000", "x-raw", 4},
	}},
	{"./cmd/licensor/internal/ledger/audit", "AuditOfAMillion$", "-benchtime=1x", []figure{
		{"`audit` of 1,000,000 activations, all memory of its process", "AuditOfAMillion", "MiB-peak", 953},
	}},
}

// page takes the machine, the Go version, the date, the rows and the commands.
const page = `# Figures

Made by ` + "`go run ./testdata/figures`" + ` at the top of the repository; change nothing here by hand.

%s; Go %s; %s.

| what | measured | target | benchmark |
|---|---|---|---|
%s
Measured is the median of the runs, with the lowest and the highest. Both sides of a ratio take
turns in one run, so that a machine whose speed drifts drifts for both. On a slower disk the
commit dominates, and the ratio to it falls. Each row by itself:

%s`

func main() {
	log.SetFlags(0)
	log.SetPrefix("figures: error: ")
	var rows, commands, output strings.Builder
	for _, s := range suites {
		args := append([]string{"test", "-run=^$", "-bench=" + s.benchmark, "-timeout=1h"}, append(strings.Fields(s.flags), s.pkg)...)
		command := fmt.Sprintf("go test -run '^$' -bench '%s' %s %s", s.benchmark, s.flags, s.pkg)
		fmt.Fprintln(os.Stderr, "$", command)
		fmt.Fprintf(&commands, "    %s\n", command)
		out, err := exec.Command("go", args...).CombinedOutput()
		if err != nil {
			log.Fatalf("%s: %v\n%s", command, err, out)
		}
		output.Write(out)
		for _, f := range s.figures {
			values := f.values(string(out))
			if len(values) == 0 {
				log.Fatalf("no %s of Benchmark%s in the output:\n%s", f.metric, f.name, out)
			}
			slices.Sort(values)
			fmt.Fprintln(&rows, f.row(values[0], values[len(values)/2], values[len(values)-1]))
		}
	}
	fmt.Fprintf(&rows, "| `offlicense`, static | %.1f MB | 5 MB | file size |\n", float64(toolSize())/1e6)
	commands.WriteString("    CGO_ENABLED=0 go build -trimpath -ldflags \"-s -w\" ./cmd/offlicense && ls -l offlicense\n")
	processor := strings.Join(regexp.MustCompile(`(?m)^cpu: .*$`).FindAllString(output.String(), 1), "")
	machine := fmt.Sprintf("%d cores, %s/%s, %s", runtime.NumCPU(), runtime.GOOS, runtime.GOARCH, strings.TrimPrefix(processor, "cpu: "))
	version, today := strings.TrimPrefix(runtime.Version(), "go"), time.Now().UTC().Format(time.DateOnly)
	if err := os.WriteFile("testdata/FIGURES.md", fmt.Appendf(nil, page, machine, version, today, &rows, &commands), 0o644); err != nil {
		log.Fatal(err)
	}
}

// values finds the metric in lines like "BenchmarkSign-2  1234  700 ns/op  2.9 x-commit".
func (f *figure) values(output string) (all []float64) {
	name := regexp.MustCompile("^Benchmark" + regexp.QuoteMeta(f.name) + `(-\d+)?$`)
	for line := range strings.Lines(output) {
		fields := strings.Fields(line)
		for i := 3; i < len(fields) && name.MatchString(fields[0]); i += 2 {
			if value, err := strconv.ParseFloat(fields[i-1], 64); err == nil && fields[i] == f.metric {
				all = append(all, value)
			}
		}
	}
	return all
}

func (f *figure) row(low, median, high float64) string {
	measured, target, unit := fmt.Sprintf("%.2f x", median), "", "x"
	if strings.HasPrefix(f.metric, "MiB-") {
		unit = "MiB"
		measured = fmt.Sprintf("%.0f MiB", median)
	} else if strings.HasPrefix(f.metric, "ns/") {
		unit = "ns"
		measured = time.Duration(median).Round(time.Duration(median) / 100).String()
	} else if low < high {
		measured += fmt.Sprintf(" (%.2f to %.2f)", low, high)
	}
	if f.target > 0 {
		target = fmt.Sprintf("%g %s", f.target, unit)
	}
	if f.target > 0 && median > f.target {
		target = "**" + target + ": missed**"
	}
	return fmt.Sprintf("| %s | %s | %s | `%s` %s |", f.what, measured, target, f.name, f.metric)
}

func toolSize() int64 {
	tool := filepath.Join(os.TempDir(), "offlicense.figures")
	defer os.Remove(tool)
	build := exec.Command("go", "build", "-trimpath", "-ldflags=-s -w", "-o", tool, "./cmd/offlicense")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	out, err := build.CombinedOutput()
	info, missing := os.Stat(tool)
	if err = errors.Join(err, missing); err != nil {
		log.Fatalf("%v\n%s", err, out)
	}
	return info.Size()
}
