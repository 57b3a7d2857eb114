package main

import (
	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/spf13/pflag"
)

// reasonOptions are --why and --override: the reason that stays on record, and the
// lifting of a rule that staff may lift.
type reasonOptions struct {
	why      string
	override bool
}

func (r *reasonOptions) add(flags *pflag.FlagSet) {
	flags.StringVar(&r.why, "why", "", "")
	flags.BoolVar(&r.override, "override", false, "")
}

// operation is the operator's operation with the reason.
func (r *reasonOptions) operation(env *cli.Env, operator *operatorOption) (ledger.Operation, error) {
	by, err := operator.operation(env)
	by.Why, by.Override = r.why, r.override
	return by, err
}
