package ledger_test

import (
	"strings"
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

// Who takes licenses for any machine away signs no other one: what is out is taken back
// first.
func TestUnboundIsTakenAwayWithItsLicenses(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger, where string) {
		sold(t, l, func(e *ledger.Entitlement) { e.Unbound, e.Seats = true, 2 })
		signed(t, l, request(t, 1, nil))
		license, err := l.SignUnbound(ctx, operation(), "INV0042-1", "Berlin", issue(t, now))
		if err != nil {
			t.Fatal(err)
		}
		bind := func() ([]*ledger.License, error) {
			return l.Amend(ctx, operation(), "INV0042-1", func(e *ledger.Entitlement) error { e.Unbound = false; return nil }, issue(t, now))
		}
		events := count(t, where, "events")
		_, err = bind()
		wantRefusal(t, err, ledger.RuleUnbound, license.Activation, "Berlin")
		if !strings.Contains(err.(*ledger.Refusal).Next, "licensor reactivate INV0042-1 --activation "+license.Activation) {
			t.Errorf("next: %s", err.(*ledger.Refusal).Next)
		}
		if n := count(t, where, "events"); n != events {
			t.Errorf("%d events were recorded", n-events)
		}
		if _, err := l.Reactivate(ctx, because("bound from now on"), "INV0042-1", license.Activation); err != nil {
			t.Fatal(err)
		}
		if licenses, err := bind(); err != nil || len(licenses) != 1 || !says(t, licenses[0]).Bound {
			t.Errorf("bound: %d licenses, %v", len(licenses), err)
		}
	})
}

// Nor does a renewal sign one, where it was taken away by an earlier version.
func TestRenewalOfAnUnboundLicenseThatWasTakenAway(t *testing.T) {
	for name, change := range map[string]string{"unbound": "unbound = 0", "failover": "unbound = 0, type = 'failover', emergency_days = 9, excused = 1"} {
		t.Run(name, func(t *testing.T) {
			everywhere(t, func(t *testing.T, l *ledger.Ledger, where string) {
				sold(t, l, func(e *ledger.Entitlement) { e.Unbound = true })
				license, err := l.SignUnbound(ctx, operation(), "INV0042-1", "Berlin", issue(t, now))
				if err != nil {
					t.Fatal(err)
				}
				execute(t, where, "UPDATE entitlements SET "+change)
				_, err = l.Renew(ctx, operation(), "INV0042-1", ledger.Renewal{Expires: entitlement().Expires.Add(day)}, issue(t, now))
				wantRefusal(t, err, ledger.RuleUnbound, license.Activation)
			})
		})
	}
}
