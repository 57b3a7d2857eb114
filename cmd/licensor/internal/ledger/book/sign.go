package book

import (
	"context"
	"strings"
	"time"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/rules"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/store"
	"github.com/offlicense/offlicense/verify"
)

// Preview says what Sign would do, and changes nothing. The error is a *ledger.Refusal
// if the rules give no license.
func (b *Book) Preview(ctx context.Context, by ledger.Operation, request *verify.Request) (*rules.Offer, error) {
	offer, err := read(ctx, b, func(t *store.Tx) (*rules.Offer, error) {
		f, err := t.Facts(store.Ask{Requests: []*verify.Request{request}})
		if err != nil {
			return nil, err
		}
		if err := rules.CheckFrozen(f); err != nil {
			return nil, err
		}
		offer, err := rules.Judge(f, &by, request)
		if err == nil && offer.License == nil {
			_, err = rules.CheckClock(f.Newest, &by)
		}
		return offer, err
	})
	return offer, b.explainClaim(ctx, err, request)
}

// Sign gives a request its seat and its license. Both are recorded in one durable
// transaction before the license is returned; a request that has been signed before
// gets the very same license again, or the one by which a renewal has replaced it.
func (b *Book) Sign(ctx context.Context, by ledger.Operation, request *verify.Request, issue ledger.Issue) (*ledger.License, error) {
	outcomes, err := b.SignBatch(ctx, by, []*verify.Request{request}, issue)
	if err != nil {
		return nil, err
	}
	return outcomes[0].License, outcomes[0].Err
}

// Outcome is what became of one request of a batch: a license, or why there is none.
type Outcome struct {
	License *ledger.License
	Again   bool // the request had its license already
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
func (b *Book) SignBatch(ctx context.Context, by ledger.Operation, requests []*verify.Request, issue ledger.Issue) ([]Outcome, error) {
	ids, err := newIDs(&by, len(requests))
	if err != nil {
		return nil, err
	}
	judged := make([]rules.Outcome, len(requests))
	unsigned := make(map[int]error) // what issue refused
	p := on(&by, store.Ask{Requests: requests}, func(_ *store.Tx, f *rules.Facts) ([]*rules.Step, error) {
		var steps []*rules.Step
		for i, request := range requests {
			if err, failed := unsigned[i]; failed {
				judged[i] = rules.Outcome{Err: err}
				continue
			}
			outcome, added, err := rules.Sign(f, &by, request, ids[i])
			if err != nil {
				return nil, err
			}
			judged[i] = outcome
			steps = append(steps, added...)
		}
		return steps, nil
	})
	tolerate := func(s *rules.Step, err error) {
		for i := range judged {
			if judged[i].Step == s {
				unsigned[i] = err
			}
		}
	}
	if err := b.carryOut(ctx, &by, issue, p, tolerate); err != nil {
		return nil, err
	}
	outcomes := make([]Outcome, len(requests))
	refusals := make([]error, len(requests))
	for i := range judged {
		outcomes[i] = outcomeOf(&judged[i])
		refusals[i] = outcomes[i].Err
	}
	b.explainClaims(ctx, refusals, requests)
	for i := range outcomes {
		outcomes[i].Err = refusals[i]
	}
	return outcomes, nil
}

func outcomeOf(o *rules.Outcome) Outcome {
	switch {
	case o.Err != nil:
		return Outcome{Err: o.Err}
	case o.Step != nil:
		return Outcome{License: o.Step.License(), Again: o.Again}
	}
	return Outcome{License: o.Offer.License, Again: true}
}

func newIDs(by *ledger.Operation, n int) ([]string, error) {
	ids := make([]string, n)
	for i := range ids {
		var err error
		if ids[i], err = ledger.NewActivationID(by.Random); err != nil {
			return nil, err
		}
	}
	return ids, nil
}

// SignUnbound gives out a license for any machine, under an entitlement that was sold
// so. It needs no request. name says which copy it is, such as the customer's branch,
// and may be empty; each name is one activation and takes one seat. The same name again
// returns the same license.
func (b *Book) SignUnbound(ctx context.Context, by ledger.Operation, invoice, name string, issue ledger.Issue) (*ledger.License, error) {
	name = strings.TrimSpace(name)
	id, err := ledger.NewActivationID(by.Random)
	if err != nil {
		return nil, err
	}
	var license *ledger.License
	var steps []*rules.Step
	p := on(&by, store.Ask{Seat: invoice}, func(t *store.Tx, f *rules.Facts) ([]*rules.Step, error) {
		earlier, err := t.Unbound(f, invoice, name)
		if err != nil {
			return nil, err
		}
		license, steps, err = rules.SignUnbound(f, &by, invoice, name, earlier, id)
		return steps, err
	})
	if err := b.carryOut(ctx, &by, issue, p, nil); err != nil {
		return nil, err
	}
	if len(steps) > 0 {
		license = steps[len(steps)-1].License()
	}
	return license, nil
}

// some returns the steps of one that may be missing.
func some(step *rules.Step) []*rules.Step {
	if step == nil {
		return nil
	}
	return []*rules.Step{step}
}

// signed returns the license of a step that was recorded, or the one of before.
func signed(before *ledger.License, step *rules.Step) *ledger.License {
	if step == nil {
		return before
	}
	return step.License()
}

// Reactivate closes an activation whose server is gone, and signs the request of the one
// that takes its seat, in one transaction. It returns the licenses that are to be revoked.
func (b *Book) Reactivate(ctx context.Context, by ledger.Operation, activation string, request *verify.Request, issue ledger.Issue) (*Reactivated, error) {
	id, err := ledger.NewActivationID(by.Random)
	if err != nil {
		return nil, err
	}
	result := new(Reactivated)
	var outcome rules.Outcome
	ask := store.Ask{Requests: []*verify.Request{request}, Activations: []string{activation}}
	p := on(&by, ask, func(_ *store.Tx, f *rules.Facts) (steps []*rules.Step, err error) {
		outcome, steps, err = rules.Reactivate(f, &by, activation, request, id)
		result.Revoked = rules.Revoked(steps)
		return steps, err
	})
	if err := b.carryOut(ctx, &by, issue, p, nil); err != nil {
		return nil, b.explainClaim(ctx, err, request)
	}
	o := outcomeOf(&outcome)
	result.License = o.License
	return result, b.explainClaim(ctx, o.Err, request)
}

// Move begins to move an activation to the site that made the request: see
// rules.BeginMove. The same move again returns the same bridge.
func (b *Book) Move(ctx context.Context, by ledger.Operation, invoice, activation string, overlap time.Duration, request *verify.Request, issue ledger.Issue) (*ledger.License, error) {
	id, err := ledger.NewActivationID(by.Random)
	if err != nil {
		return nil, err
	}
	var bridge *ledger.License
	var steps []*rules.Step
	ask := store.Ask{Requests: []*verify.Request{request}, Invoices: []string{invoice}, Activations: []string{activation}}
	p := on(&by, ask, func(_ *store.Tx, f *rules.Facts) (_ []*rules.Step, err error) {
		bridge, steps, err = rules.BeginMove(f, &by, invoice, activation, overlap, request, id)
		return steps, err
	})
	if err := b.carryOut(ctx, &by, issue, p, nil); err != nil {
		return nil, err
	}
	for _, s := range steps {
		if s.Grant != nil {
			bridge = s.License()
		}
	}
	return bridge, nil
}
