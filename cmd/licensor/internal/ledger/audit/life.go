package audit

import (
	"cmp"
	"errors"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/rules"
)

// setStanding asks about a sale that is suspended, resumed or canceled.
func (s *state) setStanding(by *ledger.Operation, invoice string, to ledger.Standing) ([]*rules.Step, error) {
	f := s.facts()
	f.sale(invoice)
	var all []*rules.Activation
	more := 0
	if of := s.sales[invoice]; of != nil && to == ledger.StandingCanceled {
		for _, a := range of.activations {
			more += len(a.licenses())
			all = append(all, f.activation(a))
		}
	}
	steps, err := rules.SetStanding(f.Facts, s.roomFor(more), by, invoice, to, all)
	if err == nil && len(steps) == 0 {
		err = errors.New("it changes nothing")
	}
	return steps, err
}

// becomes makes of a sale what an event says of it. What no change of it touches, the rules
// set.
func becomes(after *ledger.Entitlement) func(e *ledger.Entitlement) error {
	return func(e *ledger.Entitlement) error {
		before := *e
		*e = *after.Clone()
		e.Waived, e.Standing, e.EmergencyFrom, e.Account, e.Due = before.Waived, before.Standing, before.EmergencyFrom, before.Account, before.Due
		return nil
	}
}

// saltOf returns the salt of the address of a sale, none if it is not known.
func (s *state) saltOf(e *ledger.Entitlement) []byte {
	if _, salt, known := s.known(e.Account); known {
		return []byte(salt)
	}
	return nil
}

// correct asks about a sale that is corrected, by what came of it; nil: it was never sold.
func (s *state) correct(by *ledger.Operation, invoice string, after *ledger.Entitlement) ([]*rules.Step, error) {
	f := s.facts()
	after = cmp.Or(after, new(ledger.Entitlement))
	salt := s.saltOf(after)
	after = s.withEmail(after)
	f.sale(after.Invoice)
	if of := f.sale(invoice); of != nil {
		f.seats(of, nil)
	}
	f.buyer(after)
	f.production(rules.ForProduct{Buyer: ledger.CustomerKey(after.Customer), Product: after.Product}, s.sales[invoice])
	revised, err := rules.Correct(f.Facts, by, invoice, rules.NewCorrection(becomes(after)).Salted(salt))
	if err == nil && len(revised.Steps) == 0 {
		err = errors.New("it changes nothing")
	}
	if err != nil {
		return nil, err
	}
	if sold, ok := revised.Steps[len(revised.Steps)-1].Event.Detail.(*ledger.Entitlement); ok && s.unjudged(after) {
		sold.Account = after.Account
	}
	return revised.Steps, nil
}

// rename asks about a customer whose name changes, by the first of its sales.
func (s *state) rename(by *ledger.Operation, invoice, to string) ([]*rules.Step, error) {
	of := s.sales[invoice]
	if of == nil {
		return nil, errors.New("its invoice was never sold")
	}
	from := of.Customer
	f := s.facts()
	for invoice, of := range s.sales {
		if key := ledger.CustomerKey(of.Customer); key == ledger.CustomerKey(from) || key == ledger.CustomerKey(to) {
			f.sale(invoice)
		}
	}
	f.Partners[ledger.CustomerKey(from)] = s.customers[ledger.CustomerKey(from)]
	steps, err := rules.Rename(f.Facts, by, from, to)
	if err == nil && len(steps) == 0 {
		err = errors.New("it changes nothing")
	}
	return steps, err
}
