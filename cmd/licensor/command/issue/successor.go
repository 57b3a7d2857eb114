package issue

import (
	"context"
	"fmt"
	"time"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/cmd/internal/text"
	"github.com/offlicense/offlicense/cmd/licensor/command/common"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/service"
	"github.com/offlicense/offlicense/verify"
	"github.com/spf13/pflag"
)

// successor is what move and reactivate have in common: the request of a new server that
// follows the one of an activation.
type successor struct {
	common.Issuing
	activation string
	spelled    bool // the request is read out
	request    *verify.Request
	done       func() // once it is answered
	now        time.Time
}

func (c *successor) add(flags *pflag.FlagSet) {
	c.AddOne(flags)
	common.AddActivation(flags, &c.activation)
	flags.BoolVar(&c.spelled, "spelled", false, "")
}

// read reads the request, once all else has been checked. what needs a reason.
func (c *successor) read(env *cli.Env, paths []string, what string) (err error) {
	if c.activation == "" {
		return cli.Usagef("--activation is missing").WithHint(`"licensor list" shows who is active`)
	}
	if err := c.CheckReason(what); err != nil {
		return err
	}
	if c.now, err = env.Time(); err != nil {
		return err
	}
	if err := c.CheckOne(env); err != nil {
		return err
	}
	c.request, c.done, err = readRequest(env, &c.Options, paths, c.spelled)
	return err
}

// review shows the request beside the activation that it follows, and returns whether
// there is something to ask: what is not active the ledger refuses, and says why.
func (c *successor) review(env *cli.Env, h *ledger.Holding, label string, rows ...[2]string) bool {
	from := service.Held(h, c.activation)
	if from == nil {
		return false
	}
	t := cli.Table{Whole: true}
	t.Row("invoice", h.Invoice)
	t.Row("customer", h.Customer)
	t.Row(label, from.Name())
	for _, row := range rows {
		t.Row(row[0], row[1])
	}
	common.AddRows(&t, service.RequestRows(c.request))
	t.WriteTo(common.Messages(env, c.Out))
	common.Warn(env, service.WarningsOf(c.request, c.now))
	return true
}

// reactivate frees the seat of a server that is gone and signs the request of its
// successor.
func reactivate(flags *pflag.FlagSet) cli.Run {
	var c successor
	c.add(flags)
	return func(env *cli.Env, args []string) error {
		if len(args) == 0 && !c.spelled {
			return cli.Usagef("no request is named").WithHint("name the file with the new server's request, or the pictures of its codes")
		}
		if err := c.read(env, args, "reactivating"); err != nil {
			return err
		}
		return c.WithService(env, service.ToChange, func(ctx context.Context, s *service.Service) error {
			h, err := s.Holding(ctx, c.request.Invoice)
			if err != nil {
				return err
			}
			question := ""
			if c.review(env, h, "gone") {
				question = "Free that seat and sign for its successor?"
			}
			by, key, err := c.Ready(env, question, "not reactivated")
			if err != nil {
				return err
			}
			result, err := s.Reactivate(ctx, by, c.activation, c.request, key)
			if err != nil {
				return err
			}
			delivered, err := c.Deliver(ctx, env, s, result.License)
			if err != nil {
				return err
			}
			c.done()
			common.TellWaiting(env, result.Revoked)
			return env.Answer(service.LicenseAnswer{Version: 1, Delivered: delivered, ToRevoke: result.Revoked})
		})
	}
}

// move gives the new server of a move a license that ends soon.
func move(flags *pflag.FlagSet) cli.Run {
	var c successor
	var days uint64
	c.add(flags)
	common.AddDays(flags, &days, "overlap")
	return func(env *cli.Env, args []string) error {
		least := 2 // the invoice, and the request
		if c.spelled {
			least = 1
		}
		invoice, err := common.OneInvoice(args, max(len(args), least))
		if err != nil {
			return err
		}
		switch {
		case len(args) < least:
			return cli.Usagef("the request of the new server is missing")
		case days == 0:
			return cli.Usagef("--overlap is missing").WithHint("say for how many days both servers may run, such as 14d")
		}
		overlap := time.Duration(days) * 24 * time.Hour
		if err := service.CheckOverlap(overlap); err != nil {
			return err
		}
		if err := c.read(env, args[1:], "a move"); err != nil {
			return err
		}
		return c.WithService(env, service.ToChange, func(ctx context.Context, s *service.Service) error {
			h, err := s.Holding(ctx, invoice)
			if err != nil {
				return err
			}
			question := ""
			if c.review(env, h, "from", [2]string{"overlap", cli.Plural(int(days), "day", "days")}) {
				question = "Let both servers run that long?"
			}
			by, key, err := c.Ready(env, question, "not moved")
			if err != nil {
				return err
			}
			bridge, err := s.Move(ctx, by, invoice, c.activation, overlap, c.request, key)
			if err != nil {
				return err
			}
			delivered, err := c.Deliver(ctx, env, s, bridge)
			if err != nil {
				return err
			}
			c.done()
			if asked := bridge.Issued.Add(overlap); !bridge.HardEnd.Equal(asked) && !bridge.HardEnd.Equal(h.HardEnd()) {
				env.Warnf("this request got its bridge on %s, until %s; --overlap does not change that", text.Date(bridge.Issued), text.Minute(bridge.HardEnd))
			}
			fmt.Fprintf(env.Stderr, "The new server runs until %s. Its real license comes with the release of the old one: \"offlicense release\" there, then \"licensor release FILE --out final.lic\" here.\n",
				text.Minute(bridge.HardEnd))
			return env.Answer(service.LicenseAnswer{Version: 1, Delivered: delivered})
		})
	}
}
