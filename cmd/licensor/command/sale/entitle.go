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
	"github.com/offlicense/offlicense/format"
	"github.com/spf13/pflag"
)

type entitleCommand struct {
	home     common.HomeOption
	operator common.OperatorOption
	reason   common.ReasonOptions
	sold     ledger.Entitlement
}

//go:embed usage/entitle.txt
var EntitleUsage string

// Entitle is the command entitle.
func Entitle(flags *pflag.FlagSet) cli.Run {
	var c entitleCommand
	c.home.AddLedger(flags)
	c.operator.Add(flags)
	c.reason.Add(flags)
	e := &c.sold
	e.Limits = make(map[string]uint64)
	flags.StringVar(&e.Invoice, "invoice", "", "")
	flags.StringVar(&e.Email, "email", "", "")
	flags.StringVar(&e.Customer, "customer", "", "")
	flags.StringVar(&e.Product, "product", "", "")
	flags.StringVar(&e.Edition, "edition", "", "")
	flags.StringVar(&e.Type, "type", "", "")
	flags.Uint64Var(&e.Seats, "seats", 1, "")
	flags.Var(common.CountByFlag(&e.CountBy), "count-by", "")
	flags.Uint64Var(&e.Allowance, "allowance", 0, "")
	flags.BoolVar(&e.Unbound, "unbound", false, "")
	flags.Var(common.DateFlag(&e.Expires), "expires", "")
	flags.Var(common.DaysFlag(&e.GraceDays), "grace", "")
	flags.Var(common.DaysFlag(&e.EmergencyDays), "emergency-days", "")
	flags.Var(common.DateFlag(&e.UpdatesUntil), "updates-until", "")
	flags.StringVar(&e.MaxVersion, "max-version", "", "")
	flags.StringArrayVar(&e.Features, "feature", nil, "")
	flags.Var(common.LimitFlag(e.Limits), "limit", "")
	return c.run
}

func (c *entitleCommand) run(env *cli.Env, args []string) error {
	if err := common.NoArguments(args); err != nil {
		return err
	}
	for _, required := range []struct{ value, flag string }{
		{c.sold.Invoice, "--invoice"}, {c.sold.Email, "--email"}, {c.sold.Customer, "--customer"},
		{c.sold.Product, "--product"}, {c.sold.Type, "--type"},
	} {
		if required.value == "" {
			return cli.Usagef("%s is missing", required.flag)
		}
	}
	if err := format.ValidType(c.sold.Type); err != nil {
		return cli.Usagef("%w", err)
	}
	by, err := c.reason.Operation(env, &c.operator)
	if err != nil {
		return err
	}
	return c.home.WithService(env, service.ToChange, func(ctx context.Context, s *service.Service) error {
		if err := s.Entitle(ctx, by, c.sold); err != nil {
			return err
		}
		recorded, err := s.Holding(ctx, c.sold.Invoice)
		if err != nil {
			return err
		}
		var t cli.Table
		common.AddEntitlement(&t, &recorded.Entitlement)
		_, err = t.WriteTo(env.Stdout)
		s.WarnOfScope(by.Now, &c.sold)
		fmt.Fprintf(env.Stderr, "Recorded. The customer now makes a request with --invoice %s --email %s.\n",
			cli.Clean(cli.ShellWord(c.sold.Invoice)), cli.Clean(cli.ShellWord(c.sold.Email)))
		return err
	})
}
