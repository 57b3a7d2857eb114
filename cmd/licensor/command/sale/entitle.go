// Package sale has the commands that record what was sold and change it.
package sale

import (
	"context"
	_ "embed"
	"fmt"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/cmd/licensor/command/common"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/service"
	"github.com/spf13/pflag"
)

type entitleCommand struct {
	home     common.HomeOption
	operator common.OperatorOption
	reason   common.ReasonOptions
	terms    common.TermOptions
	flags    *pflag.FlagSet
}

//go:embed usage/entitle.txt
var EntitleUsage string

// Entitle is the command entitle.
func Entitle(flags *pflag.FlagSet) cli.Run {
	c := entitleCommand{flags: flags}
	c.home.AddLedger(flags)
	c.operator.Add(flags)
	c.reason.Add(flags)
	c.terms.AddAll(flags)
	return c.run
}

func (c *entitleCommand) run(env *cli.Env, args []string) error {
	if err := common.NoArguments(args); err != nil {
		return err
	}
	for _, t := range ledger.Terms {
		if t.Required && !c.flags.Changed(t.OptionName()) {
			return cli.Usagef("--%s is missing", t.OptionName())
		}
	}
	sold := ledger.Entitlement{Seats: 1}
	if err := c.terms.Apply(&sold); err != nil {
		return err
	}
	by, err := c.reason.Operation(env, &c.operator)
	if err != nil {
		return err
	}
	return c.home.WithService(env, service.ToChange, func(ctx context.Context, s *service.Service) error {
		if err := s.Entitle(ctx, by, sold); err != nil {
			return err
		}
		recorded, err := s.Holding(ctx, sold.Invoice)
		if err != nil {
			return err
		}
		var t cli.Table
		common.AddEntitlement(&t, &recorded.Entitlement)
		_, err = t.WriteTo(env.Stdout)
		s.WarnOfScope(by.Now, &sold)
		fmt.Fprintf(env.Stderr, "Recorded. The customer now makes a request with --invoice %s --email %s.\n",
			cli.Clean(cli.ShellWord(sold.Invoice)), cli.Clean(cli.ShellWord(sold.Email)))
		return err
	})
}
