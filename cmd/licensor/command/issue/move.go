package issue

import (
	"context"
	_ "embed"
	"fmt"
	"time"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/cmd/internal/text"
	"github.com/offlicense/offlicense/cmd/licensor/command/common"
	"github.com/offlicense/offlicense/cmd/licensor/internal/service"
	"github.com/spf13/pflag"
)

// moveCommand gives the new server of a move a license that ends soon.
type moveCommand struct {
	common.Issuing
	activation string
	overlap    uint64 // days
	out        string
}

//go:embed usage/move.txt
var MoveUsage string

// Move is the command move.
func Move(flags *pflag.FlagSet) cli.Run {
	var c moveCommand
	c.Add(flags)
	flags.Var(common.ActivationFlag(&c.activation), "activation", "")
	flags.Var(common.DaysFlag(&c.overlap), "overlap", "")
	flags.StringVar(&c.out, "out", "-", "")
	return c.run
}

func (c *moveCommand) run(env *cli.Env, args []string) error {
	invoice, err := common.OneInvoice(args, 2)
	if err != nil {
		return err
	}
	switch {
	case len(args) < 2:
		return cli.Usagef("the request of the new server is missing")
	case c.activation == "":
		return cli.Usagef("--activation is missing").WithHint("\"licensor list --invoice %s\" shows who is active", cli.ShellWord(invoice))
	case c.overlap == 0:
		return cli.Usagef("--overlap is missing").WithHint("say for how many days both servers may run, such as 14d")
	}
	if err := c.Reason.Check("a move"); err != nil {
		return err
	}
	overlap := time.Duration(c.overlap) * 24 * time.Hour
	if err := service.CheckOverlap(overlap); err != nil {
		return err
	}
	now, err := env.Time()
	if err != nil {
		return err
	}
	if err := env.CheckOutput(c.out, "OLL1:"); err != nil {
		return err
	}
	request, err := readRequest(env, args[1])
	if err != nil {
		return err
	}
	return c.Home.WithService(env, service.ToChange, func(ctx context.Context, s *service.Service) error {
		h, err := s.Holding(ctx, invoice)
		if err != nil {
			return err
		}
		if from := service.Held(h, c.activation); from != nil {
			t := cli.Table{Whole: true}
			t.Row("invoice", h.Invoice)
			t.Row("customer", h.Customer)
			t.Row("from", from.Name())
			t.Row("overlap", cli.Plural(int(c.overlap), "day", "days"))
			addRequest(&t, request)
			t.WriteTo(common.Messages(env, c.out))
			warnOfRequest(env, request, now)
			if err := c.Agree(env, "Let both servers run that long?", "not moved"); err != nil {
				return err
			}
		}
		by, err := c.Operation(env)
		if err != nil {
			return err
		}
		key, err := c.Key.Key(env)
		if err != nil {
			return err
		}
		bridge, err := s.Move(ctx, by, invoice, c.activation, overlap, request, key)
		if err != nil {
			return err
		}
		if err := common.Deliver(ctx, env, s, c.out, bridge); err != nil {
			return err
		}
		if asked := bridge.Issued.Add(overlap); !bridge.HardEnd.Equal(asked) && !bridge.HardEnd.Equal(h.HardEnd()) {
			env.Warnf("this request got its bridge on %s, until %s; --overlap does not change that", text.Date(bridge.Issued), text.Minute(bridge.HardEnd))
		}
		fmt.Fprintf(env.Stderr, "The new server runs until %s. Its real license comes with the release of the old one: \"offlicense release\" there, then \"licensor release FILE --out final.lic\" here.\n",
			text.Minute(bridge.HardEnd))
		return nil
	})
}
