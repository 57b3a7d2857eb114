package ledger_test

import (
	"fmt"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/verify"
)

const seatsPerInvoice = 100

func invoiceName(i int) string { return fmt.Sprintf("G-%d", i) }

// grown returns a ledger with n recorded activations, made by import and sign alone.
func grown(b *testing.B, n int) *ledger.Ledger {
	b.Helper()
	l, _ := newLedger(b)
	rows := make([]ledger.ImportRow, n/seatsPerInvoice)
	for i := range rows {
		e := entitlement()
		e.Invoice, e.Seats = invoiceName(i), seatsPerInvoice+10_000
		rows[i] = ledger.ImportRow{Line: i + 2, Entitlement: e}
	}
	if err := l.Import(ctx, operation(), rows, nil); err != nil {
		b.Fatal(err)
	}
	sign := bareIssue(staff(b))
	onWorkers(2*runtime.GOMAXPROCS(0), n, 1000, func(from, to int) {
		requests := make([]*verify.Request, 0, to-from)
		for i := from; i < to; i++ {
			q, err := siteRequest(uint32(i), invoiceName(i/seatsPerInvoice))
			if err != nil {
				b.Error(err)
			}
			requests = append(requests, q)
		}
		outcomes, err := l.SignBatch(ctx, operation(), requests, sign)
		if err != nil {
			b.Error(err)
		}
		for _, o := range outcomes {
			if o.Err != nil {
				b.Error(o.Err)
				break
			}
		}
	})
	return l
}

// BenchmarkAtAMillion compares one sign, and one list --invoice, at a million recorded
// activations with the same at a thousand. Both ledgers take turns, and the metric is
// of the medians, so that a machine whose speed drifts drifts for both.
func BenchmarkAtAMillion(b *testing.B) {
	if testing.Short() {
		b.Skip("SKIPPED: -short; it makes a million licenses")
	}
	ledgers := []*ledger.Ledger{grown(b, 1_000), grown(b, 1_000_000)}
	sign := bareIssue(staff(b))
	site := uint32(1 << 30)
	ratio := func(b *testing.B, f func(l *ledger.Ledger, site uint32)) {
		times := [2][]time.Duration{}
		for b.Loop() {
			site++
			for i, l := range ledgers {
				start := time.Now()
				f(l, site)
				times[i] = append(times[i], time.Since(start))
			}
		}
		for i := range times {
			slices.Sort(times[i])
		}
		small, large := times[0][len(times[0])/2], times[1][len(times[1])/2]
		b.ReportMetric(float64(large)/float64(small), "x-thousand")
		b.ReportMetric(float64(large.Microseconds()), "µs-at-a-million")
	}
	b.Run("sign", func(b *testing.B) {
		var q *verify.Request
		last := uint32(0)
		ratio(b, func(l *ledger.Ledger, site uint32) {
			if site != last {
				var err error
				if q, err = siteRequest(site, invoiceName(int(site)%10)); err != nil {
					b.Fatal(err)
				}
				last = site
			}
			if _, err := l.Sign(ctx, operation(), q, sign); err != nil {
				b.Fatal(err)
			}
		})
	})
	b.Run("sign a known site again", func(b *testing.B) {
		ratio(b, func(l *ledger.Ledger, site uint32) {
			q, err := siteRequest(site%1000, invoiceName(int(site%1000)/seatsPerInvoice))
			if err != nil {
				b.Fatal(err)
			}
			if _, err := l.Sign(ctx, operation(), q, sign); err != nil {
				b.Fatal(err)
			}
		})
	})
	b.Run("list one invoice", func(b *testing.B) {
		ratio(b, func(l *ledger.Ledger, site uint32) {
			holdings, err := l.List(ctx, ledger.Filter{Invoice: invoiceName(5)})
			if err != nil || len(holdings) != 1 || len(holdings[0].Activations) < seatsPerInvoice {
				b.Fatal(len(holdings), err)
			}
		})
	})
}
