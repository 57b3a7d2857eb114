package ledger

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/verify"
)

// checkSeat judges whether a site that has no activation may have one. It finds out
// whose seat the site shares, where machines are counted.
func (v *view) checkSeat(e *sold, offer *Offer, q *verify.Request) error {
	var apart *activationRow
	if e.CountBy == ByMachine && len(q.Components) > 0 {
		shares, other, err := v.onMachine(e.Invoice, componentsOf(q.Components), "")
		if err != nil {
			return err
		}
		if shares != nil {
			offer.Seat = shares.Seat
			return nil
		}
		apart = other
	}
	err := v.checkFree(e)
	var refusal *Refusal
	if apart != nil && errors.As(err, &refusal) {
		return &Refusal{
			Rule:    refusal.Rule,
			Message: fmt.Sprintf("the request does not name enough of the machine of activation %s to share its seat: %s", apart.Name(), refusal.Message),
			Next:    "if it is one machine, that site makes a new request first, then this one can share its seat; or else: " + refusal.Next,
			Lift:    refusal.Lift,
		}
	}
	return err
}

// seatAfter returns whose seat the new server of a move shares when the old one is
// released; empty: it gets one of its own. That is the one that the old server frees,
// and if sites that stay on the old machine keep it, there must be another one free.
func (v *view) seatAfter(e *sold, from *activationRow, q *verify.Request) (string, error) {
	if e.CountBy != ByMachine {
		return "", nil
	}
	if len(q.Components) > 0 {
		shares, _, err := v.onMachine(e.Invoice, componentsOf(q.Components), from.ID)
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
	return "", refuseAlone(from, v.checkFree(e))
}

// checkShared judges whether a site that asks again is still on the machine whose seat
// it has. A machine that changes bit by bit stays the machine of each site by the last
// request of that site; two sites that part on the way need two seats, whichever of
// them took the seat first. Sites of one machine that got two seats, when less was known
// of it, come together again.
func (v *view) checkShared(e *sold, offer *Offer, q *verify.Request) error {
	own := offer.own
	if e.CountBy != ByMachine || own.State != StateActive || v.override {
		return nil
	}
	components := componentsOf(q.Components)
	partners, err := v.sharing(own)
	if err != nil {
		return err
	}
	apart := apartFrom(partners, components, sameMachine)
	if len(partners) > 0 && apart == nil {
		return nil
	}
	other, _, err := v.onMachine(e.Invoice, components, own.ID)
	if err != nil {
		return err
	}
	if other != nil && len(partners) == 0 {
		leaves, err := v.leavesNothing(own, components)
		if err != nil {
			return err
		}
		if !leaves {
			return nil
		}
	}
	if other != nil {
		offer.Leaves, offer.Seat = own.Seat, other.Seat
		return nil
	}
	if apart == nil {
		return nil
	}
	// A site that tells more than before, and nothing else than before, is where it was,
	// unless another one of its seat says otherwise.
	before, err := v.machineOf(own)
	if err != nil {
		return err
	}
	more := func(partner, now []Component) bool { return sameMachine(partner, now) || namesAllOf(now, partner) }
	if namesAllOf(components, before) && apartFrom(partners, components, more) == nil {
		return nil
	}
	offer.Leaves = own.Seat
	err = v.checkFree(e)
	var refusal *Refusal
	if errors.As(err, &refusal) {
		return &Refusal{
			Rule: refusal.Rule,
			Message: fmt.Sprintf("activation %s shares its seat with %s; its request does not name enough of the machine of that one, and so needs a seat of its own: %s",
				own.Name(), apart.Name(), refusal.Message),
			Next: refusal.Next,
			Lift: refusal.Lift + "; or " + liftOverride + ", if it is one machine all the same",
		}
	}
	return err
}

// leavesNothing reports whether a site that is alone in its seat may give it up for the
// seat of another: no license of it that is still good, for whatever it named then, runs
// on another machine than the one with the given components, and no move waits for the
// seat.
func (v *view) leavesNothing(own *activationRow, components []Component) (bool, error) {
	if own.inBatch {
		return false, nil // its license is not on record yet
	}
	if moving, _, err := v.pending(own); err != nil || moving != nil {
		return false, err
	}
	good, err := v.stillGood(own.ID, 0)
	if err != nil {
		return false, err
	}
	for _, id := range good {
		license, err := v.license("l.id = $1", id)
		if err != nil || license == nil {
			return false, orMissing(err, own.ID)
		}
		q, err := format.UnmarshalRequest(license.Request)
		if err != nil {
			return false, damaged("license %s: %v", license.ID, err)
		}
		if !namesAllOf(components, componentsOf(q.Components)) {
			return false, nil
		}
	}
	return true, nil
}

// apartFrom returns one of the activations that is not on the machine with the given
// components, nil if all are.
func apartFrom(all []*activationRow, components []Component, same func(a, b []Component) bool) *activationRow {
	for _, a := range all {
		if !same(a.Components, components) {
			return a
		}
	}
	return nil
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
	matching, _ := agreement(before, componentsOf(q.Components))
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
	if e.Excused || v.override {
		return nil
	}
	return v.lacksProduction(e)
}

// excuse lifts for good, where staff lift rules, that of checkProduction, if it refuses.
func (v *view) excuse(e *Entitlement) error {
	if e.Excused || !v.override {
		return nil
	}
	err := v.lacksProduction(e)
	var refusal *Refusal
	if errors.As(err, &refusal) {
		e.Excused = true
		return nil
	}
	return err
}

func (v *view) lacksProduction(e *Entitlement) error {
	if !e.needsProduction() {
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
	if after.Seats > old.Seats || after.Unbound && !old.Unbound || after.grantsBeyond(old) ||
		accountKey(after.Email) != accountKey(old.Email) {
		return by.needWhy("an evaluation that grants more, or to another account,")
	}
	return nil
}

// Narrows reports whether a revision takes away what a license under the entitlement
// granted before: that one stays good until it ends.
func (r *Revised) Narrows() bool { return r.Before.grantsBeyond(r.After) }

// grantsBeyond reports whether a license under an entitlement grants what one under the
// other does not. Another edition counts as that, and another version that is the
// highest one.
func (e *Entitlement) grantsBeyond(other *Entitlement) bool {
	beyond := e.Edition != other.Edition || endsLater(other, e) || e.EmergencyDays > other.EmergencyDays ||
		other.MaxVersion != "" && e.MaxVersion != other.MaxVersion ||
		!other.updatesEnd().IsZero() && (e.updatesEnd().IsZero() || e.updatesEnd().After(other.updatesEnd()))
	for _, name := range e.Features {
		beyond = beyond || !slices.Contains(other.Features, name)
	}
	for name, limit := range other.Limits {
		if n, limited := e.Limits[name]; !limited || n > limit {
			beyond = true
		}
	}
	return beyond
}

// updatesEnd returns until when builds are covered: while a license runs, if nothing
// else was sold; zero: for ever.
func (e *Entitlement) updatesEnd() time.Time {
	if e.UpdatesUntil.IsZero() {
		return e.HardEnd()
	}
	return e.UpdatesUntil
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
