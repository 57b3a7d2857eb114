package rules

import (
	"errors"
	"slices"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/format"
)

// Waiting says why a request gets its license from a person, and not at once.
type Waiting struct {
	Word    string // one of the words below, of the rules or of the service
	Message string // for staff
}

func (w *Waiting) Error() string { return w.Message + " (waits: " + w.Word + ")" }

// Why a request waits. Where one of the rules stands against it that staff can change, it is
// the name of the rule.
const (
	WaitsForPlan    = "plan"    // the sale says that staff sign such a request
	WaitsForBinding = "binding" // nothing but the machine key would hold the license to its place
	WaitsForRebind  = "rebind"  // the site is on other hardware than its license names
)

// waitFor are the rules that stop waiting to be true once staff have sold, freed or allowed
// something: the request that they refuse is signed then as it is.
var waitFor = []ledger.Rule{
	ledger.RuleTerm, ledger.RuleSeats, ledger.RuleAllowance, ledger.RulePartner, ledger.RuleProduction,
	ledger.RuleMachine, ledger.RuleMoves, ledger.RuleMove, ledger.RuleBinding, ledger.RuleStanding,
}

// Waits returns why a request waits that got an error, nil if it need not: it was refused, and
// the customer makes another one.
func Waits(err error) *Waiting {
	var w *Waiting
	var refusal *ledger.Refusal
	switch {
	case errors.As(err, &w):
		return w
	case !errors.As(err, &refusal), refusal.Rule == ledger.RuleStanding && refusal.Lift == ledger.LiftNobody: // canceled for good
		return nil
	case slices.Contains(waitFor, refusal.Rule):
		return &Waiting{string(refusal.Rule), refusal.Message}
	}
	return nil
}

// automatic reports why an offer is not signed where no person looks at it, nil if it may be.
// A bridge is one that names itself, which only the one seat of an invoice can: see
// wantsBridge. What rule moves refuses is no offer.
func automatic(o *Offer) *Waiting {
	kind := ledger.AutomaticActivation
	switch {
	case o.License != nil:
		return nil
	case o.Sells > 0 || o.Grant.Strength() >= format.StrengthKey:
		return &Waiting{WaitsForBinding, "the license would have the binding " + o.Grant.Strength().String()}
	case o.rebind != nil:
		return &Waiting{WaitsForRebind, "the site is on another machine than its license names"}
	case o.from != nil, o.moves, o.own != nil && o.own.State == ledger.StateBridge:
		kind = ledger.AutomaticMove
	case o.own != nil:
		kind = ledger.AutomaticRenewal
	}
	if !o.Entitlement.SignsAutomatically(kind) {
		return &Waiting{WaitsForPlan, "invoice " + o.Entitlement.Invoice + " was sold without automatic " + kind}
	}
	return nil
}
