package rules

import (
	"slices"
	"strings"

	"github.com/offlicense/offlicense/cmd/internal/hint"
	"github.com/offlicense/offlicense/cmd/internal/text"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/format"
)

// standings are what staff do to a sale, by what it becomes, and how a reason is asked for.
var standings = map[ledger.Standing]struct {
	action ledger.Action
	what   string
}{
	ledger.StandingSuspended: {ledger.ActionSuspend, "suspending a sale"},
	ledger.StandingCanceled:  {ledger.ActionCancel, "canceling a sale"},
	"":                       {ledger.ActionResume, "resuming a sale"},
}

// SetStanding suspends, resumes or cancels a sale. While it is suspended, nothing new is
// signed, and a request on record gets its license again. One that is canceled stays so:
// nothing is signed for it, and its licenses go on the next revocation list. all are the
// activations under it that may have a good license. No steps: it is so already.
func SetStanding(f *Facts, r *Revocations, by *ledger.Operation, invoice string, to ledger.Standing, all []*Activation) ([]*Step, error) {
	s, err := f.sold(invoice)
	if err != nil {
		return nil, err
	}
	do, known := standings[to]
	if !known {
		return nil, hint.Errorf("unknown standing %.64q", to).WithHint("suspend, resume or cancel the sale")
	}
	if err := by.NeedWhy(do.what); err != nil {
		return nil, err
	}
	if s.Standing == to {
		return nil, nil
	}
	if err := refuseCanceled(s.Entitlement); err != nil {
		return nil, err
	}
	after := s.Clone()
	after.Standing = to
	steps := []*Step{{Event: ledger.Event{Action: do.action, Invoice: invoice, Detail: after}}}
	if to != ledger.StandingCanceled {
		return steps, nil
	}
	all = slices.SortedFunc(slices.Values(all), func(a, b *Activation) int { return strings.Compare(a.ID, b.ID) })
	for _, a := range all {
		good := a.stillGood(0, by.Now)
		if len(good) == 0 {
			continue
		}
		r.revoke(by, a, good)
		steps = append(steps, &Step{Event: ledger.Event{Action: ledger.ActionRevoke, Invoice: invoice, Activation: a.ID, Detail: ledger.Revoked{Licenses: good}}})
	}
	if err := checkRoom(r, by.Now, 0); err != nil {
		return nil, err
	}
	return steps, nil
}

// revoke notes licenses of an activation that are to be revoked.
func (r *Revocations) revoke(by *ledger.Operation, a *Activation, licenses []format.ID) (all []ledger.Revocation) {
	for _, id := range licenses {
		revoked := ledger.Revocation{License: id, Activation: a.ID, Since: ledger.Whole(by.Now), Why: by.Why}
		all = append(all, revoked)
		r.Licenses = append(r.Licenses, RevokedLicense{revoked, a.issued(id).HardEnd})
	}
	return all
}

// checkStanding refuses what is signed anew under a sale that is suspended or canceled.
func checkStanding(e *ledger.Entitlement) error {
	if e.Standing == ledger.StandingSuspended {
		return ledger.Refuse(ledger.RuleStanding, "staff: licensor resume "+text.ShellWord(e.Invoice)+" --why TEXT", "\"licensor history "+text.ShellWord(e.Invoice)+"\" says why it is",
			"invoice %q is suspended, and nothing new is signed", e.Invoice)
	}
	return refuseCanceled(e)
}

// refuseCanceled refuses whatever is wanted of a sale that was canceled.
func refuseCanceled(e *ledger.Entitlement) error {
	if e.Standing != ledger.StandingCanceled {
		return nil
	}
	return ledger.Refuse(ledger.RuleStanding, ledger.LiftNobody, "\"licensor history "+text.ShellWord(e.Invoice)+"\" says why; what is sold again gets an invoice number of its own",
		"invoice %q was canceled", e.Invoice)
}
