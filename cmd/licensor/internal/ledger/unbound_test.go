package ledger_test

import (
	"testing"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
)

func TestUnboundOnlyWhereSoldSo(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger, where string) {
		sold(t, l, func(e *ledger.Entitlement) { e.Seats = 2 })
		_, err := l.SignUnbound(ctx, operation(), "INV0042-1", "", issue(t, now))
		wantRefusal(t, err, ledger.RuleUnbound)
		if _, err := l.Amend(ctx, operation(), "INV0042-1", func(e *ledger.Entitlement) error { e.Unbound = true; return nil }, issue(t, now)); err != nil {
			t.Fatal(err)
		}
		license, err := l.SignUnbound(ctx, operation(), "INV0042-1", "", issue(t, now))
		if err != nil {
			t.Fatal(err)
		}
		if got := says(t, license); got.Bound || got.Customer != "Site Ltd" {
			t.Errorf("the license says %+v", got)
		}
		events := count(t, where, "events")
		if again, err := l.SignUnbound(ctx, operation(), "INV0042-1", " ", issue(t, now)); err != nil || again.ID != license.ID || count(t, where, "events") != events {
			t.Errorf("again: %v, %v", again, err)
		}
		if _, err = l.SignUnbound(ctx, operation(), "INV0042-1", "Berlin", issue(t, now)); err != nil {
			t.Error(err)
		}
		_, err = l.SignUnbound(ctx, operation(), "INV0042-1", "Bonn", issue(t, now))
		wantRefusal(t, err, ledger.RuleSeats, "Berlin")
		renewed, err := l.Renew(ctx, operation(), "INV0042-1", ledger.Renewal{Expires: entitlement().Expires.Add(day)}, issue(t, now))
		if err != nil || len(renewed) != 2 || says(t, renewed[0]).Bound || renewed[0].Epoch != 2 {
			t.Errorf("renewed: %v, %v", renewed, err)
		}
	})
}
