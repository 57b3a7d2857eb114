package common

import (
	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/spf13/pflag"
)

// ReasonOptions are --why and --override: the reason that stays on record, and the
// lifting of a rule that staff may lift.
type ReasonOptions struct {
	Why      string
	Override bool
}

// Add declares the options.
func (r *ReasonOptions) Add(flags *pflag.FlagSet) {
	flags.StringVar(&r.Why, "why", "", "")
	flags.BoolVar(&r.Override, "override", false, "")
}

// Operation is the operator's operation with the reason.
func (r *ReasonOptions) Operation(env *cli.Env, operator *OperatorOption) (ledger.Operation, error) {
	by, err := operator.Operation(env)
	by.Why, by.Override = r.Why, r.Override
	return by, err
}

// Check refuses a missing reason before any question is asked. what needs one whatever
// the options are; empty: nothing does.
func (r *ReasonOptions) Check(what string) error {
	if what == "" && r.Override {
		what = "--override"
	}
	if what == "" || r.Why != "" {
		return nil
	}
	return cli.Usagef("--why is missing").WithHint("%s needs a reason, which stays on record", what)
}
