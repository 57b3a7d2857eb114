// Package revoke has the commands that revoke licenses and keys, and sign the lists that
// say so.
package revoke

import (
	"context"
	_ "embed"
	"fmt"
	"strings"
	"time"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/cmd/licensor/command/common"
	"github.com/offlicense/offlicense/cmd/licensor/internal/home"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/format"
	"github.com/spf13/pflag"
)

// revokeCommand notes a license, an activation or a key for the next revocation list.
type revokeCommand struct {
	home       common.HomeOption
	operator   common.OperatorOption
	reason     common.ReasonOptions
	yes        bool
	license    string
	activation string
	key        string
}

//go:embed usage/revoke.txt
var RevokeUsage string

// Revoke is the command revoke.
func Revoke(flags *pflag.FlagSet) cli.Run {
	var c revokeCommand
	c.home.AddLedger(flags)
	c.operator.Add(flags)
	c.reason.Add(flags)
	flags.BoolVar(&c.yes, "yes", false, "")
	flags.StringVar(&c.license, "license", "", "")
	flags.Var(common.ActivationFlag(&c.activation), "activation", "")
	flags.StringVar(&c.key, "key", "", "")
	return c.run
}

func (c *revokeCommand) run(env *cli.Env, args []string) error {
	if err := common.NoArguments(args); err != nil {
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
	if err := common.NeedWhy(&c.reason, "revoking"); err != nil {
		return err
	}
	return c.home.WithLedger(env, ledger.Open, func(ctx context.Context, at home.Home, l *ledger.Ledger) error {
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
		common.AddLicense(&t, license)
		if q != nil {
			t.Row("invoice", q.Invoice)
			common.AddPlace(func(name, value string) { t.Row(name, value) }, q.Site, q.Host)
		}
		t.WriteTo(env.Stdout)
		if err := common.Agree(env, c.yes, "Revoke this license?", "not revoked"); err != nil {
			return err
		}
	}
	by, err := c.reason.Operation(env, &c.operator)
	if err != nil {
		return err
	}
	r, err := l.RevokeLicense(ctx, by, id)
	if err != nil {
		return err
	}
	return c.tellRevoked(env, *r)
}

func (c *revokeCommand) revokeActivation(ctx context.Context, env *cli.Env, l *ledger.Ledger) error {
	activation := strings.ToUpper(c.activation)
	events, err := l.History(ctx, activation)
	if err != nil {
		return err
	}
	if len(events) > 0 {
		if _, err := common.HistoryTable(common.ViewEvents(events)).WriteTo(env.Stdout); err != nil {
			return err
		}
		if err := common.Agree(env, c.yes, "Revoke all licenses of this activation?", "not revoked"); err != nil {
			return err
		}
	}
	by, err := c.reason.Operation(env, &c.operator)
	if err != nil {
		return err
	}
	all, err := l.RevokeActivation(ctx, by, activation)
	if err != nil {
		return err
	}
	return c.tellRevoked(env, all...)
}

func (c *revokeCommand) tellRevoked(env *cli.Env, all ...ledger.Revocation) error {
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
	fmt.Fprintf(env.Stderr, "Recorded. Its servers run on until the next revocation list reaches them: \"licensor revocations%s\" signs it. The seat stays taken; \"licensor reactivate%s\" frees it.\n", c.home.FlagsText(), c.home.FlagsText())
	return err
}

func (c *revokeCommand) revokeKey(ctx context.Context, env *cli.Env, at home.Home, l *ledger.Ledger) error {
	key, err := findKey(ctx, env, at, l, c.key)
	if err != nil {
		return err
	}
	now, err := env.Time()
	if err != nil {
		return err
	}
	var keep []delegationBy
	if key.Root {
		if keep, err = delegationsBy(at, key.key, now); err != nil {
			return err
		}
	}
	key.table(keep).WriteTo(env.Stdout)
	if key.unseen() && !key.revoked {
		env.Warnf("this key has signed nothing that is on record, and no delegation here names it: make sure that it is the one that was stolen")
	}
	if err := common.Agree(env, c.yes, "Revoke this key?", "not revoked"); err != nil {
		return err
	}
	by, err := c.reason.Operation(env, &c.operator)
	if err != nil {
		return err
	}
	var kept [][]byte
	for _, d := range keep {
		kept = append(kept, d.raw)
	}
	if err := l.RevokeKey(ctx, by, key.RevokedKey, kept...); err != nil {
		return err
	}
	return c.tellRevokedKey(ctx, env, l, key, by.Now)
}

// table shows what will be revoked, and what of it stays good.
func (k *foundKey) table(keep []delegationBy) *cli.Table {
	t := &cli.Table{Whole: true}
	t.Row("key", k.Name)
	if k.Name != k.fingerprint() {
		t.Row("", k.fingerprint())
	}
	for _, name := range k.names {
		if name != k.Name {
			t.Row("", "also called "+name)
		}
	}
	if !k.Root {
		t.Row("has signed", k.signed())
	}
	t.Row("stays good", "what is on record of it by now")
	for _, d := range keep {
		t.Row("", "its delegation to "+d.String()+", which is in this home")
	}
	t.Row("ends", "whatever else it has signed or will sign, under whatever date")
	return t
}

// tellRevokedKey says what follows.
func (c *revokeCommand) tellRevokedKey(ctx context.Context, env *cli.Env, l *ledger.Ledger, key *foundKey, now time.Time) error {
	next, err := l.NextList(ctx, now)
	if err != nil {
		return err
	}
	kept := 0
	for _, k := range next.Keys {
		if k.Thumbprint == key.key.Thumbprint() {
			kept = k.Keep.Len()
		}
	}
	what, signer := cli.Plural(kept, "license of it stays", "licenses of it stay"), "FILE"
	if key.Root {
		what, signer = cli.Plural(kept, "delegation by it stays", "delegations by it stay"), "STANDBY"
	}
	fmt.Fprintf(env.Stderr, "Recorded: it signs nothing more here, and %s good. Servers hear of it by the next revocation list: licensor revocations%s --root-key %s --out list.olv\n",
		what, c.home.FlagsText(), signer)
	if key.Root {
		fmt.Fprintf(env.Stderr, "A staff key whose delegation by it is neither on record nor in this home signs nothing that servers take once they have that list: it needs a new delegation by the standby.\n")
	}
	return nil
}
