package ledger

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"math"
	"slices"

	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/keys"
)

// Release is what a site's signed release says. The caller has checked its signature;
// whether it belongs to what is on record is decided here.
type Release struct {
	License       format.ID      // which its site gave up
	Key           keys.PublicKey // the machine key that signed the release
	EmergencyDays uint64         // used of a failover license, as the site counted them
	Raw           []byte         // the release as it came
}

// Released is what came of a release.
type Released struct {
	Invoice    string
	Activation string
	Already    bool     // the release was recorded before
	Successor  string   // the activation that took over, if the site was moving
	License    *License // its final license
	DaysUsed   uint64   // days of emergency that are on record as used now
	Refusal    error    // why the new server of a move got none: its bridge is void, and it asks again
}

// Release frees the seat of a site that gave up its license. If the site was moving,
// its successor takes the seat and gets its final license. The same release again
// changes nothing and returns the same.
func (l *Ledger) Release(ctx context.Context, by Operation, r Release, issue Issue) (*Released, error) {
	var result *Released
	var final *step
	plan := func(p *planner) error {
		var err error
		result, final, err = p.release(r)
		return err
	}
	if err := l.carryOut(ctx, by, issue, plan, nil); err != nil {
		return nil, err
	}
	if final != nil {
		result.License = final.event.Detail.(*Signed).License
	}
	return result, nil
}

func (p *planner) release(r Release) (*Released, *step, error) {
	license, err := p.transaction.license("l.id = $1", r.License.String())
	if err != nil {
		return nil, nil, err
	}
	if license == nil {
		return nil, nil, refuseUnknownLicense(r.License)
	}
	a, err := p.activation(license.Activation)
	if err != nil || a == nil {
		return nil, nil, orMissing(err, license.Activation)
	}
	if !bytes.Equal(a.MachineKey, r.Key.Bytes()) || r.Key.IsZero() {
		return nil, nil, refuse(RuleRelease, liftNobody, "ask for the release that the server itself wrote",
			"the release is signed by another machine than the one of activation %s", a.Name())
	}
	result := &Released{Invoice: a.invoice, Activation: a.ID}
	switch a.State {
	case StateReleased:
		result.Already = true
		return result, nil, p.tookOver(result)
	case StateLost, StateVoid:
		return nil, nil, refuse(RuleActive, liftNobody, fmt.Sprintf("nothing is left to do; \"licensor history %s\" says what happened", a.ID),
			"activation %s was closed before (%s)", a.Name(), a.State)
	}
	// What was revoked would get another license by a new request, or hand its seat to the
	// new server of a move. Staff decide about that: Reactivate.
	// One that gave up an earlier license, which is good, is believed.
	if err := p.refuseRevoked(r.License.String()); err != nil {
		return nil, nil, err
	}
	if a.State == StateBridge { // the new server of a move gives up: the move comes to nothing
		p.add(Event{Action: ActionRelease, Invoice: a.invoice, Activation: a.ID, Detail: Closed{Release: r.Raw}})
		return result, nil, nil
	}
	closed := Closed{Release: r.Raw}
	if closed.EmergencyDays, err = p.daysUsed(a, r.EmergencyDays); err != nil {
		return nil, nil, err
	}
	result.DaysUsed = closed.EmergencyDays
	// A license that was signed after the one given up may be on its way to the server.
	if closed.Revoke, err = p.stillGood(a.ID, license.Epoch); err != nil {
		return nil, nil, err
	}
	p.add(Event{Action: ActionRelease, Invoice: a.invoice, Activation: a.ID, Detail: closed})
	final, err := p.endMove(a, closed.EmergencyDays, result)
	return result, final, err
}

// stillGood returns the licenses of an activation that have not ended, of later epochs
// than the given one.
func (v *view) stillGood(activation string, epoch uint64) ([]string, error) {
	var ids []string
	err := v.each("SELECT id FROM licenses WHERE activation = $1 AND epoch > $2 AND (expires = 0 OR expires > $3)"+
		" AND id NOT IN (SELECT license FROM revocations) ORDER BY epoch",
		[]any{activation, int64(epoch), v.now.Unix()}, func(rows *sql.Rows) error {
			var id string
			err := rows.Scan(&id)
			ids = append(ids, id)
			return err
		})
	return ids, err
}

// Reactivate closes an activation whose server is gone: its seat is free, and its
// licenses, and that of the bridge if it was moving, wait for the next revocation list.
// If it is a bridge, to a wrong server or one that is gone, its move comes to nothing.
// The days of emergency that it had count as used: nobody can tell how many were.
func (l *Ledger) Reactivate(ctx context.Context, by Operation, invoice, activation string) (revoked []format.ID, err error) {
	return l.ReactivateUsed(ctx, by, invoice, activation, math.MaxUint64)
}

// ReactivateUsed is Reactivate for an activation that has used no more than so many
// days of emergency, as the customer says and the operator answers for.
func (l *Ledger) ReactivateUsed(ctx context.Context, by Operation, invoice, activation string, daysUsed uint64) (revoked []format.ID, err error) {
	if err := by.needWhy("closing an activation as lost"); err != nil {
		return nil, err
	}
	err = l.write(ctx, by, func(w *writer) error {
		p := newPlanner(&w.transaction, by, nil)
		a, err := p.mustBe(invoice, activation, StateActive, StateBridge)
		switch {
		case err != nil:
			return err
		case a.State == StateBridge:
			err = p.void(a)
		default:
			err = p.lose(a, daysUsed)
		}
		if err != nil {
			return err
		}
		if revoked, err = revokedBy(p.steps); err != nil {
			return err
		}
		return w.recordSteps(p.steps, nil)
	})
	if err != nil {
		return nil, err
	}
	return revoked, nil
}

// lose closes an active activation as lost.
func (p *planner) lose(a *activationRow, daysUsed uint64) (err error) {
	closed := Closed{}
	if closed.EmergencyDays, err = p.daysUsed(a, daysUsed); err != nil {
		return err
	}
	if closed.Revoke, err = p.stillGood(a.ID, 0); err != nil {
		return err
	}
	// A move that was to follow has nobody left to release: the new server asks for the
	// seat that is free now.
	if err := p.voidMoves(a); err != nil {
		return err
	}
	p.add(Event{Action: ActionReactivate, Invoice: a.invoice, Activation: a.ID, Detail: closed})
	return nil
}

// revokedBy returns the licenses that the steps of a plan revoke.
func revokedBy(steps []*step) (revoked []format.ID, err error) {
	for _, s := range steps {
		closed, _ := s.event.Detail.(Closed)
		for _, text := range closed.Revoke {
			id, err := format.ParseID(text)
			if err != nil {
				return nil, damaged("license %.64q: %v", text, err)
			}
			revoked = append(revoked, id)
		}
	}
	return revoked, nil
}

// mustBe returns an activation that is in one of the states.
func (v *view) mustBe(invoice, activation string, states ...State) (*activationRow, error) {
	a, err := v.activation(activation)
	switch {
	case err != nil:
		return nil, err
	case a == nil || a.invoice != invoice:
		return nil, refuse(RuleActive, liftNobody, fmt.Sprintf("\"licensor list --invoice %s\" shows who is active", invoice),
			"invoice %.64q has no activation %.64q", invoice, activation)
	case a.State == StateBridge && !slices.Contains(states, a.State):
		return nil, refuse(RuleActive, liftNobody, "release the old server first; if this one is the wrong one, \"licensor reactivate\" ends its move",
			"activation %s is the new server of a move that waits for the release of the old one", a.Name())
	case !slices.Contains(states, a.State):
		return nil, refuse(RuleActive, liftNobody, fmt.Sprintf("\"licensor history %s\" says what happened", a.ID),
			"activation %s is not active, it is %s", a.Name(), a.State)
	}
	return a, nil
}
