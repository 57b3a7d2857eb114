package rules

import (
	"fmt"
	"slices"
	"time"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/verify"
)

// MaxOverlap is how long the old and the new server of a move may both run.
const MaxOverlap = 30 * 24 * time.Hour

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
	if err := refuseRevoked(from); err != nil {
		return nil, nil, err
	}
	if len(from.MachineKey) == 0 {
		return nil, nil, ledger.Refuse(ledger.RuleMove, ledger.LiftNobody, `close it with "licensor deactivate", then sign the new server's request`,
			"activation %s is bound to no machine, so there is none that could release it", from.Name())
	}
	if q.Invoice != invoice {
		return nil, nil, ledger.Refuse(ledger.RuleClaim, ledger.LiftNobody, "have the new server make a request with the invoice that is moved",
			"the request is for invoice %.64q, and %q is moved", q.Invoice, invoice)
	}
	// All rules but the one that the move is for: that a seat is free.
	offer, err := consider(f, by, q)
	switch {
	case err != nil:
		return nil, nil, err
	case offer.License != nil && offer.Activation.State == ledger.StateBridge:
		if f.Activations[offer.Activation.ID].Bridge.From != from.ID {
			return nil, nil, ledger.Refuse(ledger.RuleMove, ledger.LiftNobody, "have the new server make a request for each move, in a directory of its own",
				"the request comes from activation %s, the new server of another move", offer.Activation.Name())
		}
		return offer.License, nil, nil
	case offer.Activation != nil:
		return nil, nil, ledger.Refuse(ledger.RuleMove, ledger.LiftNobody, "have the new server make its request in a directory of its own",
			"the request comes from activation %s, which has its seat already", offer.Activation.Name())
	}
	if err := onceMoved(f, by, from); err != nil {
		return nil, nil, err
	}
	steps, err := voidMoves(f, by, from) // those that have ended
	if err != nil {
		return nil, nil, err
	}
	if offer.void != nil && (len(steps) == 0 || steps[0].Event.Activation != offer.void.ID) {
		steps = append(steps, void(by, offer.void))
	}
	until := ledger.Whole(by.Now.Add(overlap))
	if end := s.HardEnd(); !end.IsZero() && end.Before(until) {
		until = end // a bridge is no longer than what was bought
	}
	bridge := begin(by, q, newID, ledger.StateBridge)
	return nil, append(steps,
		signing(&ledger.Grant{Entitlement: s.Entitlement, Activation: newID, Epoch: 1, Request: q, BridgeUntil: until}, &bridge.Activation),
		&Step{Event: ledger.Event{Action: ledger.ActionMove, Invoice: invoice, Activation: from.ID, Detail: ledger.Moved{Successor: newID, Until: until}}},
	), nil
}

// onceMoved refuses a second bridge: while one runs, and another one after that, by
// which a seat would become two for ever. A bridge that its own server released does not
// count: it runs there no more, and does not install again.
func onceMoved(f *Facts, by *ledger.Operation, from *Activation) error {
	if m := from.pending(); m != nil && m.Until.After(by.Now) {
		successor, err := f.activation(m.Successor)
		if err != nil {
			return err
		}
		return ledger.Refuse(ledger.RuleMove, ledger.LiftNobody,
			fmt.Sprintf("release the old server; if the new one is the wrong one, end the move first: licensor deactivate %s --activation %s --why TEXT", from.Invoice, m.Successor),
			"activation %s is moving already, to %s", from.Name(), successor.Name())
	}
	if by.Override {
		return nil
	}
	for _, m := range slices.Backward(from.Moves) {
		successor, err := f.activation(m.Successor)
		if err != nil {
			return err
		}
		if successor.State != ledger.StateReleased {
			return ledger.Refuse(ledger.RuleMove, ledger.LiftOverride, "release the old server, then sign the new one's request",
				"activation %s had its bridge, to %s until %s, and was not released", from.Name(), m.Successor, m.Until.Format(time.DateOnly))
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
	return &Step{Event: ledger.Event{Action: ledger.ActionVoid, Invoice: bridge.Invoice, Activation: bridge.ID,
		Detail: ledger.Closed{Revoke: bridge.stillGood(0, by.Now)}}}
}

// endMove lets the successor of a released activation take over, from the request on
// record. A bridge that has ended is void: its server asks again.
func endMove(f *Facts, by *ledger.Operation, from *Activation, result *Released) ([]*Step, error) {
	m := from.pending()
	if m == nil {
		return nil, nil
	}
	if !m.Until.After(by.Now) {
		return voidMoves(f, by, from)
	}
	s, err := f.sold(from.Invoice)
	if err != nil {
		return nil, err
	}
	successor, err := f.activation(m.Successor)
	if err != nil {
		return nil, err
	}
	err = refuseRevoked(successor)
	if err == nil {
		err = checkLicense(f, by, s.Entitlement)
	}
	if err != nil {
		result.Refusal = err
		return voidMoves(f, by, from)
	}
	q, err := successor.Newest.OpenRequest()
	if err != nil {
		return nil, err
	}
	result.Successor = successor.ID
	result.Final = signing(&ledger.Grant{Entitlement: s.Entitlement, Activation: successor.ID, Epoch: successor.Epoch + 1, Request: q}, nil)
	return []*Step{
		{Event: ledger.Event{Action: ledger.ActionTakeOver, Invoice: from.Invoice, Activation: successor.ID, Detail: ledger.TakenOver{Predecessor: from.ID}}},
		result.Final,
	}, nil
}
