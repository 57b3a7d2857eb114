package main

import (
	"fmt"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/keys"
	"github.com/spf13/pflag"
)

func setupRoots(flags *pflag.FlagSet) cli.Run {
	var at homeOption
	at.add(flags)
	return func(env *cli.Env, args []string) error {
		if err := noArguments(args); err != nil {
			return err
		}
		return printRoots(env, &at)
	}
}

// printRoots prints what products will trust, and names it for comparing with the root
// key's owner. A root that has not signed this home's delegations is somebody else's.
func printRoots(env *cli.Env, at *homeOption) error {
	h, err := at.open(env)
	if err != nil {
		return err
	}
	roots, err := h.Roots()
	if err != nil {
		return readError(err)
	}
	if err := h.CheckDelegations(); err != nil {
		return err
	}
	named, err := keys.ParsePublicFile(roots)
	if err != nil {
		return err
	}
	for _, root := range named {
		fmt.Fprintf(env.Stderr, "root key %s %s\n", root.Fingerprint(), cli.Clean(root.Comment))
	}
	_, err = env.Stdout.Write(roots)
	return err
}
