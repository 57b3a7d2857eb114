// Package command holds the commands of the tool offlicense, for its main and for what
// runs them in its own process, such as the vendor's demo.
//
// Trusted are the root keys, from --roots or built in, the clock, and what the command
// line says of the program that wants to run. Every FILE is hostile: its sender can do
// no worse than get an error or a refusal printed, with what is foreign in it quoted.
// What the state directory is trusted for is in package site.
package command

import (
	_ "embed"
	"fmt"
	"strconv"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/cmd/internal/manual"
)

//go:embed usage/offlicense.txt
var usage string

// Build is what the vendor's build of the tool decides. The zero value leaves it to the
// command line.
type Build struct {
	Roots   string // the lines of a roots file; then --roots is refused
	MinList string // lowest number of a revocation list that is accepted, in digits

	// Delegations are the texts of the delegations of those who sign, one behind the other, so
	// that short licenses need not carry them.
	Delegations string
}

// Program returns the tool.
func Program(b Build) cli.Program {
	t, p := tool{b}, FirstTrip(b)
	p.Commands = append(p.Commands,
		t.statusCommand(),
		t.releaseCommand(),
		t.failoverCommand(),
		t.attestCommand(),
		t.fleetCommand(),
		showCommand(),
		codeCommand(),
		machineCommand(),
	)
	return manual.With(p)
}

// FirstTrip returns the tool with the commands of an activation alone: a program that plays
// one links no more.
func FirstTrip(b Build) cli.Program {
	t := tool{b}
	return cli.Program{
		Name:     "offlicense",
		Summary:  "ask for, install and check licenses with no network",
		Usage:    usage,
		Commands: []cli.Command{t.requestCommand(), t.installCommand(), t.verifyCommand()},
	}
}

type tool struct{ build Build }

// minList returns the lowest number of a revocation list that was built in, 0 for none.
func (t tool) minList() (uint64, error) {
	if t.build.MinList == "" {
		return 0, nil
	}
	n, err := strconv.ParseUint(t.build.MinList, 10, 63)
	if err != nil {
		return 0, fmt.Errorf("the lowest revocation list that this tool was built with: got %q, want a number", t.build.MinList)
	}
	return n, nil
}
