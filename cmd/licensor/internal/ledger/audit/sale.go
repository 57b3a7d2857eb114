package audit

import (
	"encoding/json"
	"fmt"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/rules"
)

func (s *state) applySale(e *ledger.Event, sold *ledger.Entitlement) error {
	of := s.sales[sold.Invoice]
	switch {
	case e.Action == ledger.ActionEntitle && of != nil:
		return fmt.Errorf("invoice %.64q was sold before", sold.Invoice)
	case e.Action == ledger.ActionEntitle:
		of = &sale{seller: e.Operator, seq: e.Seq}
		s.sales[sold.Invoice] = of
	case of == nil:
		return fmt.Errorf("invoice %.64q was never sold", sold.Invoice)
	default:
		s.index(of, false)
	}
	if e.Action == ledger.ActionCorrect || e.Action == ledger.ActionTransfer {
		if ledger.CustomerKey(of.Customer) != ledger.CustomerKey(sold.Customer) {
			delete(s.more, of)
		}
	}
	of.Entitlement = s.withEmail(sold)
	s.share(of.Entitlement)
	if of.Account != nil && !s.accounts[string(of.Account)] {
		s.accounts[string(of.Account)] = true
		if s.unjudged(of.Entitlement) {
			s.unknown++
		}
	}
	s.index(of, true)
	return nil
}

// share has what many sales have alike, such as all of one edition, in memory once.
func (s *state) share(e *ledger.Entitlement) {
	own := &ledger.Entitlement{
		Product: e.Product, Edition: e.Edition, Type: e.Type, Binding: e.Binding, MaxVersion: e.MaxVersion,
		Features: e.Features, Limits: e.Limits, Ext: e.Ext,
	}
	key, _ := json.Marshal(own) // it came from JSON
	if s.alike[string(key)] == nil {
		s.alike[string(key)] = own
	}
	known := s.alike[string(key)]
	e.Product, e.Edition, e.Type, e.Binding, e.MaxVersion = known.Product, known.Edition, known.Type, known.Binding, known.MaxVersion
	e.Features, e.Limits, e.Ext = known.Features, known.Limits, known.Ext
}

// index notes a sale where the rules look for it, or forgets it there.
func (s *state) index(of *sale, there bool) {
	note := func(in map[rules.ForProduct][]*sale, key rules.ForProduct) {
		if there {
			in[key] = append(in[key], of)
			return
		}
		all := in[key]
		for i := range all {
			if all[i] == of {
				in[key] = append(all[:i:i], all[i+1:]...)
				return
			}
		}
	}
	switch of.Type {
	case ledger.TypeProduction:
		note(s.production, rules.ForProduct{Buyer: ledger.CustomerKey(of.Customer), Product: of.Product})
	case ledger.TypeEvaluation:
		note(s.evaluations, rules.EvaluationByName(of.Customer, of.Product))
		if !of.Forgotten {
			note(s.evaluations, rules.EvaluationByAccount(of.Email, of.Product))
		}
	}
}

// applyRenumbered gives a sale another number.
func (s *state) applyRenumbered(to, was string) error {
	of := s.sales[was]
	switch {
	case of == nil:
		return fmt.Errorf("invoice %.64q was never sold", was)
	case s.sales[to] != nil:
		return fmt.Errorf("invoice %.64q was sold before", to)
	}
	delete(s.sales, was)
	s.sales[to] = of
	e := of.Entitlement.Clone()
	e.Invoice = to
	of.Entitlement = e
	return nil
}
