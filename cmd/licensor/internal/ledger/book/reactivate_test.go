package book_test

import (
	"testing"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/ledgertest"
	"github.com/offlicense/offlicense/verify"
)

// The old server of a move is gone: the new one takes its seat in one step, by the request
// of its bridge or by another one.
func TestReactivateEndsAMove(t *testing.T) {
	for name, request := range map[string]func(q *verify.Request) *verify.Request{
		"by the request of its bridge": func(q *verify.Request) *verify.Request { return q },
		"by another one":               func(q *verify.Request) *verify.Request { return again(t, q, nil) },
	} {
		t.Run(name, func(t *testing.T) {
			b, _ := ledgertest.New(t)
			ledgertest.Sold(t, b, func(*ledger.Entitlement) {})
			old, q := ledgertest.Signed(t, b, site(1, invoice)), site(2, invoice)
			bridge, err := b.Move(ctx, because("new hardware"), invoice, old.Activation, 14*day, q, issue())
			if err != nil {
				t.Fatal(err)
			}
			got, err := b.Reactivate(ctx, because("it died"), old.Activation, request(q), issue())
			if err != nil {
				t.Fatal(err)
			}
			if got.License.Activation == bridge.Activation || says(t, got.License).Type != ledger.TypeProduction || len(got.Revoked) != 2 {
				t.Errorf("got %+v", got)
			}
			wantSeats(t, b, invoice, 1, 1)
			wantClean(t, b)
		})
	}
}
