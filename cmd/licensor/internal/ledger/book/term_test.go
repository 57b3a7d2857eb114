package book_test

import (
	"testing"
	"time"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/book"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/ledgertest"
	"github.com/offlicense/offlicense/verify"
)

// Two first activations at once, one of them signed on the day before: the term begins with
// the one that is recorded first, and both licenses end with it.
func TestTermBeginsOnceWhileSigning(t *testing.T) {
	everywhere(t, func(t *testing.T, b *book.Book, where string) {
		ledgertest.Sold(t, b, func(e *ledger.Entitlement) {
			e.Expires, e.Term, e.Seats = time.Time{}, ledger.Span{Days: 30}, 4
		})
		other, sign := ledgertest.Open(t, where), ledgertest.Issuer(ledgertest.Root, ledgertest.Staff).At(now.Add(ledgertest.Day))
		var first *ledger.License
		later := by()
		later.Now = now.Add(ledgertest.Day)
		outcomes, err := b.SignBatch(ctx, later, []*verify.Request{site(1, invoice), site(3, invoice)}, func(grants []ledger.Grant) []ledger.Draft {
			if first == nil {
				first = ledgertest.Signed(t, other, site(2, invoice))
			}
			return sign(grants)
		})
		if err != nil {
			t.Fatal(err)
		}
		want := time.Date(2026, 12, 21, 0, 0, 0, 0, time.UTC)
		for _, o := range outcomes {
			if o.Err != nil || !o.License.HardEnd.Equal(want) {
				t.Errorf("%+v", o)
			}
		}
		if !first.HardEnd.Equal(want) {
			t.Errorf("the first ends %s", first.HardEnd)
		}
		events, err := b.History(ctx, invoice)
		if err != nil {
			t.Fatal(err)
		}
		begun := 0
		for _, e := range events {
			if e.Action == ledger.ActionBegin {
				begun++
			}
		}
		if begun != 1 {
			t.Errorf("it began %d times", begun)
		}
		wantClean(t, b)
	})
}
