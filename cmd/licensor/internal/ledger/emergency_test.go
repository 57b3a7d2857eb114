package ledger_test

import (
	"math"
	"testing"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/verify"
)

// failovers sells failover servers with so many days of emergency for each seat.
func failovers(t *testing.T, l *ledger.Ledger, seats, days uint64) {
	t.Helper()
	sold(t, l, func(e *ledger.Entitlement) { e.Invoice = "P-1" })
	sold(t, l, func(e *ledger.Entitlement) {
		e.Invoice, e.Type, e.Seats, e.EmergencyDays = "F-1", "failover", seats, days
	})
}

// standby signs the request of a failover server.
func standby(t *testing.T, l *ledger.Ledger, seed byte) *ledger.License {
	t.Helper()
	return signed(t, l, request(t, seed, asks("F-1", "failover")))
}

func wantDays(t *testing.T, license *ledger.License, days uint64) {
	t.Helper()
	if got := says(t, license).EmergencyDays; got != days {
		t.Errorf("the license of %s, epoch %d, carries %d days of emergency, want %d", license.Activation, license.Epoch, got, days)
	}
}

// releaseAfter gives a failover license up after so many days of emergency.
func releaseAfter(t *testing.T, l *ledger.Ledger, license *ledger.License, seed byte, days uint64) *ledger.Released {
	t.Helper()
	r, err := l.Release(ctx, operation(), ledger.Release{License: license.ID, Key: key(t, seed).Public(), EmergencyDays: days, Raw: []byte("release")}, issue(t, now))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func wantDaysUsed(t *testing.T, l *ledger.Ledger, days uint64) {
	t.Helper()
	if used := holding(t, l, "F-1").Usage.EmergencyDays; used != days {
		t.Errorf("%d days of emergency are used, want %d", used, days)
	}
	wantClean(t, l, nil)
}

func amendDays(l *ledger.Ledger, t *testing.T, change func(e *ledger.Entitlement)) ([]*ledger.License, error) {
	t.Helper()
	return l.Amend(ctx, operation(), "F-1", func(e *ledger.Entitlement) error { change(e); return nil }, issue(t, now))
}

// Two servers do not use the same day: each seat has its own.
func TestEmergencyDaysAreOfEachSeat(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger, _ string) {
		failovers(t, l, 2, 10)
		first, second := standby(t, l, 1), standby(t, l, 2)
		wantDays(t, first, 10)
		wantDays(t, second, 10)
		releaseAfter(t, l, first, 1, 7)
		third := standby(t, l, 3) // of 20 days, 7 are used, and the second server has 10
		wantDays(t, third, 3)
		releaseAfter(t, l, second, 2, 0)
		wantDays(t, standby(t, l, 4), 10)
		wantDaysUsed(t, l, 7)
	})
}

// Who has none left for another server says so before it is signed, and never writes
// a license without days, which would not be limited.
func TestNoEmergencyDayLeft(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger, where string) {
		failovers(t, l, 2, 10)
		first := standby(t, l, 1)
		standby(t, l, 2)
		releaseAfter(t, l, first, 1, 10)
		events := count(t, where, "events")
		q := request(t, 3, asks("F-1", "failover"))
		_, err := sign(t, l, q)
		wantRefusal(t, err, ledger.RuleEmergency, "10 of 20")
		_, err = l.Preview(ctx, q, now)
		wantRefusal(t, err, ledger.RuleEmergency)
		if n := count(t, where, "events"); n != events {
			t.Errorf("%d events were recorded", n-events)
		}
		if _, err := amendDays(l, t, func(e *ledger.Entitlement) { e.Seats = 3 }); err != nil {
			t.Fatal(err)
		}
		wantDays(t, standby(t, l, 3), 10)
		wantDaysUsed(t, l, 10)
	})
}

// The number in a license counts from the activation's first day, so a renewal carries
// what the last license did, whatever was used until then.
func TestRenewalKeepsEmergencyDays(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger, _ string) {
		failovers(t, l, 2, 10)
		first := standby(t, l, 1)
		releaseAfter(t, l, first, 1, 15) // it had 10
		wantDays(t, standby(t, l, 2), 10)
		renewed, err := l.Renew(ctx, operation(), "F-1", ledger.Renewal{Expires: entitlement().Expires.Add(day)}, issue(t, now))
		if err != nil || len(renewed) != 1 {
			t.Fatal(renewed, err)
		}
		wantDays(t, renewed[0], 10)
		wantDays(t, signed(t, l, request(t, 2, func(q *format.Request) {
			asks("F-1", "failover")(q)
			q.Time++
		})), 10)
		wantDaysUsed(t, l, 10)
	})
}

// A release says what it likes: it counts for what its licenses carried, and no more.
func TestReleaseClaimsNoMoreDaysThanItHad(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger, _ string) {
		failovers(t, l, 3, 10)
		standby(t, l, 1)
		for seed := byte(2); seed <= 3; seed++ {
			if r := releaseAfter(t, l, standby(t, l, seed), seed, math.MaxUint64); r.DaysUsed != 10 {
				t.Errorf("%d days are counted as used", r.DaysUsed)
			}
		}
		wantDaysUsed(t, l, 20)
		_, err := sign(t, l, request(t, 4, asks("F-1", "failover")))
		wantRefusal(t, err, ledger.RuleEmergency)
		// Nor does one of another type, which has none.
		license := signed(t, l, request(t, 5, asks("P-1", "production")))
		if r, err := l.Release(ctx, operation(), ledger.Release{License: license.ID, Key: key(t, 5).Public(), EmergencyDays: 99, Raw: []byte("release")}, nil); err != nil || r.DaysUsed != 0 {
			t.Errorf("a production server: %+v, %v", r, err)
		}
		if used := holding(t, l, "P-1").Usage.EmergencyDays; used != 0 {
			t.Errorf("%d days of emergency are used of a production entitlement", used)
		}
	})
}

// What a lost server has used nobody knows: it counts in full, unless staff say how
// many it was.
func TestLostServerUsedItsEmergencyDays(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger, _ string) {
		failovers(t, l, 1, 10)
		lost := standby(t, l, 1)
		if _, err := l.ReactivateUsed(ctx, because("disk gone, 4 days by their log"), "F-1", lost.Activation, 4); err != nil {
			t.Fatal(err)
		}
		second := standby(t, l, 2)
		wantDays(t, second, 6)
		wantDaysUsed(t, l, 4)
		if _, err := l.Reactivate(ctx, because("burnt"), "F-1", second.Activation); err != nil {
			t.Fatal(err)
		}
		wantDaysUsed(t, l, 10)
		_, err := sign(t, l, request(t, 3, asks("F-1", "failover")))
		wantRefusal(t, err, ledger.RuleEmergency, "10 of 10")
	})
}

// Where fewer days are sold, all servers get new licenses with fewer; where more are,
// they share what has come. None gets less than one.
func TestAmendEmergencyDays(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger, where string) {
		failovers(t, l, 2, 10)
		first := standby(t, l, 1)
		standby(t, l, 2)
		amended := func(days, each uint64) {
			t.Helper()
			licenses, err := amendDays(l, t, func(e *ledger.Entitlement) { e.EmergencyDays = days })
			if err != nil || len(licenses) != 2 {
				t.Fatal(licenses, err)
			}
			for _, license := range licenses {
				wantDays(t, license, each)
			}
		}
		amended(4, 4)
		amended(12, 12)
		releaseAfter(t, l, first, 1, 12)
		wantDaysUsed(t, l, 12)
		events := count(t, where, "events")
		_, err := amendDays(l, t, func(e *ledger.Entitlement) { e.EmergencyDays = 6 })
		wantRefusal(t, err, ledger.RuleEmergency, "12 of 12")
		if n := count(t, where, "events"); n != events {
			t.Errorf("%d events were recorded", n-events)
		}
	})
}

// In one batch as one by one.
func TestBatchSharesEmergencyDays(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger, _ string) {
		failovers(t, l, 3, 10)
		releaseAfter(t, l, standby(t, l, 9), 9, 10)
		if _, err := amendDays(l, t, func(e *ledger.Entitlement) { e.EmergencyDays = 7 }); err != nil { // 21, 10 are used
			t.Fatal(err)
		}
		var q []*verify.Request
		for seed := byte(1); seed <= 3; seed++ {
			q = append(q, request(t, seed, asks("F-1", "failover")))
		}
		outcomes, err := l.SignBatch(ctx, operation(), q, issue(t, now))
		if err != nil {
			t.Fatal(err)
		}
		wantDays(t, outcomes[0].License, 7)
		wantDays(t, outcomes[1].License, 4)
		wantRefusal(t, outcomes[2].Err, ledger.RuleEmergency)
		wantClean(t, l, nil)
	})
}

// A license for any machine would count its days on each.
func TestFailoverIsBound(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger, where string) {
		failovers(t, l, 1, 10)
		if _, err := amendDays(l, t, func(e *ledger.Entitlement) { e.Unbound = true }); err == nil {
			t.Error("a failover entitlement for any machine was sold")
		}
		execute(t, where, "UPDATE entitlements SET unbound = 1 WHERE invoice = 'F-1'")
		_, err := l.SignUnbound(ctx, operation(), "F-1", "Berlin", issue(t, now))
		wantRefusal(t, err, ledger.RuleUnbound)
	})
}

// No count of days is more than a database holds.
func TestTooManyEmergencyDays(t *testing.T) {
	l, _ := newLedger(t)
	entitle(t, l, entitlement())
	for _, n := range []uint64{1 << 27, 1 << 40, 1 << 53} {
		if err := sell(l, operation(), func(e *ledger.Entitlement) {
			e.Invoice, e.Type, e.Seats, e.EmergencyDays = "F-1", "failover", n, n
		}); err == nil {
			t.Errorf("%d days for each of %d seats were sold", n, n)
		}
	}
}
