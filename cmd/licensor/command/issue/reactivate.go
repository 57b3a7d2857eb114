package issue

import (
	"context"
	_ "embed"
	"fmt"
	"math"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/cmd/internal/text"
	"github.com/offlicense/offlicense/cmd/licensor/command/common"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/service"
	"github.com/offlicense/offlicense/format"
	"github.com/spf13/pflag"
)

// reactivateCommand closes an activation whose server is gone, or the bridge of a move
// to a wrong one.
type reactivateCommand struct {
	home       common.HomeOption
	operator   common.OperatorOption
	reason     common.ReasonOptions
	yes        bool
	activation string
	flags      *pflag.FlagSet
	daysUsed   uint64 // of emergency
}

//go:embed usage/reactivate.txt
var ReactivateUsage string

// Reactivate is the command reactivate.
func Reactivate(flags *pflag.FlagSet) cli.Run {
	c := reactivateCommand{flags: flags}
	c.home.AddLedger(flags)
	c.operator.Add(flags)
	c.reason.Add(flags)
	flags.BoolVar(&c.yes, "yes", false, "")
	flags.Var(common.ActivationFlag(&c.activation), "activation", "")
	flags.Var(common.DaysFlag(&c.daysUsed), "emergency-used", "")
	return c.run
}

func (c *reactivateCommand) run(env *cli.Env, args []string) error {
	invoice, err := common.OneInvoice(args, 1)
	if err != nil {
		return err
	}
	if c.activation == "" {
		return cli.Usagef("--activation is missing").WithHint("\"licensor list --invoice %s\" shows who is active", cli.ShellWord(invoice))
	}
	if err := c.reason.Check("closing an activation as lost"); err != nil {
		return err
	}
	return c.home.WithService(env, service.ToChange, func(ctx context.Context, s *service.Service) error {
		h, err := s.Holding(ctx, invoice)
		if err != nil {
			return err
		}
		if c.flags.Changed("emergency-used") && h.Type != format.TypeFailover {
			return cli.Usagef("--emergency-used is for the type %s, and invoice %s bought %s", format.TypeFailover, cli.Quote(invoice), h.Type)
		}
		bridge := false
		// What is not active is not asked about: the ledger refuses it and says why.
		if a := service.Held(h, c.activation); a != nil {
			var t cli.Table
			addActivation(&t, a)
			if h.Type == format.TypeFailover && a.State == ledger.StateActive {
				t.Row("emergency", c.usedWords())
			}
			t.WriteTo(env.Stdout)
			question := "Close this activation as lost?"
			if a.State == ledger.StateBridge {
				question = "Close this bridge and end its move?"
				bridge = true
			}
			if err := common.Agree(env, c.yes, question, "not closed"); err != nil {
				return err
			}
		}
		by, err := c.reason.Operation(env, &c.operator)
		if err != nil {
			return err
		}
		revoked, err := s.Reactivate(ctx, by, invoice, c.activation, c.used())
		if err != nil {
			return err
		}
		t := cli.Table{Whole: true}
		t.Row("closed", c.activation)
		for i, id := range revoked {
			name := ""
			if i == 0 {
				name = "to revoke"
			}
			t.Row(name, id.String())
		}
		_, err = t.WriteTo(env.Stdout)
		if bridge {
			fmt.Fprintln(env.Stderr, "The move is canceled: the old server keeps its license and its seat. To move it to another one needs --override.")
		} else {
			fmt.Fprintln(env.Stderr, "The seat is free: the new server makes a request, and \"licensor sign\" signs it.")
		}
		if len(revoked) > 0 {
			fmt.Fprintf(env.Stderr, "%s for the next revocation list.\n", cli.Plural(len(revoked), "license waits", "licenses wait"))
		}
		return err
	})
}

// used is how many emergency days the lost server has used: without a word from the
// customer, all that it had.
func (c *reactivateCommand) used() uint64 {
	if c.flags.Changed("emergency-used") {
		return c.daysUsed
	}
	return math.MaxUint64
}

func (c *reactivateCommand) usedWords() string {
	if c.flags.Changed("emergency-used") {
		return cli.Plural(int(c.daysUsed), "day", "days") + " used, if it had as many"
	}
	return "all its days are used (--emergency-used)"
}

func addActivation(t *cli.Table, a *ledger.Held) {
	t.Row("activation", a.ID)
	common.AddPlace(func(name, value string) { t.Row(name, value) }, a.Site, a.Host)
	t.Row("since", text.Date(a.Since))
	t.Row("license", a.License.ID.String())
}
