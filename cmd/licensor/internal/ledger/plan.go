package ledger

import (
	"context"
	"errors"
	"reflect"
	"runtime"
	"sync"
	"time"

	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/verify"
)

// Grant is a license that the rules allow and nobody has signed yet.
type Grant struct {
	Entitlement   *Entitlement // what the license says; of a bridge, type and end are its own
	Activation    string
	Epoch         uint64
	Request       *verify.Request // nil: a license for any machine
	EmergencyDays uint64          // left of the entitlement's
}

// Issue writes and signs the license of a grant. It returns the license file's bytes.
// It is called by several goroutines at once, and outside any transaction; only when
// another workstation changes the ledger at the same moment it is called again, inside
// one. A license that it returns may be thrown away.
type Issue func(Grant) (id format.ID, file []byte, signer string, err error)

// A step is an event to be recorded, with its license still to be signed if it has a
// grant.
type step struct {
	event Event
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

// grant returns the grant of an entitlement's next license.
func (p *planner) grant(e *sold, activation string, epoch uint64, q *verify.Request) *Grant {
	g := &Grant{Entitlement: e.Entitlement, Activation: activation, Epoch: epoch, Request: q}
	if e.EmergencyDays > e.usage.EmergencyDays {
		g.EmergencyDays = e.EmergencyDays - e.usage.EmergencyDays
	}
	return g
}

// drafts are licenses that were signed outside a transaction.
type drafts map[draftKey]*draft

type draftKey struct {
	activation string
	epoch      uint64
}

type draft struct {
	grant  *Grant
	id     format.ID
	file   []byte
	signer string
	err    error
}

// issue signs the grants of all steps, on all processors.
func (p *planner) issue(issue Issue) drafts {
	made := make(drafts)
	var todo []*draft
	for _, s := range p.steps {
		if s.grant != nil {
			d := &draft{grant: s.grant}
			made[draftKey{s.grant.Activation, s.grant.Epoch}] = d
			todo = append(todo, d)
		}
	}
	workers := min(runtime.GOMAXPROCS(0), len(todo))
	var wait sync.WaitGroup
	for worker := range workers {
		sign := func() {
			for i := worker; i < len(todo); i += workers {
				todo[i].sign(issue)
			}
		}
		if worker == workers-1 {
			sign()
		} else {
			wait.Go(sign)
		}
	}
	wait.Wait()
	return made
}

func (d *draft) sign(issue Issue) { d.id, d.file, d.signer, d.err = issue(*d.grant) }

// of returns the draft of a grant, signing now what was not signed before.
func (made drafts) of(g *Grant, issue Issue) *draft {
	d := made[draftKey{g.Activation, g.Epoch}]
	if d == nil || !reflect.DeepEqual(d.grant, g) {
		d = &draft{grant: g}
		d.sign(issue)
		made[draftKey{g.Activation, g.Epoch}] = d
	}
	return d
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
	made := first.issue(issue)
	failed := first.failures(made, tolerate)
	if failed != nil && tolerate == nil {
		return failed
	}
	return l.write(ctx, by, func(w *writer) error {
		p := first
		for failed != nil || w.size != seen {
			p = newPlanner(&w.transaction, by, ids)
			if err := plan(p); err != nil {
				return err
			}
			for _, s := range p.steps {
				if s.grant != nil {
					made.of(s.grant, issue)
				}
			}
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
		if s.err = made[draftKey{s.grant.Activation, s.grant.Epoch}].err; s.err != nil {
			all = append(all, s.err)
			if tolerate != nil {
				tolerate(s)
			}
		}
	}
	return errors.Join(all...)
}

func (w *writer) recordSteps(steps []*step, made drafts) error {
	for _, s := range steps {
		if signed, ok := s.event.Detail.(*Signed); ok {
			d := made[draftKey{s.grant.Activation, s.grant.Epoch}]
			signed.License = &License{
				ID: d.id, Activation: s.grant.Activation, Epoch: s.grant.Epoch,
				Issued: whole(w.by.Now), Expires: s.grant.Entitlement.HardEnd(),
				Signer: d.signer, File: d.file,
			}
			if s.grant.Request != nil {
				signed.License.Request = s.grant.Request.Body
			}
		}
		if err := w.record(&s.event); err != nil {
			return err
		}
	}
	return nil
}
