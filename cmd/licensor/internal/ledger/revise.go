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

// Renew gives an entitlement a later end and signs new licenses for all its active
// activations, from the requests on record. All is recorded in one transaction; run
// again with the same end it returns the same licenses.
func (l *Ledger) Renew(ctx context.Context, by Operation, invoice string, to Renewal, issue Issue) ([]*License, error) {
	return l.revise(ctx, by, ActionRenew, invoice, issue, func(e *Entitlement) error {
		switch {
		case to.Perpetual && !to.Expires.IsZero():
			return &Error{Message: "a perpetual entitlement has no end", Next: "give one of the two"}
		case !to.Perpetual && to.Expires.IsZero():
			return &Error{Message: "a renewal needs the new end", Next: "give it with --expires"}
		case !to.Perpetual && (e.Expires.IsZero() || to.Expires.Before(e.Expires)):
			return &Error{Message: fmt.Sprintf("invoice %q runs longer already: %s", e.Invoice, endName(e.Expires)),
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
	})
}

func endName(end time.Time) string {
	if end.IsZero() {
		return "it is perpetual"
	}
	return "until " + end.Format(time.DateOnly)
}

// Amend changes what an entitlement grants: seats, limits, features, edition, end and
// so on, all but its invoice, customer, product and type. It signs new licenses for all
// active activations, as Renew does.
func (l *Ledger) Amend(ctx context.Context, by Operation, invoice string, change func(*Entitlement) error, issue Issue) ([]*License, error) {
	return l.revise(ctx, by, ActionAmend, invoice, issue, change)
}

// revise changes an entitlement and signs again what follows from it.
func (l *Ledger) revise(ctx context.Context, by Operation, action Action, invoice string, issue Issue, change func(*Entitlement) error) ([]*License, error) {
	var steps []*step
	var current []*License
	plan := func(p *planner) error {
		before, err := p.mustBeSold(invoice)
		if err != nil {
			return err
		}
		after := before.Entitlement.clone()
		if err := change(after); err != nil {
			return err
		}
		after = after.normal()
		after.Excused = before.Excused || by.Override && after.needsProduction()
		if same(before.Entitlement, after) {
			steps = nil
			current, err = p.currentLicenses(invoice)
			return err
		}
		if err := p.checkRevision(before, after, action, l.vendor); err != nil {
			return err
		}
		if err := checkWider(&by, before.Entitlement, after); err != nil {
			return err
		}
		p.add(Event{Action: action, Invoice: invoice, Detail: after})
		p.sold[invoice] = &sold{after, before.usage}
		err = p.signAgain(invoice)
		steps = p.steps
		return err
	}
	if err := l.carryOut(ctx, by, issue, plan, nil); err != nil {
		return nil, err
	}
	if steps == nil {
		return current, nil
	}
	var signed []*License
	for _, s := range steps[1:] {
		signed = append(signed, s.event.Detail.(*Signed).License)
	}
	return signed, nil
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
