package main

import (
	_ "embed"
	"os"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/cmd/licensor/command/issue"
	"github.com/offlicense/offlicense/cmd/licensor/command/key"
	"github.com/offlicense/offlicense/cmd/licensor/command/record"
	"github.com/offlicense/offlicense/cmd/licensor/command/revoke"
	"github.com/offlicense/offlicense/cmd/licensor/command/sale"
	"github.com/offlicense/offlicense/cmd/licensor/command/setup"
)

func main() { os.Exit(cli.Main(program(), cli.System())) }

//go:embed usage.txt
var usage string

func program() cli.Program {
	return cli.Program{
		Name:    "licensor",
		Summary: "record what was sold and sign licenses for it",
		Usage:   usage,
		Commands: []cli.Command{
			{Name: "init", Summary: "set up a vendor: root key, staff key, ledger", Usage: setup.InitUsage, Setup: setup.Init},
			{Name: "entitle", Summary: "record what an invoice line bought", Usage: sale.EntitleUsage, Setup: sale.Entitle},
			{Name: "import", Summary: "record many orders from a CSV file", Usage: sale.ImportUsage, Setup: sale.Import},
			{Name: "customer", Summary: "show a customer, or mark as partner", Usage: sale.CustomerUsage, Setup: sale.Customer},
			{Name: "sign", Summary: "sign the license that a request asks for", Usage: issue.SignUsage, Setup: issue.Sign},
			{Name: "release", Summary: "record a release and free its seat", Usage: issue.ReleaseUsage, Setup: issue.Release},
			{Name: "deactivate", Summary: "free a lost server's seat", Usage: issue.DeactivateUsage, Setup: issue.Deactivate},
			{Name: "reactivate", Summary: "free a lost server's seat, sign for its successor", Usage: issue.ReactivateUsage, Setup: issue.Reactivate},
			{Name: "move", Summary: "let a new server run beside the old one for a while", Usage: issue.MoveUsage, Setup: issue.Move},
			{Name: "renew", Summary: "extend an entitlement and sign its licenses anew", Usage: sale.RenewUsage, Setup: sale.Renew},
			{Name: "amend", Summary: "change what was sold and sign its licenses anew", Usage: sale.AmendUsage, Setup: sale.Amend},
			{Name: "list", Summary: "show entitlements, seats and who is active", Usage: record.ListUsage, Setup: record.List},
			{Name: "history", Summary: "show every event of an invoice or an activation", Usage: record.HistoryUsage, Setup: record.History},
			{Name: "revoke", Summary: "revoke a license or a key", Usage: revoke.RevokeUsage, Setup: revoke.Revoke},
			{Name: "revocations", Summary: "show what is revoked, sign the list that says so", Usage: revoke.RevocationsUsage, Setup: revoke.Revocations},
			{Name: "backup", Summary: "copy the ledger while others work", Usage: record.BackupUsage, Setup: record.Backup},
			{Name: "checkpoint", Summary: "sign the head of the ledger's log, to keep elsewhere", Usage: record.CheckpointUsage, Setup: record.Checkpoint},
			{Name: "audit", Summary: "find what was changed in the ledger by hand", Usage: record.AuditUsage, Setup: record.Audit},
			{Name: "key", Summary: "make a staff key, add its delegation, show all keys", Usage: key.KeyUsage, Setup: key.Key},
			{Name: "delegate", Summary: "let a staff key sign, by the root key", Usage: key.DelegateUsage, Setup: key.Delegate},
			{Name: "roots", Summary: "print the root public keys for the product", Usage: key.RootsUsage, Setup: key.Roots},
			{Name: "demo", Summary: "go the whole way once, in a directory of its own", Usage: setup.DemoUsage, Setup: setup.Demo(program)},
		},
	}
}
