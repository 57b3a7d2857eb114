package sale

import (
	"context"
	"fmt"
	"strings"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/cmd/licensor/command/common"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/service"
	"github.com/spf13/pflag"
)

// standing is a command that suspends, resumes or cancels a sale.
type standing struct {
	to       ledger.Standing
	what     string // that needs a reason
	question string
	nothing  string // what a no leaves undone
	done     string // what follows for the customer; with %s: options and invoice of a command
	already  string
}

func suspend(flags *pflag.FlagSet) cli.Run {
	return standing{ledger.StandingSuspended, "suspending a sale", "Suspend it?", "not suspended",
		"Nothing new is signed until it is resumed: licensor resume%s %s --why TEXT\nThe licenses out there run on.", "it was suspended before"}.setup(flags)
}

func resume(flags *pflag.FlagSet) cli.Run {
	return standing{"", "resuming a sale", "Resume it?", "not resumed",
		"Requests are signed as before.", "it was not suspended"}.setup(flags)
}

func cancel(flags *pflag.FlagSet) cli.Run {
	return standing{ledger.StandingCanceled, "canceling a sale", "Cancel it for good, and revoke all its licenses?", "not canceled",
		"Nothing is signed for it any more.", "it was canceled before"}.setup(flags)
}

func (s standing) setup(flags *pflag.FlagSet) cli.Run {
	var c common.Options
	c.AddChange(flags)
	c.AddYes(flags)
	return func(env *cli.Env, args []string) error {
		invoice, err := common.OneInvoice(args, 1)
		if err != nil {
			return err
		}
		if err := c.CheckReason(s.what); err != nil {
			return err
		}
		return c.WithService(env, service.ToChange, func(ctx context.Context, do *service.Service) error {
			return s.run(ctx, env, do, &c, invoice)
		})
	}
}

func (s standing) run(ctx context.Context, env *cli.Env, do *service.Service, c *common.Options, invoice string) error {
	h, err := do.Holding(ctx, invoice)
	if err != nil {
		return err
	}
	by, err := c.Operation(env)
	if err != nil {
		return err
	}
	t := cli.Table{Whole: true}
	t.Row("invoice", h.Invoice)
	t.Row("customer", h.Customer)
	t.Row("product", h.ProductName()+", "+h.Type)
	t.Row("seats", service.SeatsUsed(h))
	t.Row("state", service.SaleState(h, by.Now))
	if _, err := t.WriteTo(env.Stdout); err != nil {
		return err
	}
	if h.Standing != s.to { // what is no change is not asked about
		if by, err = c.Agreed(env, s.question, s.nothing); err != nil {
			return err
		}
	}
	revoked, changed, err := do.SetStanding(ctx, by, invoice, s.to)
	if err != nil {
		return err
	}
	if h, err = do.Holding(ctx, invoice); err != nil {
		return err
	}
	if changed {
		t := cli.Table{Whole: true}
		t.Row("now     ", service.SaleState(h, by.Now)) // as wide as customer, above
		common.AddRevoked(&t, revoked)
		if _, err := t.WriteTo(env.Stdout); err != nil {
			return err
		}
		done := s.done
		if strings.Contains(done, "%s") {
			done = fmt.Sprintf(done, c.FlagsText(), cli.ShellWord(h.Invoice))
		}
		fmt.Fprintln(env.Stderr, done)
		common.TellWaiting(env, revoked)
	} else {
		env.Warnf("%s; nothing was changed", s.already)
	}
	return env.Answer(service.StandingAnswer{Version: 1, Invoice: h.Invoice, State: h.Entitlement.Status(by.Now), Changed: changed, ToRevoke: revoked})
}
