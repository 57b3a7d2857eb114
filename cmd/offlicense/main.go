// Command offlicense is the tool on a licensed server, and the verifier's tool. It has
// no signing key of the vendor, no database and no network. What it does, and what it
// trusts, is in package command.
//
// A vendor who ships it with a product builds it with the product's root keys, so that
// no customer chooses them:
//
//	CGO_ENABLED=0 go build -trimpath -ldflags "-s -w -X 'main.embeddedRoots=$(cat roots.pub)'" ./cmd/offlicense
package main

import (
	"os"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/cmd/offlicense/command"
)

// embeddedRoots is set by the vendor's build: the lines of a roots file.
var embeddedRoots string

func main() { os.Exit(cli.Main(command.Program(embeddedRoots), cli.System())) }
