// Package issue has the commands that give out licenses and take their seats back.
package issue

import (
	"context"
	"embed"
	"errors"
	"fmt"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/cmd/licensor/command/common"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/service"
	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/verify"
	"github.com/spf13/pflag"
)

// Commands are the commands of this package.
var Commands = cli.WithUsage(usage, []cli.Command{
	{Name: "sign", Summary: "sign the license that a request asks for", Setup: sign},
	{Name: "queue", Summary: "work on the requests that the service left to the staff", Setup: queue},
	{Name: "release", Summary: "record a release and free its seat", Setup: release},
	{Name: "deactivate", Summary: "free a lost server's seat", Setup: deactivate},
	{Name: "reactivate", Summary: "free a lost server's seat, sign for its successor", Setup: reactivate},
	{Name: "move", Summary: "let a new server run beside the old one for a while", Setup: move},
})

//go:embed usage
var usage embed.FS

type signCommand struct {
	common.Issuing
	report string // of many requests

	spelled bool // the request is read out

	unbound bool // a license for any machine
	invoice string
	name    string
}

func sign(flags *pflag.FlagSet) cli.Run {
	var c signCommand
	c.AddOne(flags)
	flags.StringVar(&c.report, "report", "", "")
	flags.BoolVar(&c.spelled, "spelled", false, "")
	flags.BoolVar(&c.unbound, "unbound", false, "")
	flags.StringVar(&c.invoice, "invoice", "", "")
	flags.StringVar(&c.name, "name", "", "")
	return c.run
}

func (c *signCommand) run(env *cli.Env, args []string) error {
	if err := c.CheckReason(""); err != nil {
		return err
	}
	switch {
	case c.spelled && (c.unbound || c.report != ""):
		return cli.Usagef("--spelled is for one request").WithHint("leave out --unbound and --report")
	case c.unbound:
		return c.signUnbound(env, args)
	case c.invoice != "" || c.name != "":
		return cli.Usagef("--invoice and --name go with --unbound").WithHint("a request names its invoice and its site itself")
	case c.spelled:
	case len(args) == 0:
		return cli.Usagef("no request is named").WithHint("name request files or directories with them; - is standard input")
	case len(args) > 1 || c.report != "" || common.IsDirectory(args[0]):
		return c.signMany(env, args)
	}
	if _, err := env.Time(); err != nil {
		return err
	}
	request, done, err := readRequest(env, &c.Options, args, c.spelled)
	if err != nil {
		return err
	}
	if err := c.signOne(env, request, c.deliverTo(env)); err != nil {
		return err
	}
	done()
	return nil
}

// delivery gives a license out. again says that it was on record already.
type delivery func(ctx context.Context, s *service.Service, license *ledger.License, again bool) error

func (c *signCommand) signOne(env *cli.Env, request *verify.Request, deliver delivery) error {
	by, err := c.Operation(env)
	if err != nil {
		return err
	}
	if err := c.CheckOne(env); err != nil {
		return err
	}
	return c.WithService(env, service.ToChange, func(ctx context.Context, s *service.Service) error {
		offer, err := c.preview(ctx, env, s, request, by)
		if err != nil {
			return err
		}
		review(env, common.Messages(env, c.Out), offer, request, by.Now)
		license := offer.License
		if license == nil {
			by, key, err := c.Ready(env, "Sign this license?", "not signed")
			if err != nil {
				return err
			}
			by.Weaker = offer.Sells > 0
			if license, err = s.Sign(ctx, by, request, key); err != nil {
				return err
			}
		}
		return deliver(ctx, s, license, offer.License != nil)
	})
}

// preview says what would be signed. It asks whether to sell the binding that a request
// asks for, if it is weaker than what was sold; --yes is no answer to that.
func (c *signCommand) preview(ctx context.Context, env *cli.Env, s *service.Service, q *verify.Request, by ledger.Operation) (*service.Offer, error) {
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

// requestKinds are what a request may be: with its server's signature, or as from a QR code.
var requestKinds = []format.Kind{format.SignedRequest, format.RequestBody}

// readRequest reads a request, of which the parts may be in several files, or the lines are
// typed. done is called once it is answered.
func readRequest(env *cli.Env, o *common.Options, args []string, spelled bool) (q *verify.Request, done func(), err error) {
	text, done, err := o.ReadStatement(env, args, spelled, requestKinds...)
	if err != nil {
		return nil, nil, err
	}
	q, err = verify.OpenRequest(text)
	return q, done, err
}

// signUnbound signs a license for any machine.
func (c *signCommand) signUnbound(env *cli.Env, args []string) error {
	switch {
	case len(args) > 0:
		return cli.Usagef("unexpected argument %s", cli.Quote(args[0])).WithHint("a license for any machine answers no request")
	case c.invoice == "":
		return cli.Usagef("--invoice is missing").WithHint("a license for any machine has no request that names it")
	case c.report != "":
		return cli.Usagef("--report is for many requests")
	}
	if err := c.CheckOne(env); err != nil {
		return err
	}
	return c.WithService(env, service.ToChange, func(ctx context.Context, s *service.Service) error {
		h, err := s.Holding(ctx, c.invoice)
		if err != nil {
			return err
		}
		t := cli.Table{Whole: true}
		common.AddEntitlement(&t, &h.Entitlement)
		t.Row("in use", fmt.Sprint(h.SeatsUsed))
		t.Row("machine", "any")
		if c.name != "" {
			t.Row("copy", c.name)
		}
		t.WriteTo(common.Messages(env, c.Out))
		by, key, err := c.Ready(env, "Sign a license for any machine?", "not signed")
		if err != nil {
			return err
		}
		license, err := s.SignUnbound(ctx, by, h.Invoice, c.name, key)
		if err != nil {
			return err
		}
		return c.deliver(ctx, env, s, license, false)
	})
}

// deliverTo delivers as the options say.
func (c *signCommand) deliverTo(env *cli.Env) delivery {
	return func(ctx context.Context, s *service.Service, license *ledger.License, again bool) error {
		return c.deliver(ctx, env, s, license, again)
	}
}

// deliver writes a license, and answers with it.
func (c *signCommand) deliver(ctx context.Context, env *cli.Env, s *service.Service, license *ledger.License, again bool) error {
	delivered, err := c.Deliver(ctx, env, s, license)
	if err != nil {
		return err
	}
	return env.Answer(service.LicenseAnswer{Version: 1, Delivered: delivered, Again: again})
}
