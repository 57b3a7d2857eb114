package key

import (
	"errors"
	"fmt"
	"io/fs"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/cmd/licensor/command/common"
	"github.com/offlicense/offlicense/cmd/licensor/internal/home"
	"github.com/offlicense/offlicense/keys"
)

// makeNew makes a key where it will sign: the private half never travels.
func (c *keyCommand) makeNew(env *cli.Env, args []string) error {
	if err := common.NoArguments(args); err != nil {
		return err
	}
	k, err := c.place(env)
	if err != nil {
		return err
	}
	key, err := keys.Generate(env.Rand)
	if err != nil {
		return err
	}
	return c.write(env, k, key)
}

// report prints the public line, and says on standard error what to do with it.
func (c *keyCommand) report(env *cli.Env, k *newKey, public keys.PublicKey) error {
	line := public.MarshalLine(k.comment)
	if _, err := fmt.Fprintln(env.Stdout, line); err != nil {
		return err
	}
	// No table: it would cut the paths.
	fmt.Fprintf(env.Stderr, "private key  %s\npublic key   %s\n             %s\n", cli.Clean(k.file), cli.Clean(k.file+".pub"), public)
	if k.home != "" {
		first := ""
		if _, err := (home.Home{Dir: k.home}).NamedRoots(); err != nil {
			first = " --roots root.pub"
		}
		fmt.Fprintf(env.Stderr, "Send the public line, or the file, to the holder of the root key, and compare\nSHA256:... by phone. With the delegation that comes back:\n    licensor key add%s %s.old%s\n", c.FlagsText(), c.name, first)
	} else {
		fmt.Fprintf(env.Stderr, "As a standby root key, it becomes known by:\n    licensor roots%s --add %s\n", c.FlagsText(), cli.ShellPath(k.file+".pub"))
	}
	c.passphrase.WarnIfPlain(env, "the private key is", k.file)
	return c.qr.Show(env, line)
}

// createError says of a file that could not be made why not.
func createError(err error) error {
	var known *cli.Error
	var path *fs.PathError
	switch {
	case errors.As(err, &known):
		return err
	case errors.Is(err, fs.ErrExist):
		return cli.Fail(err).WithHint("a private key is never overwritten: move the old one away, or choose another name; nothing was changed")
	case errors.As(err, &path):
		return cli.FileError("create", path.Path, err)
	}
	return err
}
