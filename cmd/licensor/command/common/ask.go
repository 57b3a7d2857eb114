package common

import (
	"io"

	"github.com/offlicense/offlicense/cmd/internal/cli"
)

// Agree asks unless the answer is yes already. nothing says what a no leaves undone.
func Agree(env *cli.Env, yes bool, question, nothing string) error {
	if yes {
		return nil
	}
	yes, err := env.Confirm(question)
	if err != nil {
		return err
	}
	if !yes {
		return cli.Failf("%s", nothing).WithHint("nothing was changed")
	}
	return nil
}

// Messages is where people read: standard output, unless the license goes there.
func Messages(env *cli.Env, out string) io.Writer {
	if out == "-" {
		return env.Stderr
	}
	return env.Stdout
}
