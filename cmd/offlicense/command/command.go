// Package command holds the commands of the tool offlicense, for its main and for what
// runs them in its own process, such as the vendor's demo.
//
// Trusted are the root keys, from --roots or built in, the clock, and what the command
// line says of the program that wants to run. Every FILE is hostile: its sender can do
// no worse than get an error or a refusal printed, with what is foreign in it quoted.
// What the state folder is trusted for is in package site.
package command

import (
	_ "embed"

	"github.com/offlicense/offlicense/cmd/internal/cli"
)

//go:embed usage/offlicense.txt
var usage string

// Program returns the tool. roots are the lines of a roots file that was built in; where
// they are not empty, --roots is refused.
func Program(roots string) cli.Program {
	t := tool{roots}
	return cli.Program{
		Name:    "offlicense",
		Summary: "ask for, install and check licenses with no network",
		Usage:   usage,
		Commands: []cli.Command{
			t.requestCommand(),
			t.installCommand(),
			t.verifyCommand(),
			t.releaseCommand(),
			t.failoverCommand(),
			showCommand(),
			machineCommand(),
		},
	}
}

// tool is what its build has decided.
type tool struct {
	roots string // built in; empty: --roots is needed
}
