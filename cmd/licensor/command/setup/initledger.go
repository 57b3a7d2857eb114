package setup

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/cmd/licensor/command/common"
	"github.com/offlicense/offlicense/cmd/licensor/internal/home"
	"github.com/offlicense/offlicense/cmd/licensor/internal/service"
)

// thatDatabase stands for the address of a ledger, which may hold a password.
const thatDatabase = "in the PostgreSQL database that --ledger or LICENSOR_LEDGER names"

// existing returns the home that is there already and the database that is to get its
// ledger, "" if a new home is to be made.
func (c *initCommand) existing(env *cli.Env) (home.Home, string, error) {
	database, err := c.Database(env)
	if err != nil || database == "" {
		return home.Home{}, "", err
	}
	dir, err := c.Path(env)
	if err != nil {
		return home.Home{}, "", err
	}
	at, err := home.Open(dir)
	if err != nil {
		return home.Home{}, "", nil // what is wrong with the place is found where a home is made
	}
	return at, database, nil
}

// makeLedger makes an empty ledger for the vendor of a home: the keys were made on a
// machine without a network, and the database is where one is. It makes no key.
func (c *initCommand) makeLedger(env *cli.Env, at home.Home, database string) error {
	for _, name := range []string{"root-key", "standby-key", "name", "passphrase-file", "insecure-no-passphrase"} {
		if c.Flags.Changed(name) {
			return cli.Usagef("%s is a vendor's home already, and --%s would make a key; nothing was changed", cli.Quote(at.Dir), name).
				WithHint("for a ledger of this vendor in that database: licensor init%s", c.FlagsText())
		}
	}
	vendor, err := service.VendorOf(at)
	if err != nil {
		return common.ReadError(err)
	}
	if c.vendor != "" && c.vendor != vendor {
		return cli.Usagef("%s is the home of %s, not of %s; nothing was changed", cli.Quote(at.Dir), vendor, cli.Quote(c.vendor)).
			WithHint("name another home with --home, or leave --vendor out")
	}
	ctx := context.Background()
	if err := service.RefuseLedger(ctx, database); err != nil {
		return err
	}
	if err := c.reviewLedger(ctx, env, at, vendor); err != nil {
		return err
	}
	by, err := c.Operation(env)
	if err != nil {
		return err
	}
	if err := service.CreateLedger(ctx, by, database, vendor); err != nil {
		return err
	}
	fmt.Fprintf(env.Stderr, "Made. Every workstation names it with --ledger, or with LICENSOR_LEDGER in its environment.\n")
	return nil
}

// reviewLedger shows whose ledger it will be, and what it will not have, and asks.
func (c *initCommand) reviewLedger(ctx context.Context, env *cli.Env, at home.Home, vendor string) error {
	roots, err := at.NamedRoots()
	if err != nil {
		return common.ReadError(err)
	}
	t := cli.Table{Whole: true}
	t.Row("vendor", vendor)
	t.Row("home", at.Dir)
	for i, root := range roots {
		t.Row(strings.TrimSpace(home.RootRole(i, len(roots))+" root key"), root.Fingerprint())
	}
	t.Row("ledger", "a new one, empty, "+thatDatabase)
	if _, err := t.WriteTo(env.Stdout); err != nil {
		return err
	}
	if _, err := os.Stat(at.LedgerFile()); err == nil {
		if err := service.RefuseUsed(ctx, at); err != nil {
			return err
		}
		env.Warnf("%s is an empty ledger, which commands without --ledger would use: remove it once the other one is made", cli.Quote(at.LedgerFile()))
	}
	return c.Agree(env, "Make this ledger?", "not made")
}
