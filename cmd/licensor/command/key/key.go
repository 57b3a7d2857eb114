// Package key has the commands for the keys of staff and of the root.
package key

import (
	"embed"
	"slices"
	"strings"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/cmd/internal/qr"
	"github.com/offlicense/offlicense/cmd/licensor/command/common"
	"github.com/offlicense/offlicense/cmd/licensor/internal/home"
	"github.com/offlicense/offlicense/cmd/licensor/internal/service"
	"github.com/offlicense/offlicense/keys"
	"github.com/spf13/pflag"
)

// Commands are the commands of this package.
var Commands = cli.WithUsage(usage, []cli.Command{
	{Name: "key", Summary: "make a staff key, add its delegation, show all keys", Setup: keyCommands},
	{Name: "delegate", Summary: "let a staff key sign, by the root key", Setup: delegate},
	{Name: "roots", Summary: "print the root public keys for the product", Setup: roots},
})

//go:embed usage
var usage embed.FS

// keyCommand is what is done with staff keys on the workstation where they sign.
type keyCommand struct {
	common.Options
	passphrase common.PassphraseOptions
	qr         common.QROptions
	name       string
	out        string
	roots      string
}

func keyCommands(flags *pflag.FlagSet) cli.Run {
	var c keyCommand
	c.AddLedgerOrCopy(flags)
	c.passphrase.AddNew(flags)
	c.qr.Add(flags, qr.Auto)
	flags.StringVar(&c.name, "name", "", "")
	flags.StringVar(&c.out, "out", "", "")
	flags.StringVar(&c.roots, "roots", "", "")
	c.AddYes(flags)
	common.AddJSON(flags)
	return c.run
}

// keyWord is one of the subcommands of "licensor key", with the options that it takes.
type keyWord struct {
	name    string
	run     func(*keyCommand, *cli.Env, []string) error
	options []string
}

var keyWords = []keyWord{
	{"new", (*keyCommand).makeNew, []string{"home", "name", "out", "passphrase-file", "insecure-no-passphrase", "qr", "qr-every", "qr-png", "qr-svg", "json"}},
	{"import", (*keyCommand).importKey, []string{"home", "name", "out", "passphrase-file", "insecure-no-passphrase", "qr", "qr-every", "qr-png", "qr-svg", "json"}},
	{"add", (*keyCommand).addDelegation, []string{"home", "ledger", "roots", "yes", "json"}},
	{"list", (*keyCommand).list, []string{"home", "ledger", "json"}},
}

func (c *keyCommand) run(env *cli.Env, args []string) error {
	var names []string
	for _, word := range keyWords {
		names = append(names, word.name)
	}
	all := strings.Join(names, ", ")
	if len(args) == 0 {
		return cli.Usagef("key needs a subcommand: %s", all)
	}
	i := slices.Index(names, args[0])
	if i < 0 {
		return cli.Usagef("key does not know %s", cli.Quote(args[0])).WithHint("one of %s", all)
	}
	word := keyWords[i]
	var foreign error
	c.Flags.Visit(func(f *pflag.Flag) {
		if foreign == nil && !slices.Contains(word.options, f.Name) {
			foreign = cli.Usagef("key %s has no option --%s", word.name, f.Name)
		}
	})
	if foreign != nil {
		return foreign
	}
	return word.run(c, env, args[1:])
}

// newKey is where a new private key goes, and what it is called.
type newKey struct {
	file    string
	comment string
	what    string // for people
	home    string // the directory of the home whose staff key it becomes; empty: none
}

// place finds out where a new key goes, and refuses what exists: all that before a
// passphrase is typed.
func (c *keyCommand) place(env *cli.Env) (*newKey, error) {
	if c.name == "" {
		return nil, cli.Usagef("--name is missing").WithHint("a name for the key, such as anna")
	}
	if err := c.qr.Check(env, c.out); err != nil {
		return nil, err
	}
	if c.Flags.Changed("out") {
		return c.placeElsewhere(env)
	}
	if err := home.ValidKeyName(c.name); err != nil {
		return nil, cli.Usagef("%w", err)
	}
	dir, err := c.Path(env)
	if err != nil {
		return nil, err
	}
	at := home.Home{Dir: dir}
	if err := at.Preparable(); err != nil {
		return nil, common.ReadError(err)
	}
	k := &newKey{file: at.KeyFile(c.name), comment: c.name, what: c.name + "'s key", home: dir}
	if roots, err := at.NamedRoots(); err == nil {
		if vendor := home.VendorIn(roots[0].Comment); service.ValidVendor(vendor) == nil {
			k.comment += "@" + vendor
		}
	}
	return k, refuseExisting(k.file)
}

// placeElsewhere is place for --out: that may also become a root key, whose name is the
// vendor's domain.
func (c *keyCommand) placeElsewhere(env *cli.Env) (*newKey, error) {
	if c.out == "" || c.out == "-" {
		return nil, cli.Usagef("--out names no file: a private key is printed nowhere")
	}
	if home.ValidKeyName(c.name) != nil && service.ValidVendor(c.name) != nil {
		return nil, cli.Usagef("invalid key name %s", cli.Quote(c.name)).WithHint("a name such as anna, or for a root key the vendor's domain")
	}
	return &newKey{file: c.out, comment: c.name, what: "the new key"}, refuseExisting(c.out)
}

// refuseExisting refuses a place for a key where something is. Nothing overwrites a
// private key.
func refuseExisting(file string) error {
	for _, path := range []string{file, file + ".pub"} {
		if err := home.Absent(path); err != nil {
			return cli.FileError("create", path, err)
		}
	}
	return nil
}

// write keeps a new key and shows its public half, which is the only one that travels.
func (c *keyCommand) write(env *cli.Env, k *newKey, key keys.PrivateKey) error {
	passphrase, err := c.passphrase.New(env, "Passphrase for "+k.what)
	if err != nil {
		return err
	}
	defer clear(passphrase)
	if k.home != "" {
		if err := (home.Home{Dir: k.home}).Prepare(); err != nil {
			return common.CreateError(err)
		}
	}
	if err := home.WritePair(k.file, key, k.comment, passphrase); err != nil {
		return common.CreateError(err)
	}
	return c.report(env, k, key.Public())
}
