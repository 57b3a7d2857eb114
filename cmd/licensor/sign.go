package main

import (
	"context"
	"io"
	"os"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/cmd/licensor/internal/home"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/verify"
	"github.com/spf13/pflag"
)

type signCommand struct {
	issuing
	out    string
	report string // of many requests

	unbound bool // a license for any machine
	invoice string
	name    string
}

func setupSign(flags *pflag.FlagSet) cli.Run {
	var c signCommand
	c.add(flags)
	flags.StringVar(&c.out, "out", "-", "")
	flags.StringVar(&c.report, "report", "", "")
	flags.BoolVar(&c.unbound, "unbound", false, "")
	flags.StringVar(&c.invoice, "invoice", "", "")
	flags.StringVar(&c.name, "name", "", "")
	return c.run
}

func (c *signCommand) run(env *cli.Env, args []string) error {
	if err := c.check(); err != nil {
		return err
	}
	switch {
	case c.unbound:
		return c.signUnbound(env, args)
	case c.invoice != "" || c.name != "":
		return cli.Usagef("--invoice and --name go with --unbound").WithHint("a request names its invoice and its site itself")
	case len(args) == 0:
		return cli.Usagef("no request is named").WithHint("name request files or folders with them; - is standard input")
	case len(args) > 1 || c.report != "" || isFolder(args[0]):
		return c.signMany(env, args)
	}
	return c.signOne(env, args[0])
}

func isFolder(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

func (c *signCommand) signOne(env *cli.Env, path string) error {
	now, err := env.Time()
	if err != nil {
		return err
	}
	if err := env.CheckOutput(c.out, "OLL1:"); err != nil {
		return err
	}
	request, err := readRequest(env, path)
	if err != nil {
		return err
	}
	return c.home.withLedger(env, ledger.Open, func(ctx context.Context, at home.Home, l *ledger.Ledger) error {
		offer, err := l.PreviewAs(ctx, ledger.Operation{Now: now, Why: c.reason.why, Override: c.reason.override}, request)
		if err != nil {
			return err
		}
		review(env, messages(env, c.out), offer, request, now)
		license := offer.License
		if license == nil {
			if err := c.agree(env, "Sign this license?", "not signed"); err != nil {
				return err
			}
			if license, err = c.issue(ctx, env, at, l, offer, request); err != nil {
				return err
			}
		}
		return deliver(ctx, env, at, l, c.out, license)
	})
}

func readRequest(env *cli.Env, path string) (*verify.Request, error) {
	text, err := env.ReadFile(path, format.MaxText)
	if err != nil {
		return nil, err
	}
	return verify.OpenRequest(text)
}

// messages is where people read: standard output, unless the license goes there.
func messages(env *cli.Env, out string) io.Writer {
	if out == "-" {
		return env.Stderr
	}
	return env.Stdout
}

// issue loads the staff key and signs. All that waits for a person is done before the
// clock is read and the ledger is touched.
func (c *signCommand) issue(ctx context.Context, env *cli.Env, at home.Home, l *ledger.Ledger, offer *ledger.Offer, q *verify.Request) (*ledger.License, error) {
	i, err := loadIssuer(ctx, env, &c.key, at, l)
	if err != nil {
		return nil, err
	}
	by, err := c.operation(env)
	if err != nil {
		return nil, err
	}
	if err := i.Check(ledger.Grant{Entitlement: offer.Entitlement, Activation: "new", Epoch: offer.Epoch, Request: q}, by.Now); err != nil {
		return nil, err
	}
	return l.Sign(ctx, by, q, i.At(by.Now))
}

// deliver writes the file of a license that is on record, with the newest revocation
// list.
func deliver(ctx context.Context, env *cli.Env, at home.Home, l *ledger.Ledger, out string, license *ledger.License) error {
	list, err := loadNewestList(ctx, env, at, l)
	if err != nil {
		return err
	}
	text, err := list.text(license)
	if err != nil {
		return err
	}
	if err := env.WriteFile(out, text, 0o644); err != nil {
		return cli.Fail(err).WithHint("the license is recorded and not lost: run the command again with another --out, it writes the same one")
	}
	t := cli.Table{Whole: true}
	addLicense(&t, license)
	if out != "-" {
		t.Row("file", out)
	}
	_, err = t.WriteTo(messages(env, out))
	return err
}

func addLicense(t *cli.Table, license *ledger.License) {
	t.Row("license", license.ID.String())
	t.Row("activation", license.Activation)
	t.Row("signed by", license.Signer)
}
