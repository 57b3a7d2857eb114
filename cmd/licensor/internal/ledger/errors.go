package ledger

import (
	"fmt"
	"strings"
)

// Error is a ledger that cannot be used now, or a change that cannot be made, and what
// to do about it.
type Error struct {
	Message string
	Next    string
	Err     error // what lies beneath; may be nil
}

func (e *Error) Error() string { return e.Message }

// Hint returns what to do next.
func (e *Error) Hint() string { return e.Next }

func (e *Error) Unwrap() error { return e.Err }

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
	RuleProduction Rule = "production" // staging, test, development and failover go with a production entitlement
	RuleUnbound    Rule = "unbound"    // a license for any machine needs an entitlement that says so
	RuleReason     Rule = "reason"     // what hurts or bends a rule has its reason on record
	RuleActive     Rule = "active"     // only what is active can be moved, given up or lost
	RuleRequest    Rule = "request"    // a request gets no second seat once its first was given up
	RuleRelease    Rule = "release"    // a release belongs to a license on record and its machine
	RuleEmergency  Rule = "emergency"  // type failover: days of emergency are left
	RuleMove       Rule = "move"       // one bridge per move, of at most 30 days
	RuleRevoked    Rule = "revoked"    // what was revoked gets no license and signs none
)

// Refusal says why the rules do not allow something, and who may change that.
type Refusal struct {
	Rule    Rule
	Message string
	Next    string
	Lift    string // who may lift the rule, and how
}

func (r *Refusal) Error() string { return r.Message + " (rule: " + string(r.Rule) + ")" }

// Hint returns what to do next, and who may lift the rule.
func (r *Refusal) Hint() string { return r.Next + ". Who may lift the rule: " + r.Lift }

// Who may lift a rule.
const (
	liftNobody   = "nobody"
	liftSales    = "sales, by what they sell"
	liftOverride = "staff, with --override and --why"
)

func refuse(rule Rule, lift, next, format string, args ...any) error {
	return &Refusal{Rule: rule, Message: fmt.Sprintf(format, args...), Next: next, Lift: lift}
}

// join is strings.Join for a sentence: "a, b and c".
func join(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " and " + words[last]
}
