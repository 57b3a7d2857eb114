package ledger

import (
	"cmp"
	"context"
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
	if err := CheckOverlap(overlap); err != nil {
		return nil, err
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

// CheckOverlap refuses an overlap that Move refuses whatever is moved.
func CheckOverlap(overlap time.Duration) error {
	if overlap > 0 && overlap <= MaxOverlap {
		return nil
	}
	return refuse(RuleMove, liftNobody, "choose a shorter overlap; the new server gets its real license as soon as the old one is released",
		"an overlap of %.1f days, a bridge lasts at most %d", overlap.Hours()/24, int(MaxOverlap.Hours()/24))
}

func (p *planner) move(invoice, activation string, until time.Time, q *verify.Request) (*License, *step, error) {
	from, err := p.mustBe(invoice, activation, StateActive)
	if err != nil {
		return nil, nil, err
	}
	if err := p.refuseRevoked(from.license); err != nil {
		return nil, nil, err
	}
	if len(from.MachineKey) == 0 {
		return nil, nil, refuse(RuleMove, liftNobody, "close it with \"licensor reactivate\", then sign the new server's request",
			"activation %s is bound to no machine, so there is none that could release it", from.Name())
	}
	if q.Invoice != invoice {
		return nil, nil, refuse(RuleClaim, liftNobody, "the new server makes a request with the invoice that is moved",
			"the request is for invoice %.64q, and %q is moved", q.Invoice, invoice)
	}
	// All rules but those that the move is for: that no seat may be free, and that the
	// old server may have all days of emergency.
	offer, err := p.judge(q)
	var refusal *Refusal
	if errors.As(err, &refusal) && offer != nil && slices.Contains([]Rule{RuleSeats, RuleAllowance, RuleEmergency}, refusal.Rule) {
		err = nil
	}
	if err != nil {
		return nil, nil, err
	}
	if offer.License != nil && offer.Activation.State == StateBridge {
		var one int64
		same, err := p.row("SELECT 1 FROM moves WHERE successor = $1 AND activation = $2", []any{offer.Activation.ID, from.ID}, &one)
		if err == nil && !same {
			err = refuse(RuleMove, liftNobody, "the new server makes a request for each move, in a state folder of its own",
				"the request comes from activation %s, the new server of another move", offer.Activation.Name())
		}
		if err != nil {
			return nil, nil, err
		}
		return offer.License, nil, nil
	}
	if offer.Activation != nil {
		return nil, nil, refuse(RuleMove, liftNobody, "the new server makes its request in a state folder of its own",
			"the request comes from activation %s, which has its seat already", offer.Activation.Name())
	}
	if err := p.onceMoved(from); err != nil {
		return nil, nil, err
	}
	if _, err := p.seatAfter(p.sold[invoice], from, q); err != nil {
		return nil, nil, err
	}
	if err := p.voidMoves(from); err != nil { // those that have ended
		return nil, nil, err
	}
	if void := offer.void; void != nil && !slices.ContainsFunc(p.steps, func(s *step) bool { return s.event.Activation == void.ID }) {
		if err := p.void(void); err != nil {
			return nil, nil, err
		}
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

// onceMoved refuses a second bridge: while one runs, and another one after that, by
// which a seat would become two for ever. A bridge that its own server released does not
// count: it runs there no more, and does not install again.
func (p *planner) onceMoved(from *activationRow) error {
	successor, ended, err := p.pending(from)
	if err != nil {
		return err
	}
	if successor != nil && !ended {
		return refuse(RuleMove, liftNobody,
			fmt.Sprintf("release the old server; if the new one is the wrong one, end the move first: \"offlicense release\" there and \"licensor release\" here, or \"licensor reactivate %s --activation %s --why TEXT\"",
				from.invoice, successor.ID),
			"activation %s is moving already, to %s", from.Name(), successor.Name())
	}
	if p.override {
		return nil
	}
	var id string
	var until time.Time
	found, err := p.row(`SELECT m.successor, m.until FROM moves m JOIN activations a ON a.id = m.successor
		WHERE m.activation = $1 AND a.state <> 'released' ORDER BY m.until DESC, m.successor LIMIT 1`,
		[]any{from.ID}, &id, (*unixTime)(&until))
	if err != nil || !found {
		return err
	}
	return refuse(RuleMove, liftOverride, "release the old server, then sign the new one's request",
		"activation %s had its bridge, to %s until %s, and was not released", from.Name(), id, until.Format(time.DateOnly))
}

// refuseAlone says of a site that others keep the seat of, and that would need another
// one on its new machine, how such sites move.
func refuseAlone(from *activationRow, err error) error {
	var refusal *Refusal
	if !errors.As(err, &refusal) {
		return err
	}
	return &Refusal{
		Rule: refusal.Rule,
		Message: fmt.Sprintf("activation %s shares its seat with other sites on the old machine, which keep it, and needs another one on the new machine: %s",
			from.Name(), refusal.Message),
		Next: "release all sites of the old machine, then sign the requests of the new one; or sales amends to one more than now for the time of the move, and amends back",
		Lift: refusal.Lift,
	}
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
// record. A bridge that has ended is void: its server asks again. daysUsed are those of
// emergency that the release tells of.
func (p *planner) endMove(from *activationRow, daysUsed uint64, result *Released) (*step, error) {
	successor, ended, err := p.pending(from)
	if err != nil || successor == nil {
		return nil, err
	}
	if ended {
		return nil, p.voidMoves(from)
	}
	before, err := p.mustBeSold(from.invoice)
	if err != nil {
		return nil, err
	}
	e := &sold{before.Entitlement, before.usage}
	if e.Type == failover {
		e.usage.EmergencyDays += daysUsed
		carried, err := p.carriedDays(from.invoice)
		if err != nil {
			return nil, err
		}
		delete(carried, from.ID)
	}
	err = p.refuseRevoked(successor.license)
	if err == nil {
		err = p.checkLicense(e.Entitlement)
	}
	if err == nil {
		_, err = p.checkDaysLeft(e, successor.ID)
	}
	var refusal *Refusal
	if errors.As(err, &refusal) {
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
	seat, err := p.seatAfter(e, from, q)
	if errors.As(err, &refusal) {
		result.Refusal = refusal
		return nil, p.voidMoves(from)
	} else if err != nil {
		return nil, err
	}
	g, err := p.grant(e, successor.ID, successor.epoch+1, q)
	if err != nil {
		return nil, err
	}
	p.add(Event{Action: ActionTakeOver, Invoice: from.invoice, Activation: successor.ID, Detail: TakenOver{Predecessor: from.ID, Seat: cmp.Or(seat, successor.ID)}})
	result.Successor = successor.ID
	return p.license(ActionSign, g, nil), nil
}

// voidMoves closes the bridges that wait for an activation.
func (p *planner) voidMoves(from *activationRow) error {
	bridges, err := p.activations("a.id IN (SELECT successor FROM moves WHERE activation = $1 AND state = 'pending')", from.ID)
	if err != nil {
		return err
	}
	for _, bridge := range bridges {
		if err := p.void(bridge); err != nil {
			return err
		}
	}
	return nil
}

// void closes a bridge. Its license is to be revoked if it has not ended: another
// server may get the seat that it was to have.
func (p *planner) void(bridge *activationRow) error {
	revoke, err := p.stillGood(bridge.ID, 0)
	if err == nil {
		p.add(Event{Action: ActionVoid, Invoice: bridge.invoice, Activation: bridge.ID, Detail: Closed{Revoke: revoke}})
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
