package ledger

import (
	"errors"
	"fmt"
	"maps"
	"slices"
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
	RuleNames      Rule = "names"      // what is sold is named as in the products, if there are any
	RulePartner    Rule = "partner"    // not-for-resale licenses are for partners
	RuleDated      Rule = "dated"      // evaluation and community licenses have an end
	RuleOnce       Rule = "once"       // one evaluation per customer and product
	RuleProduction Rule = "production" // staging, test, development and failover require active production
	RuleMachine    Rule = "machine"    // a site stays on its machine, or says that it has moved
	RuleMoves      Rule = "moves"      // sites move so often a seat and year
	RuleBinding    Rule = "binding"    // a license is held to its place as was sold
	RuleIdentity   Rule = "identity"   // what the sale demands of a machine is named, and its checker reads it
	RuleClock      Rule = "clock"      // time does not go back
	RuleReason     Rule = "reason"     // what hurts or bends a rule has its reason on record
	RuleActive     Rule = "active"     // only what is active can be moved, released or deactivated
	RuleRequest    Rule = "request"    // a request gets no second seat once its first was freed
	RuleRelease    Rule = "release"    // a release belongs to a license on record and its machine
	RuleMove       Rule = "move"       // one bridge per move, of at most 30 days
	RuleSigned     Rule = "signed"     // what licenses say is not corrected under those who use them
	RuleStanding   Rule = "standing"   // the sale is neither suspended nor canceled
	RuleRevoked    Rule = "revoked"    // what was revoked gets no license and signs none
	RuleFrozen     Rule = "frozen"     // a ledger that goes on elsewhere records nothing more
)

// Refusal says why the rules do not allow something, and who may change that. All that it
// says is for staff, who may read the ledger, but for ForCustomers.
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

// WithHint returns the refusal with another hint.
func (r *Refusal) WithHint(format string, args ...any) *Refusal {
	c := *r
	c.hint = fmt.Sprintf(format, args...)
	return &c
}

// ForCustomers says it to whoever has sent a request, and may be anybody. It says nothing
// of what is on record of others, and the same of an unknown invoice and of a wrong e-mail
// address: so nobody finds out which there are.
func (r *Refusal) ForCustomers() string {
	if text := forCustomers[r.Rule]; text != "" {
		return text
	}
	return "This cannot be answered: ask the vendor."
}

// CustomerSentences returns what ForCustomers says, as what is wrong and what to do.
func (r *Refusal) CustomerSentences() (wrong, next string) {
	wrong, next, found := strings.Cut(r.ForCustomers(), ": ")
	if !found {
		return wrong, "Ask the vendor."
	}
	return wrong + ".", strings.ToUpper(next[:1]) + next[1:]
}

var forCustomers = map[Rule]string{
	RuleClaim:      "Nothing was sold under this invoice to this e-mail address: check both, and make a new request.",
	RuleProduct:    "The invoice is for another product: check its number, and make a new request.",
	RuleType:       "The invoice is for another type of license: make a new request, of the type that was bought.",
	RuleTerm:       "What was sold has ended: ask the vendor for a renewal.",
	RuleSeats:      "All seats of the invoice are in use: release one, or ask the vendor for more.",
	RuleAllowance:  "All activations of the invoice are in use: release one, or ask the vendor for more.",
	RuleProduction: "This license requires an active production license: ask the vendor.",
	RuleMachine:    "The license is in use on another machine: release it there, or ask the vendor.",
	RuleMoves:      "The licenses of the invoice have moved too often: ask the vendor.",
	RuleBinding:    "The request names too little of its machine: make another one, or ask the vendor.",
	RuleIdentity:   "The license wants to know the machine by its product-uuid, which the user who checks must be able to read: see the guide, and make a new request.",
	RuleActive:     "The license is not active: make a new request.",
	RuleRequest:    "The seat of this request was freed: make a new request.",
	RuleRelease:    "The release is not of a license that is active: send the file of the release again, or ask the vendor.",
	RuleMove:       "A move waits for the old server: release its license there, or ask the vendor.",
	RuleStanding:   "The invoice is suspended or canceled: ask the vendor.",
	RuleRevoked:    "The license was revoked: ask the vendor.",
}

// Who may lift a rule.
const (
	LiftNobody   = "nobody"
	LiftSales    = "sales, by what they sell"
	LiftNew      = "staff, with --new"
	LiftOverride = "staff, with --override and --why"
)

// Refuse returns a *Refusal. next says what to do.
func Refuse(rule Rule, lift, next, format string, args ...any) *Refusal {
	return &Refusal{Rule: rule, Message: fmt.Sprintf(format, args...), Lift: lift, hint: next}
}

// ErrDamaged is beneath each error of Damaged.
var ErrDamaged = errors.New("the ledger is damaged")

// Damaged is an error for what no honest record says.
func Damaged(format string, args ...any) error {
	return hint.Errorf("the ledger is damaged: "+format, args...).Because(ErrDamaged).
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

// CustomerRules are the rules of which a customer is told.
func CustomerRules() []Rule { return slices.Sorted(maps.Keys(forCustomers)) }
