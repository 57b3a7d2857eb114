package rules

import (
	"fmt"
	"slices"
	"time"

	"github.com/offlicense/offlicense/cmd/internal/text"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
)

// NewCorrection makes a sale what was meant: its number, buyer, product and type too, which
// no amendment changes. change is called more than once, each time with what is on record.
func NewCorrection(change func(*ledger.Entitlement) error) Revision {
	return Revision{action: ledger.ActionCorrect, change: change}
}

// Correct changes a sale that was recorded wrong. While nobody is active under it, all of
// it may be another; else only what no license says. Its number changes while nothing was
// ever signed under it, for every license names it; the number before is free then, and
// names this sale in the history alone. Nothing is signed.
func Correct(f *Facts, by *ledger.Operation, invoice string, r Revision) (*Revised, error) {
	s, err := f.sold(invoice)
	if err != nil {
		return nil, err
	}
	if err := by.NeedWhy("correcting a sale"); err != nil {
		return nil, err
	}
	if err := refuseCanceled(s.Entitlement); err != nil {
		return nil, err
	}
	before := s.Entitlement
	after, err := r.Of(before)
	if err != nil {
		return nil, err
	}
	j := &judgement{Facts: f, by: by}
	after.Waived, after.Standing, after.EmergencyFrom, after.Due = before.Waived && sameBuyer(before, after), before.Standing, before.EmergencyFrom, before.Due
	if after.Email != before.Email {
		after.Commit(r.salt)
	}
	switch {
	case after.EmergencyDays == 0:
		after.EmergencyFrom = time.Time{}
	case before.EmergencyDays == 0:
		after.CountEmergencyFrom(by.Now)
	}
	revised := &Revised{Before: before, After: after}
	if ledger.Same(before, after) {
		return revised, nil
	}
	if err := CheckNames(f.Products, by, after, before); err != nil {
		return nil, err
	}
	if err := j.checkCorrection(s, after); err != nil {
		return nil, err
	}
	if after.Invoice != before.Invoice {
		revised.Steps = append(revised.Steps, &Step{Event: ledger.Event{Action: ledger.ActionRenumber, Invoice: after.Invoice, Detail: ledger.Renumbered{Was: before.Invoice}}})
	}
	rest := after.Clone()
	rest.Invoice = before.Invoice
	if !ledger.Same(before, rest) {
		revised.Steps = append(revised.Steps, &Step{Event: ledger.Event{Action: ledger.ActionCorrect, Invoice: after.Invoice, Detail: after}})
	}
	j.done(revised.Steps)
	return revised, nil
}

// sameBuyer reports whether the rules about buyers see one sale in two entitlements.
func sameBuyer(a, b *ledger.Entitlement) bool {
	return ledger.CustomerKey(a.Customer) == ledger.CustomerKey(b.Customer) && a.Product == b.Product && a.Type == b.Type
}

func (j *judgement) checkCorrection(s *Sale, after *ledger.Entitlement) error {
	before := s.Entitlement
	if after.Invoice != before.Invoice {
		if err := checkNew(j.Facts, after.Invoice); err != nil {
			return err
		}
		if s.Peak > 0 {
			return ledger.Refuse(ledger.RuleSigned, ledger.LiftNobody, "cancel it, and record the sale under its own number",
				"licenses were signed under invoice %q, and each of them names it", before.Invoice)
		}
	}
	if taken := s.Used + j.waiting(s); taken > 0 && !saysTheSame(before, after) {
		next := "release or deactivate first, or change what was sold: licensor amend " + text.ShellWord(before.Invoice)
		if named := after.Clone(); named.Customer != before.Customer {
			if named.Customer = before.Customer; saysTheSame(before, named) {
				next = "\"licensor customer rename\" changes a name, \"licensor customer transfer\" whose the sale is"
			}
		}
		return ledger.Refuse(ledger.RuleSigned, ledger.LiftNobody, next,
			"invoice %q has %s in use or waiting for a move, and licenses say what is to be corrected", before.Invoice, text.Plural(taken, "seat", "seats"))
	}
	if err := checkBegun(s, after); err != nil {
		return err
	}
	if err := after.Check(j.Vendor, stillRunning(before, after, j.by.Now)); err != nil {
		return err
	}
	if after.Allowance > 0 && after.Allowance < s.Used {
		return ledger.Refuse(ledger.RuleAllowance, ledger.LiftNobody, "release or deactivate sites first",
			"%d activations of invoice %q are in use, and it is to allow %d", s.Used, after.Invoice, after.Allowance)
	}
	if err := j.checkPartner(after); err != nil {
		return err
	}
	if err := j.checkProduction(after); err != nil {
		return err
	}
	after.Waived = after.Waived || slices.Contains(j.lifted, ledger.RuleProduction)
	return j.checkCorrectedEvaluation(s, after)
}

// stillRunning returns the time at which a correction is judged: now, or while the sale ran
// where it has ended and its end is not what was wrong.
func stillRunning(before, after *ledger.Entitlement, now time.Time) time.Time {
	if end := before.Expires; !end.IsZero() && end.Equal(after.Expires) && !end.After(now) {
		return end.Add(-time.Second)
	}
	return now
}

// saysTheSame reports whether no license under a sale says what a correction changes: the
// account, how often sites move, how many may be active.
func saysTheSame(before, after *ledger.Entitlement) bool {
	same := after.Clone()
	same.Email, same.Account, same.Salt, same.Forgotten = before.Email, before.Account, before.Salt, before.Forgotten
	same.Moves, same.Allowance = before.Moves, before.Allowance
	return ledger.Same(before, same)
}

// checkCorrectedEvaluation are the rules for an evaluation that is corrected: one that
// somebody has used is no other's, and lasts as long as it was given.
func (j *judgement) checkCorrectedEvaluation(s *Sale, after *ledger.Entitlement) error {
	before := s.Entitlement
	if after.Type != ledger.TypeEvaluation {
		return nil
	}
	if s.Peak > 0 && before.Type == ledger.TypeEvaluation && endsLater(before.Begun(j.by.Now), after.Begun(j.by.Now)) {
		if err := j.lift(refuseSecond(after, Evaluation{before.Invoice, before.Customer})); err != nil {
			return err
		}
	}
	if len(s.More) > 0 {
		return ledger.Refuse(ledger.RuleOnce, ledger.LiftNobody, fmt.Sprintf("take the others off first: licensor customer email %s ADDRESS --remove --why TEXT", text.ShellWord(before.Invoice)),
			"an evaluation is that of one e-mail address, and invoice %q has %d", before.Invoice, 1+len(s.More))
	}
	if sameBuyer(before, after) && ledger.AccountKey(before.Email) == ledger.AccountKey(after.Email) {
		return nil
	}
	return j.checkOnce(after, before.Invoice)
}

// NewTransfer gives a sale to another customer, with the account of that. Licenses are
// signed again, for they name the customer.
func NewTransfer(customer, email string) Revision {
	return Revision{action: ledger.ActionTransfer, change: func(e *ledger.Entitlement) error {
		e.Customer, e.Email = customer, email
		return nil
	}}
}
