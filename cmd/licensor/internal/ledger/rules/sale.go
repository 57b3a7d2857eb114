package rules

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/offlicense/offlicense/cmd/internal/hint"
	"github.com/offlicense/offlicense/cmd/internal/text"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/format"
)

const maxCustomer = 128 // bytes, as in a license

// SetCustomer records whether a customer is a partner.
func SetCustomer(c ledger.Customer) (*Step, error) {
	c.Name = strings.Join(strings.Fields(c.Name), " ")
	if err := format.ValidText(c.Name, maxCustomer); err != nil {
		return nil, hint.Errorf("invalid customer %.64q: %w", c.Name, err).WithHint("name the customer as the entitlements do")
	}
	return &Step{Event: ledger.Event{Action: ledger.ActionCustomer, Detail: c}}, nil
}

// Forget removes e-mail addresses, which are named by their commitments.
func Forget(accounts [][]byte) *Step {
	return &Step{Event: ledger.Event{Action: ledger.ActionForget, Detail: ledger.Forgotten{Accounts: accounts}}}
}

// checkNew refuses an invoice that is in the ledger already.
func checkNew(f *Facts, invoice string) error {
	if f.Sales[invoice] == nil {
		return nil
	}
	return hint.Errorf("invoice %.64q is in the ledger already", invoice).
		WithHint("look at it with \"licensor list --invoice %s\"; a second line of the same invoice gets its own number, such as %s-2", text.ShellWord(invoice), invoice)
}

// CheckSame refuses an order of an invoice that is on record and says something else, in
// one of the terms that it says; says is nil for all.
func CheckSame(sold, order *ledger.Entitlement, says func(term string) bool) error {
	var other []string
	for i := range ledger.Terms {
		t := &ledger.Terms[i]
		if t.Name == "email" && (sold.Email == "" || ledger.AccountKey(sold.Email) == ledger.AccountKey(order.Email)) {
			continue // one that was forgotten is nobody's any more
		}
		if (says == nil || says(t.Name)) && t.Get(sold) != t.Get(order) {
			other = append(other, t.Name)
		}
	}
	if len(other) == 0 {
		return nil
	}
	return hint.Errorf("invoice %.64q is in the ledger already, and differs in %s", order.Invoice, ledger.Join(other)).
		WithHint("look at it with \"licensor list --invoice %s\"; \"licensor amend\" changes it", text.ShellWord(order.Invoice))
}

// Entitle records what was bought. With an override it may be what the rules leave to
// staff.
func Entitle(f *Facts, by *ledger.Operation, sale *ledger.Entitlement) (*Step, error) {
	if err := checkNew(f, sale.Invoice); err != nil {
		return nil, err
	}
	if err := CheckNames(f.Products, by, sale, nil); err != nil {
		return nil, err
	}
	j := &judgement{Facts: f, by: by}
	e := sale.Clone()
	e.Waived, e.Standing, e.Due = false, "", 0
	if e.EmergencyDays > 0 {
		e.CountEmergencyFrom(by.Now)
	}
	if err := j.checkPartner(e); err != nil {
		return nil, err
	}
	if err := j.checkProduction(e); err != nil {
		return nil, err
	}
	e.Waived = slices.Contains(j.lifted, ledger.RuleProduction)
	if err := j.checkOnce(e, e.Invoice); err != nil {
		return nil, err
	}
	f.sell(e)
	step := &Step{Event: ledger.Event{Action: ledger.ActionEntitle, Invoice: e.Invoice, Detail: e}}
	j.done([]*Step{step})
	return step, nil
}

// sell notes what was sold.
func (f *Facts) sell(e *ledger.Entitlement) {
	f.Sales[e.Invoice] = &Sale{Entitlement: e}
	switch e.Type {
	case ledger.TypeProduction:
		f.AssumeProduction(e)
	case ledger.TypeEvaluation:
		for _, key := range evaluationKeys(e) {
			f.Evaluations[key] = append(f.Evaluations[key], Evaluation{e.Invoice, e.Customer})
		}
	}
}

// AssumeProduction takes a production entitlement as sold, wherever in a file of orders
// it is: one that is refused itself is no reason to refuse those that require it.
func (f *Facts) AssumeProduction(e *ledger.Entitlement) {
	f.Production[ForProduct{ledger.CustomerKey(e.Customer), e.Product}] = time.Time{}
}

// evaluationKeys are what a buyer of an evaluation is known by: the name, or the e-mail
// address, for a name is soon spelled in another way.
func evaluationKeys(e *ledger.Entitlement) [2]ForProduct {
	return [2]ForProduct{EvaluationByName(e.Customer, e.Product), EvaluationByAccount(e.Email, e.Product)}
}

// EvaluationByName is the key of evaluations by the customer's name.
func EvaluationByName(customer, product string) ForProduct {
	return ForProduct{"name:" + ledger.CustomerKey(customer), product}
}

// EvaluationByAccount is the key of evaluations by the e-mail address.
func EvaluationByAccount(email, product string) ForProduct {
	return ForProduct{"account:" + ledger.AccountKey(email), product}
}

// checkPartner keeps licenses that are not for resale with partners.
func (j *judgement) checkPartner(e *ledger.Entitlement) error {
	if e.Type != ledger.TypeNFR || j.Partners.Has(e.Customer) {
		return nil
	}
	return ledger.Refuse(ledger.RulePartner, "who decides about partners, by marking the customer as one",
		fmt.Sprintf("mark the customer as a partner, if that is what they are: licensor customer %q --partner --why TEXT", e.Customer),
		"licenses that are not for resale (%s) are for partners, and %q is not a partner", ledger.TypeNFR, e.Customer)
}

// checkProduction wants an active production entitlement for the types that require one.
func (j *judgement) checkProduction(e *ledger.Entitlement) error {
	if e.Waived || !j.lacksProduction(e) {
		return nil
	}
	return j.lift(ledger.Refuse(ledger.RuleProduction, ledger.LiftOverride+"; partners need none", "sell production first, or renew it: licensor renew INVOICE --expires DATE --out DIR",
		"%s licenses require an active production license, and %q has none of %s", e.Type, e.Customer, e.Product))
}

// lacksProduction reports whether what an entitlement requires is missing: a production
// entitlement of the product that has not ended, its grace included. Production is what
// is paid for; the free types are others.
func (j *judgement) lacksProduction(e *ledger.Entitlement) bool {
	if !e.NeedsProduction() || j.Partners.Has(e.Customer) {
		return false
	}
	end, sold := j.Production[ForProduct{ledger.CustomerKey(e.Customer), e.Product}]
	return !sold || !end.IsZero() && !end.After(j.by.Now)
}

// checkOnce keeps evaluations to one per customer and product. itself is the invoice of
// this one, as it is on record. To make one longer is a
// second one just as well, see checkEvaluation.
func (j *judgement) checkOnce(e *ledger.Entitlement, itself string) error {
	if e.Type != ledger.TypeEvaluation {
		return nil
	}
	for _, key := range evaluationKeys(e) {
		for _, had := range j.Evaluations[key] {
			if had.Invoice != itself {
				return j.lift(refuseSecond(e, had))
			}
		}
	}
	return nil
}

func refuseSecond(e *ledger.Entitlement, had Evaluation) *ledger.Refusal {
	who := strconv.Quote(e.Customer)
	if ledger.CustomerKey(had.Customer) != ledger.CustomerKey(e.Customer) {
		who = fmt.Sprintf("%q, with the e-mail address %s,", had.Customer, e.Email)
	}
	return ledger.Refuse(ledger.RuleOnce, ledger.LiftOverride, "sell the product, or ask who may give a second evaluation",
		"%s has had its evaluation of %s, with invoice %q", who, e.Product, had.Invoice)
}
