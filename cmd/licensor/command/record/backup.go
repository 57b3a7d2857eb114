package record

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/cmd/licensor/command/common"
	"github.com/offlicense/offlicense/cmd/licensor/internal/desk"
	"github.com/offlicense/offlicense/cmd/licensor/internal/service"
	"github.com/spf13/pflag"
)

func backUp(flags *pflag.FlagSet) cli.Run {
	var at common.Options
	at.AddLedgerOrCopy(flags)
	common.AddJSON(flags)
	return func(env *cli.Env, args []string) error {
		if len(args) != 1 || args[0] == "" || args[0] == "-" {
			return cli.Usagef("want the name of one new file")
		}
		return at.WithService(env, service.ToRead, func(ctx context.Context, s *service.Service) error {
			if err := backup(ctx, env, s, args[0]); err != nil {
				return err
			}
			at.LeaveNote(env, desk.NoteBackup, "", true)
			return nil
		})
	}
}

func backup(ctx context.Context, env *cli.Env, s *service.Service, file string) error {
	err := s.Backup(ctx, file)
	var path *fs.PathError
	switch {
	case errors.As(err, &path):
		return cli.FileError("create", file, err)
	case err != nil:
		return err
	}
	info, err := os.Stat(file)
	if err != nil {
		return cli.FileError("read", file, err)
	}
	t := cli.Table{Whole: true}
	t.Row("file", file)
	t.Row("bytes", fmt.Sprint(info.Size()))
	if _, err = t.WriteTo(env.Stdout); err != nil {
		return err
	}
	return env.Answer(copied{1, file, info.Size()})
}

// copied is what backup --json prints.
type copied struct {
	Version int    `json:"version"`
	File    string `json:"file"`
	Bytes   int64  `json:"bytes"`
}

// headSigned is what checkpoint --json prints.
type headSigned struct {
	Version int `json:"version"`
	service.Output
}

func checkpoint(flags *pflag.FlagSet) cli.Run {
	var c common.Options
	var key common.KeyOption
	c.AddLedgerOrCopy(flags)
	common.AddJSON(flags)
	key.Add(flags, "key")
	out := flags.String("out", "-", "")
	return common.OptionsOnly(func(env *cli.Env) error {
		if err := env.CheckOutput(*out, ""); err != nil {
			return err
		}
		// An older checkpoint is what a forged ledger is found out by.
		if _, err := os.Lstat(*out); *out != "-" && err == nil {
			return cli.FileError("write", *out, fs.ErrExist)
		}
		now, err := env.Time()
		if err != nil {
			return err
		}
		signer, err := key.Key(env)
		if err != nil {
			return err
		}
		return c.WithService(env, service.ToRead, func(ctx context.Context, s *service.Service) error {
			signed, err := s.Checkpoint(ctx, signer, now)
			if err != nil {
				return err
			}
			written, err := common.WriteOutput(env, *out, signed)
			if err != nil {
				return err
			}
			c.LeaveNote(env, desk.NoteCheckpoint, "", true)
			return env.Answer(headSigned{1, written})
		})
	})
}
