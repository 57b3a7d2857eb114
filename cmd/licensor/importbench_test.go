package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// BenchmarkImportVsRows imports 100,000 orders, as a process from its start to its end.
// x-rows is the quotient with one bare transaction that inserts the same rows into the same
// tables of an empty database.
func BenchmarkImportVsRows(b *testing.B) {
	const n = 100_000
	table := bytes.NewBufferString("invoice,email,customer,product,edition,type,seats,expires,features,limits\n")
	for i := range n {
		fmt.Fprintf(table, "INV%06d-1,ops@site%d.example,Site %d Ltd,evoq,engage,production,2,2027-11-21,sso;ldap,cores=16;users=200\n", i, i/3, i/3)
	}
	var importing, rows time.Duration
	for b.Loop() {
		b.StopTimer()
		dir := b.TempDir()
		mustRun(b, dir, initArgs("V")...)
		if err := os.WriteFile(filepath.Join(dir, "orders.csv"), table.Bytes(), 0o600); err != nil {
			b.Fatal(err)
		}
		exec.Command("sync").Run()
		b.StartTimer()
		start := time.Now()
		mustRun(b, dir, "import", "--home", "V", "orders.csv")
		importing += time.Since(start)
		b.StopTimer()
		rows += rowsCost(b, dir)
		b.StartTimer()
	}
	b.ReportMetric(float64(importing)/float64(rows), "x-rows")
	b.ReportMetric(float64(importing.Milliseconds())/float64(b.N), "import-ms")
	b.ReportMetric(float64(rows.Milliseconds())/float64(b.N), "rows-ms")
}
