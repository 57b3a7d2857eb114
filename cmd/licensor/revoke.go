package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/cmd/licensor/internal/home"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/format"
	"github.com/spf13/pflag"
)

// revokeCommand notes a license, an activation or a key for the next revocation list.
type revokeCommand struct {
	home       homeOption
	operator   operatorOption
	reason     reasonOptions
	yes        bool
	license    string
	activation string
	key        string
}

func setupRevoke(flags *pflag.FlagSet) cli.Run {
	var c revokeCommand
	c.home.addLedger(flags)
	c.operator.add(flags)
	c.reason.add(flags)
	flags.BoolVar(&c.yes, "yes", false, "")
	flags.StringVar(&c.license, "license", "", "")
	flags.StringVar(&c.activation, "activation", "", "")
	flags.StringVar(&c.key, "key", "", "")
	return c.run
}

func (c *revokeCommand) run(env *cli.Env, args []string) error {
	if err := noArguments(args); err != nil {
		return err
	}
	given := 0
	for _, option := range [...]string{c.license, c.activation, c.key} {
		if option != "" {
			given++
		}
	}
	if given != 1 {
		return cli.Usagef("want one of --license, --activation and --key").
			WithHint("\"licensor history INVOICE\" shows licenses and activations, \"licensor key list\" the keys")
	}
	if err := needWhy(&c.reason, "revoking"); err != nil {
		return err
	}
	return c.home.withLedger(env, ledger.Open, func(ctx context.Context, at home.Home, l *ledger.Ledger) error {
		switch {
		case c.license != "":
			return c.revokeLicense(ctx, env, l)
		case c.activation != "":
			return c.revokeActivation(ctx, env, l)
		}
		return c.revokeKey(ctx, env, at, l)
	})
}

func (c *revokeCommand) revokeLicense(ctx context.Context, env *cli.Env, l *ledger.Ledger) error {
	id, err := format.ParseID(c.license)
	if err != nil {
		return cli.Usagef("%w", err).WithHint("\"licensor history INVOICE\" shows the licenses of an invoice; an activation's name goes with --activation")
	}
	// What is not on record is not asked about: the ledger refuses it and says why.
	if license, q, err := l.Issued(ctx, id); err == nil {
		t := cli.Table{Whole: true}
		addLicense(&t, license)
		if q != nil {
			t.Row("invoice", q.Invoice)
			addPlace(func(name, value string) { t.Row(name, value) }, q.Site, q.Host)
		}
		t.WriteTo(env.Stdout)
		if err := agree(env, c.yes, "Revoke this license?", "not revoked"); err != nil {
			return err
		}
	}
	by, err := c.reason.operation(env, &c.operator)
	if err != nil {
		return err
	}
	r, err := l.RevokeLicense(ctx, by, id)
	if err != nil {
		return err
	}
	return tellRevoked(env, *r)
}

func (c *revokeCommand) revokeActivation(ctx context.Context, env *cli.Env, l *ledger.Ledger) error {
	activation := strings.ToUpper(c.activation)
	events, err := l.History(ctx, activation)
	if err != nil {
		return err
	}
	if len(events) > 0 {
		if _, err := historyTable(tell(events)).WriteTo(env.Stdout); err != nil {
			return err
		}
		if err := agree(env, c.yes, "Revoke all licenses of this activation?", "not revoked"); err != nil {
			return err
		}
	}
	by, err := c.reason.operation(env, &c.operator)
	if err != nil {
		return err
	}
	all, err := l.RevokeActivation(ctx, by, activation)
	if err != nil {
		return err
	}
	return tellRevoked(env, all...)
}

func tellRevoked(env *cli.Env, all ...ledger.Revocation) error {
	t := cli.Table{Whole: true}
	for i, r := range all {
		name := ""
		if i == 0 {
			name = "to revoke"
		}
		t.Row(name, r.License.String())
	}
	t.Row("activation", all[0].Activation)
	_, err := t.WriteTo(env.Stdout)
	fmt.Fprintf(env.Stderr, "Recorded. Its servers run on until the next revocation list reaches them: \"licensor revocations\" signs it. The seat stays taken; \"licensor reactivate\" frees it.\n")
	return err
}

func (c *revokeCommand) revokeKey(ctx context.Context, env *cli.Env, at home.Home, l *ledger.Ledger) error {
	key, err := findKey(ctx, env, at, l, c.key)
	if err != nil {
		return err
	}
	t := cli.Table{Whole: true}
	t.Row("key", key.Name)
	t.Row("", key.fingerprint)
	t.Row("stays good", "what is on record of it by now")
	t.Row("ends", "whatever else it has signed or will sign, under whatever date")
	t.WriteTo(env.Stdout)
	if err := agree(env, c.yes, "Revoke this key?", "not revoked"); err != nil {
		return err
	}
	by, err := c.reason.operation(env, &c.operator)
	if err != nil {
		return err
	}
	if err := l.RevokeKey(ctx, by, key.RevokedKey); err != nil {
		return err
	}
	next, err := l.NextList(ctx, by.Now)
	if err != nil {
		return err
	}
	kept := 0
	for _, k := range next.Keys {
		if k.Thumbprint == key.thumbprint {
			kept = k.Keep.Len()
		}
	}
	what, sign := cli.Plural(kept, "license of it stays", "licenses of it stay"), "licensor revocations --root-key FILE --out list.olv"
	if key.Root {
		what, sign = cli.Plural(kept, "delegation by it stays", "delegations by it stay"), "licensor revocations --root-key STANDBY --out list.olv"
	}
	fmt.Fprintf(env.Stderr, "Recorded: it signs nothing more here, and %s good. Servers hear of it by the next revocation list: %s\n", what, sign)
	return nil
}
