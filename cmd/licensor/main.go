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
			{Name: "import", Summary: "record many orders from a CSV file", Usage: usage("import"), Setup: setupImport},
			{Name: "customer", Summary: "show a customer, or mark as partner", Usage: usage("customer"), Setup: setupCustomer},
			{Name: "sign", Summary: "sign the license that a request asks for", Usage: usage("sign"), Setup: setupSign},
			{Name: "release", Summary: "take a license back that its server gave up", Usage: usage("release"), Setup: setupRelease},
			{Name: "reactivate", Summary: "free the seat of a server that is gone", Usage: usage("reactivate"), Setup: setupReactivate},
			{Name: "move", Summary: "let a new server run beside the old one for a while", Usage: usage("move"), Setup: setupMove},
			{Name: "renew", Summary: "extend an entitlement and sign its licenses anew", Usage: usage("renew"), Setup: setupRenew},
			{Name: "amend", Summary: "change what was sold and sign its licenses anew", Usage: usage("amend"), Setup: setupAmend},
			{Name: "list", Summary: "show entitlements, seats and who is active", Usage: usage("list"), Setup: setupList},
			{Name: "history", Summary: "show every event of an invoice or an activation", Usage: usage("history"), Setup: setupHistory},
			{Name: "revoke", Summary: "take a license or a key out of force", Usage: usage("revoke"), Setup: setupRevoke},
			{Name: "revocations", Summary: "show what is revoked, sign the list that says so", Usage: usage("revocations"), Setup: setupRevocations},
			{Name: "backup", Summary: "copy the ledger while others work", Usage: usage("backup"), Setup: setupBackup},
			{Name: "checkpoint", Summary: "sign the head of the ledger's log, to keep elsewhere", Usage: usage("checkpoint"), Setup: setupCheckpoint},
			{Name: "audit", Summary: "find what was changed in the ledger by hand", Usage: usage("audit"), Setup: setupAudit},
			{Name: "key", Summary: "make a staff key, add its delegation, show all keys", Usage: usage("key"), Setup: setupKey},
			{Name: "delegate", Summary: "let a staff key sign, by the root key", Usage: usage("delegate"), Setup: setupDelegate},
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
