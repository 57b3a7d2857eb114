package record

import (
	"context"
	"io/fs"
	"os"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/cmd/licensor/command/common"
	"github.com/offlicense/offlicense/cmd/licensor/internal/service"
	"github.com/spf13/pflag"
)

type checkpointCommand struct {
	common.Options
	common.KeyOption
	out string
}

func checkpoint(flags *pflag.FlagSet) cli.Run {
	var c checkpointCommand
	c.AddLedgerOrCopy(flags)
	c.KeyOption.Add(flags, "key")
	flags.StringVar(&c.out, "out", "-", "")
	return c.run
}

func (c *checkpointCommand) run(env *cli.Env, args []string) error {
	if err := common.NoArguments(args); err != nil {
		return err
	}
	if err := env.CheckOutput(c.out, ""); err != nil {
		return err
	}
	// An older checkpoint is what a forged ledger is found out by.
	if _, err := os.Lstat(c.out); c.out != "-" && err == nil {
		return cli.FileError("write", c.out, fs.ErrExist)
	}
	now, err := env.Time()
	if err != nil {
		return err
	}
	key, err := c.Key(env)
	if err != nil {
		return err
	}
	return c.WithService(env, service.ToRead, func(ctx context.Context, s *service.Service) error {
		signed, err := s.Checkpoint(ctx, key, now)
		if err != nil {
			return err
		}
		return env.WriteFile(c.out, signed, 0o644)
	})
}
