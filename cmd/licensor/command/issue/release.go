package issue

import (
	"context"
	_ "embed"
	"fmt"
	"time"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/cmd/internal/text"
	"github.com/offlicense/offlicense/cmd/licensor/command/common"
	"github.com/offlicense/offlicense/cmd/licensor/internal/service"
	"github.com/offlicense/offlicense/format"
	"github.com/spf13/pflag"
)

// releaseCommand records a release and frees its seat.
type releaseCommand struct {
	common.Issuing
	out string
}

//go:embed usage/release.txt
var ReleaseUsage string

// Release is the command release.
func Release(flags *pflag.FlagSet) cli.Run {
	var c releaseCommand
	c.Add(flags)
	flags.StringVar(&c.out, "out", "-", "")
	return c.run
}

func (c *releaseCommand) run(env *cli.Env, args []string) error {
	if err := c.Reason.Check(""); err != nil {
		return err
	}
	if len(args) != 1 {
		return cli.Usagef("got %d files, want one release (- is standard input)", len(args))
	}
	if err := env.CheckOutput(c.out, "OLL1:"); err != nil {
		return err
	}
	file, err := env.ReadFile(args[0], format.MaxText)
	if err != nil {
		return err
	}
	return c.Home.WithService(env, service.ToChange, func(ctx context.Context, s *service.Service) error {
		release, err := s.OpenRelease(ctx, file)
		if err != nil {
			return err
		}
		showRelease(env, c.out, release)
		if err := c.Agree(env, "Record this release?", "not recorded"); err != nil {
			return err
		}
		by, err := c.Operation(env)
		if err != nil {
			return err
		}
		key, err := c.Key.Key(env)
		if err != nil {
			return err
		}
		result, err := s.Release(ctx, by, release, key)
		if err != nil {
			return err
		}
		return c.tell(ctx, env, s, result)
	})
}

func showRelease(env *cli.Env, out string, r *service.ReleasePreview) {
	t := cli.Table{Whole: true}
	t.Row("gives up", r.Record.ID.String())
	t.Row("invoice", r.Request.Invoice)
	t.Row("activation", r.Record.Activation)
	common.AddPlace(func(name, value string) { t.Row(name, value) }, r.Request.Site, r.Request.Host)
	t.Row("at", text.Minute(time.Unix(r.IssuedAt, 0)))
	if r.EmergencyDays > 0 {
		t.Row("emergency", cli.Plural(int(r.EmergencyDays), "day", "days")+" used")
	}
	t.WriteTo(common.Messages(env, out))
}

// tell says what came of the release, and writes the license of the new server of a
// move.
func (c *releaseCommand) tell(ctx context.Context, env *cli.Env, s *service.Service, r *service.Released) error {
	switch {
	case r.Already:
		fmt.Fprintf(env.Stderr, "Activation %s was released before; nothing has changed.\n", r.Activation)
	default:
		fmt.Fprintf(env.Stderr, "Activation %s is released.\n", r.Activation)
	}
	switch {
	case r.License != nil:
		return common.Deliver(ctx, env, s, c.out, r.License)
	case r.Refusal != nil:
		return cli.Failf("the release is recorded, but the new server of the move gets no license: %w", r.Refusal)
	case r.Waits != nil:
		fmt.Fprintf(env.Stderr, "Its seat waits for the new server of the move, %s, which asks for its license now; the code of its request for the bridge was %s.\n",
			r.Successor, format.ComparisonCode(r.Waits.Hash))
	case c.out != "-":
		env.Warnf("no move waited for this release: there is no license to write to %s", c.out)
	}
	return nil
}
