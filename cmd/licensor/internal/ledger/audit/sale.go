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

// alike is what many sales have alike, such as all of one edition.
type alike struct {
	features                             []string
	limits                               map[string]uint64
	ext                                  map[string]string
	product, edition, kind, version, ask string
}

// share has what is alike in many sales in memory once.
func (s *state) share(e *ledger.Entitlement) {
	a := alike{e.Features, e.Limits, e.Ext, e.Product, e.Edition, e.Type, e.MaxVersion, e.Binding}
	key, _ := json.Marshal([...]any{a.features, a.limits, a.ext, a.product, a.edition, a.kind, a.version, a.ask}) // it came from JSON
	known, there := s.alike[string(key)]
	if !there {
		s.alike[string(key)], known = a, a
	}
	e.Features, e.Limits, e.Ext, e.Product, e.Edition, e.Type, e.MaxVersion, e.Binding =
		known.features, known.limits, known.ext, known.product, known.edition, known.kind, known.version, known.ask
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
