package main

import (
	"context"
	"fmt"
	"time"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/cmd/licensor/internal/home"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/spf13/pflag"
)

// moveCommand gives the new server of a move a license that ends soon.
type moveCommand struct {
	issuing
	activation string
	overlap    uint64 // days
	out        string
}

func setupMove(flags *pflag.FlagSet) cli.Run {
	var c moveCommand
	c.add(flags)
	flags.Var(activationValue{&c.activation}, "activation", "")
	flags.Var(daysValue{&c.overlap}, "overlap", "")
	flags.StringVar(&c.out, "out", "-", "")
	return c.run
}

func (c *moveCommand) run(env *cli.Env, args []string) error {
	invoice, err := oneInvoice(args, 2)
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
	if err := needWhy(&c.reason, "a move"); err != nil {
		return err
	}
	overlap := time.Duration(c.overlap) * 24 * time.Hour
	if err := ledger.CheckOverlap(overlap); err != nil {
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
	return c.home.withLedger(env, ledger.Open, func(ctx context.Context, at home.Home, l *ledger.Ledger) error {
		h, err := holding(ctx, l, invoice)
		if err != nil {
			return err
		}
		if from := held(h, c.activation); from != nil {
			t := cli.Table{Whole: true}
			t.Row("invoice", h.Invoice)
			t.Row("customer", h.Customer)
			t.Row("from", from.Name())
			t.Row("overlap", cli.Plural(int(c.overlap), "day", "days"))
			addRequest(&t, request)
			t.WriteTo(messages(env, c.out))
			warnOfRequest(env, request, now)
			if err := c.agree(env, "Let both servers run that long?", "not moved"); err != nil {
				return err
			}
		}
		by, err := c.operation(env)
		if err != nil {
			return err
		}
		signer := c.signer(ctx, env, at, l, by)
		bridge, err := l.Move(ctx, by, invoice, c.activation, overlap, request, signer.issue)
		if err != nil {
			return signer.explain(err)
		}
		if err := deliver(ctx, env, at, l, c.out, bridge); err != nil {
			return err
		}
		if asked := bridge.Issued.Add(overlap); !bridge.Expires.Equal(asked) && !bridge.Expires.Equal(h.HardEnd()) {
			env.Warnf("this request got its bridge on %s, until %s; --overlap does not change that", date(bridge.Issued), minute(bridge.Expires))
		}
		fmt.Fprintf(env.Stderr, "The new server runs until %s. Its real license comes with the release of the old one: \"offlicense release\" there, then \"licensor release FILE --out final.lic\" here.\n",
			minute(bridge.Expires))
		return nil
	})
}
