package main

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/cmd/licensor/internal/home"
	"github.com/offlicense/offlicense/cmd/licensor/internal/issuer"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/keys/keyfile"
	"github.com/offlicense/offlicense/verify"
	"github.com/spf13/pflag"
)

type signCommand struct {
	home       homeOption
	operator   operatorOption
	passphrase passphraseOptions
	key        string
	out        string
	yes        bool
}

func setupSign(flags *pflag.FlagSet) cli.Run {
	var c signCommand
	c.home.addLedger(flags)
	c.operator.add(flags)
	c.passphrase.add(flags)
	flags.StringVar(&c.key, "key", "", "")
	flags.StringVar(&c.out, "out", "-", "")
	flags.BoolVar(&c.yes, "yes", false, "")
	return c.run
}

func (c *signCommand) run(env *cli.Env, args []string) error {
	if len(args) != 1 {
		return cli.Usagef("got %d files, want one request (- is standard input)", len(args))
	}
	now, err := env.Time()
	if err != nil {
		return err
	}
	if err := env.CheckOutput(c.out, "OLL1:"); err != nil {
		return err
	}
	text, err := env.ReadFile(args[0], format.MaxText)
	if err != nil {
		return err
	}
	request, err := verify.OpenRequest(text)
	if err != nil {
		return err
	}
	return c.home.withLedger(env, ledger.Open, func(ctx context.Context, at home.Home, l *ledger.Ledger) error {
		return c.sign(ctx, env, at, l, now, request)
	})
}

func (c *signCommand) sign(ctx context.Context, env *cli.Env, at home.Home, l *ledger.Ledger, now time.Time, request *verify.Request) error {
	offer, err := l.Preview(ctx, request, now)
	if err != nil {
		return err
	}
	review(env, c.messages(env), offer, request, now)
	license := offer.License
	if license == nil {
		if err := c.agree(env); err != nil {
			return err
		}
		if license, err = c.issue(ctx, env, at, l, offer, request); err != nil {
			return err
		}
	}
	return c.deliver(env, license)
}

// messages is where people read: standard output, unless the license goes there.
func (c *signCommand) messages(env *cli.Env) io.Writer {
	if c.out == "-" {
		return env.Stderr
	}
	return env.Stdout
}

func (c *signCommand) agree(env *cli.Env) error {
	if c.yes {
		return nil
	}
	yes, err := env.Confirm("Sign this license?")
	if err != nil {
		return err
	}
	if !yes {
		return cli.Failf("not signed").WithHint("nothing was recorded")
	}
	return nil
}

// issue loads the staff key and signs. All that waits for a person is done before the
// clock is read and the ledger is touched.
func (c *signCommand) issue(ctx context.Context, env *cli.Env, at home.Home, l *ledger.Ledger, offer *ledger.Offer, q *verify.Request) (*ledger.License, error) {
	i, err := c.issuer(env, at)
	if err != nil {
		return nil, readError(err)
	}
	if i.Delegation.Issuer != l.Vendor() {
		return nil, cli.Failf("the ledger is that of %s, and the key %q signs for %s", l.Vendor(), i.Delegation.Name, i.Delegation.Issuer).
			WithHint("put the ledger and the keys of one vendor together; nothing was signed")
	}
	by, err := c.operator.operation(env)
	if err != nil {
		return nil, err
	}
	if err := i.Check(ledger.Grant{Entitlement: offer.Entitlement, Activation: "new", Epoch: offer.Epoch, Request: q}, by.Now); err != nil {
		return nil, err
	}
	return l.Sign(ctx, by, q, func(g ledger.Grant) (format.ID, []byte, string, error) {
		id, file, err := i.Issue(g, by.Now)
		return id, file, i.Delegation.Name, err
	})
}

func (c *signCommand) issuer(env *cli.Env, at home.Home) (*issuer.Issuer, error) {
	name, err := at.ChooseKey(c.key)
	if err != nil {
		return nil, err
	}
	v, err := at.Verifier()
	if err != nil {
		return nil, err
	}
	claims, raw, err := at.Delegation(v, name)
	if err != nil {
		return nil, err
	}
	key, err := keyfile.Read(at.KeyFile(name), c.passphrase.existing(env, "Passphrase for the staff key "+name))
	if err != nil {
		if errors.Is(err, keyfile.ErrPassphrase) {
			return nil, cli.Fail(err).WithHint("nothing was signed; ssh-keygen -p -f %s changes the passphrase for one who knows it", cli.ShellPath(at.KeyFile(name)))
		}
		return nil, err
	}
	return &issuer.Issuer{Key: key, Delegation: claims, RawDelegation: raw, Verifier: v, Random: env.Rand}, nil
}

func (c *signCommand) deliver(env *cli.Env, license *ledger.License) error {
	text := format.EncodeFile(format.LicenseFile, license.File)
	if err := env.WriteFile(c.out, text, 0o644); err != nil {
		return cli.Fail(err).WithHint("the license is recorded and not lost: run the command again with another --out, it writes the same one")
	}
	t := cli.Table{Whole: true}
	t.Row("license", license.ID.String())
	t.Row("activation", license.Activation)
	t.Row("signed by", license.Signer)
	if c.out != "-" {
		t.Row("file", c.out)
	}
	_, err := t.WriteTo(c.messages(env))
	return err
}
