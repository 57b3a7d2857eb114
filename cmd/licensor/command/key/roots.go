package key

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/cmd/licensor/command/common"
	"github.com/offlicense/offlicense/cmd/licensor/internal/home"
	"github.com/offlicense/offlicense/cmd/licensor/internal/service"
	"github.com/offlicense/offlicense/keys"
	"github.com/offlicense/offlicense/verify/site/atomicfile"
	"github.com/spf13/pflag"
)

type rootsCommand struct {
	common.Options
	add string
	out string
}

func roots(flags *pflag.FlagSet) cli.Run {
	var c rootsCommand
	c.AddHome(flags)
	flags.StringVar(&c.add, "add", "", "")
	flags.StringVar(&c.out, "out", "-", "")
	c.AddYes(flags)
	common.AddJSON(flags)
	return common.OptionsOnly(c.run)
}

func (c *rootsCommand) run(env *cli.Env) error {
	at, err := c.Open(env)
	if err != nil {
		return err
	}
	if err := env.CheckOutput(c.out, "ssh-"); err != nil && !c.renews(at) {
		return err
	}
	if c.Flags.Changed("add") {
		if err := c.addStandby(env, at); err != nil {
			return err
		}
	}
	return c.print(env, at)
}

// print prints what products will trust, and names it for comparing with the root key's
// owner. A root that has not signed this home's delegations is somebody else's.
func (c *rootsCommand) print(env *cli.Env, h home.Home) error {
	text, err := h.Roots()
	if err != nil {
		return common.ReadError(err)
	}
	if _, err := h.Delegations(); err != nil {
		return err
	}
	named, err := keys.ParsePublicFile(text)
	if err != nil {
		return err
	}
	for _, root := range named {
		fmt.Fprintf(env.Stderr, "root key %s %s\n    code %s\n", root.Fingerprint(), cli.Clean(root.Comment), service.KeyCode(root.PublicKey))
	}
	answer := rootsAnswer{Version: 1}
	if c.renews(h) {
		answer.File = c.out
		if err := atomicfile.Write(c.out, text, 0o644); err != nil {
			return cli.FileError("write", c.out, err)
		}
	} else if answer.Output, err = common.WriteOutput(env, c.out, text); err != nil {
		return err
	}
	for i, root := range named {
		answer.Roots = append(answer.Roots, service.ListedRoot{
			Role: cmp.Or(home.RootRole(i, len(named)), "active"), Fingerprint: root.Fingerprint(), Comment: root.Comment,
		})
	}
	return env.Answer(answer)
}

// renews reports whether --out names an earlier file of these root keys, which may be
// replaced: no key is lost that stands nowhere else.
func (c *rootsCommand) renews(h home.Home) bool {
	if c.out == "-" {
		return false
	}
	old, err := atomicfile.Read(c.out, keys.MaxPublicFile)
	if err != nil {
		return false
	}
	there, err := keys.ParsePublicFile(old)
	if err != nil {
		return false
	}
	roots, err := h.NamedRoots()
	return err == nil && !slices.ContainsFunc(there, func(k keys.NamedKey) bool { return !service.HasKey(roots, k.PublicKey) })
}

// rootsAnswer is what roots --json prints.
type rootsAnswer struct {
	Version        int                  `json:"version"`
	Roots          []service.ListedRoot `json:"roots"`
	service.Output                      // the text of the file for the product, or where it was written
}

// addStandby lets the home trust another root key. Products learn of it with their next
// release alone, so it is of use only when it was added in good time.
func (c *rootsCommand) addStandby(env *cli.Env, at home.Home) error {
	known, err := at.NamedRoots()
	if err != nil {
		return common.ReadError(err)
	}
	standby, err := common.ReadPublicKey(env, c.add)
	if err != nil {
		return err
	}
	switch {
	case service.HasKey(known, standby.PublicKey):
		return cli.Failf("%s is a root key here already; nothing was changed", standby).WithHint("\"licensor roots\" shows them")
	case len(known) >= home.MaxRoots:
		return cli.Failf("there are %d root keys here already; nothing was changed", len(known)).
			WithHint("more are not trusted: leave out of the next product release what has nothing good left")
	}
	// A root signs no license: a staff key that became one would be of no use any more.
	staff, err := at.StaffKeys(nil)
	if err != nil {
		return common.ReadError(err)
	}
	for _, k := range staff {
		if k.Public == standby.PublicKey {
			return cli.Failf("%s is the staff key %q, and a root key signs no license", standby, k.Name).
				WithHint("make another key: licensor key new --name %s --out USB2/standby", cli.ShellWord(home.VendorIn(known[0].Comment)))
		}
	}
	all := append(known[:len(known):len(known)], standby)
	for i, root := range all {
		fmt.Fprintf(env.Stderr, "%-7s  %s %s\n", home.RootRole(i, len(all)), root.Fingerprint(), cli.Clean(root.Comment))
	}
	if err := c.Agree(env, "Is this your own standby key, to be trusted like the active one?", "not added"); err != nil {
		return err
	}
	if err := at.AddStandby(standby); err != nil {
		return cli.FileError("write", at.RootsFile(), err)
	}
	return nil
}
