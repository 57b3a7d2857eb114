package key

import (
	"cmp"
	"context"
	"fmt"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/cmd/internal/text"
	"github.com/offlicense/offlicense/cmd/licensor/command/common"
	"github.com/offlicense/offlicense/cmd/licensor/internal/home"
	"github.com/offlicense/offlicense/cmd/licensor/internal/service"
)

func (c *keyCommand) list(env *cli.Env, args []string) error {
	if err := common.NoArguments(args); err != nil {
		return err
	}
	now, err := env.Time()
	if err != nil {
		return err
	}
	dir, err := c.Path(env)
	if err != nil {
		return err
	}
	where, err := c.Database(env)
	if err != nil {
		return err
	}
	listing, err := service.ListKeys(context.Background(), home.Home{Dir: dir}, where, c.ServiceOptions(env), now)
	if err != nil {
		return common.ReadError(err)
	}
	for i, k := range listing.Keys {
		if k.Err != nil {
			listing.Keys[i].Problem = common.ReadError(k.Err).Error()
		}
		if k.Delegation != nil {
			if end := service.EndsSoon(k.Name, k.Delegation.Expires, now); end != "" {
				env.Warnf("%s; ask the holder of the root key for a new one", end)
			}
		}
	}
	if env.JSON() {
		return env.Answer(listing)
	}
	_, err = table(listing).WriteTo(env.Stdout)
	return err
}

func table(l *service.KeyListing) *cli.Table {
	t := cli.Table{Whole: true}
	for _, root := range l.Roots {
		t.Row("root key", root.Fingerprint)
		t.Row("", root.Role)
		if !root.Revoked.IsZero() {
			t.Row("", "revoked on "+text.Date(root.Revoked))
		}
	}
	if len(l.Roots) == 0 {
		t.Row("root key", "none yet: it comes with the first delegation")
	}
	for i := range l.Keys {
		addKey(&t, &l.Keys[i], l.Ledger)
	}
	for _, s := range l.Others {
		t.Row(s.Name, "a key that is not here")
		if s.Fingerprint != "" {
			t.Row("", s.Fingerprint)
		}
		t.Row("  signed", signedText(&s))
	}
	if !l.Ledger {
		t.Row("ledger", "none here, so what was signed is not known; --ledger names one")
	}
	return &t
}

func addKey(t *cli.Table, k *service.ListedKey, ledger bool) {
	t.Row(k.Name, cmp.Or(k.Fingerprint, "no public key"))
	if k.ID != "" {
		t.Row("  id", k.ID)
	}
	t.Row("  lives", map[string]string{
		service.LivesInFile: "in a file here", service.LivesInAgent: "in ssh-agent", service.LivesElsewhere: "elsewhere: only its public half is here",
	}[k.Lives])
	if !k.Revoked.IsZero() {
		t.Row("  revoked", "on "+text.Date(k.Revoked)+": it signs nothing more")
	}
	if k.Problem != "" {
		t.Row("  problem", k.Problem)
	}
	if k.Scope == nil {
		t.Row("  signs", "nothing: it has no delegation")
	} else {
		t.Row("  signs", common.ScopeLine(&k.Delegation.Scope))
		left := cli.Plural(*k.DaysLeft, "day", "days") + " left"
		if *k.DaysLeft < 0 {
			left = "ended"
		}
		t.Row("  from", fmt.Sprintf("%s until %s, %s", text.Date(k.From), text.LastDay(k.Until), left))
	}
	switch {
	case k.Signed != nil:
		t.Row("  signed", signedText(k.Signed))
	case ledger:
		t.Row("  signed", "nothing")
	}
}

func signedText(s *service.ListedSigner) string {
	return fmt.Sprintf("%s, the first on %s, the last on %s", cli.Plural(s.Licenses, "license", "licenses"), text.Date(s.First), text.Date(s.Last))
}
