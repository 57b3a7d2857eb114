package sale

import (
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

func renew(flags *pflag.FlagSet) cli.Run {
	var c renewCommand
	c.Add(flags, "")
	common.AddDate(flags, &c.to.Expires, "expires")
	flags.BoolVar(&c.to.Perpetual, "perpetual", false, "")
	common.AddDate(flags, &c.to.UpdatesUntil, "updates-until")
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
