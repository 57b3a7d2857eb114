// Package sale has the commands that record what was sold and change it.
package sale

import (
	"cmp"
	"context"
	"embed"
	"fmt"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/cmd/licensor/command/common"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/service"
	"github.com/spf13/pflag"
)

// Commands are the commands of this package.
var Commands = cli.WithUsage(usage, []cli.Command{
	{Name: "entitle", Summary: "record what an invoice line bought", Setup: entitle},
	{Name: "product", Summary: "say what products are sold, and what a sale grants", Setup: product},
	{Name: "import", Summary: "record many orders from a CSV file", Setup: importOrders},
	{Name: "customer", Summary: "show a customer, mark as partner, forget an address", Setup: customer},
	{Name: "renew", Summary: "extend an entitlement and sign its licenses again", Setup: renew},
	{Name: "correct", Summary: "change a sale that was recorded wrong", Setup: correct},
	{Name: "cancel", Summary: "cancel a sale and revoke its licenses", Setup: cancel},
	{Name: "suspend", Summary: "sign nothing new under a sale for a while", Setup: suspend},
	{Name: "resume", Summary: "end a suspension", Setup: resume},
	{Name: "amend", Summary: "change what was sold and sign its licenses again", Setup: amend},
})

//go:embed usage
var usage embed.FS

func entitle(flags *pflag.FlagSet) cli.Run {
	var c common.Options
	var terms common.TermOptions
	c.AddChange(flags)
	terms.AddAll(flags)
	c.AddYes(flags)
	c.AddNew(flags)
	return common.OptionsOnly(func(env *cli.Env) error {
		for _, t := range ledger.Terms {
			if t.Asked() && !c.Flags.Changed(t.OptionName()) {
				return cli.Usagef("--%s is missing", t.OptionName())
			}
		}
		by, err := c.Operation(env)
		if err != nil {
			return err
		}
		return c.WithService(env, service.ToChange, func(ctx context.Context, s *service.Service) error {
			var sold ledger.Entitlement
			err := c.AskNames(env, &by, func() (err error) {
				sold, err = s.Planned(ctx, by, terms.Says, func(e *ledger.Entitlement) error { return terms.Apply(e, by.Now) })
				switch {
				case err != nil:
					return err
				case sold.Type == "":
					return cli.Usagef("--type is missing")
				}
				// A name that is misspelled takes nothing away.
				named, err := terms.Named(&sold)
				if err != nil {
					return err
				}
				if err := s.CheckNames(ctx, by, named); err != nil {
					return err
				}
				return s.Entitle(ctx, by, sold)
			})
			if err != nil {
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
			if err := tellNamesAreFree(ctx, env, s); err != nil {
				return err
			}
			fmt.Fprintf(env.Stderr, "Recorded. The customer now makes a request with --invoice %s --email %s.\n",
				cli.Clean(cli.ShellWord(sold.Invoice)), cli.Clean(cli.ShellWord(sold.Email)))
			return cmp.Or(err, common.AnswerEntitlement(ctx, env, s, recorded.Invoice))
		})
	})
}

// tellNamesAreFree says with the first sale, once, that names are not checked.
func tellNamesAreFree(ctx context.Context, env *cli.Env, s *service.Service) error {
	free, err := s.NamesAreFree(ctx)
	if err != nil || !free {
		return err
	}
	first, err := s.SoldOnce(ctx)
	if err == nil && first {
		env.Warnf("names of products, editions, features and limits are not checked until there are products: \"licensor help product\"")
	}
	return err
}
