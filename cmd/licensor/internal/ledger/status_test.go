package ledger_test

import (
	"testing"
	"time"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
)

// Each state, by the facts that make it; the earlier of two that would do is told.
func TestStatus(t *testing.T) {
	now := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	day := 24 * time.Hour
	type facts struct {
		sale ledger.Entitlement
		held ledger.Held
	}
	for _, c := range []struct {
		sale, held ledger.Status
		change     func(f *facts)
	}{
		{ledger.StatusActive, ledger.StatusActive, func(*facts) {}},
		{ledger.StatusActive, ledger.StatusActive, func(f *facts) { f.sale.Expires = now.Add(day) }},
		{ledger.StatusGrace, ledger.StatusGrace, func(f *facts) { f.sale.Expires, f.sale.GraceDays = now.Add(-day), 2 }},
		{ledger.StatusEnded, ledger.StatusEnded, func(f *facts) { f.sale.Expires, f.sale.GraceDays = now.Add(-2*day), 2 }},
		{ledger.StatusEnded, ledger.StatusEnded, func(f *facts) { f.sale.Expires, f.sale.Type = now, ledger.TypeFailover }},
		{ledger.StatusStandby, ledger.StatusStandby, func(f *facts) { f.sale.Type = ledger.TypeFailover }},
		{ledger.StatusSuspended, ledger.StatusActive, func(f *facts) { f.sale.Standing = ledger.StandingSuspended }},
		{ledger.StatusCanceled, ledger.StatusRevoked, func(f *facts) {
			f.sale.Standing, f.sale.Expires, f.held.Revoked = ledger.StandingCanceled, now.Add(-day), now
		}},
		{ledger.StatusActive, ledger.StatusReleased, func(f *facts) { f.held.State, f.held.Revoked = ledger.StateReleased, now }},
		{ledger.StatusActive, ledger.StatusBridge, func(f *facts) { f.held.State, f.held.License.HardEnd = ledger.StateBridge, now.Add(time.Second) }},
		{ledger.StatusActive, ledger.StatusEnded, func(f *facts) {
			f.sale.Expires, f.sale.GraceDays = now.Add(day), 14
			f.held.State, f.held.License.HardEnd = ledger.StateBridge, now
		}},
	} {
		f := &facts{sale: ledger.Entitlement{Type: ledger.TypeProduction}}
		f.held.State, f.held.License = ledger.StateActive, new(ledger.License)
		c.change(f)
		if f.held.License.HardEnd.IsZero() {
			f.held.License.HardEnd = f.sale.HardEnd()
		}
		if got := f.sale.Status(now); got != c.sale {
			t.Errorf("%+v: the sale is %s, want %s", f.sale, got, c.sale)
		}
		if got := f.held.Status(&f.sale, now); got != c.held {
			t.Errorf("%+v: the activation is %s, want %s", f.held, got, c.held)
		}
	}
}
