package service

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"github.com/offlicense/offlicense/cmd/internal/hint"
	"github.com/offlicense/offlicense/cmd/internal/text"
	"github.com/offlicense/offlicense/cmd/licensor/internal/home"
	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/keys"
	"github.com/offlicense/offlicense/keys/keyfile"
	"github.com/offlicense/offlicense/verify"
	"github.com/offlicense/offlicense/verify/site/atomicfile"
)

// NewDelegation is what is given to be added to a home.
type NewDelegation struct {
	File       []byte // the text of the delegation
	Roots      []byte // root public keys; nil: those of the home
	RootsFile  string // where they were read, for messages
	Ledger     string // as for Open
	NeedLedger bool   // whether a ledger that cannot be asked is an error
	Now        time.Time
}

// Addition is a delegation that was checked and can be added to a home.
type Addition struct {
	Roots  []keys.NamedKey
	Pin    bool // whether the home has no root.pub yet, and Roots become it
	Claims *format.DelegationClaims
	Key    keys.PublicKey
	Name   string         // of its files
	Old    *home.StaffKey // what the home has by that name; nil: nothing

	home     home.Home
	o        Options
	in       NewDelegation
	verifier *verify.Verifier // trusts the roots
	raw      []byte
	agent    bool // whether ssh-agent alone has the private key
}

// CheckDelegation checks a delegation that is to be added to the home at dir, and finds its
// key there or in ssh-agent. It changes nothing.
func CheckDelegation(ctx context.Context, dir string, in NewDelegation, o Options) (*Addition, error) {
	a := &Addition{home: home.Home{Dir: dir}, o: o, in: in}
	if err := a.home.Preparable(); err != nil {
		return nil, err
	}
	for _, step := range []func() error{
		a.findRoots, a.open, a.checkClaims, a.findKey, func() error { return a.refuseRevoked(ctx) },
	} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	return a, nil
}

// open reads and checks the delegation itself.
func (a *Addition) open() error {
	var trusted []keys.PublicKey
	for _, root := range a.Roots {
		trusted = append(trusted, root.PublicKey)
	}
	var err error
	if a.verifier, err = verify.New(trusted...); err != nil {
		return err
	}
	if a.Claims, err = a.verifier.OpenDelegation(a.in.File); err != nil {
		return a.notOurs(err)
	}
	if a.raw, err = format.DecodeTextAs(a.in.File, format.Delegation); err != nil {
		return err
	}
	a.Key, err = keys.NewPublicKey(a.Claims.Key)
	return err
}

// findRoots takes the roots of the home. Before there are any, they come with the first
// delegation, and a person compares them.
func (a *Addition) findRoots() error {
	known, err := a.home.NamedRoots()
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	a.Pin = err != nil
	if a.Pin && a.in.RootsFile == "" {
		return hint.Errorf("there are no root public keys in %s yet, and nothing checks a delegation without them", text.Quote(a.home.Dir)).
			WithHint("the first time, name what the holder of the root key sends with it: licensor key add%s NAME.old --roots root.pub", a.o.Flags)
	}
	a.Roots = known
	if a.in.RootsFile == "" {
		return nil
	}
	given, err := keys.ParsePublicFile(a.in.Roots)
	switch {
	case err != nil && hint.Of(err) == "":
		return hint.Errorf("%s: %w", text.Quote(a.in.RootsFile), err).
			WithHint("give the file that \"licensor roots --out FILE\" wrote, with nothing else in it")
	case err != nil:
		return hint.Errorf("%s: %w", text.Quote(a.in.RootsFile), err)
	case len(given) > home.MaxRoots:
		return hint.Errorf("%s: got %d root keys, want at most %d", text.Quote(a.in.RootsFile), len(given), home.MaxRoots).
			WithHint("give what \"licensor roots\" prints where the root key was made")
	}
	if err := home.CheckRoles(given); err != nil {
		return hint.Errorf("%s: %w", text.Quote(a.in.RootsFile), err).
			WithHint("the order decides which one can revoke the other: give the file as \"licensor roots\" printed it where the root key was made; nothing was changed")
	}
	if a.Pin {
		a.Roots = given
		return nil
	}
	for _, root := range given {
		if !HasKey(known, root.PublicKey) {
			return hint.Errorf("%s holds the root key %s, which this home does not trust; nothing was changed", text.Quote(a.in.RootsFile), root).
				WithHint("leave --roots out, the home has its root keys; a standby that is new comes with: licensor roots%s --add FILE", a.o.Flags)
		}
	}
	return nil
}

// notOurs says of a delegation that does not open what it is instead.
func (a *Addition) notOurs(err error) error {
	var refusal *verify.Refusal
	if !errors.As(err, &refusal) {
		return err
	}
	switch refusal.Reason {
	case verify.UnknownKey:
		where := "in root.pub"
		if a.in.RootsFile != "" {
			where = "in " + text.Quote(a.in.RootsFile)
		}
		return hint.Errorf("no root key %s has signed this delegation: it is another vendor's, or by a root key that is not known here", where).
			WithHint("compare what \"licensor roots\" shows with the holder of the root key; a standby root becomes known by: licensor roots%s --add FILE", a.o.Flags)
	case verify.BadSignature:
		return hint.Errorf("the delegation was changed after it was signed").
			WithHint("copy it again from the machine where it was made")
	case verify.OutOfScope:
		return hint.Errorf("the delegation is to a root key, which signs delegations and revocation lists alone").
			WithHint("ask the holder of the root key for one to a staff key: the public line of \"licensor key new\"")
	}
	return err
}

func (a *Addition) checkClaims() error {
	d := a.Claims
	vendor := home.VendorIn(a.Roots[0].Comment)
	if others, err := a.home.Delegations(); err == nil && len(others) > 0 {
		vendor = others[0].Issuer
	}
	if ValidVendor(vendor) == nil && d.Issuer != vendor {
		return hint.Errorf("the delegation is for signing as %s, and this is the home of %s", text.Quote(d.Issuer), vendor).
			WithHint("ask for one with --vendor %s; or name that vendor's home with --home", vendor)
	}
	return checkTime(d.Name, d, a.in.Now)
}

// findKey finds the private key that the delegation is to: in the home, or in ssh-agent.
func (a *Addition) findKey() error {
	here, err := a.home.StaffKeys(a.verifier)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	var known []string
	for _, k := range here {
		if k.Public == a.Key {
			a.Name, a.Old = k.Name, k
			_, held := AgentKeys(a.o.AgentSocket)[a.Key]
			a.agent = held && !k.Private
			if !held && !k.Private {
				a.o.warnf("the private key of %q is neither here nor in ssh-agent: it signs nothing here before it is", k.Name)
			}
			return nil
		}
		if k.Name == a.Claims.Name {
			a.Old = k
		}
		if !k.Public.IsZero() {
			known = append(known, fmt.Sprintf("%s %s", k.Name, k.Public))
		}
	}
	if _, held := AgentKeys(a.o.AgentSocket)[a.Key]; held {
		return a.takeAgentKey()
	}
	e := hint.Errorf("the delegation is to the key %s, called %s, and that key is not here", a.Key, text.Quote(a.Claims.Name))
	if len(known) == 0 {
		return e.WithHint("no key is here: run this where \"licensor key new\" has made it, or with the ssh-agent that has it")
	}
	return e.WithHint("here are %s; send the public line of one of them to the holder of the root key", strings.Join(known, " and "))
}

// refuseRevoked asks the ledger, where there is one, whether the key was revoked, or the
// root that has signed the delegation.
func (a *Addition) refuseRevoked(ctx context.Context) error {
	s, err := OpenIfPresent(ctx, a.home, a.in.Ledger, a.o)
	if err != nil {
		if a.in.NeedLedger {
			return err
		}
		a.o.warnf("the ledger does not say whether this key was revoked: %v", err)
		return nil
	}
	if s == nil {
		return nil
	}
	defer s.Close()
	next := "make a new key with \"licensor key new\", and ask the holder of the root key for its delegation; nothing was changed"
	err = s.CheckSigner(ctx, a.Key, nil)
	if err == nil {
		next = "ask for a delegation by the root that is in force now; nothing was changed"
		err = s.CheckSigner(ctx, a.Key, a.raw)
	}
	if err != nil {
		return hint.Wrap(err).WithHint("%s", next)
	}
	return nil
}

// takeAgentKey names the files of a key that ssh-agent has after the delegation.
func (a *Addition) takeAgentKey() error {
	a.agent, a.Name = true, a.Claims.Name
	if err := home.ValidKeyName(a.Name); err != nil {
		return hint.Errorf("the name in the delegation cannot be that of a file: %w", err).WithHint("ask the holder of the root key for one with another --name")
	}
	if a.Old != nil && !a.Old.Public.IsZero() {
		return hint.Errorf("there is another key called %q here, %s", a.Name, a.Old.Public).
			WithHint("ask the holder of the root key for a delegation with another --name, or move the files of the old key away")
	}
	return nil
}

// Replaced is the delegation that the new one takes the place of, nil if there is none
// that anybody could use.
func (a *Addition) Replaced() *format.DelegationClaims {
	if a.Old == nil || a.Old.Name != a.Name {
		return nil
	}
	return a.Old.Delegation
}

// Code is the comparison code of the delegation.
func (a *Addition) Code() string {
	code, _ := format.CodeOf(format.Delegation, a.raw) // it was opened
	return code
}

// KeyCode is the comparison code of a public key.
func KeyCode(key keys.PublicKey) string { return format.ComparisonCode(key.Thumbprint()) }

// Option is what --key takes for the key.
func (a *Addition) Option() string {
	if a.agent {
		return AgentPrefix + a.Key.Fingerprint()
	}
	return a.Name
}

// Write keeps the delegation and what belongs to it, the roots last: a home without
// them is not finished, and the command can be run again.
func (a *Addition) Write() error {
	if err := a.home.Prepare(); err != nil {
		return err
	}
	if a.agent {
		if err := keyfile.WritePublic(a.home.KeyFile(a.Name)+".pub", a.Key, a.Name+"@"+a.Claims.Issuer); err != nil {
			return err
		}
	}
	file := format.EncodeFile(format.Delegation, a.raw) // not as it was typed off
	if there, err := atomicfile.Read(a.home.DelegationFile(a.Name), format.MaxText); err != nil || !bytes.Equal(there, file) {
		if err := a.home.WriteDelegation(a.Name, file); err != nil {
			return err
		}
	}
	if a.Pin {
		return a.home.PinRoots(a.Roots)
	}
	return nil
}
