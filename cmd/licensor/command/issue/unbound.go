package issue

import (
	"context"
	"fmt"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/cmd/licensor/command/common"
	"github.com/offlicense/offlicense/cmd/licensor/internal/service"
)

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
	if err := env.CheckOutput(c.Out, "OLL1:"); err != nil {
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
		license, err := s.SignUnbound(ctx, by, c.invoice, c.name, key)
		if err != nil {
			return err
		}
		return c.Deliver(ctx, env, s, license)
	})
}
