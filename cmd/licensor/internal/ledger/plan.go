package ledger

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/offlicense/offlicense/verify"
)

// Grant is a license that the rules allow and nobody has signed yet.
type Grant struct {
	Entitlement   *Entitlement // what the license says; of a bridge, type and end are its own
	Activation    string
	Epoch         uint64
	Request       *verify.Request // nil: a license for any machine
	EmergencyDays uint64          // type failover: those that the license carries
}

// A step is an event to be recorded, with its license still to be signed if it has a
// grant.
type step struct {
	event Event
	leaf  []byte // its canonical bytes, once it is complete
	grant *Grant
	err   error // of Issue
}

// planner makes steps of what a view shows. A plan that is made twice of the same
// state is the same: new ids are made once.
type planner struct {
	*view
	ids   map[string]string // new activation ids, by what asks for them
	by    Operation
	steps []*step
	given map[[32]byte]*step // in this batch, by request
}

func newPlanner(t *transaction, by Operation, ids map[string]string) *planner {
	return &planner{view: newView(t, by), ids: ids, by: by, given: make(map[[32]byte]*step)}
}

func (p *planner) newID(of string) (string, error) {
	if id, known := p.ids[of]; known {
		return id, nil
	}
	id, err := newActivationID(p.by.Random)
	if err == nil {
		p.ids[of] = id
	}
	return id, err
}

func (p *planner) add(e Event) { p.steps = append(p.steps, &step{event: e}) }

// license adds the step that signs a grant and records it. a is nil if the activation
// is as it was.
func (p *planner) license(action Action, g *Grant, a *Activation) *step {
	if a != nil && g.Entitlement.CountBy != ByMachine {
		a.Components = nil
	}
	s := &step{
		event: Event{Action: action, Invoice: g.Entitlement.Invoice, Activation: g.Activation, Detail: &Signed{Activation: a}},
		grant: g,
	}
	p.steps = append(p.steps, s)
	return s
}

// grant returns the grant of an activation's next license.
func (p *planner) grant(e *sold, activation string, epoch uint64, q *verify.Request) (*Grant, error) {
	days, err := p.daysLeft(e, activation)
	if err != nil {
		return nil, err
	}
	if days > 0 { // for the others of this batch
		p.days[e.Invoice][activation] = max(days, p.days[e.Invoice][activation])
	}
	return &Grant{Entitlement: e.Entitlement, Activation: activation, Epoch: epoch, Request: q, EmergencyDays: days}, nil
}

// carryOut makes a plan, signs its grants and records its steps, all of them or none.
//
// Signing takes long and may wait for a person, so it happens before the transaction
// that locks the ledger. The plan holds if the log has not grown since, for every
// change is an event. If it has grown, the plan is made again under the lock, by the
// same rules, and only what comes out differently is signed again.
//
// If tolerate is not nil, it is told of a grant that could not be signed, and the plan
// is made again without it.
func (l *Ledger) carryOut(ctx context.Context, by Operation, issue Issue, plan func(*planner) error, tolerate func(*step)) error {
	if err := by.check(); err != nil {
		return err
	}
	ids := make(map[string]string)
	var seen int64
	var first *planner
	err := l.read(ctx, func(t *transaction) error {
		var newest time.Time
		var err error
		if seen, newest, err = t.size(); err != nil {
			return err
		}
		if err := checkClock(newest, &by); err != nil {
			return err
		}
		first = newPlanner(t, by, ids)
		return plan(first)
	})
	if err != nil || len(first.steps) == 0 {
		return err
	}
	made := make(drafts)
	made.issue(first.steps, issue)
	failed := first.failures(made, tolerate)
	if failed != nil && tolerate == nil {
		return failed
	}
	if failed == nil {
		if err := encode(first.steps, seen+1, &by, made); err != nil {
			return err
		}
	}
	return l.write(ctx, by, func(w *writer) error {
		p := first
		for failed != nil || w.size != seen {
			p = newPlanner(&w.transaction, by, ids)
			if err := plan(p); err != nil {
				return err
			}
			made.issue(p.steps, issue)
			if failed = p.failures(made, tolerate); failed == nil {
				break
			}
			if tolerate == nil {
				return failed
			}
		}
		return w.recordSteps(p.steps, made)
	})
}

// failures returns what could not be signed.
func (p *planner) failures(made drafts, tolerate func(*step)) error {
	var all []error
	for _, s := range p.steps {
		if s.grant == nil {
			continue
		}
		if s.err = made[draftKey{s.grant.Activation, s.grant.Epoch}].Err; s.err != nil {
			all = append(all, s.err)
			if tolerate != nil {
				tolerate(s)
			}
		}
	}
	return errors.Join(all...)
}

// encode completes the events of steps, the first of which is to have the number from,
// and makes their canonical bytes.
func encode(steps []*step, from int64, by *Operation, made drafts) error {
	for i, s := range steps {
		s.event.complete(from+int64(i), by)
		if signed, ok := s.event.Detail.(*Signed); ok {
			signed.License = made[draftKey{s.grant.Activation, s.grant.Epoch}].license(by)
		}
	}
	var mu sync.Mutex
	var failed error
	onAllProcessors(steps, func(share []*step) {
		for _, s := range share {
			var err error
			if s.leaf, err = s.event.marshal(); err != nil {
				mu.Lock()
				failed = err
				mu.Unlock()
			}
		}
	})
	return failed
}

// recordSteps records steps, encoding them if nobody has done it outside the
// transaction.
func (w *writer) recordSteps(steps []*step, made drafts) error {
	if err := w.checkSigners(steps, made); err != nil {
		return err
	}
	if len(steps) > 0 && steps[0].leaf == nil {
		if err := encode(steps, w.size+1, &w.by, made); err != nil {
			return err
		}
	}
	for _, s := range steps {
		if err := w.append(&s.event, s.leaf); err != nil {
			return err
		}
	}
	return nil
}
