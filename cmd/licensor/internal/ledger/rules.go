package ledger

import (
	"errors"
	"fmt"
	"slices"
	"strconv"

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
	kept, err := v.row("SELECT 1 FROM ("+inSeat+") AS sharing WHERE id <> $2 LIMIT 1", []any{from.Seat, from.ID}, &one)
	if err != nil || !kept {
		return "", err
	}
	return "", v.checkFree(e)
}

// checkShared judges whether a site that asks again is still on the machine whose seat
// it shares. A machine that changes bit by bit stays the machine of each site by the
// last request of that site; two sites that part on the way need two seats, whichever of
// them took the seat first.
func (v *view) checkShared(e *sold, offer *Offer, q *verify.Request) error {
	own := offer.own
	if e.CountBy != ByMachine || own.State != StateActive || v.override {
		return nil
	}
	partners, err := v.sharing(own)
	if err != nil || len(partners) == 0 {
		return err
	}
	components := componentsOf(q.Components)
	if slices.ContainsFunc(partners, func(p *activationRow) bool { return sameMachine(p.Components, components) }) {
		return nil
	}
	offer.Leaves = own.Seat
	other, err := v.onMachine(e.Invoice, components, own.ID)
	if err != nil {
		return err
	}
	if other != nil {
		offer.Seat = other.Seat
		return nil
	}
	err = v.checkFree(e)
	var refusal *Refusal
	if errors.As(err, &refusal) {
		return &Refusal{
			Rule: refusal.Rule,
			Message: fmt.Sprintf("activation %s shares its seat with %s, is no longer on the same machine, and needs a seat of its own: %s",
				own.Name(), partners[0].Name(), refusal.Message),
			Next: refusal.Next,
			Lift: refusal.Lift + "; or " + liftOverride + ", if it is one machine all the same",
		}
	}
	return err
}

// checkMachine refuses a site that comes back on another machine: a copy of its state
// folder would have the same machine key, and a license of its own. The measure is that
// of the license: more than half of what the newest request named must be there.
func (v *view) checkMachine(own *activationRow, q *verify.Request) error {
	if v.override {
		return nil
	}
	before, err := v.machineOf(own)
	if err != nil {
		return err
	}
	matching := 0
	for _, b := range before {
		for _, c := range q.Components {
			if b.Label == c.Label && sameHash(b.Hash, c.Hash) {
				matching++
			}
		}
	}
	if n := len(before); n == 0 || matching >= majority(n) {
		return nil
	}
	return refuse(RuleSeats, liftOverride,
		"if the old server is gone: \"licensor reactivate\"; if it still runs, its copy needs a seat of its own and a state folder of its own",
		"activation %s is in use on another machine: components of that one that are here: %d of %d", own.Name(), matching, len(before))
}

// machineOf returns the components that the newest request of an activation named,
// whether or not machines are counted.
func (v *view) machineOf(a *activationRow) ([]Component, error) {
	if a.inBatch {
		return a.Components, nil
	}
	newest, err := v.license("l.id = $1", a.license)
	if err != nil || newest == nil {
		return nil, err
	}
	q, err := format.UnmarshalRequest(newest.Request)
	if err != nil {
		return nil, damaged("license %s: %v", newest.ID, err)
	}
	return componentsOf(q.Components), nil
}

// checkFree refuses when no seat is free.
func (v *view) checkFree(e *sold) error {
	if e.Type == development {
		if e.Allowance > 0 && e.usage.Seats >= e.Allowance {
			return refuse(RuleAllowance, "sales, with \"licensor amend --allowance\"", "raise the allowance, or go on with the sites that are active",
				"no activation of invoice %q is free, %d of %d are in use", e.Invoice, e.usage.Seats, e.Allowance)
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

// checkOnce keeps evaluations to one per customer and product. A customer is known by
// the name or by the e-mail address, for a name is soon spelled in another way. To make
// one longer is a second one just as well, see checkAgain.
func (v *view) checkOnce(e *Entitlement) error {
	if e.Type != evaluation || v.override {
		return nil
	}
	for _, same := range [...]struct{ condition, value string }{
		{"customer = $1", customerKey(e.Customer)},
		{"lower(email) = $1", accountKey(e.Email)},
	} {
		var customer, other string
		found, err := v.row("SELECT customer_name, invoice FROM entitlements WHERE "+same.condition+
			" AND product = $2 AND type = 'evaluation' AND invoice <> $3 ORDER BY invoice LIMIT 1",
			[]any{same.value, e.Product, e.Invoice}, &customer, &other)
		if err != nil {
			return err
		}
		if found {
			return refuseSecond(e, customer, other)
		}
	}
	return nil
}

func refuseSecond(e *Entitlement, customer, had string) error {
	who := strconv.Quote(e.Customer)
	if customerKey(customer) != customerKey(e.Customer) {
		who = fmt.Sprintf("%q, with the e-mail address %s,", customer, e.Email)
	}
	return refuse(RuleOnce, liftOverride, "sell the product, or ask who may give a second evaluation",
		"%s has had its evaluation of %s, with invoice %q", who, e.Product, had)
}

// checkWider wants a reason where an evaluation is amended to grant more, or gets
// another account: by either it can become what it was not given as.
func checkWider(by *Operation, old, after *Entitlement) error {
	if old.Type != evaluation {
		return nil
	}
	wider := after.Seats > old.Seats || after.Unbound && !old.Unbound || endsLater(old, after) ||
		accountKey(after.Email) != accountKey(old.Email)
	for name, limit := range old.Limits {
		if n, limited := after.Limits[name]; !limited || n > limit {
			wider = true
		}
	}
	if !wider {
		return nil
	}
	return by.needWhy("an evaluation that grants more, or to another account,")
}

// endsLater reports whether an entitlement lasts longer than it did, by its grace too.
func endsLater(old, after *Entitlement) bool {
	return !old.Expires.IsZero() && (after.Expires.IsZero() || after.HardEnd().After(old.HardEnd()))
}

// checkSale are the rules for what is sold.
func (v *view) checkSale(e *Entitlement) error {
	if err := v.checkPartner(e); err != nil {
		return err
	}
	if err := v.checkProduction(e); err != nil {
		return err
	}
	return v.checkOnce(e)
}

// checkAgain are the rules for what was sold and is changed. A second evaluation that
// staff have allowed stays allowed.
func (v *view) checkAgain(old, after *Entitlement, renewal bool) error {
	if err := v.checkPartner(after); err != nil {
		return err
	}
	if err := v.checkProduction(after); err != nil {
		return err
	}
	switch {
	case after.Type == evaluation && !v.override && (renewal || endsLater(old, after)):
		return refuseSecond(after, after.Customer, after.Invoice)
	case accountKey(old.Email) != accountKey(after.Email):
		return v.checkOnce(after)
	}
	return nil
}
