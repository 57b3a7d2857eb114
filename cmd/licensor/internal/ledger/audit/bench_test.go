package audit_test

import (
	"fmt"
	"testing"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/audit"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/ledgertest"
)

// BenchmarkAudit audits ledgers in which nearly every event has signed a license.
func BenchmarkAudit(b *testing.B) {
	for _, n := range []int{10_000, 100_000, 1_000_000} {
		b.Run(fmt.Sprintf("%d licenses", n), func(b *testing.B) {
			if n > 10_000 && testing.Short() {
				b.Skip("SKIPPED: -short; it makes a large ledger")
			}
			l := ledgertest.Grown(b, n)
			against := audit.Against{Verifier: ledgertest.Verifier(ledgertest.Root)}
			for b.Loop() {
				r, err := audit.Run(ctx, l.Store(), against)
				if err != nil || !r.OK() || r.Licenses != int64(n) {
					b.Fatal(r, err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/float64(n), "µs/license")
		})
	}
}
