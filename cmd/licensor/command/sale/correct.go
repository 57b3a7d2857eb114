package sale

import (
	"context"
	"fmt"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/cmd/licensor/command/common"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/service"
	"github.com/spf13/pflag"
)

// correct changes a sale that was recorded wrong.
func correct(flags *pflag.FlagSet) cli.Run {
	var c common.Options
	var terms common.TermOptions
	c.AddChange(flags)
	c.AddYes(flags)
	c.AddNew(flags)
	terms.AddCorrectable(flags)
	return func(env *cli.Env, args []string) error {
		invoice, err := common.OneInvoice(args, 1)
		if err != nil {
			return err
		}
		if !terms.Given() {
			return cli.Usagef("nothing is to be corrected").WithHint("say what with an option such as --product NAME")
		}
		if err := c.CheckReason("correcting a sale"); err != nil {
			return err
		}
		now, err := env.Time()
		if err != nil {
			return err
		}
		change := service.NewCorrection(func(e *ledger.Entitlement) error { return terms.Apply(e, now) })
		return c.Change(env, func(ctx context.Context, s *service.Service, by ledger.Operation) error {
			var revised *service.RevisionPreview
			err = c.AskNames(env, &by, func() (err error) {
				revised, err = s.PreviewCorrection(ctx, by, invoice, change)
				return err
			})
			if err != nil {
				return err
			}
			changed := len(revised.Steps) > 0
			if changed {
				if err := showChange(ctx, env, s, revised, by.Now); err != nil {
					return err
				}
				if by, err = c.Agreed(env, "Correct it?", "not corrected"); err != nil {
					return err
				}
				if revised, err = s.Correct(ctx, by, invoice, change); err != nil {
					return err
				}
				s.WarnOfScope(by.Now, revised.After)
				fmt.Fprintln(env.Stderr, "Recorded.")
				if was, is := revised.Before, revised.After; was.Invoice != is.Invoice || was.Product != is.Product || was.Type != is.Type || was.Email != is.Email {
					fmt.Fprintf(env.Stderr, "The customer requests with --product %s --invoice %s --email %s --type %s from now on.\n", cli.Clean(cli.ShellWord(is.Product)),
						cli.Clean(cli.ShellWord(is.Invoice)), cli.Clean(cli.ShellWord(is.Email)), cli.Clean(cli.ShellWord(is.Type)))
				}
			} else {
				env.Warnf("nothing is different from what is on record; nothing was changed")
			}
			sold, err := s.AnswerEntitlement(ctx, revised.After.Invoice, env.Now())
			if err != nil {
				return err
			}
			return env.Answer(service.CorrectionAnswer{EntitlementAnswer: sold, Changed: changed})
		})
	}
}
