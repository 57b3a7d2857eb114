package ledger

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"fmt"
	"time"

	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/keys"
	"github.com/offlicense/offlicense/verify"
)

// Renewal moves the end of an entitlement.
type Renewal struct {
	Expires      time.Time // zero with Perpetual only
	Perpetual    bool
	UpdatesUntil time.Time // zero: as before
}

// Revision is a renewal or an amendment of an entitlement, as NewRenewal and
// NewAmendment make it.
type Revision struct {
	action Action
	change func(*Entitlement) error
}

// NewRenewal gives an entitlement a later end.
func NewRenewal(to Renewal) Revision {
	return Revision{ActionRenew, func(e *Entitlement) error {
		switch {
		case to.Perpetual && !to.Expires.IsZero():
			return &Error{Message: "a perpetual entitlement has no end", Next: "give one of the two"}
		case !to.Perpetual && to.Expires.IsZero():
			return &Error{Message: "a renewal needs the new end", Next: "give it with --expires"}
		case !to.Perpetual && (e.Expires.IsZero() || to.Expires.Before(e.Expires)):
			return &Error{Message: fmt.Sprintf("invoice %q runs longer already: %s", e.Invoice, endName(e.Expires)),
				Next: "\"licensor amend\" can shorten it"}
		case to.endsUpdates(e):
			return &Error{Message: fmt.Sprintf("invoice %q covers later builds already: %s", e.Invoice, updatesName(e.UpdatesUntil)),
				Next: "\"licensor amend\" can shorten it"}
		}
		e.Expires = to.Expires
		if to.Perpetual {
			e.GraceDays = 0 // grace comes after an end
		}
		if !to.UpdatesUntil.IsZero() {
			e.UpdatesUntil = to.UpdatesUntil
		}
		return nil
	}}
}

// endsUpdates reports whether a renewal takes builds away that were covered. While a
// subscription runs, those are covered that can be made by its end; when it becomes
// perpetual, with maintenance, there is no measure but what is sold then.
func (to Renewal) endsUpdates(e *Entitlement) bool {
	until := e.UpdatesUntil
	if until.IsZero() && !e.Expires.IsZero() {
		if to.Perpetual {
			return false
		}
		until = e.Expires
	}
	return !to.UpdatesUntil.IsZero() && (until.IsZero() || to.UpdatesUntil.Before(until))
}

// NewAmendment changes what an entitlement grants: seats, limits, features, edition, end
// and so on, all but its invoice, customer, product and type. change is called more
// than once, each time with what is on record.
func NewAmendment(change func(*Entitlement) error) Revision { return Revision{ActionAmend, change} }

func endName(end time.Time) string {
	if end.IsZero() {
		return "it is perpetual"
	}
	return "until " + end.Format(time.DateOnly)
}

func updatesName(until time.Time) string {
	if until.IsZero() {
		return "all of them"
	}
	return "those made until " + until.Format(time.DateOnly)
}

// Renew revises an entitlement with NewRenewal.
func (l *Ledger) Renew(ctx context.Context, by Operation, invoice string, to Renewal, issue Issue) ([]*License, error) {
	return l.Revise(ctx, by, invoice, NewRenewal(to), issue)
}

// Amend revises an entitlement with NewAmendment.
func (l *Ledger) Amend(ctx context.Context, by Operation, invoice string, change func(*Entitlement) error, issue Issue) ([]*License, error) {
	return l.Revise(ctx, by, invoice, NewAmendment(change), issue)
}

// Revise changes an entitlement and signs new licenses for all its active activations,
// from the requests on record. All is recorded in one transaction; run again with the
// same change it returns the same licenses.
func (l *Ledger) Revise(ctx context.Context, by Operation, invoice string, change Revision, issue Issue) ([]*License, error) {
	var steps []*step
	var current []*License
	plan := func(p *planner) error {
		before, after, err := p.revise(invoice, change)
		if err != nil {
			return err
		}
		steps = p.steps
		if same(before, after) {
			current, err = p.currentLicenses(invoice)
		}
		return err
	}
	if err := l.carryOut(ctx, by, issue, plan, nil); err != nil {
		return nil, err
	}
	if len(steps) == 0 {
		return current, nil
	}
	var signed []*License
	for _, s := range steps[1:] {
		signed = append(signed, s.event.Detail.(*Signed).License)
	}
	return signed, nil
}

// Revised is what Revise would make of an entitlement.
type Revised struct {
	Before, After *Entitlement
	Changes       bool // something is different; else nothing would be recorded
	Licenses      int  // how many would be signed
}

// PreviewRevision says what Revise would do, and changes nothing.
func (l *Ledger) PreviewRevision(ctx context.Context, by Operation, invoice string, change Revision) (*Revised, error) {
	if err := by.check(); err != nil {
		return nil, err
	}
	var revised *Revised
	err := l.read(ctx, func(t *transaction) error {
		_, newest, err := t.size()
		if err != nil {
			return err
		}
		if err := checkClock(newest, &by); err != nil {
			return err
		}
		p := newPlanner(t, by, nil)
		before, after, err := p.revise(invoice, change)
		if err != nil {
			return err
		}
		revised = &Revised{Before: before, After: after, Changes: len(p.steps) > 0, Licenses: max(len(p.steps)-1, 0)}
		return nil
	})
	return revised, err
}

// revise adds the steps that change an entitlement and sign again what follows from it;
// none if nothing is different.
func (p *planner) revise(invoice string, change Revision) (old, after *Entitlement, err error) {
	before, err := p.mustBeSold(invoice)
	if err != nil {
		return nil, nil, err
	}
	after = before.Entitlement.clone()
	if err := change.change(after); err != nil {
		return nil, nil, err
	}
	after = after.normal()
	after.Excused = before.Excused
	if err := p.excuse(after); err != nil {
		return nil, nil, err
	}
	if same(before.Entitlement, after) {
		return before.Entitlement, after, nil
	}
	if err := p.checkRevision(before, after, change.action, p.l.vendor); err != nil {
		return nil, nil, err
	}
	if err := checkWider(&p.by, before.Entitlement, after); err != nil {
		return nil, nil, err
	}
	p.add(Event{Action: change.action, Invoice: invoice, Detail: after})
	p.sold[invoice] = &sold{after, before.usage}
	return before.Entitlement, after, p.signAgain(invoice)
}

func (v *view) mustBeSold(invoice string) (*sold, error) {
	e, err := v.bought(invoice)
	if err == nil && e == nil {
		err = &Error{Message: fmt.Sprintf("no entitlement has the invoice %.64q", invoice), Next: `"licensor list" shows them all`}
	}
	return e, err
}

func (v *view) checkRevision(before *sold, after *Entitlement, action Action, vendor string) error {
	old := before.Entitlement
	fixed := [...]struct{ name, old, new string }{
		{"invoice", old.Invoice, after.Invoice},
		{"customer", customerKey(old.Customer), customerKey(after.Customer)},
		{"product", old.Product, after.Product},
		{"type", old.Type, after.Type},
		{"way of counting", string(old.CountBy), string(after.CountBy)},
	}
	for _, f := range fixed {
		if f.old != f.new {
			return &Error{Message: fmt.Sprintf("the %s of an entitlement stays: got %q, want %q", f.name, f.new, f.old),
				Next: "record the other one under an invoice number of its own"}
		}
	}
	if err := after.check(vendor, v.now); err != nil {
		return err
	}
	if after.Type != development && after.Seats < before.usage.Seats {
		return refuse(RuleSeats, liftNobody, "release or reactivate sites first", "%d seats of invoice %q are in use, and it shall have %d", before.usage.Seats, after.Invoice, after.Seats)
	}
	if after.Allowance > 0 && after.Allowance < before.usage.Seats {
		return refuse(RuleAllowance, liftNobody, "release or reactivate sites first", "%d activations of invoice %q are in use, and it shall allow %d", before.usage.Seats, after.Invoice, after.Allowance)
	}
	return v.checkAgain(old, after, action == ActionRenew)
}

// signAgain adds new licenses for all active activations of an invoice, but for those
// that were revoked.
func (p *planner) signAgain(invoice string) error {
	e := p.sold[invoice]
	if e.Type == failover { // read now what the loop asks for
		if _, err := p.carriedDays(invoice); err != nil {
			return err
		}
	}
	query := "SELECT " + activationColumns + `, s.event FROM activations a JOIN licenses l ON l.id = a.license JOIN events s ON s.seq = l.seq
		WHERE a.invoice = $1 AND a.state IN ('active', 'bridge') AND a.state = 'active'
		AND a.license NOT IN (SELECT license FROM revocations) ORDER BY a.since, a.id`
	return p.each(query, []any{invoice}, func(rows *sql.Rows) error {
		var r activationRow
		var leaf []byte
		if err := rows.Scan(append(r.fields(), &leaf)...); err != nil {
			return err
		}
		newest, err := licenseIn(leaf)
		if err != nil {
			return err
		}
		q, err := recorded(r.ID, newest.Request)
		if err != nil {
			return err
		}
		if q == nil && !e.Unbound {
			return refuse(RuleUnbound, liftNobody, fmt.Sprintf("reactivate it first: \"licensor reactivate %s --activation %s --why TEXT\"", invoice, r.ID),
				"activation %s has a license for any machine, and invoice %q shall have none", r.Name(), invoice)
		}
		if _, err := p.checkDaysLeft(e, r.ID); err != nil {
			return err
		}
		g, err := p.grant(e, r.ID, r.epoch+1, q)
		if err != nil {
			return err
		}
		p.license(ActionSign, g, nil)
		return nil
	})
}

// currentLicenses returns the newest license of each active activation.
func (t *transaction) currentLicenses(invoice string) ([]*License, error) {
	return t.licenses(`l.id IN (SELECT a.license FROM activations a WHERE a.invoice = $1
		AND a.state IN ('active', 'bridge') AND a.state = 'active' AND a.license NOT IN (SELECT license FROM revocations)) ORDER BY l.issued, l.activation`, invoice)
}

// recorded reads a request that the ledger holds; nil for an activation without one.
func recorded(activation string, body []byte) (*verify.Request, error) {
	if len(body) == 0 {
		return nil, nil
	}
	q, err := format.UnmarshalRequest(body)
	if err != nil {
		return nil, damaged("the request of activation %s: %v", activation, err)
	}
	key, err := keys.NewPublicKey(q.Key)
	if err != nil {
		return nil, damaged("the request of activation %s: %v", activation, err)
	}
	return &verify.Request{Request: *q, Key: key, Body: body, Hash: sha256.Sum256(body)}, nil
}
