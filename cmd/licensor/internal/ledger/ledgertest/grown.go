package ledgertest

import (
	"context"
	"fmt"
	"path/filepath"
	"runtime"
	"sync"
	"testing"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/book"
	"github.com/offlicense/offlicense/verify"
)

// SeatsPerInvoice is how many activations each invoice of a grown ledger has.
const SeatsPerInvoice = 100

// GrownInvoice returns the name of an invoice of a grown ledger.
func GrownInvoice(i int) string { return fmt.Sprintf("G-%d", i) }

// Grown returns a ledger with n activations, made by import and sign alone. where is that
// of an empty database; empty: a file.
func Grown(b *testing.B, n int, where string) *book.Book {
	b.Helper()
	if where == "" {
		where = filepath.Join(b.TempDir(), "ledger.db")
	}
	l := Create(b, where)
	orders := make([]book.Order, n/SeatsPerInvoice)
	for i := range orders {
		e := Entitlement()
		e.Invoice, e.Seats = GrownInvoice(i), SeatsPerInvoice+10_000
		orders[i] = book.Order{Line: i + 2, Entitlement: e}
	}
	ctx := context.Background()
	if err := l.Import(ctx, By(), orders, nil); err != nil {
		b.Fatal(err)
	}
	sign := Unchecked(Issuer(Root, Staff))
	OnWorkers(2*runtime.GOMAXPROCS(0), n, 1000, func(from, to int) {
		requests := make([]*verify.Request, to-from)
		for i := range requests {
			requests[i] = Site(uint32(from+i), GrownInvoice((from+i)/SeatsPerInvoice))
		}
		outcomes, err := l.SignBatch(ctx, By(), requests, sign)
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

// OnWorkers calls f for 0 to n-1, in blocks.
func OnWorkers(workers, n, block int, f func(from, to int)) {
	var next, wait = make(chan int), sync.WaitGroup{}
	for range workers {
		wait.Go(func() {
			for from := range next {
				f(from, min(from+block, n))
			}
		})
	}
	for from := 0; from < n; from += block {
		next <- from
	}
	close(next)
	wait.Wait()
}
