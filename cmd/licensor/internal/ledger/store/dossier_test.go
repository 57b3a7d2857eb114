package store_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/store"
	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/verify"
)

func TestDossier(t *testing.T) {
	everywhere(t, func(t *testing.T, s *store.Store, _ string) {
		record(t, s, history()...)
		code := format.ComparisonCode(site(11).Hash)
		for _, test := range []struct {
			wanted store.Wanted
			want   string
		}{
			{store.Wanted{Invoice: invoice}, "INV0042-1: AAAA 2, BBBB 1, CCCC 1, DDDD 1, EEEE 1"},
			{store.Wanted{Invoice: "P-2"}, "P-2:"},
			{store.Wanted{Activation: "DDDD"}, "INV0042-1 of DDDD: DDDD 1"},
			{store.Wanted{License: id(1)}, "INV0042-1 of AAAA: AAAA 2"},
			{store.Wanted{Code: code}, "INV0042-1 of AAAA: AAAA 2"},
			{store.Wanted{Code: strings.ToLower(strings.ReplaceAll(code, "-", " "))}, "INV0042-1 of AAAA: AAAA 2"},
			{store.Wanted{Code: code[:14]}, "nothing"},
			{store.Wanted{Code: "AAAA-AAAA-AAAA-AAAA"}, "nothing"},
			{store.Wanted{Invoice: "X"}, "nothing"},
			{store.Wanted{Activation: "X"}, "nothing"},
			{store.Wanted{License: id(99)}, "nothing"},
			{store.Wanted{}, "nothing"},
		} {
			facts(t, s, func(x *store.Tx) error {
				d, err := x.Dossier(test.wanted)
				got := "nothing"
				if d != nil {
					got = d.Invoice
					if d.Activation != "" {
						got += " of " + d.Activation
					}
					var parts []string
					for _, a := range []string{"AAAA", "BBBB", "CCCC", "DDDD", "EEEE"} {
						if n := len(d.Licenses[a]); n > 0 {
							parts = append(parts, fmt.Sprint(a, " ", n))
						}
					}
					got = strings.TrimSpace(got + ": " + strings.Join(parts, ", "))
					if len(d.Activations) != 5 && d.Invoice == invoice || d.Seller != "anna" {
						t.Errorf("%+v: %d activations, sold by %q", test.wanted, len(d.Activations), d.Seller)
					}
				}
				if got != test.want {
					t.Errorf("%+v: got %s, want %s", test.wanted, got, test.want)
				}
				return err
			})
		}
		facts(t, s, func(x *store.Tx) error {
			d, err := x.Dossier(store.Wanted{Activation: "AAAA"})
			if err != nil {
				return err
			}
			first, second := d.Licenses["AAAA"][0], d.Licenses["AAAA"][1]
			if first.Revoked == nil || first.Revoked.Why != "leaked" || second.Revoked != nil || second.Code != code || first.Code == code || second.Epoch != 2 {
				t.Errorf("got %+v and %+v", first, second)
			}
			return nil
		})
	})
}

// What a request was most likely meant to say: the nearest invoice, and that of its address.
func TestMeant(t *testing.T) {
	everywhere(t, func(t *testing.T, s *store.Store, _ string) {
		sold := func(invoice, customer, email string) ledger.Event {
			return sell(func(e *ledger.Entitlement) { e.Invoice, e.Customer, e.Email = invoice, customer, email })
		}
		record(t, s, sold("INV0001-1", "Site Ltd", "ops@site.example"), sold("INV0001-2", "Other Ltd", "ops@other.example"),
			sold("INV0001-3", "Other Ltd", "it@other.example"), sold("ORDER-9", "Site Ltd", "shop@site.example"))
		asks := func(invoice, email string) *verify.Request {
			q := *site(1)
			q.Invoice, q.Account = invoice, format.AccountHash(invoice, email)
			return &q
		}
		requests := []*verify.Request{
			asks("INV00O1-1", "ops@site.example"), asks("INV00O1-1", "ops@other.example"), asks("INV0001-1", "shop@site.example"),
			asks("INV0001-1", "it@other.example"), asks("NOTHING", "ops@site.example"), asks("INV0001-2", "nobody@site.example"),
		}
		want := []store.Meant{
			{Near: "INV0001-1", Fits: "INV0001-1"}, {Near: "INV0001-1", Fits: "INV0001-2"}, {Near: "INV0001-2", Other: "ORDER-9"},
			{Near: "INV0001-2", Fits: "INV0001-3"}, {}, {Near: "INV0001-1"},
		}
		facts(t, s, func(x *store.Tx) error {
			got, err := x.Meant(requests)
			for i := range got {
				if got[i] != want[i] {
					t.Errorf("%s: got %+v, want %+v", requests[i].Invoice, got[i], want[i])
				}
			}
			near, nearErr := x.Nearest(store.KnownCustomers, "OTHER  Ldt", "zzz")
			if nearErr != nil || strings.Join(near, ",") != "Other Ltd," {
				t.Errorf("got %q, %v", near, nearErr)
			}
			return err
		})
	})
}
