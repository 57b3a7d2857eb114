package sale

import (
	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/cmd/licensor/command/common"
	"github.com/offlicense/offlicense/cmd/licensor/internal/service"
	"github.com/spf13/pflag"
)

// amendCommand changes what an entitlement grants.
type amendCommand struct {
	revision
	terms common.TermOptions
}

func amend(flags *pflag.FlagSet) cli.Run {
	var c amendCommand
	c.Add(flags, "")
	c.terms.AddChangeable(flags)
	return c.run
}

func (c *amendCommand) run(env *cli.Env, args []string) error {
	if !c.terms.Given() {
		return cli.Usagef("nothing is to be changed").WithHint("say what with an option such as --seats 3")
	}
	return c.revise(env, args, "Amend", service.NewAmendment(c.terms.Apply))
}
