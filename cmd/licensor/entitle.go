package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/cmd/licensor/internal/home"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/format"
	"github.com/spf13/pflag"
)

type entitleCommand struct {
	home     homeOption
	operator operatorOption
	reason   reasonOptions
	sold     ledger.Entitlement
}

func setupEntitle(flags *pflag.FlagSet) cli.Run {
	var c entitleCommand
	c.home.addLedger(flags)
	c.operator.add(flags)
	c.reason.add(flags)
	e := &c.sold
	e.Limits = make(map[string]uint64)
	flags.StringVar(&e.Invoice, "invoice", "", "")
	flags.StringVar(&e.Email, "email", "", "")
	flags.StringVar(&e.Customer, "customer", "", "")
	flags.StringVar(&e.Product, "product", "", "")
	flags.StringVar(&e.Edition, "edition", "", "")
	flags.StringVar(&e.Type, "type", "", "")
	flags.Uint64Var(&e.Seats, "seats", 1, "")
	flags.Var(countByValue{&e.CountBy}, "count-by", "")
	flags.Uint64Var(&e.Allowance, "allowance", 0, "")
	flags.BoolVar(&e.Unbound, "unbound", false, "")
	flags.Var(dateValue{&e.Expires}, "expires", "")
	flags.Var(daysValue{&e.GraceDays}, "grace", "")
	flags.Var(daysValue{&e.EmergencyDays}, "emergency-days", "")
	flags.Var(dateValue{&e.UpdatesUntil}, "updates-until", "")
	flags.StringVar(&e.MaxVersion, "max-version", "", "")
	flags.StringArrayVar(&e.Features, "feature", nil, "")
	flags.Var(limitValue{e.Limits}, "limit", "")
	return c.run
}

func (c *entitleCommand) run(env *cli.Env, args []string) error {
	if err := noArguments(args); err != nil {
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
	by, err := c.reason.operation(env, &c.operator)
	if err != nil {
		return err
	}
	return c.home.withLedger(env, ledger.Open, func(ctx context.Context, at home.Home, l *ledger.Ledger) error {
		if err := l.Entitle(ctx, by, c.sold); err != nil {
			return err
		}
		recorded, err := holding(ctx, l, c.sold.Invoice)
		if err != nil {
			return err
		}
		var t cli.Table
		addEntitlement(&t, &recorded.Entitlement)
		_, err = t.WriteTo(env.Stdout)
		warnOfScope(env, at, l.Vendor(), by.Now, &c.sold)
		fmt.Fprintf(env.Stderr, "Recorded. The customer now makes a request with --invoice %s --email %s.\n",
			cli.Clean(cli.ShellWord(c.sold.Invoice)), cli.Clean(cli.ShellWord(c.sold.Email)))
		return err
	})
}

// countByValue is the option --count-by.
type countByValue struct{ by *ledger.CountBy }

func (c countByValue) Type() string { return "site or machine" }

func (c countByValue) String() string {
	if c.by == nil {
		return ""
	}
	return string(*c.by)
}

func (c countByValue) Set(s string) error {
	switch by := ledger.CountBy(s); by {
	case ledger.BySite, ledger.ByMachine:
		*c.by = by
		return nil
	}
	return errors.New("want site or machine")
}
