package audit_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/audit"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/book"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/ledgertest"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/store"
	"github.com/offlicense/offlicense/format"
)

// BenchmarkAudit audits ledgers in which nearly every event has signed a license. x-raw is
// its processor time, a database server's included, by that of bare checks of the
// signatures that it must check.
func BenchmarkAudit(b *testing.B) {
	for _, n := range [...]int{10_000, 100_000} {
		b.Run(fmt.Sprintf("sqlite/%d", n), func(b *testing.B) { benchmarkAudit(b, n, "") })
		b.Run(fmt.Sprintf("postgres/%d", n), func(b *testing.B) { benchmarkAudit(b, n, ledgertest.Postgres(b)) })
	}
}

func benchmarkAudit(b *testing.B, n int, where string) {
	l := ledgertest.Grown(b, n, where)
	against := audit.Against{Verifier: ledgertest.Verifier(ledgertest.Root)}
	raw := bareChecks(b, l, n) // before and after: others use the processors, too
	runtime.GC()
	before := processorTime() + serverTime()
	for b.Loop() {
		r, err := audit.Run(ctx, l.Store(), against)
		if err != nil || !r.OK() || r.Licenses != int64(n) {
			b.Fatal(r, err)
		}
	}
	used := (processorTime() + serverTime() - before) / time.Duration(b.N)
	raw = (raw + bareChecks(b, l, n)) / 2
	b.ReportMetric(float64(used.Nanoseconds())/float64(raw.Nanoseconds()), "x-raw")
	b.ReportMetric(float64(used.Microseconds())/float64(n), "cpu-µs/license")
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/float64(n), "µs/license")
	b.ReportMetric(float64(peakMemory())/(1<<20), "MiB-peak")
}

// aloneVariable names the ledger that BenchmarkAuditAlone audits.
const aloneVariable = "AUDIT_TEST_LEDGER"

// BenchmarkAuditOfAMillion audits a million activations in a process of its own, as licensor
// does: MiB-peak is that of a process that has done nothing else.
func BenchmarkAuditOfAMillion(b *testing.B) {
	if testing.Short() {
		b.Skip("SKIPPED: -short; it makes a million licenses")
	}
	where := filepath.Join(b.TempDir(), "ledger.db")
	ledgertest.Grown(b, 1_000_000, where)
	for b.Loop() {
		cmd := exec.Command(os.Args[0], "-test.run=^$", "-test.bench=^BenchmarkAuditAlone$", "-test.benchtime=1x")
		cmd.Env = append(os.Environ(), aloneVariable+"="+where, fmt.Sprint("GOMEMLIMIT=", audit.Memory))
		if out, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(out), "1000000 licenses") {
			b.Fatalf("%v: %s", err, out)
		}
		used := cmd.ProcessState.SysUsage().(*syscall.Rusage)
		b.ReportMetric(float64(used.Maxrss)/(1<<10), "MiB-peak")
		b.ReportMetric((cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()).Seconds(), "cpu-s")
	}
}

// BenchmarkAuditAlone is the process of BenchmarkAuditOfAMillion.
func BenchmarkAuditAlone(b *testing.B) {
	where := os.Getenv(aloneVariable)
	if where == "" {
		b.Skip("only for BenchmarkAuditOfAMillion")
	}
	s, err := store.OpenToAudit(ctx, where)
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	for b.Loop() {
		r, err := audit.Run(ctx, s, audit.Against{Verifier: ledgertest.Verifier(ledgertest.Root), Now: now})
		if err != nil || !r.OK() {
			b.Fatal(r, err)
		}
		b.Logf("%d licenses", r.Licenses)
	}
}

// bareChecks returns the processor time of checking the signatures of all licenses, and
// of all requests that have one.
func bareChecks(b *testing.B, l *book.Book, n int) time.Duration {
	b.Helper()
	var all []format.Statement
	key := ledgertest.Public(ledgertest.Staff)
	err := l.Store().Read(ctx, func(t *store.Tx) error {
		return t.EachEvent(func(_ int64, leaf []byte) error {
			e, err := ledger.ParseEvent(leaf)
			if err != nil {
				return err
			}
			if d, ok := e.Detail.(*ledger.Signed); ok {
				file, err := format.ParseFile(d.License.File)
				if err != nil {
					return err
				}
				all = append(all, file.License)
			}
			return nil
		})
	})
	if err != nil || len(all) != n {
		b.Fatal(len(all), err)
	}
	before := processorTime()
	for _, s := range all {
		if !key.Verify(s.SignedMessage(), s.Signature()) {
			b.Fatal("a license that does not verify")
		}
	}
	return processorTime() - before
}

func processorTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// serverTime returns the processor time of all PostgreSQL servers of this machine, and of
// their processes that have ended; in steps of 10 ms, as Linux tells it.
func serverTime() (all time.Duration) {
	processes, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, p := range processes {
		stat, _ := os.ReadFile(p) // gone meanwhile: its parent tells it
		name, rest, _ := strings.Cut(string(stat), ") ")
		fields := strings.Fields(rest)
		if !strings.HasSuffix(name, "(postgres") || len(fields) < 15 {
			continue
		}
		for _, ticks := range fields[11:15] { // utime, stime, cutime, cstime
			n, _ := strconv.Atoi(ticks)
			all += time.Duration(n) * 10 * time.Millisecond
		}
	}
	return all
}

// peakMemory returns the most memory that this process has had, in bytes.
func peakMemory() int64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return int64(u.Maxrss) * 1024
}
