package main

import (
	"net/http"
	"sync/atomic"
	"testing"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/ledgertest"
)

// soldOnPostgres is soldToMany with the ledger in a database, whose address it returns.
func soldOnPostgres(t testing.TB) (dir, address string) {
	t.Helper()
	address = ledgertest.Postgres(t)
	dir = t.TempDir()
	mustRun(t, dir, append(initArgs("V"), "--ledger", address)...)
	entitleIn(t, address, many/2)
	return dir, address
}

// TestTwoServicesOnPostgreSQL: two services on one ledger give no seat twice, whoever is asked
// by which of the two sites that want it.
func TestTwoServicesOnPostgreSQL(t *testing.T) {
	t.Parallel()
	dir, address := soldOnPostgres(t)
	one, other := newServed(t, dir, "--ledger", address), newServed(t, dir, "--ledger", address)
	var answered atomic.Int64
	var all load
	all.run(t, 16, func(_ int, a answer) bool {
		if !a.told() {
			t.Errorf("got %v", a)
		}
		return answered.Add(1) >= 300
	}, one.activate, other.activate)
	for _, s := range []*served{other, one} {
		all.again(t, s.activate)
	}
	wantClean(t, dir, "--ledger", address)
	one.end(t)
	other.end(t)
}

// TestServiceOutlivesItsDatabase: while PostgreSQL restarts, the service says that it is in
// trouble, lives, and goes on by itself; nothing is lost.
func TestServiceOutlivesItsDatabase(t *testing.T) {
	dir, address := soldOnPostgres(t) // not parallel: all use that server
	s := newServed(t, dir, "--ledger", address)
	var all load
	var answered, troubles atomic.Int64
	done := make(chan struct{})
	enough := make(chan struct{})
	go func() {
		defer close(done)
		all.run(t, 16, func(_ int, a answer) bool {
			if !a.told() {
				wantTrouble(t, a)
				troubles.Add(1)
			}
			if answered.Add(1) == 100 {
				close(enough)
			}
			return troubles.Load() >= 50
		}, s.activate)
	}()
	<-enough
	ledgertest.Restart(t, func() {
		<-done
		if a := s.ask("/livez"); a.status != http.StatusOK {
			t.Errorf("livez: got %v", a)
		}
		if a := s.ask("/readyz"); a.status != http.StatusServiceUnavailable {
			t.Errorf("readyz: got %v", a)
		}
	})
	s.ready(t)
	if unanswered := all.again(t, s.activate); unanswered < 50 {
		t.Errorf("%d were in trouble: too few for this test to mean anything", unanswered)
	}
	wantClean(t, dir, "--ledger", address)
	s.end(t)
}
