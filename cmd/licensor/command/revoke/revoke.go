// Package revoke has the commands that revoke licenses and keys, and sign the lists that
// say so.
package revoke

import (
	"cmp"
	"context"
	"embed"
	"fmt"
	"strings"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/cmd/internal/text"
	"github.com/offlicense/offlicense/cmd/licensor/command/common"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/service"
	"github.com/offlicense/offlicense/format"
	"github.com/spf13/pflag"
)

// Commands are the commands of this package.
var Commands = cli.WithUsage(usage, []cli.Command{
	{Name: "revoke", Summary: "revoke a license or a key", Setup: revoke},
	{Name: "revocations", Summary: "show what is revoked, sign the list that says so", Setup: revocations},
})

//go:embed usage
var usage embed.FS

// revokeCommand notes a license, an activation or a key for the next revocation list.
type revokeCommand struct {
	common.Options
	license    string
	activation string
	key        string
	since      string // a checkpoint
}

func revoke(flags *pflag.FlagSet) cli.Run {
	var c revokeCommand
	c.AddChange(flags)
	c.AddYes(flags)
	flags.StringVar(&c.license, "license", "", "")
	common.AddActivation(flags, &c.activation)
	flags.StringVar(&c.key, "key", "", "")
	flags.StringVar(&c.since, "since", "", "")
	return common.OptionsOnly(c.run)
}

func (c *revokeCommand) run(env *cli.Env) error {
	given := 0
	for _, option := range [...]string{c.license, c.activation, c.key} {
		if option != "" {
			given++
		}
	}
	if given != 1 {
		return cli.Usagef("want one of --license, --activation and --key").
			WithHint("\"licensor history INVOICE\" shows licenses and activations, \"licensor key list\" the keys")
	}
	if c.key == "" && c.Flags.Changed("since") {
		return cli.Usagef("--since goes with --key")
	}
	if err := c.CheckReason("revoking"); err != nil {
		return err
	}
	return c.WithService(env, service.ToChange, func(ctx context.Context, s *service.Service) error {
		switch {
		case c.license != "":
			return c.revokeLicense(ctx, env, s)
		case c.activation != "":
			return c.revokeActivation(ctx, env, s)
		}
		return c.revokeKey(ctx, env, s)
	})
}

func (c *revokeCommand) revokeLicense(ctx context.Context, env *cli.Env, s *service.Service) error {
	id, err := format.ParseID(c.license)
	if err != nil {
		return cli.Usagef("%w", err).WithHint("\"licensor history INVOICE\" shows the licenses of an invoice; an activation's name goes with --activation")
	}
	question := "" // what is not on record is not asked about: the ledger refuses it and says why
	if license, q, err := s.Issued(ctx, id); err == nil {
		t := cli.Table{Whole: true}
		common.AddLicense(&t, license)
		if q != nil {
			t.Row("invoice", q.Invoice)
			common.AddPlace(t.Row, q.Site, q.Host)
		}
		t.WriteTo(env.Stdout)
		question = "Revoke this license?"
	}
	by, err := c.Agreed(env, question, "not revoked")
	if err != nil {
		return err
	}
	r, err := s.RevokeLicense(ctx, by, id)
	if err != nil {
		return err
	}
	return c.tellRevoked(ctx, env, s, r)
}

func (c *revokeCommand) revokeActivation(ctx context.Context, env *cli.Env, s *service.Service) error {
	activation := strings.ToUpper(c.activation)
	events, err := s.History(ctx, activation)
	if err != nil {
		return err
	}
	question := ""
	if len(events) > 0 {
		if _, err := common.HistoryTable(service.ViewEvents(events)).WriteTo(env.Stdout); err != nil {
			return err
		}
		question = "Revoke all licenses of this activation?"
	}
	by, err := c.Agreed(env, question, "not revoked")
	if err != nil {
		return err
	}
	all, err := s.RevokeActivation(ctx, by, activation)
	if err != nil {
		return err
	}
	return c.tellRevoked(ctx, env, s, all)
}

func (c *revokeCommand) tellRevoked(ctx context.Context, env *cli.Env, s *service.Service, all []ledger.Revocation) error {
	sale, err := s.Show(ctx, all[0].Activation, 1)
	if err != nil {
		return err
	}
	t := cli.Table{Whole: true}
	for i, r := range all {
		name := ""
		if i == 0 {
			name = "to revoke"
		}
		t.Row(name, r.License.String())
	}
	t.Row("activation", all[0].Activation)
	_, err = t.WriteTo(env.Stdout)
	fmt.Fprintf(env.Stderr, "Recorded. Its servers run on until the next revocation list reaches them: licensor revocations%s --root-key FILE --out list.olv\nThe seat stays taken. To free it: licensor deactivate%s %s --activation %s --why TEXT\n",
		c.FlagsText(), c.FlagsText(), cli.ShellWord(sale.Invoice), all[0].Activation)
	answer := revoked{Version: 1, Activation: all[0].Activation}
	for _, r := range all {
		answer.ToRevoke = append(answer.ToRevoke, r.License)
	}
	return cmp.Or(err, env.Answer(answer))
}

// revoked is what revoke --json prints of licenses.
type revoked struct {
	Version    int         `json:"version"`
	Activation string      `json:"activation"`
	ToRevoke   []format.ID `json:"to_revoke"` // they wait for the next revocation list
}

// keyRevoked is what revoke --json prints of a key.
type keyRevoked struct {
	Version     int    `json:"version"`
	Name        string `json:"name"`
	Fingerprint string `json:"fingerprint"`
	Root        bool   `json:"root,omitempty"`
	Kept        int    `json:"kept"` // so many licenses, or delegations of a root, stay good
}

func (c *revokeCommand) revokeKey(ctx context.Context, env *cli.Env, s *service.Service) error {
	key, err := c.findKey(ctx, env, s)
	if err != nil {
		return err
	}
	now, err := env.Time()
	if err != nil {
		return err
	}
	var keep []service.Delegation
	if key.Root {
		if keep, err = s.DelegationsBy(key.Key, now); err != nil {
			return err
		}
	}
	keyTable(key, keep).WriteTo(env.Stdout)
	if key.Unseen() && key.Since.IsZero() {
		env.Warnf("this key has signed nothing that is on record, and no delegation here names it: make sure that it is the one that was stolen")
	}
	if err := c.judge(ctx, env, s, key); err != nil {
		return err
	}
	if err := c.showSold(ctx, env, s); err != nil {
		return err
	}
	by, err := c.Agreed(env, "Revoke this key?", "not revoked")
	if err != nil {
		return err
	}
	kept, late, err := s.RevokeKey(ctx, by, key, keep)
	if err != nil {
		return err
	}
	if late > 0 && !key.Root {
		env.Warnf("%s recorded while the record was judged, and not kept: sign the honest ones again with another key", text.Plural(uint64(late), "license of the key was", "licenses of the key were"))
	}
	c.tellRevokedKey(env, key, kept)
	return env.Answer(keyRevoked{1, key.Name, key.Key.Fingerprint(), key.Root, kept})
}

// findKey finds the key that --key names: by its fingerprint, or in a file.
func (c *revokeCommand) findKey(ctx context.Context, env *cli.Env, s *service.Service) (*service.FoundKey, error) {
	if strings.HasPrefix(c.key, service.FingerprintPrefix) {
		return s.FindKey(ctx, c.key)
	}
	if !service.IsPath(c.key) && c.key != "-" {
		return nil, cli.Usagef("--key takes a fingerprint or a file, not %s", cli.Quote(c.key)).
			WithHint("\"licensor key list\" shows the fingerprints")
	}
	file, err := env.ReadDelegationOrKey(c.key)
	if err != nil {
		return nil, err
	}
	defer clear(file) // it may be a private key, by mistake
	key, err := s.FindKeyIn(ctx, file)
	if err != nil {
		return nil, cli.Failf("%s: %w", cli.Quote(c.key), err)
	}
	return key, nil
}

// keyTable shows what will be revoked, and what of it stays good.
func keyTable(k *service.FoundKey, keep []service.Delegation) *cli.Table {
	t := &cli.Table{Whole: true}
	t.Row("key", k.Name)
	if k.Name != k.Key.Fingerprint() {
		t.Row("", k.Key.Fingerprint())
	}
	if !k.Root {
		t.Row("has signed", signed(k))
	}
	t.Row("stays good", "what is on record of it by now")
	for _, d := range keep {
		t.Row("", "its delegation to "+d.Name+" "+d.Key.Fingerprint()+", which is in this home")
	}
	t.Row("ends", "whatever else it has signed or will sign, under whatever date")
	return t
}

// signed says what of a key is on record.
func signed(k *service.FoundKey) string {
	licenses := cli.Plural(k.Signed.Licenses, "license", "licenses")
	switch {
	case k.Signed.Licenses > 0 && k.SignsLists:
		return licenses + " and revocation lists"
	case k.Signed.Licenses > 0:
		return licenses
	case k.SignsLists:
		return "revocation lists"
	}
	return "nothing on record"
}

// tellRevokedKey says what follows.
func (c *revokeCommand) tellRevokedKey(env *cli.Env, key *service.FoundKey, kept int) {
	what, signer := cli.Plural(kept, "license of it stays", "licenses of it stay"), "FILE"
	if key.Root {
		what, signer = cli.Plural(kept, "delegation by it stays", "delegations by it stay"), "STANDBY"
	}
	fmt.Fprintf(env.Stderr, "Recorded: it signs nothing more here, and %s good. Servers hear of it by the next revocation list: licensor revocations%s --root-key %s --out list.olv\n",
		what, c.FlagsText(), signer)
	if key.Root {
		fmt.Fprintf(env.Stderr, "A staff key whose delegation by it is neither on record nor in this home signs nothing that servers take once they have that list: it needs a new delegation by the standby.\n")
	}
}
