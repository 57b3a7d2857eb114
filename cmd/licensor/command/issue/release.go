package issue

import (
	"context"
	"fmt"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/cmd/licensor/command/common"
	"github.com/offlicense/offlicense/cmd/licensor/internal/service"
	"github.com/offlicense/offlicense/format"
	"github.com/spf13/pflag"
)

// release records a release and frees its seat.
func release(flags *pflag.FlagSet) cli.Run {
	var c common.Issuing
	c.AddOne(flags)
	spelled := flags.Bool("spelled", false, "")
	return func(env *cli.Env, args []string) error {
		if err := c.CheckReason(""); err != nil {
			return err
		}
		if len(args) == 0 && !*spelled {
			return cli.Usagef("no release is named").WithHint("name the file that came from the server, or the pictures of its codes; - is standard input")
		}
		if err := c.CheckOne(env); err != nil {
			return err
		}
		file, done, err := c.ReadStatement(env, args, *spelled, format.Release)
		if err != nil {
			return err
		}
		return recordRelease(env, &c, file, func() error { done(); return nil })
	}
}

// recordRelease shows a release, and records it once a person agrees.
func recordRelease(env *cli.Env, c *common.Issuing, file []byte, done func() error) error {
	return c.WithService(env, service.ToChange, func(ctx context.Context, s *service.Service) error {
		given, err := s.OpenRelease(ctx, file)
		if err != nil {
			return err
		}
		t := cli.Table{Whole: true}
		common.AddRows(&t, given.Rows())
		t.WriteTo(common.Messages(env, c.Out))
		by, key, err := c.Ready(env, "Record this release?", "not recorded")
		if err != nil {
			return err
		}
		result, err := s.Release(ctx, by, given, key)
		if err != nil {
			return err
		}
		if err := done(); err != nil {
			return err
		}
		return tellReleased(ctx, env, s, c, result)
	})
}

// tellReleased says what came of the release, and writes the license of the new server of a
// move.
func tellReleased(ctx context.Context, env *cli.Env, s *service.Service, c *common.Issuing, r *service.Released) error {
	said := "is released"
	if r.Already {
		said = "was released before; nothing has changed"
	}
	fmt.Fprintf(env.Stderr, "Activation %s %s.\n", r.Activation, said)
	answer := released{Version: 1, Activation: r.Activation, Already: r.Already, Successor: r.Successor}
	switch {
	case r.License != nil:
		var err error
		if answer.Final, err = c.Deliver(ctx, env, s, r.License); err != nil {
			return err
		}
	case r.Refusal != nil:
		return cli.Failf("the release is recorded, but the new server of the move gets no license: %w", r.Refusal)
	case r.Waits != nil:
		answer.Waits = format.ComparisonCode(r.Waits.Hash)
		fmt.Fprintf(env.Stderr, "Its seat waits for the new server of the move, %s, which asks for its license now; the code of its request for the bridge was %s.\n",
			r.Successor, answer.Waits)
	case c.Out != "-":
		env.Warnf("no move waited for this release: there is no license to write to %s", c.Out)
	}
	return env.Answer(answer)
}

// released is what release --json prints. Where a move waited for the release, the new
// server's license is in it, or the new server has to ask for it.
type released struct {
	Version    int                `json:"version"`
	Activation string             `json:"activation"`
	Already    bool               `json:"already,omitempty"`   // it was released before
	Successor  string             `json:"successor,omitempty"` // the activation that takes the seat
	Waits      string             `json:"waits,omitempty"`     // the code of its request for the bridge: it asks for its license now
	Final      *service.Delivered `json:"final,omitempty"`     // its license
}
