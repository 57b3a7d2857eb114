package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/offlicense/offlicense/verify"
)

// MaxOverlap is how long the old and the new server of a move may both run.
const MaxOverlap = 30 * 24 * time.Hour

// Move begins to move an activation to the site that made the request. The new site
// gets a bridge: a license of type development that ends after the overlap. The old
// site keeps its license and its seat; when it releases them, Release signs the new
// site's real license from the same request. Without a release the bridge just runs
// out. The same move again returns the same bridge.
func (l *Ledger) Move(ctx context.Context, by Operation, invoice, activation string, overlap time.Duration, request *verify.Request, issue Issue) (*License, error) {
	if err := by.needWhy("a move"); err != nil {
		return nil, err
	}
	if overlap <= 0 || overlap > MaxOverlap {
		return nil, refuse(RuleMove, liftNobody, "choose a shorter overlap; the new server gets its real license as soon as the old one is released",
			"an overlap of %.1f days, a bridge lasts at most %d", overlap.Hours()/24, int(MaxOverlap.Hours()/24))
	}
	var bridge *License
	var signed *step
	plan := func(p *planner) error {
		var err error
		bridge, signed, err = p.move(invoice, activation, whole(by.Now.Add(overlap)), request)
		return err
	}
	if err := l.carryOut(ctx, by, issue, plan, nil); err != nil {
		return nil, err
	}
	if signed != nil {
		bridge = signed.event.Detail.(*Signed).License
	}
	return bridge, nil
}

func (p *planner) move(invoice, activation string, until time.Time, q *verify.Request) (*License, *step, error) {
	from, err := p.mustBeActive(invoice, activation)
	if err != nil {
		return nil, nil, err
	}
	if q.Invoice != invoice {
		return nil, nil, refuse(RuleClaim, liftNobody, "the new server makes a request with the invoice that is moved",
			"the request is for invoice %.64q, and %q is moved", q.Invoice, invoice)
	}
	// All rules but the one that the move is for: that no seat may be free.
	offer, err := p.judge(q)
	var refusal *Refusal
	if errors.As(err, &refusal) && (refusal.Rule == RuleSeats || refusal.Rule == RuleAllowance) {
		offer, err = &Offer{Entitlement: p.sold[invoice].Entitlement}, nil
	}
	if err != nil {
		return nil, nil, err
	}
	if offer.License != nil && offer.Activation.State == StateBridge {
		return offer.License, nil, nil
	}
	if offer.Activation != nil {
		return nil, nil, refuse(RuleMove, liftNobody, "the new server makes its request in a state folder of its own",
			"the request comes from activation %s, which has its seat already", offer.Activation.Name())
	}
	if err := p.onceMoved(from); err != nil {
		return nil, nil, err
	}
	if err := p.voidMoves(from); err != nil { // those that have ended
		return nil, nil, err
	}
	if void := offer.void; void != nil && !slices.ContainsFunc(p.steps, func(s *step) bool { return s.event.Activation == void.ID }) {
		p.add(Event{Action: ActionVoid, Invoice: invoice, Activation: void.ID, Detail: Closed{}})
	}
	row, err := p.newActivation(offer, q, StateBridge)
	if err != nil {
		return nil, nil, err
	}
	e := p.sold[invoice]
	lasts := e.Entitlement.clone()
	lasts.Type, lasts.Expires, lasts.GraceDays, lasts.Allowance = development, until, 0, 0
	if end := e.HardEnd(); !end.IsZero() && end.Before(until) {
		lasts.Expires = end // a bridge is no longer than what was bought
	}
	a := row.Activation
	s := p.license(ActionSign, &Grant{Entitlement: lasts, Activation: row.ID, Epoch: 1, Request: q}, &a)
	p.add(Event{Action: ActionMove, Invoice: invoice, Activation: from.ID, Detail: Moved{Successor: row.ID, Until: lasts.Expires}})
	return nil, s, nil
}

// onceMoved refuses a second bridge: one that runs already, and another one after the
// first ran out, by which a seat would become two for ever.
func (p *planner) onceMoved(from *activationRow) error {
	var successor string
	var until time.Time
	found, err := p.row("SELECT successor, until FROM moves WHERE activation = $1 ORDER BY until DESC, successor LIMIT 1",
		[]any{from.ID}, &successor, (*unixTime)(&until))
	if err != nil || !found {
		return err
	}
	if until.After(p.now) {
		return refuse(RuleMove, liftNobody, fmt.Sprintf("release the old server; or wait until %s", until.Format(time.DateOnly)),
			"activation %s is moving already, to %s", from.Name(), successor)
	}
	if p.override {
		return nil
	}
	return refuse(RuleMove, liftOverride, "release the old server, then sign the new one's request",
		"activation %s had its bridge, to %s until %s, and was not released", from.Name(), successor, until.Format(time.DateOnly))
}

// pending returns the bridge that waits for the release of an activation, and whether
// it has ended; nil if there is none.
func (v *view) pending(of *activationRow) (successor *activationRow, ended bool, err error) {
	var id string
	var until time.Time
	found, err := v.row("SELECT successor, until FROM moves WHERE activation = $1 AND state = 'pending' ORDER BY until DESC, successor LIMIT 1",
		[]any{of.ID}, &id, (*unixTime)(&until))
	if err != nil || !found {
		return nil, false, err
	}
	if successor, err = v.activation(id); err != nil || successor == nil {
		return nil, false, orMissing(err, id)
	}
	return successor, !until.After(v.now), nil
}

// endMove lets the successor of a released activation take over, from the request on
// record. A bridge that has ended is void: its server asks again.
func (p *planner) endMove(from *activationRow, result *Released) (*step, error) {
	successor, ended, err := p.pending(from)
	if err != nil || successor == nil {
		return nil, err
	}
	if ended {
		return nil, p.voidMoves(from)
	}
	e, err := p.mustBeSold(from.invoice)
	if err != nil {
		return nil, err
	}
	var refusal *Refusal
	if err := p.checkLicense(e.Entitlement); errors.As(err, &refusal) {
		result.Refusal = refusal
		return nil, p.voidMoves(from)
	} else if err != nil {
		return nil, err
	}
	bridge, err := p.transaction.license("l.id = $1", successor.license)
	if err != nil || bridge == nil {
		return nil, orMissing(err, successor.ID)
	}
	q, err := recorded(successor.ID, bridge.Request)
	if err != nil {
		return nil, err
	}
	seat := successor.ID
	if successor.Seat != successor.ID { // a machine that has a seat already, if it still has
		shares, err := p.onMachine(from.invoice, componentsOf(q.Components))
		if err != nil {
			return nil, err
		}
		if shares != nil && shares.ID != from.ID {
			seat = shares.Seat
		}
	}
	p.add(Event{Action: ActionTakeOver, Invoice: from.invoice, Activation: successor.ID, Detail: TakenOver{Predecessor: from.ID, Seat: seat}})
	result.Successor = successor.ID
	return p.license(ActionSign, p.grant(e, successor.ID, successor.epoch+1, q), nil), nil
}

// voidMoves closes the bridges that wait for an activation.
func (p *planner) voidMoves(from *activationRow) error {
	var ids []string
	err := p.each("SELECT successor FROM moves WHERE activation = $1 AND state = 'pending' ORDER BY successor", []any{from.ID}, func(rows *sql.Rows) error {
		var id string
		err := rows.Scan(&id)
		ids = append(ids, id)
		return err
	})
	for _, id := range ids {
		p.add(Event{Action: ActionVoid, Invoice: from.invoice, Activation: id, Detail: Closed{}})
	}
	return err
}

// tookOver finds what a release that was recorded before has led to.
func (v *view) tookOver(result *Released) error {
	found, err := v.row("SELECT successor FROM moves WHERE activation = $1 AND state = 'done' LIMIT 1", []any{result.Activation}, &result.Successor)
	if err != nil || !found {
		return err
	}
	successor, err := v.activation(result.Successor)
	if err != nil || successor == nil {
		return orMissing(err, result.Successor)
	}
	result.License, err = v.transaction.license("l.id = $1", successor.license)
	return err
}
