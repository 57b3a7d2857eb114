// Command offlicense is the tool on a licensed server, and the verifier's tool. It has
// no signing key of the vendor, no database and no network. What it does, and what it
// trusts, is in package command.
//
// A vendor who ships it with a product builds it with the product's root keys, so that
// no customer chooses them:
//
//	CGO_ENABLED=0 go build -trimpath -ldflags "-s -w -X 'main.embeddedRoots=$(cat roots.pub)'" ./cmd/offlicense
//
// and, once a key was stolen, with -X main.embeddedMinList=N: no revocation list before
// number N will do, also where the state directory was wiped. With
// -X 'main.embeddedDelegations=$(cat anna.old ben.old)' the short licenses that these two sign are half as
// long from the first trip on: licensor sign --qr always --without-delegation.
package main

import (
	"os"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/cmd/offlicense/command"
)

// Set by the vendor's build.
var (
	embeddedRoots   string // the lines of a roots file
	embeddedMinList string // lowest number of a revocation list that is accepted

	embeddedDelegations string // of those who sign, one behind the other
)

func main() {
	os.Exit(cli.Main(command.Program(command.Build{Roots: embeddedRoots, MinList: embeddedMinList, Delegations: embeddedDelegations}), cli.System()))
}
