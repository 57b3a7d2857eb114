package ledger_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/format"
)

func TestRenewWithoutANewRequest(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger, where string) {
		sold(t, l, func(e *ledger.Entitlement) { e.Seats, e.GraceDays = 3, 14 })
		first := signed(t, l, request(t, 1, nil))
		signed(t, l, request(t, 2, nil))
		gone := signed(t, l, request(t, 3, nil))
		release(t, l, gone, 3)
		newer := request(t, 2, func(q *format.Request) { q.Time++ })
		second := signed(t, l, newer)

		ends := entitlement().Expires.Add(365 * day)
		renewed, err := l.Renew(ctx, operation(), "INV0042-1", ledger.Renewal{Expires: ends}, issue(t, now))
		if err != nil || len(renewed) != 2 {
			t.Fatalf("%d licenses, %v, want one for each active site", len(renewed), err)
		}
		for _, license := range renewed {
			before := first
			if license.Activation == second.Activation {
				before = second
			}
			got := says(t, license)
			if license.Epoch != before.Epoch+1 || !got.Expires.Equal(ends) || !got.HardEnd.Equal(ends.Add(14*day)) || !bytes.Equal(license.Request, before.Request) {
				t.Errorf("after epoch %d of %s: %+v", before.Epoch, before.Activation, got)
			}
		}
		// The request that is sent again gets the renewed license.
		if again := signed(t, l, newer); !again.Expires.Equal(ends.Add(14 * day)) {
			t.Errorf("the newest request gets a license until %s", again.Expires)
		}
		events := count(t, where, "events")
		again, err := l.Renew(ctx, operation(), "INV0042-1", ledger.Renewal{Expires: ends}, issue(t, now))
		if err != nil || len(again) != 2 || count(t, where, "events") != events {
			t.Errorf("the same renewal again: %d licenses, %v", len(again), err)
		}
		for _, to := range []ledger.Renewal{{}, {Expires: ends.Add(-day)}, {Expires: ends, Perpetual: true}} {
			if _, err := l.Renew(ctx, operation(), "INV0042-1", to, issue(t, now)); err == nil {
				t.Errorf("renewed to %+v", to)
			}
		}
	})
}

func TestPerpetualWithMaintenance(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger, _ string) {
		until := now.Add(365 * day)
		sold(t, l, func(e *ledger.Entitlement) { e.Expires, e.UpdatesUntil = time.Time{}, until })
		license, err := signAt(t, l, request(t, 1, nil), now.Add(20*365*day))
		if err != nil {
			t.Fatal(err)
		}
		if got := says(t, license); !got.Expires.IsZero() || !got.UpdatesUntil.Equal(until) {
			t.Errorf("the license says %+v", got)
		}
	})
}

// When a subscription becomes perpetual, the customer keeps what they have.
func TestRenewToPerpetual(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger, _ string) {
		sold(t, l, func(e *ledger.Entitlement) { e.GraceDays = 14 })
		signed(t, l, request(t, 1, nil))
		until := now.Add(365 * day)
		renewed, err := l.Renew(ctx, operation(), "INV0042-1", ledger.Renewal{Perpetual: true, UpdatesUntil: until}, issue(t, now))
		if err != nil || len(renewed) != 1 {
			t.Fatal(renewed, err)
		}
		if got := says(t, renewed[0]); !got.Expires.IsZero() || !got.UpdatesUntil.Equal(until) {
			t.Errorf("the license says %+v", got)
		}
	})
}

func TestAmendSeatsAndLimits(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger, _ string) {
		sold(t, l, func(e *ledger.Entitlement) { e.Seats = 2 })
		signed(t, l, request(t, 1, nil))
		signed(t, l, request(t, 2, nil))
		amend := func(change func(e *ledger.Entitlement)) ([]*ledger.License, error) {
			return l.Amend(ctx, operation(), "INV0042-1", func(e *ledger.Entitlement) error { change(e); return nil }, issue(t, now))
		}
		licenses, err := amend(func(e *ledger.Entitlement) {
			e.Seats, e.Limits["cores"], e.Edition, e.MaxVersion = 3, 64, "plus", "9.x"
		})
		if err != nil || len(licenses) != 2 {
			t.Fatalf("%d licenses, %v", len(licenses), err)
		}
		for _, license := range licenses {
			if got := says(t, license); got.Limits["cores"] != 64 || got.Seats != 3 || got.Edition != "plus" || got.MaxVersion != "9.x" || got.Epoch != 2 {
				t.Errorf("the license says %+v", got)
			}
		}
		signed(t, l, request(t, 3, nil))
		_, err = amend(func(e *ledger.Entitlement) { e.Seats = 2 })
		wantRefusal(t, err, ledger.RuleSeats, "3 seats")
		for name, change := range map[string]func(e *ledger.Entitlement){
			"invoice":  func(e *ledger.Entitlement) { e.Invoice = "X" },
			"customer": func(e *ledger.Entitlement) { e.Customer = "X" },
			"product":  func(e *ledger.Entitlement) { e.Product = "x" },
			"type":     func(e *ledger.Entitlement) { e.Type = "test" },
			"counting": func(e *ledger.Entitlement) { e.CountBy = ledger.ByMachine },
		} {
			if _, err := amend(change); err == nil {
				t.Errorf("the %s was amended", name)
			}
		}
		if _, err := l.Amend(ctx, operation(), "NONE", func(*ledger.Entitlement) error { return nil }, issue(t, now)); err == nil {
			t.Error("an unknown invoice was amended")
		}
	})
}

// A renewal takes no builds away that were covered.
func TestRenewKeepsUpdates(t *testing.T) {
	ends := entitlement().Expires
	later := ends.Add(365 * day)
	for name, test := range map[string]struct {
		until, expires time.Time // as sold
		to             ledger.Renewal
		refused        bool
	}{
		"earlier":                            {ends, ends, ledger.Renewal{Expires: later, UpdatesUntil: ends.Add(-day)}, true},
		"the same":                           {ends, ends, ledger.Renewal{Expires: later, UpdatesUntil: ends}, false},
		"later":                              {ends, ends, ledger.Renewal{Expires: later, UpdatesUntil: later}, false},
		"as it is":                           {ends, ends, ledger.Renewal{Expires: later}, false},
		"all, to the subscription's end":     {time.Time{}, ends, ledger.Renewal{Expires: later, UpdatesUntil: ends}, false},
		"all, to less than the subscription": {time.Time{}, ends, ledger.Renewal{Expires: later, UpdatesUntil: ends.Add(-day)}, true},
		"all for ever":                       {time.Time{}, time.Time{}, ledger.Renewal{Perpetual: true, UpdatesUntil: later}, true},
		"perpetual with maintenance":         {time.Time{}, ends, ledger.Renewal{Perpetual: true, UpdatesUntil: ends.Add(-day)}, false},
	} {
		t.Run(name, func(t *testing.T) {
			l, where := newLedger(t)
			sold(t, l, func(e *ledger.Entitlement) { e.UpdatesUntil, e.Expires = test.until, test.expires })
			_, err := l.Renew(ctx, operation(), "INV0042-1", test.to, issue(t, now))
			if !test.refused {
				if err != nil {
					t.Error(err)
				}
				return
			}
			var known *ledger.Error
			if !errors.As(err, &known) || !strings.Contains(known.Next, "licensor amend") || count(t, where, "events") != 2 {
				t.Errorf("got %v, want an error that names amend", err)
			}
		})
	}
}

// The preview says what is recorded: the same again, with whatever lifts rules, is
// nothing.
func TestPreviewOfARevision(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger, where string) {
		sold(t, l, func(e *ledger.Entitlement) { e.Invoice = "P-1" })
		sold(t, l, func(e *ledger.Entitlement) { e.Type, e.Seats = "test", 3 })
		signed(t, l, request(t, 1, asks("INV0042-1", "test")))
		signed(t, l, request(t, 2, asks("INV0042-1", "test")))
		events := count(t, where, "events")
		for name, test := range map[string]struct {
			change           ledger.Revision
			changes, narrows bool
		}{
			"the same end": {ledger.NewRenewal(ledger.Renewal{Expires: entitlement().Expires}), false, false},
			"a later end":  {ledger.NewRenewal(ledger.Renewal{Expires: entitlement().Expires.Add(day)}), true, false},
			"no change": {ledger.NewAmendment(func(e *ledger.Entitlement) error {
				e.Features, e.Email = append([]string{}, e.Features...), " "+e.Email
				return nil
			}), false, false},
			"seats":          {ledger.NewAmendment(func(e *ledger.Entitlement) error { e.Seats = 2; return nil }), true, false},
			"an earlier end": {ledger.NewAmendment(func(e *ledger.Entitlement) error { e.Expires = e.Expires.Add(-day); return nil }), true, true},
			"a feature":      {ledger.NewAmendment(func(e *ledger.Entitlement) error { e.Features = nil; return nil }), true, true},
			"a limit":        {ledger.NewAmendment(func(e *ledger.Entitlement) error { e.Limits["cores"]--; return nil }), true, true},
			"a new limit":    {ledger.NewAmendment(func(e *ledger.Entitlement) error { e.Limits["users"] = 9; return nil }), true, true},
			"a higher limit": {ledger.NewAmendment(func(e *ledger.Entitlement) error { e.Limits["cores"]++; return nil }), true, false},
		} {
			licenses := 0
			if test.changes {
				licenses = 2
			}
			got, err := l.PreviewRevision(ctx, override("they are nice"), "INV0042-1", test.change)
			if err != nil || got.Changes != test.changes || got.Licenses != licenses || got.Narrows() != test.narrows {
				t.Errorf("%s: %+v, %v", name, got, err)
			}
		}
		again, err := l.Revise(ctx, override("they are nice"), "INV0042-1", ledger.NewRenewal(ledger.Renewal{Expires: entitlement().Expires}), issue(t, now))
		if err != nil || len(again) != 2 || again[0].Epoch != 1 || count(t, where, "events") != events {
			t.Errorf("the same again: %v, %v", again, err)
		}
		if _, err := l.PreviewRevision(ctx, operation(), "INV0042-1", ledger.NewAmendment(func(e *ledger.Entitlement) error { e.Allowance = 3; return nil })); err == nil {
			t.Error("an allowance for tests")
		}
	})
}
