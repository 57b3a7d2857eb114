package audit

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/rules"
	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/verify"
)

// A question is what was asked of the rules when events were recorded: it is found from
// the events themselves. An operation has one question or several, such as a batch of
// requests.

// question returns how many of the events that begin an operation answer one question,
// and asks it again.
func (a *audit) question(rest []*prepared) (n int, ask func(by *ledger.Operation) ([]*rules.Step, error)) {
	e := rest[0].event
	s := a.state
	switch d := e.Detail.(type) {
	case ledger.Created:
		return 1, func(*ledger.Operation) ([]*rules.Step, error) { return s.create(d) }
	case ledger.Customer:
		return 1, func(*ledger.Operation) ([]*rules.Step, error) { return some(rules.SetCustomer(d)) }
	case *ledger.Entitlement:
		if e.Action == ledger.ActionEntitle {
			return 1, func(by *ledger.Operation) ([]*rules.Step, error) { return a.entitle(by, d) }
		}
		if e.Action == ledger.ActionSuspend || e.Action == ledger.ActionResume || e.Action == ledger.ActionCancel {
			return len(rest), func(by *ledger.Operation) ([]*rules.Step, error) { return s.setStanding(by, e.Invoice, d.Standing) }
		}
		if e.Action == ledger.ActionBegin {
			return s.sign(rest)
		}
		if e.Action == ledger.ActionCorrect {
			return len(rest), func(by *ledger.Operation) ([]*rules.Step, error) { return s.correct(by, e.Invoice, d) }
		}
		if e.Action == ledger.ActionRename {
			return len(rest), func(by *ledger.Operation) ([]*rules.Step, error) { return s.rename(by, e.Invoice, d.Customer) }
		}
		if s.sellsWeaker(rest) {
			n, ask := s.sign(rest[1:])
			return n + 1, func(by *ledger.Operation) ([]*rules.Step, error) {
				by.Weaker = true
				return ask(by)
			}
		}
		return len(rest), func(by *ledger.Operation) ([]*rules.Step, error) { return s.revise(by, e.Action, d, rest) }
	case ledger.Renumbered:
		return len(rest), func(by *ledger.Operation) ([]*rules.Step, error) {
			var after *ledger.Entitlement
			if of := s.sales[d.Was]; of != nil {
				after = of.Clone()
				after.Invoice = e.Invoice
			}
			if len(rest) > 1 {
				if all, ok := rest[1].event.Detail.(*ledger.Entitlement); ok {
					after = all
				}
			}
			return s.correct(by, d.Was, after)
		}
	case ledger.Addressed:
		return 1, func(by *ledger.Operation) ([]*rules.Step, error) { return some(s.address(by, e.Invoice, d)) }
	case ledger.Product:
		return 1, func(by *ledger.Operation) ([]*rules.Step, error) { return s.setProduct(by, d) }
	case ledger.Forgotten:
		return 1, func(*ledger.Operation) ([]*rules.Step, error) { return some(rules.Forget(d.Accounts), s.forget(d)) }
	case ledger.Revoked:
		return 1, func(by *ledger.Operation) ([]*rules.Step, error) { return s.askRevoke(by, e, d) }
	case ledger.Frozen:
		return 1, func(*ledger.Operation) ([]*rules.Step, error) {
			f := s.facts()
			f.GivenUp = s.givenUp
			return some(rules.Freeze(f.Facts, d))
		}
	case ledger.Thawed:
		return 1, func(*ledger.Operation) ([]*rules.Step, error) { return some(rules.Thaw(s.facts().Facts, d.Move)) }
	case ledger.Opened:
		return 1, func(*ledger.Operation) ([]*rules.Step, error) { return some(rules.Open(s.facts().Facts, d.Move)) }
	case ledger.Published:
		return 1, func(by *ledger.Operation) ([]*rules.Step, error) { return a.publish(by, d, rest[0]) }
	case ledger.Closed:
		if e.Action == ledger.ActionRelease {
			return len(rest), func(by *ledger.Operation) ([]*rules.Step, error) { return a.release(by, rest) }
		}
		return s.close(rest)
	case *ledger.Signed, ledger.TakenOver, ledger.Rebound:
		return s.sign(rest)
	}
	return 1, func(*ledger.Operation) ([]*rules.Step, error) {
		return nil, fmt.Errorf("no operation begins with %s", e.Action)
	}
}

func some(step *rules.Step, err error) ([]*rules.Step, error) {
	if err != nil {
		return nil, err
	}
	return []*rules.Step{step}, nil
}

func (s *state) create(d ledger.Created) ([]*rules.Step, error) {
	if s.size > 0 {
		return nil, errors.New("the ledger was created before")
	}
	return []*rules.Step{{Event: ledger.Event{Action: ledger.ActionCreate, Detail: d}}}, nil
}

func (s *state) setProduct(by *ledger.Operation, d ledger.Product) ([]*rules.Step, error) {
	f := s.facts()
	f.Products = s.products
	step, err := rules.SetProduct(f.Facts, by, d, s.products[d.Name] != nil)
	if err == nil && step == nil {
		err = errors.New("it changes nothing")
	}
	return some(step, err)
}

// entitle asks about a sale. What requires production may stand in an import before it.
func (a *audit) entitle(by *ledger.Operation, d *ledger.Entitlement) ([]*rules.Step, error) {
	sale := a.state.withEmail(d)
	sale.Waived, sale.Standing, sale.Due = false, "", 0
	if err := sale.Check(a.state.vendor, by.Now); err != nil {
		return nil, err
	}
	f := a.state.facts()
	f.sale(d.Invoice)
	f.buyer(sale)
	// Of an import of 100,000 orders, each asks for its own buyer alone.
	key := rules.ForProduct{Buyer: ledger.CustomerKey(sale.Customer), Product: sale.Product}
	if at, there := a.imported[key]; there {
		f.Production[key] = at
	}
	return some(rules.Entitle(f.Facts, by, sale.Normal()))
}

// revise asks about a renewal or an amendment, by what came of it.
func (s *state) revise(by *ledger.Operation, action ledger.Action, after *ledger.Entitlement, rest []*prepared) ([]*rules.Step, error) {
	f := s.facts()
	f.requests = s.answered(rest[1:])
	var active []*rules.Activation
	if of := s.sales[after.Invoice]; of != nil {
		// One whose license says the same as before is not signed again, and one that is due is
		// signed when its request comes: no record at hand has what they answer.
		for _, a := range of.active() {
			if err := f.readRequest(a); err != nil {
				return nil, err
			}
		}
		f.seats(f.sale(after.Invoice), nil)
		if by.Why == "" && (s.unjudged(of.Entitlement) || s.unjudged(after)) {
			by.Why = "unknown" // whether it was another account, which wants a reason
		}
		for _, a := range of.active() {
			active = append(active, f.activation(a))
		}
	}
	by.Later = after.Due != 0
	salt := s.saltOf(after)
	after = s.withEmail(after)
	f.buyer(after)
	revision := rules.NewAmendment(becomes(after))
	switch action {
	case ledger.ActionTransfer:
		revision = rules.NewTransfer(after.Customer, after.Email)
	case ledger.ActionRenew:
		revision = rules.NewRenewal(rules.Renewal{
			Expires: ledger.EndAt(after.Expires), Perpetual: after.Expires.IsZero(), Updates: ledger.EndAt(ledger.EndOfUpdates(after.UpdatesUntil))})
	}
	revised, err := rules.Revise(f.Facts, by, after.Invoice, revision.Salted(salt), active)
	if err == nil && len(revised.Steps) == 0 {
		err = errors.New("it changes nothing")
	}
	if err != nil {
		return nil, err
	}
	if s.unjudged(after) {
		revised.Steps[0].Event.Detail.(*ledger.Entitlement).Account = after.Account
	}
	return revised.Steps, nil
}

// sellsWeaker reports whether an amendment sells a request the weaker binding that it
// asks for: the license that follows answers a request that is new.
func (s *state) sellsWeaker(rest []*prepared) bool {
	for _, p := range rest[1:] {
		if p.license != nil {
			return p.request != nil && s.answers.find(p.request.Hash) == nil
		}
	}
	return false
}

// answered returns the requests of licenses that are signed again, from the record at
// hand: each must be the one that the newest license on record answers.
func (s *state) answered(rest []*prepared) map[string][]byte {
	requests := make(map[string][]byte)
	for _, p := range rest {
		if p.license == nil || p.request == nil {
			continue
		}
		a := s.activations.find(p.license.Activation)
		if a == nil {
			continue
		}
		if l := a.newest; l != nil && l.bound && l.request == p.request.Hash && l.signed == p.request.Signed {
			requests[a.id()] = p.license.Request
		}
	}
	return requests
}

func (s *state) askRevoke(by *ledger.Operation, e *ledger.Event, d ledger.Revoked) ([]*rules.Step, error) {
	if d.Key != nil {
		if text := s.checkKeep(d.Key); text != "" {
			return nil, errors.New(text)
		}
		return some(rules.RevokeKey(s.roomFor(len(d.Key.Keep)/16), by, *d.Key))
	}
	f := s.facts()
	var step *rules.Step
	var err error
	if len(d.Licenses) == 1 {
		f.license(d.Licenses[0])
		step, _, err = rules.RevokeLicense(f.Facts, s.roomFor(1), by, d.Licenses[0])
	} else {
		f.add(s.find(e.Activation)...)
		step, _, err = rules.RevokeActivation(f.Facts, s.roomFor(len(d.Licenses)), by, e.Activation)
	}
	return some(step, err)
}

// find returns an activation, or none.
func (s *state) find(id string) []*activation {
	if a := s.activations.find(id); a != nil {
		return []*activation{a}
	}
	return nil
}

func (a *audit) publish(by *ledger.Operation, d ledger.Published, p *prepared) ([]*rules.Step, error) {
	if p.list == nil {
		return nil, fmt.Errorf("the list does not verify: %w", p.unsafe)
	}
	a.judged.lists++
	published := ledger.Published{Number: p.list.Number, SignedBy: p.list.Signer, File: p.list.Raw}
	file, err := format.ParseList(d.File)
	if err != nil {
		return nil, err
	}
	r := a.state.allRevocations()
	if file.RawDelegation != nil {
		_, key, err := ledger.DelegatedKey(file.Delegation)
		if err != nil {
			return nil, err
		}
		published.SignerKey = key.Bytes()
		if err := rules.CheckListSigner(r.Keys); err != nil {
			return nil, err
		}
	}
	if err := rules.CheckList(r, a.against.Verifier, p.list, by.Now); err != nil {
		return nil, err
	}
	return []*rules.Step{{Event: ledger.Event{Action: ledger.ActionPublish, Detail: published}}}, nil
}

// release asks about a release. The machine key on record must have signed it.
func (a *audit) release(by *ledger.Operation, rest []*prepared) ([]*rules.Step, error) {
	s := a.state
	closed := rest[0].event.Detail.(ledger.Closed)
	f := s.facts()
	f.requests = s.answered(rest[1:])
	signed, err := s.openRelease(closed.Release)
	if err != nil {
		return nil, err
	}
	a.judged.releases++
	// Where a new server gets no license after all, its request is not at hand.
	for _, m := range s.licenses.find(signed.license).activation.rest().moves {
		if bridge := s.activations.find(m.Successor); m.State == rules.MovePending && bridge != nil {
			if err := f.readRequest(bridge); err != nil {
				return nil, err
			}
		}
	}
	f.license(signed.license)
	released, err := rules.Release(f.Facts, by, rules.Releasing{License: signed.license, Key: signed.key, EmergencyDays: signed.days, Raw: closed.Release})
	if err == nil && released.Already {
		err = errors.New("the release was recorded before")
	}
	if err != nil {
		return nil, err
	}
	return released.Steps, nil
}

// close asks about activations that are closed: a server that is gone, with the move
// that was to follow, or a bridge that has ended and makes way.
func (s *state) close(rest []*prepared) (int, func(by *ledger.Operation) ([]*rules.Step, error)) {
	voids := 0
	for voids < len(rest) && rest[voids].event.Action == ledger.ActionVoid {
		voids++
	}
	e := rest[0].event
	if voids < len(rest) {
		next := rest[voids].event
		if voids == 0 || next.Action == ledger.ActionDeactivate && s.isBridge(e.Activation, next.Activation) {
			e = next
			return voids + 1, func(by *ledger.Operation) ([]*rules.Step, error) { return s.deactivate(by, e) }
		}
		if signs(next) && s.makesWay(e, rest[voids:]) {
			return s.sign(rest)
		}
	}
	return 1, func(by *ledger.Operation) ([]*rules.Step, error) { return s.deactivate(by, e) }
}

func (s *state) deactivate(by *ledger.Operation, e *ledger.Event) ([]*rules.Step, error) {
	f := s.facts()
	f.add(s.find(e.Activation)...)
	return rules.Deactivate(f.Facts, by, e.Invoice, e.Activation)
}

// isBridge reports whether an activation is the bridge of a move from another one.
func (s *state) isBridge(id, from string) bool {
	a := s.activations.find(id)
	return a != nil && a.rest().bridge != nil && a.few.bridge.From == from
}

// signs reports whether an event begins the answer to a request.
func signs(e *ledger.Event) bool {
	return e.Action == ledger.ActionSign || e.Action == ledger.ActionBegin || e.Action == ledger.ActionTakeOver || e.Action == ledger.ActionRebind
}

// makesWay reports whether a bridge that is void has ended, and was that of the site
// which asks next, or of the server that it moves from.
func (s *state) makesWay(void *ledger.Event, next []*prepared) bool {
	a := s.activations.find(void.Activation)
	if a == nil || a.rest().bridge == nil || a.few.bridge.Until.After(void.Time) || next[0].request == nil {
		return false
	}
	if !slices.Equal(void.Lifted, next[0].event.Lifted) { // staff closed it before they asked
		return false
	}
	if bytes.Equal(a.machineKey(), next[0].request.Key.Bytes()) && a.sale.Invoice == next[0].event.Invoice {
		return true
	}
	return len(next) > 1 && next[1].event.Action == ledger.ActionMove && a.few.bridge.From == next[1].event.Activation
}

// sign asks about a request, or a license for any machine.
func (s *state) sign(rest []*prepared) (int, func(by *ledger.Operation) ([]*rules.Step, error)) {
	at := 0
	for at < len(rest) && rest[at].license == nil && (signs(rest[at].event) || rest[at].event.Action == ledger.ActionVoid) {
		at++
	}
	if at == len(rest) || rest[at].license == nil {
		return 1, func(*ledger.Operation) ([]*rules.Step, error) { return nil, errors.New("no license follows it") }
	}
	p, n := rest[at], at+1
	l, q := p.license, p.request
	if q == nil {
		return n, func(by *ledger.Operation) ([]*rules.Step, error) { return s.signUnbound(by, p) }
	}
	var move *ledger.Event
	if n < len(rest) && rest[n].event.Action == ledger.ActionMove {
		move = rest[n].event
		n++
	}
	return n, func(by *ledger.Operation) ([]*rules.Step, error) {
		// Staff who name the server that moves say why. No weaker binding is sold with that.
		if move != nil && by.Why != "" && !by.Weaker {
			return s.move(by, move, q, l.Activation)
		}
		return s.answer(by, q, l.Activation)
	}
}

func (s *state) answer(by *ledger.Operation, q *verify.Request, newID string) ([]*rules.Step, error) {
	f := s.facts()
	q = f.about(q)
	outcome, steps, err := rules.Sign(f.Facts, by, q, newID)
	switch {
	case err != nil:
		return nil, err
	case outcome.Err != nil:
		return nil, outcome.Err
	case len(steps) == 0:
		return nil, errors.New("the request had its license before")
	}
	return steps, nil
}

func (s *state) move(by *ledger.Operation, e *ledger.Event, q *verify.Request, newID string) ([]*rules.Step, error) {
	f := s.facts()
	q = f.about(q)
	f.add(s.find(e.Activation)...)
	f.sale(e.Invoice)
	moved := e.Detail.(ledger.Moved)
	bridge, steps, err := rules.BeginMove(f.Facts, by, e.Invoice, e.Activation, moved.Until.Sub(by.Now), q, newID)
	if err == nil && bridge != nil {
		err = errors.New("the request had its bridge before")
	}
	return steps, err
}

func (s *state) signUnbound(by *ledger.Operation, p *prepared) ([]*rules.Step, error) {
	if p.license.Request != nil {
		return nil, errors.New("the request cannot be read")
	}
	d := p.event.Detail.(*ledger.Signed)
	if d.Activation == nil {
		return nil, errors.New("a license for any machine is signed again by an amendment alone")
	}
	f := s.facts()
	var earlier *rules.Activation
	if sold := f.sale(p.event.Invoice); sold != nil {
		f.seats(sold, nil)
		for _, a := range s.sales[p.event.Invoice].activations {
			if site, _ := a.place(); !a.bound && site == d.Activation.Site && a.isTaken() {
				earlier = f.activation(a)
			}
		}
	}
	before, steps, err := rules.SignUnbound(f.Facts, by, p.event.Invoice, strings.TrimSpace(d.Activation.Site), earlier, p.license.Activation)
	if err == nil && before != nil {
		err = errors.New("the copy of that name had its license before")
	}
	return steps, err
}
