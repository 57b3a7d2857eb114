package rules

import (
	"fmt"
	"time"

	"github.com/offlicense/offlicense/cmd/internal/text"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/verify"
)

// MaxOverlap is how long the old and the new server of a move may both run.
const MaxOverlap = ledger.MaxBridgeDays * 24 * time.Hour

// CheckOverlap refuses an overlap that BeginMove refuses whatever is moved.
func CheckOverlap(overlap time.Duration) error {
	if overlap > 0 && overlap <= MaxOverlap {
		return nil
	}
	return ledger.Refuse(ledger.RuleMove, ledger.LiftNobody, "choose a shorter overlap; the new server gets its real license as soon as the old one is released",
		"an overlap of %.1f days, a bridge lasts at most %d", overlap.Hours()/24, int(MaxOverlap.Hours()/24))
}

// BeginMove begins to move an activation to the site that made the request. The new site
// gets a bridge: a license of type development that ends after the overlap. The old
// site keeps its license and its seat until it is released: see Release. The same move
// again returns the same bridge.
func BeginMove(f *Facts, by *ledger.Operation, invoice, activation string, overlap time.Duration, q *verify.Request, newID string) (*ledger.License, []*Step, error) {
	j := &judgement{Facts: f, by: by}
	if err := by.NeedWhy("a move"); err != nil {
		return nil, nil, err
	}
	if err := CheckOverlap(overlap); err != nil {
		return nil, nil, err
	}
	s, err := f.sold(invoice)
	if err != nil {
		return nil, nil, err
	}
	from, err := mustBe(f, invoice, activation, ledger.StateActive)
	if err != nil {
		return nil, nil, err
	}
	if q.Invoice != invoice {
		return nil, nil, ledger.Refuse(ledger.RuleClaim, ledger.LiftNobody, "have the new server make a request with the invoice that is moved",
			"the request is for invoice %.64q, and %q is moved", q.Invoice, invoice)
	}
	// All rules but the one that the move is for: that a seat is free.
	offer, err := j.consider(q)
	switch {
	case err != nil:
		return nil, nil, err
	case offer.License != nil && offer.Activation.State == ledger.StateBridge:
		if f.Activations[offer.Activation.ID].Bridge.From != from.ID {
			return nil, nil, ledger.Refuse(ledger.RuleMove, ledger.LiftNobody, "have the new server make a request for each move, in a directory of its own",
				"the request comes from activation %s, the new server of another move", offer.Activation.Name())
		}
		return offer.License, nil, nil
	}
	if err := j.movable(s, from, offer); err != nil {
		return nil, nil, err
	}
	if asked := weaker(s.Entitlement, newGrant(s.Entitlement, newID, 1, q)); asked > 0 {
		return nil, nil, refuseWeaker(s.Entitlement, asked, q)
	}
	var steps []*Step
	if offer.void != nil {
		steps = append(steps, j.void(offer.void))
	}
	begun, _ := j.bridge(from, q, j.bridgeEnd(s, overlap), newID, asksForBridge(s.Entitlement, q))
	return nil, j.done(append(steps, begun...)), nil
}

// asksForBridge reports whether a request of a new server asks for the bridge of a move:
// for development, under an invoice that bought production.
func asksForBridge(e *ledger.Entitlement, q *verify.Request) bool {
	return e.Type == ledger.TypeProduction && q.Type == ledger.TypeDevelopment
}

// wantsBridge judges a request for a bridge without staff who name the server that moves:
// where one seat was sold, it is the one that has it.
func (j *judgement) wantsBridge(s *Sale, offer *Offer, q *verify.Request) error {
	switch {
	case j.checkFree(s, q) == nil:
		return ledger.Refuse(ledger.RuleType, ledger.LiftNobody, "have the customer make a new request with --type "+s.Type,
			"a seat of invoice %q is free: the new server needs no bridge", s.Invoice)
	case s.Seats > 1 || len(s.Oldest) == 0:
		return ledger.Refuse(ledger.RuleMove, ledger.LiftNobody, fmt.Sprintf("name it: licensor move %s REQUEST --activation ID --overlap 14d --why TEXT", text.ShellWord(s.Invoice)),
			"the request asks for the bridge of a move, and does not say which server of invoice %q moves", s.Invoice)
	}
	offer.from = s.Oldest[0]
	offer.From, offer.BridgeUntil = &offer.from.Activation, j.bridgeEnd(s, s.Bridge())
	return j.movable(s, offer.from, offer)
}

// bridgeEnd returns when a bridge ends: it is no longer than what was bought.
func (j *judgement) bridgeEnd(s *Sale, overlap time.Duration) time.Time {
	until := ledger.Whole(j.by.Now.Add(overlap))
	if end := s.HardEnd(); !end.IsZero() && end.Before(until) {
		return end
	}
	return until
}

// movable refuses a move of an activation that cannot be, or not to that site.
func (j *judgement) movable(s *Sale, from *Activation, offer *Offer) error {
	if err := refuseRevoked(from); err != nil {
		return err
	}
	if len(from.MachineKey) == 0 {
		return ledger.Refuse(ledger.RuleMove, ledger.LiftNobody, fmt.Sprintf("close it, then sign the new server's request: licensor deactivate %s --activation %s --why TEXT", text.ShellWord(from.Invoice), from.ID),
			"activation %s is bound to no machine, so there is none that could release it", from.Name())
	}
	if offer.Activation != nil {
		return ledger.Refuse(ledger.RuleMove, ledger.LiftNobody, "have the new server make its request in a directory of its own",
			"the request comes from activation %s, which has its seat already", offer.Activation.Name())
	}
	if err := j.onceMoved(from); err != nil {
		return err
	}
	return j.checkMoves(s)
}

// bridge returns the steps that begin a move, and the one of them that signs. waits says
// that the seat is to wait for another request of the new server.
func (j *judgement) bridge(from *Activation, q *verify.Request, until time.Time, newID string, waits bool) (steps []*Step, signed *Step) {
	s := j.Sales[from.Invoice]
	for _, m := range from.Moves { // one that has ended
		if bridge := j.Activations[m.Successor]; m.State == MovePending && bridge != nil && bridge.State == ledger.StateBridge {
			steps = append(steps, j.void(bridge))
		}
	}
	a := begin(j.by, q, newID, ledger.StateBridge)
	grant := newGrant(s.Entitlement, newID, 1, q)
	grant.BridgeUntil = until
	signed = signing(grant, clone(&a.Activation))
	m := Move{From: from.ID, Successor: newID, Until: until, Waits: waits, State: MovePending}
	from.Moves, a.Bridge = append(from.Moves, m), &m
	a.granted(grant)
	j.Sites[SiteKey{a.Invoice, string(a.MachineKey)}], j.Activations[a.ID] = a, a
	j.move(s)
	return append(steps, signed,
		&Step{Event: ledger.Event{Action: ledger.ActionMove, Invoice: a.Invoice, Activation: from.ID, Detail: ledger.Moved{Successor: newID, Until: until, Waits: waits}}}), signed
}

// onceMoved refuses a second bridge: while one runs, and another one after that, by
// which a seat would become two for ever. A bridge that its own server released does not
// count: it runs there no more, and does not install again.
func (j *judgement) onceMoved(from *Activation) error {
	if m := from.pending(); m != nil && m.Until.After(j.by.Now) {
		successor, err := j.activation(m.Successor)
		if err != nil {
			return err
		}
		return ledger.Refuse(ledger.RuleMove, ledger.LiftNobody,
			fmt.Sprintf("release the old server; if the new one is the wrong one, end the move first: licensor deactivate %s --activation %s --why TEXT", text.ShellWord(from.Invoice), m.Successor),
			"activation %s is moving already, to %s", from.Name(), successor.Name())
	}
	for i := len(from.Moves) - 1; i >= 0; i-- {
		m := &from.Moves[i]
		successor, err := j.activation(m.Successor)
		if err != nil {
			return err
		}
		if successor.State == ledger.StateReleased {
			continue
		}
		if err := j.lift(ledger.Refuse(ledger.RuleMove, ledger.LiftOverride, "release the old server, then sign the new one's request",
			"activation %s had its bridge, to %s until %s, and was not released", from.Name(), m.Successor, ledger.FormatEnd(m.Until))); err != nil {
			return err
		}
	}
	return nil
}

// voidMoves cancels the move that waits for the release of an activation.
func voidMoves(f *Facts, by *ledger.Operation, from *Activation) ([]*Step, error) {
	var steps []*Step
	for _, m := range from.Moves {
		if m.State != MovePending {
			continue
		}
		bridge, err := f.activation(m.Successor)
		if err != nil {
			return nil, err
		}
		steps = append(steps, void(by, bridge))
	}
	return steps, nil
}

// void closes a bridge. Its license is to be revoked if it has not ended: another
// server may get the seat that it was to have.
func void(by *ledger.Operation, bridge *Activation) *Step {
	step := &Step{Event: ledger.Event{Action: ledger.ActionVoid, Invoice: bridge.Invoice, Activation: bridge.ID,
		Detail: ledger.Closed{Revoke: bridge.stillGood(0, by.Now)}}}
	bridge.State = ledger.StateVoid
	return step
}

// void closes a bridge that has ended, and notes it for those that are judged after it.
func (j *judgement) void(bridge *Activation) *Step {
	step := void(j.by, bridge)
	j.closed([]*Step{step})
	return step
}

// endMove lets the successor of a released activation take over, from the request on
// record; or lets the seat wait for it, where that was a request for the bridge alone. A
// bridge that has ended is void: its server asks again.
func (j *judgement) endMove(from *Activation, result *Released) ([]*Step, error) {
	m := from.pending()
	if m == nil {
		return nil, nil
	}
	if !m.Until.After(j.by.Now) {
		return voidMoves(j.Facts, j.by, from)
	}
	s, err := j.sold(from.Invoice)
	if err != nil {
		return nil, err
	}
	successor, err := j.activation(m.Successor)
	if err != nil {
		return nil, err
	}
	err = refuseRevoked(successor)
	if err == nil {
		err = j.checkLicense(s.Entitlement)
	}
	if err != nil {
		result.Refusal = err
		return voidMoves(j.Facts, j.by, from)
	}
	q, err := successor.Newest.OpenRequest()
	if err != nil {
		return nil, err
	}
	// A stronger binding may have been sold since. A request for the bridge alone is not what
	// gets the seat.
	if asked := weaker(s.Entitlement, newGrant(s.Entitlement, successor.ID, 1, q)); asked > 0 && !m.Waits {
		result.Refusal = refuseWeaker(s.Entitlement, asked, q)
		return voidMoves(j.Facts, j.by, from)
	}
	if j.by.Automatic && !m.Waits {
		if waits := automatic(&Offer{Entitlement: s.Entitlement, Grant: newGrant(s.Entitlement, successor.ID, 1, q), from: from}); waits != nil {
			return nil, waits
		}
	}
	result.Successor = successor.ID
	if m.Waits {
		result.Waits = q
		return []*Step{{Event: ledger.Event{Action: ledger.ActionWait, Invoice: from.Invoice, Activation: successor.ID, Detail: ledger.Waiting{Predecessor: from.ID}}}}, nil
	}
	result.Final = signing(newGrant(s.Entitlement, successor.ID, successor.Epoch+1, q), nil)
	return []*Step{
		{Event: ledger.Event{Action: ledger.ActionTakeOver, Invoice: from.Invoice, Activation: successor.ID, Detail: ledger.TakenOver{Predecessor: from.ID}}},
		result.Final,
	}, nil
}
