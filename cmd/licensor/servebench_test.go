package main

import (
	"fmt"
	"net/http"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/ledgertest"
)

// BenchmarkServeVsBare sends requests of new sites from 64 clients to a "licensor serve" of its
// own, on the same processors, and compares with a bare loop of as many clients, in one process:
// see [ledgertest.Bare]. The two take turns; x-bare is the quotient of their times, and the
// figures are the medians of the turns. HTTP and the clients, which are lean, are the service's to
// pay for.
func BenchmarkServeVsBare(b *testing.B) {
	for _, place := range []string{"SQLite", "PostgreSQL"} {
		b.Run(place, func(b *testing.B) {
			const clients, turns, n, most = 64, 3, many / 2, 256
			texts := make([][]byte, n)
			for i := range texts {
				text, err := siteText(2 * i)
				if err != nil {
					b.Fatal(err)
				}
				texts[i] = text
			}
			// sold returns a home, and where its ledger is.
			sold := func() (dir, ledger string, options []string) {
				if place == "PostgreSQL" {
					dir, ledger = soldOnPostgres(b)
					return dir, ledger, []string{"--ledger", ledger}
				}
				dir = soldToMany(b)
				return dir, filepath.Join(dir, "V", "ledger.db"), nil
			}
			var ratios, rates, middle, slow, cpu []float64
			for b.Loop() {
				for range turns {
					dir, ledger, options := sold()
					events := ledgertest.Count(b, ledger, "events")
					s := newServed(b, dir, options...)
					lean := s.leanClients(b, clients)
					took, each := ledgertest.Drive(clients, n, func(i int) error { return lean.activate(i, texts[i]) }, b)
					s.end(b)
					cpu = append(cpu, (s.cmd.ProcessState.UserTime()+s.cmd.ProcessState.SystemTime()).Seconds()*1000/n)
					_, empty, _ := sold()
					bare := ledgertest.NewBare(b, empty, ledger, events, most)
					bareTook, _ := ledgertest.Drive(clients, n, func(i int) error { return bare.Activate(texts[i], i) }, b)
					bare.Close()
					ratios = append(ratios, took.Seconds()/bareTook.Seconds())
					rates = append(rates, n/took.Seconds())
					middle = append(middle, each[len(each)/2].Seconds()*1000)
					slow = append(slow, each[len(each)*99/100].Seconds()*1000)
				}
			}
			for name, all := range map[string][]float64{"x-bare": ratios, "licenses/s": rates, "ms-p50": middle, "ms-p99": slow, "ms-cpu": cpu} {
				slices.Sort(all)
				b.ReportMetric(all[len(all)/2], name)
			}
		})
	}
}

// BenchmarkGuess compares how long the answer to a wrong e-mail address takes with that to an
// unknown invoice: 2,000 of each, one after the other. x-unknown is the quotient of the medians.
func BenchmarkGuess(b *testing.B) {
	const n = 2000
	for b.Loop() {
		s := newServed(b, soldToMany(b))
		var took [2][]time.Duration
		for i := range n {
			for unknown, number := range []string{invoice(i), fmt.Sprint("X", invoice(i))} {
				site := 2*many + 2*i + unknown
				text, err := claimText(site, number, "ops@elsewhere.example", components(site))
				if err != nil {
					b.Fatal(err)
				}
				start := time.Now()
				a := s.activate(text)
				took[unknown] = append(took[unknown], time.Since(start))
				if a.status != http.StatusUnprocessableEntity {
					b.Fatalf("got %v", a)
				}
			}
		}
		for i := range took {
			slices.Sort(took[i])
		}
		b.ReportMetric(took[0][n/2].Seconds()/took[1][n/2].Seconds(), "x-unknown")
		b.ReportMetric(float64(took[0][n/2].Microseconds()), "us-median")
	}
}
