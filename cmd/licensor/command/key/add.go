package key

import (
	"context"
	"fmt"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/cmd/licensor/command/common"
	"github.com/offlicense/offlicense/cmd/licensor/internal/service"
	"github.com/offlicense/offlicense/format"
)

// addDelegation keeps what a root lets a key sign that is here.
func (c *keyCommand) addDelegation(env *cli.Env, args []string) error {
	if len(args) == 0 {
		return cli.Usagef("no delegation is named").WithHint("name the file that came from the holder of the root key, or the pictures of its codes")
	}
	now, err := env.Time()
	if err != nil {
		return err
	}
	dir, err := c.Path(env)
	if err != nil {
		return err
	}
	in := service.NewDelegation{RootsFile: c.roots, NeedLedger: c.Ledger != "", Now: now}
	if in.Ledger, err = c.Database(env); err != nil {
		return err
	}
	if c.roots != "" {
		if in.Roots, err = env.ReadPublicFile(c.roots); err != nil {
			return err
		}
		defer clear(in.Roots) // it may be a private key, by mistake
	}
	if in.File, err = env.ReadParts(args, format.Delegation); err != nil {
		return err
	}
	a, err := service.CheckDelegation(context.Background(), dir, in, c.ServiceOptions(env))
	if err != nil {
		return common.ReadError(err)
	}
	if err := c.review(env, a); err != nil {
		return err
	}
	if err := a.Write(); err != nil {
		return common.CreateError(err)
	}
	fmt.Fprintf(env.Stderr, "Added. It signs with  --key %s\n", a.Option())
	return env.Answer(keyAdded{1, a.Option(), service.ViewDelegation(a.Claims), a.Key.Fingerprint()})
}

// keyAdded is what key add --json prints.
type keyAdded struct {
	Version int    `json:"version"`
	Key     string `json:"key"` // what --key takes
	service.DelegationView
	Fingerprint string `json:"fingerprint"`
}

// review shows what the key may sign from now on, or what changes, and asks where
// something is lost or is to be trusted.
func (c *keyCommand) review(env *cli.Env, a *service.Addition) error {
	t := cli.Table{Whole: true}
	t.Row("key", a.Name)
	t.Row("", a.Key.Fingerprint())
	t.Row("", "code "+service.KeyCode(a.Key))
	t.Row("delegation", "code "+a.Code())
	old := a.Replaced()
	if old == nil {
		common.AddDelegation(&t, a.Claims)
	} else {
		before := common.DelegationRows(old)
		for i, row := range common.DelegationRows(a.Claims) {
			if was := before[i].Text; was != row.Text {
				t.Row(row.Label, was+" -> "+row.Text)
			}
		}
	}
	if a.Pin {
		for i, root := range a.Roots {
			t.Row([...]string{"root key", "standby root"}[i], root.Fingerprint())
			t.Row("", "code "+service.KeyCode(root.PublicKey))
		}
	}
	if _, err := t.WriteTo(env.Stdout); err != nil {
		return err
	}
	if a.Old != nil && a.Name != a.Claims.Name {
		env.Warnf("the key is called %q here and %q in the delegation: licenses are recorded under the latter", a.Name, a.Claims.Name)
	}
	if old != nil && !c.Yes && (a.Claims.Expires < old.Expires || a.Claims.IssuedAt < old.IssuedAt) {
		return cli.Failf("this delegation is older than the one that is here, or ends earlier; nothing was changed").
			WithHint("look for the newest one; --yes takes this one all the same")
	}
	if a.Pin {
		return c.Agree(env, "Do these fingerprints match the ones the root key holder read to you?", "not added")
	}
	return nil
}
