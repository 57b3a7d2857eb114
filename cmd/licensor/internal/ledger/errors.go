package ledger

import "strings"

// Error is a ledger that cannot be used now, and what to do about it.
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
	RuleClaim   Rule = "claim"   // invoice and e-mail address belong to one entitlement
	RuleProduct Rule = "product" // the request is for the product that was sold
	RuleType    Rule = "type"    // and for the type of license
	RuleTerm    Rule = "term"    // the entitlement has not ended
	RuleSeats   Rule = "seats"   // one activation for each seat
)

// Refusal says why the rules give no license, and who may change that.
type Refusal struct {
	Rule    Rule
	Message string
	Next    string
}

func (r *Refusal) Error() string { return r.Message + " (rule: " + string(r.Rule) + ")" }

// Hint returns what to do next.
func (r *Refusal) Hint() string { return r.Next }

// join is strings.Join for a sentence: "a, b and c".
func join(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " and " + words[last]
}
