// Package setup has the commands that make a vendor's home.
package setup

import (
	"cmp"
	"context"
	"embed"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/cmd/internal/text"
	"github.com/offlicense/offlicense/cmd/licensor/command/common"
	"github.com/offlicense/offlicense/cmd/licensor/internal/home"
	"github.com/offlicense/offlicense/cmd/licensor/internal/service"
	"github.com/spf13/pflag"
)

// Commands are the commands of this package. demo runs those of the program.
func Commands(program func() cli.Program) []cli.Command {
	return cli.WithUsage(usage, []cli.Command{
		{Name: "init", Summary: "set up a vendor: root key, staff key, ledger", Setup: initHome},
		{Name: "demo", Summary: "go the whole way once, in a directory of its own", Setup: demoOf(program)},
		{Name: "desk", Summary: "say who may use the service, and let them sign in", Setup: setupDesk},
	})
}

//go:embed usage
var usage embed.FS

type initCommand struct {
	common.Options
	passphrase common.PassphraseOptions
	vendor     string
	staff      string
	rootKey    string
	standby    string
	from       string
	abort      bool
}

func initHome(flags *pflag.FlagSet) cli.Run {
	var c initCommand
	c.AddLedger(flags)
	c.AddOperator(flags)
	c.passphrase.AddNew(flags)
	flags.StringVar(&c.vendor, "vendor", "", "")
	flags.StringVar(&c.staff, "name", "", "")
	flags.StringVar(&c.rootKey, "root-key", "", "")
	flags.StringVar(&c.standby, "standby-key", "", "")
	flags.StringVar(&c.from, "from", "", "")
	flags.BoolVar(&c.abort, "abort", false, "")
	c.AddYes(flags)
	common.AddJSON(flags)
	return common.OptionsOnly(c.run)
}

func (c *initCommand) run(env *cli.Env) error {
	if c.Flags.Changed("from") {
		return c.moveLedger(env)
	}
	if c.abort {
		return cli.Usagef("--abort is for a move of a ledger").WithHint("name the old ledger with --from")
	}
	database, err := c.Database(env)
	if err != nil {
		return err
	}
	dir, err := c.Path(env)
	if err != nil {
		return err
	}
	if database != "" {
		// A home that is there already gets its ledger. What is wrong with the place is
		// found where a home is made.
		if at, err := home.Open(dir); err == nil {
			return c.makeLedger(env, at, database)
		}
	}
	by, err := c.Operation(env)
	if err != nil {
		return err
	}
	options, err := c.prepare(dir)
	if err != nil {
		return err
	}
	options.Ledger, options.Now, options.Random = database, by.Now, env.Rand
	if err := options.Check(); err != nil {
		return cli.Usagef("%w", err)
	}
	if err := c.passphrases(env, options); err != nil {
		return err
	}
	made, err := service.Init(context.Background(), dir, *options, by)
	if err != nil {
		return common.CreateError(err)
	}
	c.report(env, made, database != "")
	fmt.Fprintf(env.Stderr, "\nNext, the keys that the product trusts: licensor roots%s --out roots.pub\n", c.homeText())
	return c.answer(env, made.Home, made.KeyFile(made.Delegation.Name), made.RootKey, database != "")
}

// homeText is --home as it was given, for a command that opens no ledger.
func (c *initCommand) homeText() string {
	alone := c.Options
	alone.Ledger = ""
	return alone.FlagsText()
}

// passphrases asks for one of each key. One from a file, or none, is for all of them.
func (c *initCommand) passphrases(env *cli.Env, f *home.InitOptions) error {
	first, err := c.passphrase.New(env, "Passphrase for the new root key")
	if err != nil {
		return err
	}
	f.RootPassphrase, f.StandbyPhrase, f.Passphrase = first, first, first
	if c.passphrase.File != "" || c.passphrase.None {
		return nil
	}
	if c.standby != "" {
		if f.StandbyPhrase, err = c.passphrase.New(env, "Passphrase for the new standby root key"); err != nil {
			return err
		}
	}
	f.Passphrase, err = c.passphrase.New(env, fmt.Sprintf("Passphrase for %s's staff key", f.Staff))
	return err
}

// prepare checks all that can be wrong before a passphrase is asked for.
func (c *initCommand) prepare(dir string) (*home.InitOptions, error) {
	if c.vendor == "" {
		return nil, cli.Usagef("--vendor is missing: the vendor's domain, such as acme.example")
	}
	if err := home.Free(dir); err != nil {
		return nil, common.ReadError(err)
	}
	staff := cmp.Or(c.staff, defaultKeyName())
	if err := home.ValidKeyName(staff); err != nil {
		return nil, cli.Usagef("%w", err)
	}
	if err := c.checkRootKeys(dir); err != nil {
		return nil, err
	}
	return &home.InitOptions{Vendor: c.vendor, Staff: staff, RootKey: c.rootKey, Standby: c.standby}, nil
}

// checkRootKeys refuses a place for a root key that is none of its own.
func (c *initCommand) checkRootKeys(dir string) error {
	at, err := filepath.Abs(dir)
	if err != nil {
		return err
	}
	taken := map[string]bool{}
	for _, option := range [...]struct{ name, path, without string }{
		{"root-key", c.rootKey, "the key stays in the home"},
		{"standby-key", c.standby, "there is none"},
	} {
		if !c.Flags.Changed(option.name) {
			continue
		}
		if option.path == "" {
			return cli.Usagef("--%s is empty", option.name).WithHint("a variable in the command is not set; without --%s %s", option.name, option.without)
		}
		key, err := filepath.Abs(option.path)
		if err != nil {
			return err
		}
		if inside, err := filepath.Rel(at, key); err == nil && filepath.IsLocal(inside) {
			return cli.Usagef("--%s %s is inside of the home", option.name, cli.Quote(option.path)).
				WithHint("give a place elsewhere, such as a USB stick, or leave --%s out", option.name)
		}
		if taken[key] {
			return cli.Usagef("--root-key and --standby-key name one file: %s", cli.Quote(option.path)).
				WithHint("keep the standby on another stick, in another place")
		}
		taken[key] = true
	}
	return nil
}

// defaultKeyName makes a key name of the system user. "staff" stands in for a user
// whose name is none, and for root, which would be taken for the root key.
func defaultKeyName() string {
	name, err := common.SystemUser()
	if err != nil {
		return "staff"
	}
	name = strings.ToLower(name[strings.LastIndexByte(name, '\\')+1:])
	if name == "root" || home.ValidKeyName(name) != nil {
		return "staff"
	}
	return name
}

func (c *initCommand) report(env *cli.Env, made *home.InitResult, inDatabase bool) {
	t := cli.Table{Whole: true}
	t.Row("vendor", c.vendor)
	t.Row("home", made.Dir)
	t.Row("root key", made.RootKey)
	t.Row("", made.Roots[0].Fingerprint())
	if len(made.Roots) > 1 {
		t.Row("standby", c.standby)
		t.Row("", made.Roots[1].Fingerprint())
	}
	t.Row("staff key", made.KeyFile(made.Delegation.Name))
	t.Row("", "may sign everything until "+text.LastDay(time.Unix(made.Delegation.Expires, 0)))
	if inDatabase {
		t.Row("ledger", thatDatabase)
	} else {
		t.Row("ledger", made.LedgerFile())
	}
	t.WriteTo(env.Stdout)
	if c.rootKey == "" {
		fmt.Fprintf(env.Stderr, `
The root key is on this workstation. Whoever steals it can sign for you
forever, and it is not needed to sign licenses: move it to a USB stick that lies
in a safe, with a copy on a second one. "licensor init --root-key PATH" puts it
there from the start.
`)
	}
	c.passphrase.WarnIfPlain(env, "the private keys are", made.RootKey)
}

// initAnswer is what init --json prints.
type initAnswer struct {
	*service.KeyListing
	Vendor     string `json:"vendor"`
	Home       string `json:"home"`
	LedgerFile string `json:"ledger_file,omitempty"` // missing: in the database that was named
	RootKey    string `json:"root_key,omitempty"`    // the files of the new keys
	Standby    string `json:"standby_key,omitempty"`
	StaffKey   string `json:"staff_key,omitempty"`
}

// answer says what was made, with the keys as key list has them.
func (c *initCommand) answer(env *cli.Env, at home.Home, staff, root string, inDatabase bool) error {
	if !env.JSON() {
		return nil
	}
	where, err := c.Database(env)
	if err != nil {
		return err
	}
	keys, err := service.ListKeys(context.Background(), at, where, c.ServiceOptions(env), env.Now())
	if err != nil {
		return err
	}
	vendor, err := service.VendorOf(at)
	if err != nil {
		return err
	}
	a := initAnswer{KeyListing: keys, Vendor: vendor, Home: at.Dir, RootKey: root, StaffKey: staff, Standby: c.standby}
	if !inDatabase {
		a.LedgerFile = at.LedgerFile()
	}
	return env.Answer(a)
}

// thatDatabase stands for the address of a ledger, which may hold a password.
const thatDatabase = "in the PostgreSQL database that --ledger or LICENSOR_LEDGER names"

// makeLedger makes an empty ledger for the vendor of a home: the keys were made on a
// machine without a network, and the database is where one is. It makes no key.
func (c *initCommand) makeLedger(env *cli.Env, at home.Home, database string) error {
	vendor, err := c.noKeys(at)
	if err != nil {
		return err
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
	fmt.Fprintf(env.Stderr, "Made. Every workstation names it with --ledger, or with LICENSOR_LEDGER in its environment.\nNext: licensor list%s\n", c.FlagsText())
	return c.answer(env, at, "", "", true)
}

// noKeys refuses what would make a key or another vendor. It returns the home's vendor.
func (c *initCommand) noKeys(at home.Home) (vendor string, err error) {
	for _, name := range []string{"root-key", "standby-key", "name", "passphrase-file", "insecure-no-passphrase"} {
		if c.Flags.Changed(name) {
			return "", cli.Usagef("%s is a vendor's home already, and --%s would make a key; nothing was changed", cli.Quote(at.Dir), name).
				WithHint("for a ledger of this vendor in that database: licensor init%s", c.FlagsText())
		}
	}
	if vendor, err = service.VendorOf(at); err != nil {
		return "", common.ReadError(err)
	}
	if c.vendor != "" && c.vendor != vendor {
		return "", cli.Usagef("%s is the home of %s, not of %s; nothing was changed", cli.Quote(at.Dir), vendor, cli.Quote(c.vendor)).
			WithHint("name another home with --home, or leave --vendor out")
	}
	return vendor, nil
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
