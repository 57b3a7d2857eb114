package rules

import (
	"slices"
	"strings"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
)

// judgement is one question to the rules: the facts, who asks, and which rules staff
// have lifted for it.
type judgement struct {
	*Facts
	by     *ledger.Operation
	lifted []ledger.Rule
}

// lift returns a refusal, unless staff may lift its rule and do.
func (j *judgement) lift(r *ledger.Refusal) error {
	if !j.by.Override || !strings.HasPrefix(r.Lift, ledger.LiftOverride) {
		return r
	}
	if !slices.Contains(j.lifted, r.Rule) {
		j.lifted = append(j.lifted, r.Rule)
	}
	return nil
}

// done notes in the events which rules were lifted for them.
func (j *judgement) done(steps []*Step) []*Step {
	for _, s := range steps {
		s.Event.Lifted = j.lifted
	}
	return steps
}
