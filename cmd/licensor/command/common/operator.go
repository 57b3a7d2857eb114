package common

import (
	"os/user"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/spf13/pflag"
)

// OperatorOption is --operator: who answers for a change.
type OperatorOption struct{ name string }

// Add declares the option.
func (o *OperatorOption) Add(flags *pflag.FlagSet) { flags.StringVar(&o.name, "operator", "", "") }

// Operation returns who makes a change, and when.
func (o *OperatorOption) Operation(env *cli.Env) (ledger.Operation, error) {
	now, err := env.Time()
	if err != nil {
		return ledger.Operation{}, err
	}
	name := o.name
	if name == "" {
		if name, err = SystemUser(); err != nil {
			return ledger.Operation{}, err
		}
	}
	return ledger.Operation{Operator: name, Now: now, Random: env.Rand}, nil
}

// SystemUser returns the name of the user who runs the command.
func SystemUser() (string, error) {
	current, err := user.Current()
	if err != nil || current.Username == "" {
		return "", cli.Failf("the system does not say who you are").WithHint("name yourself with --operator")
	}
	return current.Username, nil
}
