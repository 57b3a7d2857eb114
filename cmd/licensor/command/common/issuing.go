package common

import (
	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/spf13/pflag"
)

// Issuing is what the commands have in common that change the ledger and sign what
// follows from the change.
type Issuing struct {
	Home     HomeOption
	operator OperatorOption
	Key      StaffKeyOption
	Reason   ReasonOptions
	Yes      bool
}

// Add declares the options.
func (o *Issuing) Add(flags *pflag.FlagSet) {
	o.Home.AddLedger(flags)
	o.operator.Add(flags)
	o.Key.Add(flags)
	o.Reason.Add(flags)
	flags.BoolVar(&o.Yes, "yes", false, "")
}

// Operation says who makes the change, when and why.
func (o *Issuing) Operation(env *cli.Env) (ledger.Operation, error) {
	return o.Reason.Operation(env, &o.operator)
}

// Agree asks, unless --yes has answered.
func (o *Issuing) Agree(env *cli.Env, question, nothing string) error {
	return Agree(env, o.Yes, question, nothing)
}
