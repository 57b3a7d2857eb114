package ledger

import (
	"fmt"

	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/verify"
)

// checkSeat judges whether a site that has no activation may have one. It finds out
// whose seat the site shares, where machines are counted.
func (v *view) checkSeat(e *sold, offer *Offer, q *verify.Request) error {
	if e.CountBy == ByMachine && len(q.Components) > 0 {
		shares, err := v.onMachine(e.Invoice, componentsOf(q.Components), "")
		if err != nil {
			return err
		}
		if shares != nil {
			offer.Seat = shares.Seat
			return nil
		}
	}
	return v.checkFree(e)
}

// seatAfter returns whose seat the new server of a move shares when the old one is
// released; empty: it gets one of its own. That is the one that the old server frees,
// and if sites that stay on the old machine keep it, there must be another one free.
func (v *view) seatAfter(e *sold, from *activationRow, q *verify.Request) (string, error) {
	if e.CountBy != ByMachine {
		return "", nil
	}
	if len(q.Components) > 0 {
		shares, err := v.onMachine(e.Invoice, componentsOf(q.Components), from.ID)
		if err != nil {
			return "", err
		}
		if shares != nil {
			return shares.Seat, nil
		}
	}
	var one int64
	kept, err := v.row(`SELECT 1 FROM (
		SELECT id FROM activations WHERE id = $1 AND state = 'active'
		UNION SELECT id FROM activations WHERE seat = $1 AND seat <> id AND state = 'active') AS sharing WHERE id <> $2 LIMIT 1`,
		[]any{from.Seat, from.ID}, &one)
	if err != nil || !kept {
		return "", err
	}
	return "", v.checkFree(e)
}

// checkMachine refuses a site that comes back on another machine: a copy of its state
// folder would have the same machine key, and a license of its own. The measure is that
// of the license: more than half of what the newest request named must be there.
func (v *view) checkMachine(own *activationRow, q *verify.Request) error {
	if v.override {
		return nil
	}
	newest, err := v.license("l.id = $1", own.license)
	if err != nil || newest == nil {
		return err
	}
	before, err := format.UnmarshalRequest(newest.Request)
	if err != nil {
		return damaged("license %s: %v", newest.ID, err)
	}
	matching := 0
	for _, b := range componentsOf(before.Components) {
		for _, c := range q.Components {
			if b.Label == c.Label && sameHash(b.Hash, c.Hash) {
				matching++
			}
		}
	}
	if n := len(before.Components); n == 0 || matching >= majority(n) {
		return nil
	}
	return refuse(RuleSeats, liftOverride,
		"if the old server is gone: \"licensor reactivate\"; if it still runs, its copy needs a seat of its own and a state folder of its own",
		"activation %s is in use on another machine: of %d components of that one, %d are here", own.Name(), len(before.Components), matching)
}

// checkFree refuses when no seat is free.
func (v *view) checkFree(e *sold) error {
	if e.Type == development {
		if e.Allowance > 0 && e.usage.Seats >= e.Allowance {
			return refuse(RuleAllowance, "sales, with \"licensor amend --allowance\"", "raise the allowance, or go on with the sites that are active",
				"all %d activations that invoice %q allows are in use", e.Allowance, e.Invoice)
		}
		return nil
	}
	if e.usage.Seats < e.Seats {
		return nil
	}
	names, err := v.holders(e.Invoice)
	if err != nil {
		return err
	}
	return refuse(RuleSeats, "sales, with \"licensor amend --seats\"",
		"sales sells another seat; or the site that has it gives it up (\"licensor release\", \"licensor reactivate\" if it is gone)",
		"no seat of invoice %q is free, %d of %d are in use: %s", e.Invoice, e.usage.Seats, e.Seats, names)
}

// checkDaysLeft refuses when all days of emergency that were sold are used up.
func checkDaysLeft(e *sold) error {
	if e.Type != failover || e.EmergencyDays == 0 || e.usage.EmergencyDays < e.EmergencyDays {
		return nil
	}
	return refuse(RuleEmergency, liftSales, fmt.Sprintf("sales sells more, and records them with \"licensor amend %s --emergency-days N\"", e.Invoice),
		"all %d days of emergency of invoice %q are used up", e.EmergencyDays, e.Invoice)
}

// checkPartner keeps licenses that are not for resale with partners.
func (v *view) checkPartner(e *Entitlement) error {
	if e.Type != nfr {
		return nil
	}
	partner, err := v.partner(e.Customer)
	if err != nil || partner {
		return err
	}
	return refuse(RulePartner, "who decides about partners, by marking the customer as one", "mark the customer as a partner, if that is what they are",
		"licenses that are not for resale (%s) are for partners, and %q is none", nfr, e.Customer)
}

// checkProduction wants a running production entitlement beside one of those types
// that go with it.
func (v *view) checkProduction(e *Entitlement) error {
	if !e.needsProduction() || e.Excused || v.override {
		return nil
	}
	partner, err := v.partner(e.Customer)
	if err != nil || partner {
		return err
	}
	runs, err := v.running(e.Customer, e.Product)
	if err != nil || runs {
		return err
	}
	return refuse(RuleProduction, liftOverride+"; partners need none", "sell or renew production first",
		"a license of type %s goes with a running production license, and %q has none of %s", e.Type, e.Customer, e.Product)
}

// checkOnce keeps evaluations to one per customer and product. renewal: of the very
// entitlement, which is a second one just as well.
func (v *view) checkOnce(e *Entitlement, renewal bool) error {
	if e.Type != evaluation || v.override {
		return nil
	}
	var other string
	found, err := v.row("SELECT invoice FROM entitlements WHERE customer = $1 AND product = $2 AND type = 'evaluation' AND invoice <> $3 ORDER BY invoice LIMIT 1",
		[]any{customerKey(e.Customer), e.Product, e.Invoice}, &other)
	if err != nil {
		return err
	}
	if renewal {
		found, other = true, e.Invoice
	}
	if !found {
		return nil
	}
	return refuse(RuleOnce, liftOverride, "sell the product, or ask who may give a second evaluation",
		"%q has had its evaluation of %s, with invoice %q", e.Customer, e.Product, other)
}

// checkSale are the rules for what is sold.
func (v *view) checkSale(e *Entitlement, renewal bool) error {
	if err := v.checkPartner(e); err != nil {
		return err
	}
	if err := v.checkProduction(e); err != nil {
		return err
	}
	return v.checkOnce(e, renewal)
}
