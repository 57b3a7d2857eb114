// Licensor is the vendor's tool: it records what was sold, and signs a license for a
// request when the rules give one.
package main

import (
	"embed"
	"os"

	"github.com/offlicense/offlicense/cmd/internal/cli"
)

func main() { os.Exit(cli.Main(program(), cli.System())) }

//go:embed usage/*.txt
var usageTexts embed.FS

func program() cli.Program {
	return cli.Program{
		Name:    "licensor",
		Summary: "record what was sold and sign licenses for it",
		Usage:   usage("licensor"),
		Commands: []cli.Command{
			{Name: "init", Summary: "set up a vendor: root key, staff key, ledger", Usage: usage("init"), Setup: setupInit},
			{Name: "entitle", Summary: "record what an invoice line bought", Usage: usage("entitle"), Setup: setupEntitle},
			{Name: "sign", Summary: "sign the license that a request asks for", Usage: usage("sign"), Setup: setupSign},
			{Name: "list", Summary: "show entitlements, seats and who is active", Usage: usage("list"), Setup: setupList},
			{Name: "roots", Summary: "print the root public keys for the product", Usage: usage("roots"), Setup: setupRoots},
			{Name: "demo", Summary: "go the whole way once, in a folder of its own", Usage: usage("demo"), Setup: setupDemo},
		},
	}
}

func usage(command string) string {
	text, err := usageTexts.ReadFile("usage/" + command + ".txt")
	if err != nil {
		panic(err) // the file is compiled in, or the build fails its tests
	}
	return string(text)
}
