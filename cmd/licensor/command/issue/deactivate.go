package issue

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/cmd/licensor/command/common"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/service"
	"github.com/offlicense/offlicense/format"
	"github.com/spf13/pflag"
)

// deactivate frees the seat of a server that is gone, or ends the bridge of a move
// to a wrong one.
func deactivate(flags *pflag.FlagSet) cli.Run {
	var c common.Options
	var activation string
	c.AddChange(flags)
	c.AddYes(flags)
	common.AddActivation(flags, &activation)
	return func(env *cli.Env, args []string) error {
		invoice, err := common.OneInvoice(args, 1)
		if err != nil {
			return err
		}
		if activation == "" {
			return cli.Usagef("--activation is missing").WithHint("\"licensor list --invoice %s\" shows who is active", cli.ShellWord(invoice))
		}
		if err := c.CheckReason("deactivating a server that is gone"); err != nil {
			return err
		}
		return c.WithService(env, service.ToChange, func(ctx context.Context, s *service.Service) error {
			h, err := s.Holding(ctx, invoice)
			if err != nil {
				return err
			}
			bridge, question := false, "" // what is not active is not asked about: the ledger refuses it and says why
			if a := service.Held(h, activation); a != nil {
				var t cli.Table
				common.AddRows(&t, service.ActivationRows(a))
				t.WriteTo(env.Stdout)
				question = "Free the seat of this server?"
				if slices.ContainsFunc(h.Activations, func(other ledger.Held) bool { return other.State == ledger.StateBridge }) {
					question = "Free the seat of this server? If it is moving, the bridge of its new server ends, too."
				}
				if a.State == ledger.StateBridge {
					question = "Close this bridge and end its move?"
					bridge = true
				}
			}
			by, err := c.Agreed(env, question, "not deactivated")
			if err != nil {
				return err
			}
			revoked, err := s.Deactivate(ctx, by, invoice, activation)
			if err != nil {
				return err
			}
			t := cli.Table{Whole: true}
			t.Row("deactivated", activation)
			common.AddRevoked(&t, revoked)
			_, err = t.WriteTo(env.Stdout)
			if bridge {
				fmt.Fprintln(env.Stderr, "The move is canceled: the old server keeps its license and its seat. To move it to another one needs --override.")
			} else {
				fmt.Fprintln(env.Stderr, "The seat is free: the new server makes a request, and \"licensor sign\" signs it.")
			}
			common.TellWaiting(env, revoked)
			return cmp.Or(err, env.Answer(deactivated{1, activation, bridge, revoked}))
		})
	}
}

// deactivated is what deactivate --json prints.
type deactivated struct {
	Version    int         `json:"version"`
	Activation string      `json:"activation"`
	Bridge     bool        `json:"bridge"` // it was one, and its move is canceled
	ToRevoke   []format.ID `json:"to_revoke,omitempty"`
}
