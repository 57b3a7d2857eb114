package service

import (
	"fmt"
	"slices"
	"testing"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/ledgertest"
)

// BenchmarkActivate sends requests of new sites from 64 clients through an Activator, and
// compares with a bare loop of as many clients: it checks a request, signs, checks what it has
// signed, and commits the same rows in groups, with no rule and nothing read. The two take
// turns; x-bare is the quotient of their rates, the median of the turns.
func BenchmarkActivate(b *testing.B) {
	for _, place := range []string{"SQLite", "PostgreSQL"} {
		b.Run(place, func(b *testing.B) {
			const clients, turns, n = 64, 3, 2_000
			where := func() string {
				if place == "SQLite" {
					return ""
				}
				return ledgertest.Postgres(b)
			}
			var ratios, rates, slow []float64
			for b.Loop() {
				for turn := range turns {
					v := newVendor(b, where())
					texts := make([][]byte, n)
					for i := range texts {
						if i%10 == 0 {
							v.sell(func(e *ledger.Entitlement) { e.Invoice, e.Seats = fmt.Sprint("INV", i/10), 10 })
						}
						texts[i] = requestText(b, uint32(turn*n+i), of(fmt.Sprint("INV", i/10)))
					}
					sold := ledgertest.Count(b, v.place(), "events")
					a, _ := v.activator(nil)
					took, each := ledgertest.Drive(clients, n, func(i int) error {
						_, err := a.Activate(ctx, texts[i])
						return err
					}, b)
					if all := a.Stats(); all.Signed != n {
						b.Fatalf("%+v", all)
					}
					bare := ledgertest.NewBare(b, newVendor(b, where()).place(), v.place(), sold, maxBatch)
					bareTook, _ := ledgertest.Drive(clients, n, func(i int) error { return bare.Activate(texts[i], i) }, b)
					bare.Close()
					ratios = append(ratios, bareTook.Seconds()/took.Seconds())
					rates = append(rates, n/took.Seconds())
					slow = append(slow, each[len(each)*99/100].Seconds()*1000)
				}
			}
			for _, all := range [][]float64{ratios, rates, slow} {
				slices.Sort(all)
			}
			b.ReportMetric(ratios[len(ratios)/2], "x-bare")
			b.ReportMetric(rates[len(rates)/2], "licenses/s")
			b.ReportMetric(slow[len(slow)/2], "ms-p99")
		})
	}
}

// place is where the ledger is.
func (v *vendor) place() string {
	if v.where == "" {
		return v.at.LedgerFile()
	}
	return v.where
}
