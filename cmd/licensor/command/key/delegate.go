package key

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/cmd/internal/qr"
	"github.com/offlicense/offlicense/cmd/internal/text"
	"github.com/offlicense/offlicense/cmd/licensor/command/common"
	"github.com/offlicense/offlicense/cmd/licensor/internal/home"
	"github.com/offlicense/offlicense/cmd/licensor/internal/service"
	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/keys"
	"github.com/spf13/pflag"
)

// delegation lets a staff key sign, by the root key. It runs where that key is: on
// a machine with no network, which may have no home and has no ledger.
type delegation struct {
	common.Options
	root   common.KeyOption
	scope  scopeOptions
	qr     common.Carriage
	sold   *service.ForSale // with --desk, where there is a ledger
	vendor string
	public string
	name   string
	until  time.Time
	out    string
}

func delegate(flags *pflag.FlagSet) cli.Run {
	var c delegation
	c.AddLedger(flags)
	c.root.Add(flags, "root-key")
	c.scope.add(flags)
	c.qr.Add(flags, qr.Auto)
	flags.StringVar(&c.vendor, "vendor", "", "")
	flags.StringVar(&c.public, "public", "", "")
	flags.StringVar(&c.name, "name", "", "")
	common.AddDate(flags, &c.until, "until")
	flags.StringVar(&c.out, "out", "-", "")
	c.AddYes(flags)
	common.AddJSON(flags)
	return common.OptionsOnly(c.run)
}

// clockSkew is how far the clocks of the offline machine and of a workstation may be
// apart: a delegation begins so much before it is signed.
const clockSkew = time.Hour

func (c *delegation) run(env *cli.Env) error {
	if c.scope.desk {
		if err := c.asSold(env); err != nil {
			return err
		}
	}
	claims, err := c.claims(env)
	if err != nil {
		return err
	}
	staff, err := common.ReadPublicKey(env, c.public)
	if err != nil {
		return err
	}
	key, err := c.root.Key(env)
	if err != nil {
		return err
	}
	signer, root, err := service.LoadRootKey(key, common.AgentSocket(env))
	if err != nil {
		return common.ReadError(err)
	}
	if root.PublicKey == staff.PublicKey {
		return cli.Failf("%s is the root key itself, which signs no license", root.Fingerprint()).
			WithHint("--public names the staff key: the line that \"licensor key new\" has printed")
	}
	if err := c.nameVendor(env, claims, root); err != nil {
		return err
	}
	claims.Key = staff.Bytes()
	if _, err := claims.Marshal(); err != nil {
		return unmarshalable(err)
	}
	if err := c.review(env, claims, staff, root); err != nil {
		return err
	}
	text, err := service.Delegate(signer, staff.PublicKey, *claims, env.Rand)
	if err != nil {
		return err
	}
	raw, err := format.DecodeTextAs(text, format.Delegation)
	if err != nil {
		return err
	}
	code, err := format.CodeOf(format.Delegation, raw)
	if err != nil {
		return err
	}
	written, err := common.WriteOutput(env, c.out, text)
	if err != nil {
		return err
	}
	fmt.Fprintf(env.Stderr, "delegation code  %s\n", code)
	if c.out != "-" {
		fmt.Fprintf(env.Stderr, "Signed. Bring %s to %s's workstation, and there: licensor key add %s\n", cli.Clean(c.out), c.name, cli.ShellPath(c.out))
	}
	if err := c.qr.Carry(env, format.Delegation, raw, format.EncodeText(format.Delegation, raw)); err != nil {
		return err
	}
	answer := delegated{1, service.ViewDelegation(claims), staff.Fingerprint(), root.Fingerprint(), code, written, nil}
	if c.sold != nil {
		answer.Beyond = c.sold.BeyondScope(&claims.Scope, time.Unix(claims.IssuedAt, 0))
	}
	return env.Answer(answer)
}

// asSold reads from the ledger of the home, if there is one, what the service is to sign.
func (c *delegation) asSold(env *cli.Env) error {
	at, err := c.Open(env)
	if err != nil {
		if c.Flags.Changed("home") {
			return err
		}
		return c.scope.deskDefaults(nil)
	}
	where, err := c.Database(env)
	if err != nil {
		return err
	}
	now, err := env.Time()
	if err != nil {
		return err
	}
	ctx := context.Background()
	s, err := service.OpenIfPresent(ctx, at, where, c.ServiceOptions(env))
	if err != nil {
		return common.ReadError(err)
	}
	if s != nil {
		defer s.Close()
		if c.sold, err = s.ForSale(ctx, now); err != nil {
			return err
		}
	}
	return c.scope.deskDefaults(c.sold)
}

// delegated is what delegate --json prints.
type delegated struct {
	Version int `json:"version"`
	service.DelegationView
	Fingerprint string `json:"fingerprint"` // of the staff key
	SignedBy    string `json:"signed_by"`   // that of the root key
	Code        string `json:"code"`        // the comparison code of the delegation
	service.Output
	Beyond []service.Beyond `json:"beyond,omitempty"` // with --desk: what is sold and the key may not sign
}

// claims is what the options say, but for the vendor.
func (c *delegation) claims(env *cli.Env) (*format.DelegationClaims, error) {
	switch {
	case c.root.Name == "":
		return nil, cli.Usagef("--root-key is missing").WithHint("name the file of the root key, such as USB/root, or agent:FINGERPRINT")
	case c.public == "":
		return nil, cli.Usagef("--public is missing").WithHint("the file with the public line that \"licensor key new\" has printed, or - for standard input")
	case c.name == "":
		return nil, cli.Usagef("--name is missing").WithHint("the name of the staff key, such as anna")
	case c.public == "-" && c.root.File == "-":
		return nil, cli.Usagef("--public and --passphrase-file cannot both be standard input")
	}
	if err := home.ValidKeyName(c.name); err != nil {
		return nil, cli.Usagef("%w", err)
	}
	scope, err := c.scope.scope()
	if err != nil {
		return nil, err
	}
	now, err := env.Time()
	if err != nil {
		return nil, err
	}
	switch {
	case c.until.IsZero():
		return nil, cli.Usagef("--until is missing").WithHint("the last day on which the key may sign, such as %s; licenses that it signs live on", now.AddDate(1, 0, 0).Format(time.DateOnly))
	case !c.until.After(now):
		return nil, cli.Usagef("--until %s has passed: it is %s", text.LastDay(c.until), text.Minute(now)).WithHint("check the clock of this machine, or give a later day")
	}
	if err := env.CheckOutput(c.out, "OLD1:"); err != nil {
		return nil, err
	}
	if err := c.qr.Check(env, c.out); err != nil {
		return nil, err
	}
	return &format.DelegationClaims{
		Name: c.name, Scope: scope,
		IssuedAt: now.Unix(), NotBefore: now.Add(-clockSkew).Unix(), Expires: c.until.Unix(),
	}, nil
}

// nameVendor finds out whose delegation it is. The comment of the root key says so, and
// the root.pub of a home with that key; but nobody has signed either, so that a person
// has to look at it.
func (c *delegation) nameVendor(env *cli.Env, claims *format.DelegationClaims, root keys.NamedKey) error {
	claims.Issuer = c.vendor
	if c.vendor != "" {
		return nil
	}
	if c.Flags.Changed("vendor") {
		return cli.Usagef("--vendor is empty").WithHint("a variable in the command is not set")
	}
	comment := root.Comment
	if at, err := c.Open(env); err == nil {
		known, _ := at.NamedRoots()
		for _, k := range known {
			if k.PublicKey == root.PublicKey {
				comment = k.Comment
			}
		}
	}
	if claims.Issuer = home.VendorIn(comment); claims.Issuer == "" {
		return cli.Usagef("--vendor is missing, and no comment of the root key names the vendor").WithHint("the vendor's domain, which every license names, such as acme.example")
	}
	if c.Yes {
		return cli.Usagef("--yes needs --vendor: nobody would see that it is %s", cli.Quote(claims.Issuer)).
			WithHint("the vendor's domain, which every license names")
	}
	return nil
}

// review shows all that will be signed, and asks.
func (c *delegation) review(env *cli.Env, claims *format.DelegationClaims, staff, root keys.NamedKey) error {
	t := cli.Table{Whole: true}
	t.Row("root key", root.Fingerprint())
	t.Row("staff key", staff.Fingerprint())
	t.Row("", "code "+service.KeyCode(staff.PublicKey))
	if staff.Comment != "" {
		t.Row("", "calls itself "+staff.Comment)
	}
	common.AddDelegation(&t, claims)
	if c.sold != nil {
		label := "cannot sign"
		for _, b := range c.sold.BeyondScope(&claims.Scope, time.Unix(claims.IssuedAt, 0)) {
			what := b.First
			if b.Sales > 1 {
				what = fmt.Sprintf("%d sales and plans, such as %s", b.Sales, b.First)
			}
			t.Row(label, what+": "+b.Option)
			label = ""
		}
	}
	if _, err := t.WriteTo(common.Messages(env, c.out)); err != nil {
		return err
	}
	// The machine of the root key need not have a home.
	if at, err := c.Open(env); err == nil {
		c.warn(env, at, root, staff)
	} else if c.Flags.Changed("home") {
		return err
	}
	return c.Agree(env, fmt.Sprintf("Have you verified this fingerprint with %s, and may the key sign the above?", c.name), "not signed")
}

// warn says what a home, and its ledger if it has one, has against the keys.
func (c *delegation) warn(env *cli.Env, at home.Home, root, staff keys.NamedKey) {
	if known, err := at.NamedRoots(); err == nil && !service.HasKey(known, root.PublicKey) {
		env.Warnf("the home here does not trust this root key; products that have its roots will refuse what the staff key signs")
	}
	ctx := context.Background()
	var s *service.Service
	where, err := c.Database(env)
	if err == nil {
		s, err = service.OpenIfPresent(ctx, at, where, c.ServiceOptions(env))
	}
	switch {
	case err != nil:
		env.Warnf("the ledger here does not say whether these keys were revoked: %v", common.ReadError(err))
		return
	case s == nil:
		return
	}
	defer s.Close()
	for i, key := range []keys.NamedKey{root, staff} {
		if err := s.CheckSigner(ctx, key.PublicKey, nil); err != nil {
			env.Warnf("servers that know the revocation list will not take this delegation by its %s key: %v", [...]string{"root", "staff"}[i], err)
		}
	}
}

// unmarshalable says what is wrong with claims in words of the command line.
func unmarshalable(err error) error {
	if malformed, ok := errors.AsType[*format.MalformedError](err); ok {
		return cli.Usagef("%s", malformed.Reason())
	}
	return err
}
