package ledger_test

import (
	"slices"
	"testing"
	"time"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/format"
)

func TestSigners(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger, _ string) {
		if got, err := l.Signers(ctx); err != nil || len(got) > 0 {
			t.Errorf("nothing is signed: %v, %v", got, err)
		}
		sold(t, l, func(e *ledger.Entitlement) { e.Seats = 3 })
		for i, by := range []string{"bert", "anna", "bert"} {
			at := now.Add(time.Duration(i) * day)
			sign := issue(t, at)
			_, err := l.Sign(ctx, operationAt(at), request(t, byte(i+1), nil), each(func(g ledger.Grant) (format.ID, []byte, string, error) {
				id, file, _, err := one(sign, g)
				return id, file, by, err
			}))
			if err != nil {
				t.Fatal(err)
			}
		}
		got, err := l.Signers(ctx)
		want := []ledger.Signer{
			{Name: "anna", Licenses: 1, First: now.Add(day), Last: now.Add(day)},
			{Name: "bert", Licenses: 2, First: now, Last: now.Add(2 * day)},
		}
		if err != nil || !slices.EqualFunc(got, want, func(a, b ledger.Signer) bool {
			return a.Name == b.Name && a.Licenses == b.Licenses && a.First.Equal(b.First) && a.Last.Equal(b.Last)
		}) {
			t.Errorf("got %v, %v, want %v", got, err, want)
		}
	})
}
