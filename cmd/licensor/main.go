package main

import (
	_ "embed"
	"os"
	"slices"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/cmd/internal/manual"
	"github.com/offlicense/offlicense/cmd/licensor/command/common"
	"github.com/offlicense/offlicense/cmd/licensor/command/issue"
	"github.com/offlicense/offlicense/cmd/licensor/command/key"
	"github.com/offlicense/offlicense/cmd/licensor/command/letter"
	"github.com/offlicense/offlicense/cmd/licensor/command/record"
	"github.com/offlicense/offlicense/cmd/licensor/command/revoke"
	"github.com/offlicense/offlicense/cmd/licensor/command/sale"
	"github.com/offlicense/offlicense/cmd/licensor/command/serve"
	"github.com/offlicense/offlicense/cmd/licensor/command/setup"
	"github.com/offlicense/offlicense/cmd/licensor/internal/photo"
)

func main() { os.Exit(start(cli.System())) }

//go:embed usage.txt
var usage string

func program() cli.Program {
	return manual.With(cli.Program{
		Name:     "licensor",
		Summary:  "record what was sold and sign licenses for it",
		Usage:    usage,
		Pictures: photo.Read,
		Where:    common.Where,
		Commands: slices.Concat(setup.Commands(program), sale.Commands, issue.Commands, serve.Commands, record.Commands, letter.Commands, revoke.Commands, key.Commands),
	})
}
