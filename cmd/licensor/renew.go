package main

import (
	"context"
	"time"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/spf13/pflag"
)

// renewCommand gives an entitlement a later end.
type renewCommand struct {
	revision
	to ledger.Renewal
}

func setupRenew(flags *pflag.FlagSet) cli.Run {
	var c renewCommand
	c.add(flags)
	flags.Var(dateValue{&c.to.Expires}, "expires", "")
	flags.BoolVar(&c.to.Perpetual, "perpetual", false, "")
	flags.Var(dateValue{&c.to.UpdatesUntil}, "updates-until", "")
	return c.run
}

func (c *renewCommand) run(env *cli.Env, args []string) error {
	if c.to.Expires.IsZero() && !c.to.Perpetual {
		return cli.Usagef("the new end is missing").WithHint("give it with --expires, or --perpetual for none")
	}
	if !c.to.Expires.IsZero() && c.to.Perpetual {
		return cli.Usagef("--expires and --perpetual contradict each other")
	}
	change := func(e *ledger.Entitlement) error {
		e.Expires = c.to.Expires
		if c.to.Perpetual {
			e.Expires, e.GraceDays = time.Time{}, 0
		}
		if !c.to.UpdatesUntil.IsZero() {
			e.UpdatesUntil = c.to.UpdatesUntil
		}
		return nil
	}
	return c.revise(env, args, "Renew", change, func(ctx context.Context, l *ledger.Ledger, by ledger.Operation, invoice string, issue ledger.Issue) ([]*ledger.License, error) {
		return l.Renew(ctx, by, invoice, c.to, issue)
	})
}
