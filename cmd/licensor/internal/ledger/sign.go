package ledger

import (
	"cmp"
	"context"
	"errors"
	"time"

	"github.com/offlicense/offlicense/verify"
)

// Preview says what Sign would do, and changes nothing. The error is a *Refusal if the
// rules give no license.
func (l *Ledger) Preview(ctx context.Context, request *verify.Request, now time.Time) (*Offer, error) {
	return l.PreviewAs(ctx, Operation{Now: now}, request)
}

// PreviewAs is Preview with what the operation may lift.
func (l *Ledger) PreviewAs(ctx context.Context, by Operation, request *verify.Request) (*Offer, error) {
	var offer *Offer
	err := l.read(ctx, func(t *transaction) error {
		var err error
		if offer, err = newView(t, by).judge(request); err != nil || offer.License != nil {
			return err
		}
		_, newest, err := t.size()
		if err != nil {
			return err
		}
		return checkClock(newest, &by)
	})
	if err != nil {
		return nil, err
	}
	return offer, nil
}

// Sign gives a request its seat and its license. Both are recorded in one durable
// transaction before the license is returned; a request that has been signed before
// gets the very same license again, or the one by which a renewal has replaced it.
func (l *Ledger) Sign(ctx context.Context, by Operation, request *verify.Request, issue Issue) (*License, error) {
	outcomes, err := l.SignBatch(ctx, by, []*verify.Request{request}, issue)
	if err != nil {
		return nil, err
	}
	return outcomes[0].License, outcomes[0].Err
}

// Outcome is what became of one request of a batch: a license, or why there is none.
type Outcome struct {
	License *License
	Again   bool   // the request had its license already
	Leaves  string // see Offer
	Err     error
}

// SignBatch signs many requests as Sign does one, with one durable transaction for all
// of them: when it returns, every license that it returns is on record. One request
// that is refused or cannot be signed does not stop the others. The requests are
// judged in their order. The error is about the whole batch, of which then nothing is
// recorded.
//
// Batches of about a thousand are fast, and let other workstations in between. It signs
// on all processors and records on one; for the others, the caller has the files of the
// batch before to write.
func (l *Ledger) SignBatch(ctx context.Context, by Operation, requests []*verify.Request, issue Issue) ([]Outcome, error) {
	outcomes := make([]Outcome, len(requests))
	granted := make([]*step, len(requests))
	unsigned := make(map[int]error) // what Issue refused
	plan := func(p *planner) error {
		clear(outcomes)
		clear(granted)
		if err := p.preload(requests); err != nil {
			return err
		}
		for i, request := range requests {
			if err, failed := unsigned[i]; failed {
				outcomes[i].Err = err
				continue
			}
			var err error
			if granted[i], err = p.sign(request, &outcomes[i]); err != nil {
				return err
			}
		}
		return nil
	}
	tolerate := func(s *step) {
		for i, g := range granted {
			if g == s {
				unsigned[i] = s.err
			}
		}
	}
	if err := l.carryOut(ctx, by, issue, plan, tolerate); err != nil {
		return nil, err
	}
	for i, s := range granted {
		if s != nil && s.grant != nil {
			outcomes[i].License = s.event.Detail.(*Signed).License
		}
	}
	return outcomes, nil
}

// sign judges one request of a batch and adds the steps that answer it. The step that
// it returns is the one with the license.
func (p *planner) sign(q *verify.Request, outcome *Outcome) (*step, error) {
	if s := p.given[q.Hash]; s != nil {
		outcome.Again = true
		return s, nil
	}
	offer, err := p.judge(q)
	var refusal *Refusal
	switch {
	case errors.As(err, &refusal):
		outcome.Err = err
		return nil, nil
	case err != nil:
		return nil, err
	case offer.License != nil:
		outcome.License, outcome.Again = offer.License, true
		return nil, nil
	}
	if offer.void != nil {
		if err := p.void(offer.void); err != nil {
			return nil, err
		}
	}
	row, a := offer.own, (*Activation)(nil)
	if row == nil {
		if row, err = p.newActivation(offer, q, StateActive); err != nil {
			return nil, err
		}
		p.took(row)
		a = new(row.Activation)
	} else {
		if offer.Leaves != "" {
			if err := p.reseat(row, offer.Seat, q); err != nil {
				return nil, err
			}
			outcome.Leaves = offer.Leaves
		}
		row.epoch++
		changed := row.Site != q.Site || row.Host != q.Host || offer.Entitlement.CountBy == ByMachine
		row.Site, row.Host, row.Components = q.Site, q.Host, componentsOf(q.Components)
		p.tookAgain(row)
		if changed {
			a = new(row.Activation)
		}
	}
	g, err := p.grant(p.view.sold[q.Invoice], row.ID, row.epoch, q)
	if err != nil {
		return nil, err
	}
	s := p.license(ActionSign, g, a)
	p.given[q.Hash] = s
	return s, nil
}

// reseat takes an activation from the seat that it has, to the given one or, if that is
// empty, to one of its own.
func (p *planner) reseat(row *activationRow, seat string, q *verify.Request) error {
	left, err := p.sharing(row)
	if err != nil {
		return err
	}
	if len(left) == 0 {
		p.view.sold[q.Invoice].usage.Seats--
	}
	if seat == "" {
		if seat, err = p.newID(q.Invoice + " seat " + string(q.Hash[:])); err != nil {
			return err
		}
		p.view.sold[q.Invoice].usage.Seats++
	}
	p.add(Event{Action: ActionReseat, Invoice: q.Invoice, Activation: row.ID, Detail: Reseated{From: row.Seat, Seat: seat}})
	p.leaves(row)
	row.Seat = seat
	return nil
}

// newActivation begins the activation of a site that the rules have given a seat, or
// in a move a bridge.
func (p *planner) newActivation(offer *Offer, q *verify.Request, state State) (*activationRow, error) {
	id, err := p.newID(q.Invoice + " " + string(q.Hash[:]))
	if err != nil {
		return nil, err
	}
	return &activationRow{
		Activation: Activation{
			ID: id, Seat: cmp.Or(offer.Seat, id), State: state, Site: q.Site, Host: q.Host,
			MachineKey: q.Key.Bytes(), Since: whole(p.by.Now), Components: componentsOf(q.Components),
		},
		invoice: q.Invoice, epoch: 1,
	}, nil
}
