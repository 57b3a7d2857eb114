package common

import (
	"github.com/offlicense/offlicense/cmd/internal/cli"
)

// NoArguments refuses arguments of a command that takes options only.
func NoArguments(args []string) error {
	if len(args) > 0 {
		return cli.Usagef("unexpected argument %s", cli.Quote(args[0])).WithHint("the command takes options only")
	}
	return nil
}

// OneInvoice returns the invoice that stands first of so many arguments.
func OneInvoice(args []string, want int) (string, error) {
	switch {
	case len(args) == 0 || args[0] == "":
		return "", cli.Usagef("the invoice is missing").WithHint(`"licensor list" shows them all`)
	case len(args) > want:
		return "", cli.Usagef("unexpected argument %s", cli.Quote(args[want]))
	}
	return args[0], nil
}
