package command

import (
	_ "embed"
	"errors"
	"fmt"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/cmd/offlicense/internal/shown"
	"github.com/offlicense/offlicense/format"
	"github.com/spf13/pflag"
)

//go:embed usage/show.txt
var showUsage string

func showCommand() cli.Command {
	return cli.Command{
		Name: "show", Summary: "print any statement for reading, without checking it", Usage: showUsage,
		Setup: func(flags *pflag.FlagSet) cli.Run {
			asJSON := flags.Bool("json", false, "")
			return func(env *cli.Env, args []string) error { return show(env, args, *asJSON) }
		},
	}
}

func show(env *cli.Env, files []string, asJSON bool) error {
	if len(files) == 0 {
		return cli.Usagef("show needs at least one file").WithHint("give a file with a request, a license or any other statement, or - for standard input")
	}
	for i, file := range files {
		text, err := env.ReadStatement(file)
		if err != nil {
			return err
		}
		s, err := shown.Decode(text)
		if err != nil {
			return notShown(file, err)
		}
		switch {
		case asJSON && len(files) > 1:
			s.File = file
			err = env.AnswerLine(s)
		case asJSON:
			err = env.Answer(s)
		default:
			if i > 0 {
				fmt.Fprintln(env.Stdout)
			}
			s.Print(env.Stdout, file)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func notShown(file string, err error) error {
	err = fmt.Errorf("cannot show \"%s\": %w", file, err)
	var malformed *format.MalformedError
	switch {
	case errors.As(err, &malformed) && (malformed.Foreign() == format.PrivateKey || malformed.Foreign() == format.MachineKey):
		return cli.Fail(err).WithHint("keep the key private")
	case malformed != nil && malformed.Missing() != nil:
		return cli.Fail(err).WithHint("give all parts, one after the other in one file or on standard input")
	case malformed != nil:
		return cli.Fail(err).WithHint("give the whole text of a statement: it starts with OLL1:, OLQ1: or the like")
	}
	return err
}
