package audit

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/offlicense/offlicense/cmd/internal/hint"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/rules"
)

// judge asks the rules about the events of one operation again, with the facts before
// them, at their own time: they must say what is on record.
func (a *audit) judge(operation []*prepared) error {
	s, first := a.state, operation[0].event
	for _, p := range operation {
		if err := a.checkVersion(p.event); err != nil {
			return err
		}
		a.list(p.event)
		if e := p.event; p != operation[0] && (!e.Time.Equal(first.Time) || e.Operator != first.Operator || e.Why != first.Why) {
			a.refuse(p, "it is of the operation of event %d, and says another time, operator or reason", first.Seq)
		}
	}
	if last := operation[len(operation)-1]; last.event.More {
		a.refuse(last, "the operation has an end that is missing")
	}
	if s.size == 0 {
		if created, ok := first.Detail.(ledger.Created); ok {
			s.vendor = created.Vendor
		} else {
			a.refuse(operation[0], "a ledger begins with its vendor")
		}
	}
	clock := a.checkClock(operation)
	a.checkFuture(first, len(clock) > 0)
	a.imported = imported(operation)
	for rest := operation; len(rest) > 0; {
		n, ask := a.question(rest)
		if e := rest[0].event; s.frozen != nil && e.Action != ledger.ActionThaw && e.Action != ledger.ActionOpen {
			a.refuse(rest[0], "%v", rules.CheckFrozen(s.facts().Facts))
		}
		a.answer(rest[:n], ask, clock)
		for _, p := range rest[:n] {
			if err := s.apply(p); err != nil {
				if a.broken = true; !p.refused {
					a.refuse(p, "%v", err)
				}
			}
			if p.license != nil {
				if l := s.licenses.find(p.license.ID); l != nil {
					l.refused = p.refused
				}
			}
			s.size++
		}
		rest = rest[n:]
	}
	s.newest = operation[len(operation)-1].event.Time
	return nil
}

// refuse adds the finding that an event does not follow.
func (a *audit) refuse(p *prepared, format string, args ...any) {
	p.refused = true
	a.report.add("events", fmt.Sprint(p.Seq), "event", "does not follow from those before it: "+format, args...)
}

// checkVersion wants that the version of the rules never falls. What newer rules have
// judged, this program cannot.
func (a *audit) checkVersion(e *ledger.Event) error {
	if e.Rules > ledger.RulesVersion {
		return hint.Errorf("event %d was judged by rules of version %d, and this licensor knows %d", e.Seq, e.Rules, ledger.RulesVersion).
			WithHint("update licensor; nothing was changed")
	}
	if e.Rules < a.state.rules || e.Rules < 1 {
		a.report.add("events", fmt.Sprint(e.Seq), "event", "was judged by rules of version %d, and the event before it by version %d", e.Rules, a.state.rules)
	}
	a.state.rules = max(a.state.rules, e.Rules)
	return nil
}

// by returns who asked the rules, as events say it.
func by(events []*prepared) *ledger.Operation {
	e := events[0].event
	by := &ledger.Operation{Operator: e.Operator, Now: e.Time, Why: e.Why}
	for _, p := range events {
		by.Override = by.Override || len(p.event.Lifted) > 0
	}
	return by
}

// checkClock refuses a time that goes back. It returns the rule if it was lifted.
func (a *audit) checkClock(operation []*prepared) []ledger.Rule {
	by := by(operation)
	if err := by.Check(); err != nil {
		a.refuse(operation[0], "%v", err)
	}
	lifted, err := rules.CheckClock(a.state.newest, by)
	if err != nil {
		a.refuse(operation[0], "%v", err)
	}
	return lifted
}

// imported returns the production that an import has: what requires it may stand before
// it.
func imported(operation []*prepared) map[rules.ForProduct]time.Time {
	all := make(map[rules.ForProduct]time.Time)
	for _, p := range operation {
		if e, ok := p.event.Detail.(*ledger.Entitlement); ok && len(operation) > 1 && p.event.Action == ledger.ActionEntitle && e.Type == ledger.TypeProduction {
			all[rules.ForProduct{Buyer: ledger.CustomerKey(e.Customer), Product: e.Product}] = time.Time{}
		}
	}
	return all
}

// answer asks one question, and compares what the rules say with the events.
func (a *audit) answer(events []*prepared, ask func(*ledger.Operation) ([]*rules.Step, error), clock []ledger.Rule) {
	steps, err := ask(by(events))
	switch {
	case err != nil:
		a.refuse(events[0], "%v", err)
	case len(steps) != len(events):
		a.refuse(events[0], "by the rules it is an operation of %d events, and there are %d", len(steps), len(events))
	}
	if err != nil || len(steps) != len(events) {
		steps = make([]*rules.Step, len(events))
	}
	for i, p := range events {
		if step := steps[i]; step != nil {
			step.Event.Lifted = slices.Concat(step.Event.Lifted, clock)
			a.state.trust(step, p)
			if text := difference(step, p); text != "" {
				a.refuse(p, "%s", text)
			}
		} else {
			p.refused = true
		}
		if p.license != nil {
			a.license(p, steps[i])
		}
	}
}

// trust takes it as recorded that rule once was lifted, where addresses were forgotten:
// it is by these, too, that one customer is known.
func (s *state) trust(step *rules.Step, p *prepared) {
	lifted := p.event.Lifted
	if i := slices.Index(lifted, ledger.RuleOnce); i >= 0 && s.unknown > 0 && !slices.Contains(step.Event.Lifted, ledger.RuleOnce) {
		step.Event.Lifted = slices.Insert(slices.Clone(step.Event.Lifted), min(i, len(step.Event.Lifted)), ledger.RuleOnce)
	}
}

// difference says where an event is not what the rules say, empty for nowhere.
func difference(step *rules.Step, p *prepared) string {
	e, want := p.event, &step.Event
	switch {
	case e.Action != want.Action:
		return fmt.Sprintf("by the rules %s is here", want.Action)
	case e.Invoice != want.Invoice:
		return fmt.Sprintf("by the rules it is of invoice %.64q", want.Invoice)
	case e.Activation != want.Activation:
		return fmt.Sprintf("by the rules it is of activation %.64q", want.Activation)
	case !slices.Equal(e.Lifted, want.Lifted):
		return fmt.Sprintf("it says that the rules %v were lifted, and those that had to be are %v", e.Lifted, want.Lifted)
	}
	if d, ok := e.Detail.(*ledger.Signed); ok {
		return differentLicense(d, want.Detail.(*ledger.Signed), step)
	}
	is, err := (&ledger.Event{Detail: e.Detail}).Marshal()
	due, errDue := (&ledger.Event{Detail: want.Detail}).Marshal()
	if err := errors.Join(err, errDue); err != nil {
		return err.Error()
	}
	if !bytes.Equal(is, due) {
		was, would := apart(string(is), string(due))
		return fmt.Sprintf("its detail is %s, and by the rules %s", show(was), show(would))
	}
	return ""
}

// differentLicense is difference for what only a signer completes.
func differentLicense(d, want *ledger.Signed, step *rules.Step) string {
	l, g := d.License, step.Grant
	var labels []string
	for _, c := range g.Components {
		labels = append(labels, c.Label)
	}
	var request []byte
	if g.Request != nil {
		request = g.Request.Raw
	}
	for _, c := range [...]struct {
		what    string
		is, due any
	}{
		{"a move", d.Moves, want.Moves},
		{"an activation that begins or changes", d.Activation != nil, want.Activation != nil},
		{"activation", l.Activation, g.Activation},
		{"epoch", l.Epoch, g.Epoch},
		{"end", hardEnd(l.HardEnd), hardEnd(g.HardEnd())},
		{"needed components", l.Need, g.Need},
		{"components", fmt.Sprint(l.Components), fmt.Sprint(labels)},
		{"request", string(l.Request), string(request)},
	} {
		if c.is != c.due {
			return fmt.Sprintf("%s: %s, and by the rules %s", c.what, show(c.is), show(c.due))
		}
	}
	if x, y := d.Activation, want.Activation; x != nil && (x.ID != y.ID || x.State != y.State || x.Site != y.Site || x.Host != y.Host || !x.Since.Equal(y.Since) || !bytes.Equal(x.MachineKey, y.MachineKey)) {
		return fmt.Sprintf("its activation is %s, %s since %s, and by the rules %s, %s since %s", x.Name(), x.State, hardEnd(x.Since), y.Name(), y.State, hardEnd(y.Since))
	}
	return ""
}
