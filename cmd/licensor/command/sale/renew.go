package sale

import (
	_ "embed"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/cmd/licensor/command/common"
	"github.com/offlicense/offlicense/cmd/licensor/internal/service"
	"github.com/spf13/pflag"
)

// renewCommand gives an entitlement a later end.
type renewCommand struct {
	revision
	to service.Renewal
}

//go:embed usage/renew.txt
var RenewUsage string

// Renew is the command renew.
func Renew(flags *pflag.FlagSet) cli.Run {
	var c renewCommand
	c.add(flags)
	flags.Var(common.DateFlag(&c.to.Expires), "expires", "")
	flags.BoolVar(&c.to.Perpetual, "perpetual", false, "")
	flags.Var(common.DateFlag(&c.to.UpdatesUntil), "updates-until", "")
	return c.run
}

func (c *renewCommand) run(env *cli.Env, args []string) error {
	if c.to.Expires.IsZero() && !c.to.Perpetual {
		return cli.Usagef("the new end is missing").WithHint("give it with --expires, or --perpetual for none")
	}
	if !c.to.Expires.IsZero() && c.to.Perpetual {
		return cli.Usagef("--expires and --perpetual contradict each other")
	}
	return c.revise(env, args, "Renew", service.NewRenewal(c.to))
}
