package store_test

import (
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/ledgertest"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/store"
)

// BenchmarkSearch compares a search in a grown ledger, from the text that was typed to the
// holdings, with the very same statements in one bare transaction on the same connections.
// The two take turns, so that both meet the same machine; x-bare is the quotient of the
// medians. A search by part looks at every row, and says so.
func BenchmarkSearch(b *testing.B) {
	for _, n := range []int{10_000, 1_000_000} {
		for _, database := range []string{"sqlite", "postgres"} {
			b.Run(fmt.Sprintf("%s/%d", database, n), func(b *testing.B) {
				where := filepath.Join(b.TempDir(), "ledger.db")
				if database == "postgres" {
					where = ledgertest.Postgres(b)
				}
				ledgertest.Grown(b, n, where).Close()
				s, err := store.OpenReadOnly(ctx, where)
				if err != nil {
					b.Fatal(err)
				}
				b.Cleanup(func() { s.Close() })
				noted, err := store.OpenReadOnly(ctx, where)
				if err != nil {
					b.Fatal(err)
				}
				b.Cleanup(func() { noted.Close() })
				watched := noted.Watch(b, where)
				invoices := n / ledgertest.SeatsPerInvoice
				last := ledgertest.GrownInvoice(invoices - 1)
				for _, search := range []struct {
					name   string
					filter store.Filter
				}{
					{"invoice exactly", store.Filter{Invoice: last}},
					{"invoice in small letters", store.Filter{Invoice: "g-" + last[2:]}},
					{"beginning of an invoice", store.Filter{Invoice: last[:len(last)-1], InvoiceMatch: store.Beginning}},
					{"host exactly", store.Filter{Host: fmt.Sprint("server-", n-1)}},
					{"beginning of a host", store.Filter{Host: fmt.Sprint("server-", (n-1)/10), HostMatch: store.Beginning}},
					{"part of a host", store.Filter{Host: fmt.Sprint("ver-", n-1), HostMatch: store.Part}},
				} {
					b.Run(search.name, func(b *testing.B) { compareSearch(b, s, noted, watched, search.filter) })
				}
			})
		}
	}
}

func compareSearch(b *testing.B, s, noted *store.Store, watched *store.Watched, filter store.Filter) {
	found := func(s *store.Store) int {
		count := 0
		err := s.Read(ctx, func(t *store.Tx) error {
			narrow, err := filter, error(nil)
			if max(filter.InvoiceMatch, filter.HostMatch) == store.Exactly { // nothing said how much is given
				if narrow, err = t.Narrow(filter); err != nil {
					return err
				}
			}
			holdings, err := t.List(narrow)
			for _, h := range holdings {
				count += 1 + len(h.Activations)
			}
			return err
		})
		if err != nil {
			b.Fatal(err)
		}
		return count
	}
	watched.Take()
	found(noted)
	bare := s.Bare(b, watched)
	if found(s) < 2 || bare() < 2 {
		b.Fatal("nothing is found")
	}
	turns := 100
	if filter.HostMatch == store.Part {
		turns = 2
	}
	var ours, theirs []time.Duration
	for b.Loop() {
		for range turns {
			start := time.Now()
			found(s)
			ours = append(ours, time.Since(start))
			start = time.Now()
			bare()
			theirs = append(theirs, time.Since(start))
		}
	}
	slices.Sort(ours)
	slices.Sort(theirs)
	b.ReportMetric(float64(ours[len(ours)/2])/float64(theirs[len(theirs)/2]), "x-bare")
	b.ReportMetric(float64(ours[len(ours)/2].Microseconds()), "µs/search")
}
