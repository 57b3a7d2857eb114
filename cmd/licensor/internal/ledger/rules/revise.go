package rules

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/offlicense/offlicense/cmd/internal/hint"
	"github.com/offlicense/offlicense/cmd/internal/text"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/format"
)

// Renewal moves the end of an entitlement.
type Renewal struct {
	Expires   ledger.End // zero: as before, be it perpetual or not
	Perpetual bool
	Updates   ledger.End // zero: as before

	// From is where spans begin; zero: where what is renewed ends, without its grace.
	From time.Time
}

// begins returns where what is renewed begins.
func (to Renewal) begins(end time.Time) time.Time {
	if to.From.IsZero() {
		return end
	}
	return to.From
}

// Revision is a renewal or an amendment of an entitlement, as NewRenewal and
// NewAmendment make it.
type Revision struct {
	action ledger.Action
	change func(*ledger.Entitlement) error
	salt   []byte // of a new e-mail address
}

// Salted returns the revision with the salt for an e-mail address, should it be a new one.
func (r Revision) Salted(salt []byte) Revision {
	r.salt = salt
	return r
}

// Of returns what the revision makes of an entitlement: about its buyer, too, facts are
// needed.
func (r Revision) Of(before *ledger.Entitlement) (*ledger.Entitlement, error) {
	after := before.Clone()
	if err := r.change(after); err != nil {
		return nil, err
	}
	return after.Normal(), nil
}

// NewRenewal gives an entitlement a later end.
func NewRenewal(to Renewal) Revision {
	return Revision{action: ledger.ActionRenew, change: func(e *ledger.Entitlement) error {
		switch {
		case to.Perpetual && !to.Expires.IsZero():
			return hint.Errorf("a perpetual entitlement has no end").WithHint("give one of the two")
		case !to.Perpetual && to.Expires.IsZero() && to.Updates.IsZero():
			return hint.Errorf("a renewal needs the new end").WithHint("give it with --expires, or the end of updates with --updates-until")
		case !e.Term.IsZero():
			return hint.Errorf("invoice %q has not begun: it lasts %s from its first activation", e.Invoice, e.Term.Words()).
				WithHint("to change that: licensor amend %s --term TERM --out DIR", text.ShellWord(e.Invoice))
		}
		expires := e.Expires
		switch {
		case to.Perpetual:
			expires = time.Time{}
		case !to.Expires.IsZero():
			if expires = to.Expires.From(to.begins(e.Expires)); e.Expires.IsZero() || expires.Before(e.Expires) {
				return hint.Errorf("invoice %q runs longer already: %s", e.Invoice, endName(e.Expires)).WithHint("to shorten it: licensor amend %s --expires DATE --out DIR", text.ShellWord(e.Invoice))
			}
		}
		until := e.UpdatesUntil
		if !to.Updates.IsZero() {
			if until = to.updates(e); endsUpdates(e, until, to.Perpetual) {
				return hint.Errorf("invoice %q covers later builds already: %s", e.Invoice, updatesName(e.UpdatesUntil)).WithHint("to shorten it: licensor amend %s --updates-until DATE --out DIR", text.ShellWord(e.Invoice))
			}
		}
		if e.EmergencyDays > 0 && !expires.Equal(e.Expires) { // they count from where its own period begins
			e.CountEmergencyFrom(e.Expires)
		}
		if e.Expires, e.UpdatesUntil = expires, until; to.Perpetual {
			e.GraceDays = 0 // grace comes after an end
		}
		return nil
	}}
}

// updates returns until when builds are covered by a renewal that says so: from where
// they are covered now, or where nothing was said of them, from the end.
func (to Renewal) updates(e *ledger.Entitlement) time.Time {
	begins := ledger.EndOfUpdates(e.UpdatesUntil)
	if begins.IsZero() {
		begins = e.Expires
	}
	return ledger.UpdatesUntil(to.Updates.From(to.begins(begins)))
}

// endsUpdates reports whether a renewal takes builds away that were covered. While a
// subscription runs, those are covered that can be made by its end; when it becomes
// perpetual, with maintenance, there is no measure but what is sold then.
func endsUpdates(e *ledger.Entitlement, to time.Time, perpetual bool) bool {
	until := e.UpdatesUntil
	if until.IsZero() && !e.Expires.IsZero() {
		if perpetual {
			return false
		}
		until = ledger.UpdatesUntil(e.Expires)
	}
	return until.IsZero() || to.Before(until)
}

func endName(end time.Time) string {
	if end.IsZero() {
		return "it is perpetual"
	}
	return "until " + ledger.FormatEnd(end)
}

func updatesName(until time.Time) string {
	if until.IsZero() {
		return "all of them"
	}
	return "those made until " + ledger.FormatDate(until)
}

// NewAmendment changes what an entitlement grants: seats, limits, features, edition, end
// and so on, all but its invoice, customer, product and type. change is called more
// than once, each time with what is on record.
func NewAmendment(change func(*ledger.Entitlement) error) Revision {
	return Revision{action: ledger.ActionAmend, change: change}
}

// Revised is what a revision makes of an entitlement.
type Revised struct {
	Before, After *ledger.Entitlement
	Steps         []*Step           // the change, then a license for each who is active; none: nothing is different
	Current       []*ledger.License // of all who are active, where nothing is different
}

// Narrows reports whether a revision takes away what a license under the entitlement
// granted before: that one remains valid until it ends.
func (r *Revised) Narrows() bool { return grantsBeyond(r.Before, r.After) }

// Revise changes an entitlement and grants new licenses to all its active activations,
// from the requests on record, but for those that were revoked. active are all of them,
// the oldest first.
func Revise(f *Facts, by *ledger.Operation, invoice string, r Revision, active []*Activation) (*Revised, error) {
	s, err := f.sold(invoice)
	if err != nil {
		return nil, err
	}
	before := s.Entitlement
	after, err := r.Of(before)
	if err != nil {
		return nil, err
	}
	j := &judgement{Facts: f, by: by}
	if after.Waived = before.Waived && sameBuyer(before, after); !after.Waived && by.Override && j.lacksProduction(after) {
		after.Waived, j.lifted = true, append(j.lifted, ledger.RuleProduction)
	}
	if after.Email != before.Email {
		after.Commit(r.salt)
	}
	revised := &Revised{Before: before, After: after}
	active = slices.DeleteFunc(slices.Clone(active), func(a *Activation) bool { return a.revoked() != nil })
	if after.Due = 0; by.Later {
		after.Due = before.Due
	}
	if ledger.Same(before, after) {
		for _, a := range active {
			revised.Current = append(revised.Current, a.Newest)
		}
		return revised, nil
	}
	if err := j.checkRevision(s, after, r.action); err != nil {
		return nil, err
	}
	revised.Steps = []*Step{{Event: ledger.Event{Action: r.action, Invoice: invoice, Detail: after}}}
	for _, a := range active {
		step, err := signAgain(a, before, after, a.Seq <= before.Due && !by.Later)
		switch {
		case err != nil:
			return nil, err
		case step != nil && by.Later:
			after.Due = f.Size // all that is on record
		case step != nil:
			revised.Steps = append(revised.Steps, step)
		}
	}
	j.done(revised.Steps)
	return revised, nil
}

// signAgain returns the step that signs a license again for what is sold now; nil if it
// may stay as it is. due says that an earlier revision has not signed it.
func signAgain(a *Activation, before, after *ledger.Entitlement, due bool) (*Step, error) {
	if !due && a.strength() <= after.Weakest() && before.Demand == after.Demand && sameTerms(before, after) {
		return nil, nil
	}
	q, err := a.Newest.OpenRequest()
	if err != nil {
		return nil, err
	}
	if before.Demand != after.Demand && q != nil {
		if why := unidentified(after, q); why != "" {
			return nil, ledger.Refuse(ledger.RuleIdentity, ledger.LiftNobody, fmt.Sprintf("deactivate it first: licensor deactivate %s --activation %s --why TEXT", text.ShellWord(after.Invoice), a.ID),
				"%s: activation %s", why, a.Name())
		}
	}
	g := newGrant(after, a.ID, a.Epoch+1, q)
	if weaker(after, g) > 0 {
		return nil, ledger.Refuse(ledger.RuleBinding, ledger.LiftNobody, fmt.Sprintf("deactivate it first: licensor deactivate %s --activation %s --why TEXT", text.ShellWord(after.Invoice), a.ID),
			"activation %s has the binding %s, and invoice %q is to have none that is weaker than %s", a.Name(), g.Strength(), after.Invoice, after.Weakest())
	}
	return signing(g, nil), nil
}

// sameTerms reports whether the licenses of two entitlements say the same.
func sameTerms(a, b *ledger.Entitlement) bool {
	claims := func(e *ledger.Entitlement) *format.LicenseClaims {
		return (&ledger.Grant{Entitlement: e}).Claims("", format.ID{}, time.Time{}, 0)
	}
	return reflect.DeepEqual(claims(a), claims(b))
}

func (j *judgement) checkRevision(s *Sale, after *ledger.Entitlement, action ledger.Action) error {
	old := s.Entitlement
	if err := checkStanding(old); err != nil {
		return err
	}
	for _, fixed := range [...]struct{ name, old, new string }{
		{"invoice", old.Invoice, after.Invoice},
		{"customer", ledger.CustomerKey(old.Customer), ledger.CustomerKey(after.Customer)},
		{"product", old.Product, after.Product},
		{"type", old.Type, after.Type},
	} {
		if fixed.old != fixed.new && !(fixed.name == "customer" && action == ledger.ActionTransfer) {
			return hint.Errorf("the %s of an entitlement stays: got %q, want %q", fixed.name, fixed.new, fixed.old).
				WithHint("\"licensor correct\" changes what was typed wrong, \"licensor customer transfer\" who has it")
		}
	}
	if action == ledger.ActionTransfer {
		if err := j.by.NeedWhy("a transfer to another customer"); err != nil {
			return err
		}
	}
	if err := checkBegun(s, after); err != nil {
		return err
	}
	if err := checkOver(old, after, action, j.by.Now); err != nil {
		return err
	}
	if err := after.Check(j.Vendor, j.by.Now); err != nil {
		return err
	}
	if err := CheckNames(j.Products, j.by, after, old); err != nil {
		return err
	}
	const next = "release or deactivate sites first"
	if taken := s.Used + j.waiting(s); after.Type != ledger.TypeDevelopment && after.Seats < taken {
		return ledger.Refuse(ledger.RuleSeats, ledger.LiftNobody, next, "%d seats of invoice %q are in use or wait for a move, and it is to have %d", taken, after.Invoice, after.Seats)
	}
	if after.Allowance > 0 && after.Allowance < s.Used {
		return ledger.Refuse(ledger.RuleAllowance, ledger.LiftNobody, next, "%d activations of invoice %q are in use, and it is to allow %d", s.Used, after.Invoice, after.Allowance)
	}
	if err := j.checkPartner(after); err != nil {
		return err
	}
	judged := after.Clone()
	judged.Waived = old.Waived && sameBuyer(old, after) // what is waived by this revision is lifted for it
	if err := j.checkProduction(judged); err != nil {
		return err
	}
	return j.checkEvaluation(old, after, action)
}

// checkOver refuses to sign again under a sale that has ended, and goes on so.
func checkOver(old, after *ledger.Entitlement, action ledger.Action, now time.Time) error {
	if old.Expires.IsZero() || old.Expires.After(now) || after.Expires.IsZero() || after.Expires.After(now) {
		return nil
	}
	next := fmt.Sprintf("renew it first, or change what no license says: licensor correct %s --why TEXT", text.ShellWord(old.Invoice))
	if action == ledger.ActionRenew {
		next = "give a later end, or where a time like 12m begins: --from " + now.UTC().Format(time.DateOnly)
	}
	over := "ended on " + ledger.FormatEnd(old.Expires)
	if !after.Expires.Equal(old.Expires) {
		over += ", and would have ended on " + ledger.FormatEnd(after.Expires)
	}
	return ledger.Refuse(ledger.RuleTerm, ledger.LiftNobody, next, "invoice %q %s", old.Invoice, over)
}

// checkBegun refuses a term that counts from the first activation, once there was one.
func checkBegun(s *Sale, after *ledger.Entitlement) error {
	if after.Term.IsZero() || s.Peak == 0 {
		return nil
	}
	return ledger.Refuse(ledger.RuleTerm, ledger.LiftNobody, "give the end, with --expires",
		"a term counts from the first activation, and invoice %q has been activated", after.Invoice)
}

// checkEvaluation are the rules for an evaluation that is changed. A second one that
// staff have allowed stays allowed.
func (j *judgement) checkEvaluation(old, after *ledger.Entitlement, action ledger.Action) error {
	if after.Type != ledger.TypeEvaluation {
		return nil
	}
	old, after = old.Begun(j.by.Now), after.Begun(j.by.Now)
	other := ledger.AccountKey(old.Email) != ledger.AccountKey(after.Email) || !sameBuyer(old, after)
	if action == ledger.ActionRenew || endsLater(old, after) {
		if err := j.lift(refuseSecond(after, Evaluation{after.Invoice, after.Customer})); err != nil {
			return err
		}
	}
	if other {
		if err := j.checkOnce(after, after.Invoice); err != nil {
			return err
		}
	}
	// By either it can become what it was not given as.
	if other || after.Seats > old.Seats || after.Weakest() > old.Weakest() || after.Demand != old.Demand || grantsBeyond(after, old) {
		return j.by.NeedWhy("an evaluation that grants more, or to another account,")
	}
	return nil
}

// grantsBeyond reports whether a license under an entitlement grants what one under the
// other does not. Another edition counts as that.
func grantsBeyond(e, other *ledger.Entitlement) bool {
	beyond := e.Edition != other.Edition || endsLater(other, e) || e.EmergencyDays > other.EmergencyDays ||
		versionsBeyond(e.MaxVersion, other.MaxVersion) ||
		!updatesEnd(other).IsZero() && (updatesEnd(e).IsZero() || updatesEnd(e).After(updatesEnd(other)))
	for _, name := range e.Features {
		beyond = beyond || !slices.Contains(other.Features, name)
	}
	for name, limit := range other.Limits {
		if n, limited := e.Limits[name]; !limited || n > limit {
			beyond = true
		}
	}
	return beyond
}

// versionsBeyond reports whether a highest version covers what the other does not, and of
// two that cannot be compared, that they differ.
func versionsBeyond(most, other string) bool {
	if other == "" || most == other {
		return false
	}
	a, b := strings.Split(strings.TrimSuffix(most, ".x"), "."), strings.Split(strings.TrimSuffix(other, ".x"), ".")
	for i := range min(len(a), len(b)) {
		x, err := strconv.ParseUint(a[i], 10, 32)
		y, errY := strconv.ParseUint(b[i], 10, 32)
		if err != nil || errY != nil || x != y {
			return err != nil || errY != nil || x > y
		}
	}
	return len(a) < len(b) // 9 covers 9.3, and 9.2 does not
}

// updatesEnd returns until when builds are covered: while a license runs, if nothing
// else was sold; zero: for ever.
func updatesEnd(e *ledger.Entitlement) time.Time {
	if e.UpdatesUntil.IsZero() {
		return ledger.UpdatesUntil(e.HardEnd())
	}
	return e.UpdatesUntil
}

// endsLater reports whether an entitlement lasts longer than it did, by its grace too.
func endsLater(old, after *ledger.Entitlement) bool {
	return !old.Expires.IsZero() && (after.Expires.IsZero() || after.HardEnd().After(old.HardEnd()))
}
