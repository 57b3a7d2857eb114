package service

import (
	"context"
	"sync"
	"testing"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/ledgertest"
	"github.com/offlicense/offlicense/format"
)

func (v *vendor) releaseText(license *Activated, n uint32) []byte {
	v.Helper()
	l, _, err := v.Issued(ctx, license.ID)
	if err != nil {
		v.Fatal(err)
	}
	return format.EncodeFile(format.Release, ledgertest.Releasing(l, ledgertest.SiteKey(n), 0).Raw)
}

// TestReleaseAndMove: the whole move of the one seat, with no person; each step again changes
// nothing.
func TestReleaseAndMove(t *testing.T) {
	everywhere(t, func(t *testing.T, v *vendor) {
		v.sell(nil)
		a, _ := v.activator(nil)
		old := v.wantLicense(a, requestText(t, 1, nil))
		bridge := requestText(t, 2, func(q *format.Request) { q.Type = ledger.TypeDevelopment })
		v.wantLicense(a, bridge)
		release := v.releaseText(old, 1)
		for i := range 2 {
			got, err := a.Release(ctx, release)
			if err != nil || got.Already != (i == 1) || got.Successor == "" || got.Waits {
				t.Fatalf("got %+v, %v", got, err)
			}
		}
		v.wantLicense(a, requestText(t, 2, nil))
		v.wantDeclined(a, requestText(t, 1, nil), "request")
		for _, wrong := range [][]byte{nil, []byte("x"), requestText(t, 1, nil), release[:len(release)-9]} {
			if got, err := a.Release(ctx, wrong); err == nil {
				t.Errorf("got %+v", got)
			} else if no, ok := err.(*Declined); !ok || no.Next == "" {
				t.Errorf("got %#v", err)
			}
		}
		v.wantClean()
	})
}

// TestTwoActivators: two processes on one ledger give no seat too many, and each request has
// one license, whoever is asked.
func TestTwoActivators(t *testing.T) {
	v := newVendor(t, ledgertest.Postgres(t))
	const seats, sites = 30, 40
	v.sell(func(e *ledger.Entitlement) { e.Seats = seats })
	a, _ := v.activator(nil)
	v.Service = v.open()
	b, _ := v.activator(nil)
	var group sync.WaitGroup
	var mu sync.Mutex
	got := make(map[uint32]map[format.ID]bool)
	for i := range 4 * sites {
		group.Go(func() {
			n := uint32(i/4) + 1
			done, err := [...]*Activator{a, b}[i%2].Activate(context.Background(), requestText(t, n, nil))
			if err != nil {
				t.Error(err)
				return
			}
			if done.License != nil {
				mu.Lock()
				defer mu.Unlock()
				if got[n] == nil {
					got[n] = make(map[format.ID]bool)
				}
				got[n][done.ID] = true
			}
		})
	}
	group.Wait()
	for n, ids := range got {
		if len(ids) != 1 {
			t.Errorf("site %d has %d licenses", n, len(ids))
		}
	}
	h, err := v.Holding(ctx, "INV0042-1")
	if err != nil || h.SeatsUsed != seats || len(got) != seats {
		t.Errorf("%d seats are used, %d sites have a license: %v", h.SeatsUsed, len(got), err)
	}
	v.wantClean()
}
