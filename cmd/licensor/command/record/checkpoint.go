package record

import (
	"context"
	_ "embed"
	"io/fs"
	"os"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/cmd/licensor/command/common"
	"github.com/offlicense/offlicense/cmd/licensor/internal/service"
	"github.com/spf13/pflag"
)

type checkpointCommand struct {
	home common.HomeOption
	key  common.StaffKeyOption
	out  string
}

//go:embed usage/checkpoint.txt
var CheckpointUsage string

// Checkpoint is the command checkpoint.
func Checkpoint(flags *pflag.FlagSet) cli.Run {
	var c checkpointCommand
	c.home.AddLedgerOrCopy(flags)
	c.key.Add(flags)
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
	key, err := c.key.Key(env)
	if err != nil {
		return err
	}
	return c.home.WithService(env, service.ToRead, func(ctx context.Context, s *service.Service) error {
		signed, err := s.Checkpoint(ctx, key, now)
		if err != nil {
			return err
		}
		return env.WriteFile(c.out, signed, 0o644)
	})
}
