package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"time"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/cmd/licensor/internal/home"
	"github.com/spf13/pflag"
)

type initCommand struct {
	home       homeOption
	passphrase passphraseOptions
	operator   operatorOption
	vendor     string
	staff      string
	rootKey    string
}

func setupInit(flags *pflag.FlagSet) cli.Run {
	var c initCommand
	c.home.addLedger(flags)
	c.operator.add(flags)
	c.passphrase.add(flags)
	c.passphrase.addNone(flags)
	flags.StringVar(&c.vendor, "vendor", "", "")
	flags.StringVar(&c.staff, "name", "", "")
	flags.StringVar(&c.rootKey, "root-key", "", "")
	return c.run
}

func (c *initCommand) run(env *cli.Env, args []string) error {
	if err := noArguments(args); err != nil {
		return err
	}
	founding, dir, err := c.prepare(env)
	if err != nil {
		return err
	}
	if founding.RootPassphrase, err = c.passphrase.new(env, "Passphrase for the new root key"); err != nil {
		return err
	}
	if founding.Passphrase = founding.RootPassphrase; c.passphrase.file == "" && !c.passphrase.none {
		if founding.Passphrase, err = c.passphrase.new(env, fmt.Sprintf("Passphrase for %s's staff key", founding.Staff)); err != nil {
			return err
		}
	}
	made, err := home.Create(context.Background(), dir, *founding)
	if errors.Is(err, fs.ErrExist) {
		return cli.Fail(err).WithHint("a private key is never overwritten: move the old one away, or name another place; nothing was changed")
	}
	var path *fs.PathError
	if errors.As(err, &path) {
		return cli.FileError("create", path.Path, err)
	}
	if err != nil {
		return err
	}
	c.report(env, made)
	return nil
}

// prepare checks all that can be wrong before a passphrase is asked for.
func (c *initCommand) prepare(env *cli.Env) (*home.Founding, string, error) {
	if c.vendor == "" {
		return nil, "", cli.Usagef("--vendor is missing: the vendor's domain, such as acme.example")
	}
	by, err := c.operator.operation(env)
	if err != nil {
		return nil, "", err
	}
	database, err := c.home.database(env)
	if err != nil {
		return nil, "", err
	}
	dir, err := c.home.path(env)
	if err != nil {
		return nil, "", err
	}
	if err := home.Free(dir); err != nil {
		return nil, "", readError(err)
	}
	staff := c.staff
	if staff == "" {
		staff = defaultKeyName()
	}
	if err := home.ValidKeyName(staff); err != nil {
		return nil, "", cli.Usagef("%w", err)
	}
	if err := c.checkRootKey(dir); err != nil {
		return nil, "", err
	}
	founding := &home.Founding{Vendor: c.vendor, Staff: staff, RootKey: c.rootKey, Ledger: database, Operator: by.Operator, Now: by.Now, Random: env.Rand}
	if err := founding.Check(); err != nil {
		return nil, "", cli.Usagef("%w", err)
	}
	return founding, dir, nil
}

// checkRootKey refuses a place for the root key that is none of its own.
func (c *initCommand) checkRootKey(dir string) error {
	if c.rootKey == "" {
		if c.home.flags.Changed("root-key") {
			return cli.Usagef("--root-key is empty").WithHint("a variable in the command is not set; without --root-key the key stays in the home")
		}
		return nil
	}
	at, err := filepath.Abs(dir)
	if err != nil {
		return err
	}
	key, err := filepath.Abs(c.rootKey)
	if err != nil {
		return err
	}
	if inside, err := filepath.Rel(at, key); err == nil && filepath.IsLocal(inside) {
		return cli.Usagef("--root-key %s is inside of the home", cli.Quote(c.rootKey)).
			WithHint("give a place elsewhere, such as a USB stick, or leave --root-key out")
	}
	return nil
}

// defaultKeyName makes a key name of the system user. "staff" stands in for a user
// whose name is none, and for root, which would be taken for the root key.
func defaultKeyName() string {
	name, err := systemUser()
	if err != nil {
		return "staff"
	}
	name = strings.ToLower(name[strings.LastIndexByte(name, '\\')+1:])
	if name == "root" || home.ValidKeyName(name) != nil {
		return "staff"
	}
	return name
}

func (c *initCommand) report(env *cli.Env, made *home.Founded) {
	// No table: it would cut the paths.
	for _, row := range [...]struct{ name, text string }{
		{"vendor", c.vendor},
		{"home", made.Dir},
		{"root key", made.RootKey},
		{"", made.Root.Fingerprint()},
		{"staff key", made.KeyFile(made.Delegation.Name)},
		{"", "may sign everything until " + time.Unix(made.Delegation.Expires, 0).UTC().Format(time.DateOnly)},
		{"ledger", made.LedgerFile()},
	} {
		fmt.Fprintf(env.Stdout, "%-9s  %s\n", row.name, cli.Clean(row.text))
	}
	if c.rootKey == "" {
		fmt.Fprintf(env.Stderr, `
The root key is on this workstation. Whoever steals it can sign for you for ever, and
it is not needed to sign licenses: move it to a USB stick that lies in a safe, with a
copy on a second one. "licensor init --root-key PATH" puts it there from the start.
`)
	}
	if c.passphrase.none {
		env.Warnf("the private keys are not encrypted, which is for tests alone; ssh-keygen -p -f %s adds a passphrase", cli.ShellPath(made.RootKey))
	}
}
