package book_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/offlicense/offlicense/cmd/internal/hint"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/ledgertest"
	"github.com/offlicense/offlicense/verify"
)

// A workstation whose clock is behind the newest record records nothing, and says so.
func TestClockBehindTheLedger(t *testing.T) {
	b, _ := ledgertest.New(t)
	ledgertest.Sold(t, b, func(*ledger.Entitlement) {})
	early := ledgertest.At(now.Add(-verify.ClockTolerance - time.Second))
	_, err := b.Sign(ctx, early, site(1, invoice), issue())
	_, previewed := b.Preview(ctx, early, site(1, invoice))
	for what, err := range map[string]error{"sign": err, "preview": previewed, "entitle": b.Entitle(ctx, early, ledgertest.Entitlement())} {
		if err == nil || !strings.Contains(err.Error(), "clock") || hint.Of(err) == "" {
			t.Errorf("%s: %v", what, err)
		}
	}

	// Where it was the other clock that was wrong, staff lift that once.
	q := site(1, invoice)
	ahead := ledgertest.Entitlement()
	ahead.Invoice = "AHEAD"
	if err := b.Entitle(ctx, ledgertest.At(now.Add(99*day)), ahead); err != nil {
		t.Fatal(err)
	}
	_, err = b.Sign(ctx, by(), q, issue())
	ledgertest.WantRefusal(t, err, ledger.RuleClock)
	right := because("that clock was wrong")
	right.Override = true
	if _, err := b.Sign(ctx, right, q, issue()); err != nil {
		t.Fatal(err)
	}
	ledgertest.Signed(t, b, site(1, "AHEAD"))
	var lifted []ledger.Rule
	for _, of := range []string{invoice, "AHEAD"} {
		events, err := b.History(ctx, of)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range events {
			lifted = append(lifted, e.Lifted...)
		}
	}
	if !slices.Equal(lifted, []ledger.Rule{ledger.RuleClock}) {
		t.Errorf("lifted: %v, want the clock, once", lifted)
	}
}
