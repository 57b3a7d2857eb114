package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/cmd/licensor/command/common"
	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/verify"
)

// BenchmarkBulkSignVsRaw compares "licensor sign" over a directory of 10,000 requests, as
// a process from its start to its end, with the bare cost of checking as many request
// signatures and making as many license signatures on the same processors. x-raw is the
// quotient; both are measured in each run. x-files is what reading the requests' files
// and making as many license files takes alone, without a signature or a ledger;
// x-raw-and-files is the quotient with that on the bare side, too.
func BenchmarkBulkSignVsRaw(b *testing.B) {
	const n = 10_000
	var signing, raw, files time.Duration
	for round := 0; b.Loop(); round++ {
		b.StopTimer()
		dir := soldDirectory(b, n)
		exec.Command("sync").Run() // or the run's own syncs would write the requests, too
		b.StartTimer()
		start := time.Now()
		mustRun(b, dir, "sign", "--home", "V", "requests", "--out", "licenses", "--report", "report.csv", "--yes")
		signing += time.Since(start)
		b.StopTimer()
		if got := len(directory(b, dir, "licenses")); got != n {
			b.Fatalf("%d licenses for %d requests", got, n)
		}
		raw += rawCost(b, dir, n)
		files += filesCost(b, dir, n)
		b.StartTimer()
	}
	b.ReportMetric(float64(signing)/float64(raw), "x-raw")
	b.ReportMetric(float64(files)/float64(raw), "x-files")
	b.ReportMetric(float64(signing)/float64(raw+files), "x-raw-and-files")
	b.ReportMetric(float64(raw.Milliseconds())/float64(b.N), "raw-ms")
	b.ReportMetric(float64(signing.Milliseconds())/float64(b.N), "sign-ms")
}

// rawCost checks the signatures of all requests and signs as many messages of a
// license's size.
func rawCost(b *testing.B, dir string, n int) time.Duration {
	b.Helper()
	requests := make([]format.Statement, n)
	keys := make([]*verify.Request, n)
	for i := range requests {
		text, err := os.ReadFile(filepath.Join(dir, "requests", fmt.Sprintf("INV0042-1-%d.olq", i)))
		if err != nil {
			b.Fatal(err)
		}
		if keys[i], err = verify.OpenRequest(text); err != nil {
			b.Fatal(err)
		}
		bytes, err := format.DecodeTextAs(text, format.SignedRequest)
		if err != nil {
			b.Fatal(err)
		}
		if requests[i], err = format.ParseStatement(bytes, format.SignedRequest); err != nil {
			b.Fatal(err)
		}
	}
	key, message := machineKey(b, 1), make([]byte, 400)
	return onAllProcessors(n, func(i int) {
		if !keys[i].Key.Verify(requests[i].SignedMessage(), requests[i].Signature()) {
			b.Error("a signature does not verify")
		}
		if _, err := key.Sign(message); err != nil {
			b.Error(err)
		}
	})
}

// filesCost reads all requests and makes as many files of a license's size.
func filesCost(b *testing.B, dir string, n int) time.Duration {
	b.Helper()
	out := filepath.Join(dir, "bare")
	if err := os.Mkdir(out, 0o700); err != nil {
		b.Fatal(err)
	}
	reading := onAllProcessors(n, func(i int) {
		if _, err := os.ReadFile(filepath.Join(dir, "requests", fmt.Sprintf("INV0042-1-%d.olq", i))); err != nil {
			b.Error(err)
		}
	})
	directory, err := common.OpenLicenseDirectory(cli.System(), out)
	if err != nil {
		b.Fatal(err)
	}
	const share = 500
	return reading + onAllProcessors((n+share-1)/share, func(i int) {
		var files []common.LicenseFile
		for n := range share {
			files = append(files, common.LicenseFile{Name: fmt.Sprintf("%d-%d.lic", i, n), Text: make([]byte, 1000)})
		}
		if err := directory.Write(files); err != nil {
			b.Error(err)
		}
	})
}

// onAllProcessors calls f for 0 to n-1 and returns how long that took.
func onAllProcessors(n int, f func(i int)) time.Duration {
	start := time.Now()
	var workers sync.WaitGroup
	processors := runtime.GOMAXPROCS(0)
	for worker := range processors {
		workers.Go(func() {
			for i := worker; i < n; i += processors {
				f(i)
			}
		})
	}
	workers.Wait()
	return time.Since(start)
}

// soldDirectory makes a directory with a vendor's home V, in which INV0042-1 has a seat for
// each of n requests in the directory requests.
func soldDirectory(t testing.TB, n int) (dir string) {
	t.Helper()
	dir = t.TempDir()
	mustRun(t, dir, initArgs("V")...)
	mustRun(t, dir, append(entitleArgs("V"), "--seats", fmt.Sprint(n))...)
	if err := os.Mkdir(filepath.Join(dir, "requests"), 0o700); err != nil {
		t.Fatal(err)
	}
	for i := range n {
		writeRequest(t, filepath.Join(dir, "requests"), i, "INV0042-1")
	}
	return dir
}
