package main

import (
	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/spf13/pflag"
)

func setupRoots(flags *pflag.FlagSet) cli.Run {
	var at homeOption
	at.add(flags)
	return func(env *cli.Env, args []string) error {
		if err := noArguments(args); err != nil {
			return err
		}
		h, err := at.open(env)
		if err != nil {
			return err
		}
		roots, err := h.Roots()
		if err != nil {
			return readError(err)
		}
		_, err = env.Stdout.Write(roots)
		return err
	}
}
