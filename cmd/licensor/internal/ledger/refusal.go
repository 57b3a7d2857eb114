package ledger

import (
	"fmt"
	"strings"

	"github.com/offlicense/offlicense/cmd/internal/hint"
)

// Rule names a rule of licensing.
type Rule string

// The rules. A Refusal names the one that it upholds.
const (
	RuleClaim      Rule = "claim"      // invoice and e-mail address belong to one entitlement
	RuleProduct    Rule = "product"    // the request is for the product that was sold
	RuleType       Rule = "type"       // and for the type of license
	RuleTerm       Rule = "term"       // the entitlement has not ended
	RuleSeats      Rule = "seats"      // one activation for each seat
	RuleAllowance  Rule = "allowance"  // development: as many as the allowance, if there is one
	RulePartner    Rule = "partner"    // not-for-resale licenses are for partners
	RuleDated      Rule = "dated"      // evaluation and community licenses have an end
	RuleOnce       Rule = "once"       // one evaluation per customer and product
	RuleProduction Rule = "production" // staging, test, development and failover require active production
	RuleMachine    Rule = "machine"    // a site stays on its machine, or says that it has moved
	RuleMoves      Rule = "moves"      // sites move so often a seat and year
	RuleBinding    Rule = "binding"    // a license is held to its place as was sold
	RuleClock      Rule = "clock"      // time does not go back
	RuleReason     Rule = "reason"     // what hurts or bends a rule has its reason on record
	RuleActive     Rule = "active"     // only what is active can be moved, released or deactivated
	RuleRequest    Rule = "request"    // a request gets no second seat once its first was freed
	RuleRelease    Rule = "release"    // a release belongs to a license on record and its machine
	RuleMove       Rule = "move"       // one bridge per move, of at most 30 days
	RuleStanding   Rule = "standing"   // the sale is neither suspended nor canceled
	RuleRevoked    Rule = "revoked"    // what was revoked gets no license and signs none
	RuleFrozen     Rule = "frozen"     // a ledger that goes on elsewhere records nothing more
)

// Refusal says why the rules do not allow something, and who may change that.
type Refusal struct {
	Rule    Rule
	Message string
	Lift    string // who may lift the rule, and how
	hint    string
}

func (r *Refusal) Error() string { return r.Message + " (rule: " + string(r.Rule) + ")" }

// RuleName names the rule, for an answer in JSON.
func (r *Refusal) RuleName() string { return string(r.Rule) }

// Hint returns what to do next, and who may lift the rule.
func (r *Refusal) Hint() string {
	if r.Lift == LiftNobody {
		return r.hint
	}
	return r.hint + "; override: " + r.Lift
}

// Who may lift a rule.
const (
	LiftNobody   = "nobody"
	LiftSales    = "sales, by what they sell"
	LiftOverride = "staff, with --override and --why"
)

// Refuse returns a *Refusal. next says what to do.
func Refuse(rule Rule, lift, next, format string, args ...any) *Refusal {
	return &Refusal{Rule: rule, Message: fmt.Sprintf(format, args...), Lift: lift, hint: next}
}

// Damaged is an error for what no honest record says.
func Damaged(format string, args ...any) error {
	return hint.Errorf("the ledger is damaged: "+format, args...).
		WithHint(`"licensor audit" says what was changed; nothing is written until the ledger is restored from a backup`)
}

// Join is strings.Join for a sentence: "a, b and c".
func Join(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " and " + words[last]
}
