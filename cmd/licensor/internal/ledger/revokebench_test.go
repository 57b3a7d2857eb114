package ledger_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
)

// BenchmarkRevokeKeys revokes the key that has signed 40,000 licenses, and three that have
// signed none, and then asks for the next list.
func BenchmarkRevokeKeys(b *testing.B) {
	l := grown(b, 40_000)
	var revoking time.Duration
	for i := range byte(4) {
		start := time.Now()
		key := ledger.RevokedKey{Name: fmt.Sprint(i), Public: public(b, 102+i).Bytes()}
		if err := l.RevokeKey(ctx, because("stolen"), key); err != nil {
			b.Fatal(err)
		}
		revoking = max(revoking, time.Since(start))
	}
	for b.Loop() {
		if next, err := l.NextList(ctx, now); err != nil || next.Keys[0].Keep.Len()+next.Keys[1].Keep.Len()+next.Keys[2].Keep.Len()+next.Keys[3].Keep.Len() != 40_000 {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(revoking.Milliseconds()), "ms/RevokeKey")
}
