package store_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/ledgertest"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/store"
	"github.com/offlicense/offlicense/verify"
)

// TestClaims: what is known of a claim, also in a group of many.
func TestClaims(t *testing.T) {
	everywhere(t, func(t *testing.T, s *store.Store, _ string) {
		record(t, s,
			sell(func(e *ledger.Entitlement) {}),
			sell(func(e *ledger.Entitlement) { e.Invoice, e.Email = "P-2", "other@site.example" }),
			begins("A", 1, ledger.StateActive, "INV0042-1", site(1), now),
		)
		requests := append([]*verify.Request{site(1), site(2), ledgertest.Site(1, "P-2"), ledgertest.Site(3, "NONE")}, ledgertest.Sites(10, 70, "INV0042-1")...)
		var claims []store.Claim
		facts(t, s, func(x *store.Tx) (err error) {
			claims, err = x.Claims(requests)
			return err
		})
		first, other := []string{"ops@site.example"}, []string{"other@site.example"}
		for i, want := range []store.Claim{{true, true, first}, {false, false, first}, {false, false, other}, {}, {false, false, first}} {
			if got := claims[i]; got.Recorded != want.Recorded || got.Known != want.Known || !slices.Equal(got.Addresses, want.Addresses) {
				t.Errorf("%d: got %+v, want %+v", i, got, want)
			}
		}
		if n := len(claims); n != len(requests) || !slices.Equal(claims[n-1].Addresses, first) {
			t.Errorf("%d claims for %d requests", n, len(requests))
		}
	})
}

// TestStatementsOfAWrongClaim: an unknown invoice and a wrong e-mail address run the same
// statements, and as many rows are read for the one as for the other.
func TestStatementsOfAWrongClaim(t *testing.T) {
	s, where := onFile(t)
	for i := range 40 {
		record(t, s, sell(func(e *ledger.Entitlement) { e.Invoice = fmt.Sprint("S-", i) }))
	}
	w := s.Watch(t, "file:"+where)
	ran := func(invoice string, n int) []string {
		t.Helper()
		requests := make([]*verify.Request, n)
		for i := range requests {
			requests[i] = ledgertest.Site(uint32(i), fmt.Sprint(invoice, i))
		}
		facts(t, s, func(x *store.Tx) error {
			w.Take()
			_, err := x.Claims(requests)
			return err
		})
		return w.Take()
	}
	for _, n := range []int{1, 2, 40} {
		known, unknown := ran("S-", n), ran("U-", n)
		if len(known) != 4 || !slices.Equal(known, unknown) {
			t.Errorf("of %d requests: %q, and of unknown invoices %q", n, known, unknown)
		}
	}
}

// TestLoad counts by name and key, what has not ended, and what was issued within an hour.
func TestLoad(t *testing.T) {
	everywhere(t, func(t *testing.T, s *store.Store, _ string) {
		record(t, s, sell(func(e *ledger.Entitlement) { e.Seats = 9 }), begins("A", 1, ledger.StateActive, "INV0042-1", site(1), now), begins("B", 2, ledger.StateActive, "INV0042-1", site(2), now))
		l := license(1, "A", 1, site(1))
		var newest int64
		facts(t, s, func(x *store.Tx) (err error) { newest, _, err = x.Size(); return err })
		for _, c := range []struct {
			name  string
			key   []byte
			since int64
			at    time.Time
			want  store.Load
		}{
			{l.SignedBy, l.SignerKey, 0, l.Issued, store.Load{Living: 2, LastHour: 2, Seq: newest}},
			{l.SignedBy, l.SignerKey, newest - 1, l.Issued, store.Load{Living: 1, LastHour: 1, Seq: newest}},
			{l.SignedBy, l.SignerKey, newest, l.Issued, store.Load{}},
			{l.SignedBy, l.SignerKey, 0, l.Issued.Add(time.Hour), store.Load{Living: 2, Seq: newest}},
			{l.SignedBy, l.SignerKey, 0, l.Issued.AddDate(100, 0, 0), store.Load{Seq: newest}},
			{"other", l.SignerKey, 0, l.Issued, store.Load{}},
			{l.SignedBy, []byte("other"), 0, l.Issued, store.Load{}},
		} {
			facts(t, s, func(x *store.Tx) error {
				got, err := x.Load(c.name, c.key, c.since, c.at)
				if got != c.want {
					t.Errorf("%s at %s: got %+v, want %+v", c.name, c.at, got, c.want)
				}
				return err
			})
		}
	})
}
