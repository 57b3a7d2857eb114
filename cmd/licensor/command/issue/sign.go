// Package issue has the commands that give out licenses and take their seats back.
package issue

import (
	"context"
	_ "embed"
	"errors"
	"time"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/cmd/licensor/command/common"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/service"
	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/verify"
	"github.com/spf13/pflag"
)

type signCommand struct {
	common.Issuing
	out    string
	report string // of many requests

	unbound bool // a license for any machine
	invoice string
	name    string
}

//go:embed usage/sign.txt
var SignUsage string

// Sign is the command sign.
func Sign(flags *pflag.FlagSet) cli.Run {
	var c signCommand
	c.Add(flags)
	flags.StringVar(&c.out, "out", "-", "")
	flags.StringVar(&c.report, "report", "", "")
	flags.BoolVar(&c.unbound, "unbound", false, "")
	flags.StringVar(&c.invoice, "invoice", "", "")
	flags.StringVar(&c.name, "name", "", "")
	return c.run
}

func (c *signCommand) run(env *cli.Env, args []string) error {
	if err := c.Reason.Check(""); err != nil {
		return err
	}
	switch {
	case c.unbound:
		return c.signUnbound(env, args)
	case c.invoice != "" || c.name != "":
		return cli.Usagef("--invoice and --name go with --unbound").WithHint("a request names its invoice and its site itself")
	case len(args) == 0:
		return cli.Usagef("no request is named").WithHint("name request files or directories with them; - is standard input")
	case len(args) > 1 || c.report != "" || common.IsDirectory(args[0]):
		return c.signMany(env, args)
	}
	return c.signOne(env, args[0])
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
	return c.Home.WithService(env, service.ToChange, func(ctx context.Context, s *service.Service) error {
		offer, err := c.preview(ctx, env, s, request, now)
		if err != nil {
			return err
		}
		review(env, common.Messages(env, c.out), offer, request, now)
		license := offer.License
		if license == nil {
			if err := c.Agree(env, "Sign this license?", "not signed"); err != nil {
				return err
			}
			if license, err = c.issue(ctx, env, s, offer, request, now); err != nil {
				return err
			}
		}
		return common.Deliver(ctx, env, s, c.out, license)
	})
}

// preview says what would be signed. It asks whether to sell the binding that a request
// asks for, if it is weaker than what was sold; --yes is no answer to that.
func (c *signCommand) preview(ctx context.Context, env *cli.Env, s *service.Service, q *verify.Request, now time.Time) (*service.Offer, error) {
	by := ledger.Operation{Now: now, Why: c.Reason.Why, Override: c.Reason.Override}
	offer, err := s.Preview(ctx, by, q)
	var refusal *ledger.Refusal
	if !errors.As(err, &refusal) || refusal.Rule != ledger.RuleBinding || c.Yes || by.Why == "" {
		return offer, err
	}
	if err := c.Agree(env, refusal.Message+". Sell that?", "not sold, and not signed"); err != nil {
		return nil, err
	}
	by.Weaker = true
	return s.Preview(ctx, by, q)
}

func readRequest(env *cli.Env, path string) (*verify.Request, error) {
	text, err := env.ReadFile(path, format.MaxText)
	if err != nil {
		return nil, err
	}
	return verify.OpenRequest(text)
}

// issue loads the staff key and signs. All that waits for a person is done before the
// clock is read and the ledger is touched.
func (c *signCommand) issue(ctx context.Context, env *cli.Env, s *service.Service, offer *service.Offer, q *verify.Request, now time.Time) (*ledger.License, error) {
	key, err := c.Key.Key(env)
	if err != nil {
		return nil, err
	}
	signer, err := s.Signer(ctx, key, now)
	if err != nil {
		return nil, err
	}
	by, err := c.Operation(env)
	if err != nil {
		return nil, err
	}
	by.Weaker = offer.Sells > 0
	return s.Sign(ctx, by, q, offer, signer)
}
