package issue

import (
	"context"
	_ "embed"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/cmd/licensor/command/common"
	"github.com/offlicense/offlicense/cmd/licensor/internal/service"
	"github.com/spf13/pflag"
)

// reactivateCommand frees the seat of a server that is gone and signs the request of its
// successor.
type reactivateCommand struct {
	common.Issuing
	activation string
	out        string
}

//go:embed usage/reactivate.txt
var ReactivateUsage string

// Reactivate is the command reactivate.
func Reactivate(flags *pflag.FlagSet) cli.Run {
	var c reactivateCommand
	c.Add(flags)
	flags.Var(common.ActivationFlag(&c.activation), "activation", "")
	flags.StringVar(&c.out, "out", "-", "")
	return c.run
}

func (c *reactivateCommand) run(env *cli.Env, args []string) error {
	switch {
	case len(args) != 1:
		return cli.Usagef("got %d files, want the request of the new server (- is standard input)", len(args))
	case c.activation == "":
		return cli.Usagef("--activation is missing").WithHint(`"licensor list" shows who is active`)
	}
	if err := c.Reason.Check("reactivating"); err != nil {
		return err
	}
	now, err := env.Time()
	if err != nil {
		return err
	}
	if err := env.CheckOutput(c.out, "OLL1:"); err != nil {
		return err
	}
	request, err := readRequest(env, args[0])
	if err != nil {
		return err
	}
	return c.Home.WithService(env, service.ToChange, func(ctx context.Context, s *service.Service) error {
		h, err := s.Holding(ctx, request.Invoice)
		if err != nil {
			return err
		}
		// What is not active is not asked about: the ledger refuses it and says why.
		if gone := service.Held(h, c.activation); gone != nil {
			t := cli.Table{Whole: true}
			t.Row("invoice", h.Invoice)
			t.Row("customer", h.Customer)
			t.Row("gone", gone.Name())
			addRequest(&t, request)
			t.WriteTo(common.Messages(env, c.out))
			warnOfRequest(env, request, now)
			if err := c.Agree(env, "Free that seat and sign for its successor?", "not reactivated"); err != nil {
				return err
			}
		}
		by, err := c.Operation(env)
		if err != nil {
			return err
		}
		key, err := c.Key.Key(env)
		if err != nil {
			return err
		}
		result, err := s.Reactivate(ctx, by, c.activation, request, key)
		if err != nil {
			return err
		}
		if err := common.Deliver(ctx, env, s, c.out, result.License); err != nil {
			return err
		}
		tellWaiting(env, result.Revoked)
		return nil
	})
}
