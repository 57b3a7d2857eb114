package main

import (
	"database/sql"
	"fmt"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/store"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/cmd/licensor/command/common"
	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/verify"
)

// BenchmarkBulkSignVsRaw signs the requests of a directory into files, as staff do it: a
// process from its start to its end. x-sum is the quotient with what that costs bare on
// the same processors: to check the signatures of all requests, to sign as many licenses
// and check them, to read and make the files, and to record the same rows in one
// transaction.
func BenchmarkBulkSignVsRaw(b *testing.B) {
	const n = 10_000
	var signing, raw, files, rows time.Duration
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
		rows += rowsCost(b, dir)
		b.StartTimer()
	}
	b.ReportMetric(float64(signing)/float64(raw+files+rows), "x-sum")
	for name, part := range map[string]time.Duration{"raw": raw, "files": files, "rows": rows} {
		b.ReportMetric(float64(part.Milliseconds())/float64(b.N), name+"-ms")
	}
	b.ReportMetric(float64(signing.Milliseconds())/float64(b.N), "sign-ms")
}

// rawCost checks the signatures of all requests, signs as many messages of a license's
// size, and checks those.
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
		if signature, err := key.Sign(message); err != nil || !key.Public().Verify(message, signature) {
			b.Error("a new signature does not verify", err)
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

// rowsCost records the rows of the ledger again in one transaction of an empty one.
func rowsCost(b *testing.B, dir string) time.Duration {
	b.Helper()
	open := func(name string) *sql.DB {
		db, err := sql.Open("sqlite", "file:"+filepath.Join(dir, name)+"?_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)")
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { db.Close() })
		return db
	}
	from, to := open("V/ledger.db"), open("bare.db")
	must := func(err error) {
		if err != nil {
			b.Fatal(err)
		}
	}
	each := func(query string, f func(row []any)) {
		rows, err := from.Query(query)
		must(err)
		defer rows.Close()
		columns, err := rows.Columns()
		must(err)
		for rows.Next() {
			row, into := make([]any, len(columns)), make([]any, len(columns))
			for i := range row {
				into[i] = &row[i]
			}
			must(rows.Scan(into...))
			f(row)
		}
		must(rows.Err())
	}
	each("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL", func(row []any) {
		_, err := to.Exec(row[0].(string))
		must(err)
	})
	all := make(map[string][][]any)
	for _, t := range store.Tables {
		each("SELECT * FROM "+t.Name, func(row []any) { all[t.Name] = append(all[t.Name], row) })
	}
	start := time.Now()
	tx, err := to.Begin()
	must(err)
	for table, rows := range all {
		insert, err := tx.Prepare("INSERT INTO " + table + " VALUES (?" + strings.Repeat(", ?", len(rows[0])-1) + ")")
		must(err)
		for _, row := range rows {
			_, err := insert.Exec(row...)
			must(err)
		}
	}
	must(tx.Commit())
	return time.Since(start)
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
