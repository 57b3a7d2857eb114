package key

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"time"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/cmd/licensor/command/common"
	"github.com/offlicense/offlicense/cmd/licensor/internal/home"
	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/keys"
	"github.com/offlicense/offlicense/keys/keyfile"
	"github.com/offlicense/offlicense/verify"
)

// addition is a delegation that is being added to a home.
type addition struct {
	at    home.Home
	roots []keys.NamedKey
	pin   bool // whether the home has no root.pub yet

	verifier *verify.Verifier // trusts the roots
	claims   *format.DelegationClaims
	text     []byte
	key      keys.PublicKey

	name  string         // of its files
	old   *home.StaffKey // what the home has by that name; nil: nothing
	agent bool           // whether ssh-agent alone has the private key
}

// addDelegation keeps what a root lets a key sign that is here.
func (c *keyCommand) addDelegation(env *cli.Env, args []string) error {
	if len(args) != 1 {
		return cli.Usagef("got %d files, want one delegation (- is standard input)", len(args))
	}
	now, err := env.Time()
	if err != nil {
		return err
	}
	a, err := c.open(env, args[0], now)
	if err != nil {
		return err
	}
	if err := a.findKey(env); err != nil {
		return err
	}
	if err := c.refuseRevoked(env, a); err != nil {
		return err
	}
	if err := c.review(env, a); err != nil {
		return err
	}
	if err := a.write(); err != nil {
		return createError(err)
	}
	fmt.Fprintf(env.Stderr, "Added. It signs with  --key %s\n", a.option())
	return nil
}

// option is what --key takes for the key.
func (a *addition) option() string {
	if a.agent {
		return common.AgentPrefix + a.key.Fingerprint()
	}
	return a.name
}

// open reads and checks the delegation itself.
func (c *keyCommand) open(env *cli.Env, path string, now time.Time) (*addition, error) {
	dir, err := c.home.Path(env)
	if err != nil {
		return nil, err
	}
	if err := home.Preparable(dir); err != nil {
		return nil, common.ReadError(err)
	}
	a := &addition{at: home.Home{Dir: dir}}
	if err := c.findRoots(env, a); err != nil {
		return nil, err
	}
	text, err := env.ReadFile(path, format.MaxText)
	if err != nil {
		return nil, err
	}
	var trusted []keys.PublicKey
	for _, root := range a.roots {
		trusted = append(trusted, root.PublicKey)
	}
	if a.verifier, err = verify.New(trusted...); err != nil {
		return nil, err
	}
	if a.claims, err = a.verifier.OpenDelegation(text); err != nil {
		return nil, c.notOurs(err)
	}
	raw, err := format.DecodeTextAs(text, format.Delegation)
	if err != nil {
		return nil, err
	}
	a.text = format.EncodeFile(format.Delegation, raw) // not as it was typed off
	if a.key, err = keys.NewPublicKey(a.claims.Key); err != nil {
		return nil, err
	}
	return a, c.checkClaims(a, now)
}

// findRoots takes the roots of the home. Before there are any, they come with the first
// delegation, and a person compares them.
func (c *keyCommand) findRoots(env *cli.Env, a *addition) error {
	known, err := a.at.NamedRoots()
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return common.ReadError(err)
	}
	a.pin = err != nil
	if a.pin && c.roots == "" {
		return cli.Failf("there are no root public keys in %s yet, and nothing checks a delegation without them", cli.Quote(a.at.Dir)).
			WithHint("the first time, name what the holder of the root key sends with it: licensor key add%s NAME.old --roots root.pub", c.home.FlagsText())
	}
	a.roots = known
	if c.roots == "" {
		return nil
	}
	text, err := env.ReadFile(c.roots, keys.MaxPublicFile)
	if err != nil {
		return err
	}
	given, err := keys.ParsePublicFile(text)
	clear(text) // it may be a private key, by mistake
	switch {
	case err != nil:
		return cli.Failf("%s: %w", cli.Quote(c.roots), err)
	case len(given) > home.MaxRoots:
		return cli.Failf("%s: got %d root keys, want at most %d", cli.Quote(c.roots), len(given), home.MaxRoots).
			WithHint("give what \"licensor roots\" prints where the root key was made")
	}
	if err := home.CheckRoles(given); err != nil {
		return cli.Failf("%s: %w", cli.Quote(c.roots), err).
			WithHint("the order decides which one can revoke the other: give the file as \"licensor roots\" printed it where the root key was made; nothing was changed")
	}
	if a.pin {
		a.roots = given
		return nil
	}
	for _, root := range given {
		if !common.HasKey(known, root.PublicKey) {
			return cli.Failf("%s holds the root key %s, which this home does not trust; nothing was changed", cli.Quote(c.roots), root).
				WithHint("leave --roots out, the home has its root keys; a standby that is new comes with: licensor roots%s --add FILE", c.home.FlagsText())
		}
	}
	return nil
}

// notOurs says of a delegation that does not open what it is instead.
func (c *keyCommand) notOurs(err error) error {
	var refusal *verify.Refusal
	if !errors.As(err, &refusal) {
		return err
	}
	switch refusal.Reason {
	case verify.UnknownKey:
		where := "in root.pub"
		if c.roots != "" {
			where = "in " + cli.Quote(c.roots)
		}
		return cli.Failf("no root key %s has signed this delegation: it is another vendor's, or by a root key that is not known here", where).
			WithHint("compare what \"licensor roots\" shows with the holder of the root key; a standby root becomes known by: licensor roots%s --add FILE", c.home.FlagsText())
	case verify.BadSignature:
		return cli.Failf("the delegation was changed after it was signed").
			WithHint("copy it again from the machine where it was made")
	case verify.OutOfScope:
		return cli.Failf("the delegation is to a root key, which signs delegations and revocation lists alone").
			WithHint("ask the holder of the root key for one to a staff key: the public line of \"licensor key new\"")
	}
	return err
}

func (c *keyCommand) checkClaims(a *addition, now time.Time) error {
	d := a.claims
	begins, ends := time.Unix(d.NotBefore, 0), time.Unix(d.Expires, 0)
	vendor := home.VendorIn(a.roots[0].Comment)
	if others, err := a.at.Delegations(); err == nil && len(others) > 0 {
		vendor = others[0].Issuer
	}
	switch {
	case validVendor(vendor) == nil && d.Issuer != vendor:
		return cli.Failf("the delegation is for signing as %s, and this is the home of %s", cli.Quote(d.Issuer), vendor).
			WithHint("ask for one with --vendor %s; or name that vendor's home with --home", vendor)
	case !now.Before(ends):
		return cli.Failf("the delegation ended on %s", common.Date(ends.UTC())).
			WithHint("the holder of the root key makes a new one: %s", common.DelegateCommand(d.Name, d))
	case now.Before(begins):
		return cli.Failf("the delegation begins on %s, and it is %s now", common.Minute(begins), common.Minute(now)).
			WithHint("check the clock of this workstation, and that of the machine that made the delegation")
	}
	return nil
}

// findKey finds the private key that the delegation is to: in the home, or in ssh-agent.
func (a *addition) findKey(env *cli.Env) error {
	here, err := a.at.StaffKeys(a.verifier)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return common.ReadError(err)
	}
	var known []string
	for _, k := range here {
		if k.Public == a.key {
			a.name, a.old = k.Name, k
			_, held := common.AgentKeys(env)[a.key]
			a.agent = held && !k.Private
			if !held && !k.Private {
				env.Warnf("the private key of %q is neither here nor in ssh-agent: it signs nothing here before it is", k.Name)
			}
			return nil
		}
		if k.Name == a.claims.Name {
			a.old = k
		}
		if !k.Public.IsZero() {
			known = append(known, fmt.Sprintf("%s %s", k.Name, k.Public))
		}
	}
	if _, held := common.AgentKeys(env)[a.key]; held {
		return a.takeAgentKey()
	}
	e := cli.Failf("the delegation is to the key %s, called %s, and that key is not here", a.key, cli.Quote(a.claims.Name))
	if len(known) == 0 {
		return e.WithHint("no key is here: run this where \"licensor key new\" has made it, or with the ssh-agent that has it")
	}
	return e.WithHint("here are %s; send the public line of one of them to the holder of the root key", strings.Join(known, " and "))
}

// refuseRevoked asks the ledger, where there is one, whether the key was revoked, or the
// root that has signed the delegation.
func (c *keyCommand) refuseRevoked(env *cli.Env, a *addition) error {
	raw, err := format.DecodeTextAs(a.text, format.Delegation)
	if err != nil {
		return err
	}
	ctx := context.Background()
	l, err := c.home.OpenIfPresent(ctx, env, a.at)
	if err != nil {
		if c.home.Ledger != "" {
			return err
		}
		env.Warnf("the ledger does not say whether this key was revoked: %v", err)
		return nil
	}
	if l == nil {
		return nil
	}
	defer l.Close()
	next := "make a new key with \"licensor key new\", and ask the holder of the root key for its delegation; nothing was changed"
	err = l.RefuseRevokedKey(ctx, a.key, nil)
	if err == nil {
		next = "ask for a delegation by the root that is in force now: servers that know the revocation list take nothing that is signed under this one; nothing was changed"
		err = l.RefuseRevokedKey(ctx, a.key, raw)
	}
	if err != nil {
		return cli.Fail(err).WithHint("%s", next)
	}
	return nil
}

// takeAgentKey names the files of a key that ssh-agent has after the delegation.
func (a *addition) takeAgentKey() error {
	a.agent, a.name = true, a.claims.Name
	if err := home.ValidKeyName(a.name); err != nil {
		return cli.Failf("the name in the delegation cannot be that of a file: %w", err).WithHint("ask the holder of the root key for one with another --name")
	}
	if a.old != nil && !a.old.Public.IsZero() {
		return cli.Failf("there is another key called %q here, %s", a.name, a.old.Public).
			WithHint("ask the holder of the root key for a delegation with another --name, or move the files of the old key away")
	}
	return nil
}

// review shows what the key may sign from now on, or what changes, and asks where
// something is lost or is to be trusted.
func (c *keyCommand) review(env *cli.Env, a *addition) error {
	t := cli.Table{Whole: true}
	t.Row("key", a.name)
	t.Row("", a.key.Fingerprint())
	old := a.replaced()
	if old == nil {
		common.AddDelegation(&t, a.claims)
	} else {
		before, after := common.DelegationRows(old), common.DelegationRows(a.claims)
		was := make(map[string]string)
		for _, row := range before {
			was[row.Name] = row.Text
		}
		for _, row := range after {
			if was[row.Name] != row.Text {
				t.Row(row.Name, common.Or(was[row.Name], "nothing")+" -> "+row.Text)
			}
			delete(was, row.Name)
		}
		for _, row := range before { // the rows of a scope of another sort
			if text, gone := was[row.Name]; gone && text != "nothing" && !strings.HasPrefix(text, "nothing:") {
				t.Row(row.Name, text+" -> nothing")
			}
		}
	}
	if a.pin {
		for i, root := range a.roots {
			t.Row([...]string{"root key", "standby root"}[i], root.Fingerprint())
		}
	}
	if _, err := t.WriteTo(env.Stdout); err != nil {
		return err
	}
	if a.old != nil && a.name != a.claims.Name {
		env.Warnf("the key is called %q here and %q in the delegation: licenses are recorded under the latter", a.name, a.claims.Name)
	}
	if old != nil && !c.yes && (a.claims.Expires < old.Expires || a.claims.IssuedAt < old.IssuedAt) {
		return cli.Failf("this delegation is older than the one that is here, or ends earlier; nothing was changed").
			WithHint("look for the newest one; --yes takes this one all the same")
	}
	if a.pin {
		return common.Agree(env, c.yes, "Compared with the holder of the root key, and the same?", "not added")
	}
	return nil
}

// replaced is the delegation that the new one takes the place of, nil if there is none
// that anybody could use.
func (a *addition) replaced() *format.DelegationClaims {
	if a.old == nil || a.old.Name != a.name {
		return nil
	}
	return a.old.Delegation
}

// write keeps the delegation and what belongs to it, the roots last: a home without
// them is not finished, and the command can be run again.
func (a *addition) write() error {
	if _, err := home.Prepare(a.at.Dir); err != nil {
		return err
	}
	if a.agent {
		if err := keyfile.WritePublic(a.at.KeyFile(a.name)+".pub", a.key, a.name+"@"+a.claims.Issuer); err != nil {
			return err
		}
	}
	if there, err := os.ReadFile(a.at.DelegationFile(a.name)); err != nil || !bytes.Equal(there, a.text) {
		if err := a.at.WriteDelegation(a.name, a.text); err != nil {
			return err
		}
	}
	if a.pin {
		return a.at.PinRoots(a.roots)
	}
	return nil
}
