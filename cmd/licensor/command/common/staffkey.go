package common

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/cmd/licensor/internal/home"
	"github.com/offlicense/offlicense/cmd/licensor/internal/issuer"
	"github.com/offlicense/offlicense/keys"
	"github.com/offlicense/offlicense/verify"
	"github.com/spf13/pflag"
)

// StaffKeyOption are --key and --passphrase-file: the staff key that signs, of the home,
// in a file elsewhere, or in ssh-agent.
type StaffKeyOption struct {
	Name       string
	Passphrase PassphraseOptions
}

func (o *StaffKeyOption) Add(flags *pflag.FlagSet) {
	flags.StringVar(&o.Name, "key", "", "")
	o.Passphrase.Add(flags)
}

// staffDuty is what a staff key is wanted for. A delegation allows one of the two.
type staffDuty bool

const (
	signsLicenses    staffDuty = false
	SignsRevocations staffDuty = true
)

// staffKey is a staff key that is ready to sign, with its delegation.
type staffKey struct {
	*home.StaffKey
	Signer   keys.Signer
	Verifier *verify.Verifier // trusts the home's roots
	Others   []*home.StaffKey // of the same home, of the same duty
}

// issuer loads the key with its delegation, to sign what stands in the ledger of a
// vendor. It waits for a person to type a passphrase: the clock is read after it.
func (o *StaffKeyOption) issuer(env *cli.Env, at home.Home, vendor string) (*issuer.Issuer, error) {
	k, err := o.Load(env, at, vendor, signsLicenses)
	if err != nil {
		return nil, err
	}
	i := &issuer.Issuer{Key: k.Signer, Delegation: k.Delegation, RawDelegation: k.RawDelegation, Verifier: k.Verifier, Random: env.Rand}
	for _, other := range k.Others {
		i.Others = append(i.Others, issuer.Other{Name: other.Name, Delegation: other.Delegation})
	}
	return i, nil
}

// Load finds the key for a duty, refuses one whose delegation is of no use before
// anybody types a passphrase, and loads it.
func (o *StaffKeyOption) Load(env *cli.Env, at home.Home, vendor string, duty staffDuty) (*staffKey, error) {
	v, err := at.Verifier()
	if err != nil {
		return nil, ReadError(err)
	}
	all, err := at.StaffKeys(v)
	if err != nil {
		return nil, ReadError(err)
	}
	k := &staffKey{Verifier: v}
	where := newSigningKey("the staff key", o.Name)
	switch {
	case where.file == "" && o.Name != "", IsPath(o.Name):
		// Which key that is, only the key itself says.
		if k.Signer, err = where.load(env, &o.Passphrase); err != nil {
			return nil, err
		}
		if k.StaffKey, err = delegatedTo(env, at, all, k.Signer.Public()); err != nil {
			return nil, err
		}
	default:
		if k.StaffKey, err = choose(env, at, all, o.Name, duty); err != nil {
			return nil, err
		}
	}
	if err := k.check(env, vendor, duty); err != nil {
		return nil, err
	}
	if k.Signer == nil {
		own := signingKey{what: "the staff key " + k.Name, file: at.KeyFile(k.Name)}
		if k.Signer, err = own.load(env, &o.Passphrase); err != nil {
			return nil, err
		}
	}
	if string(k.Signer.Public().Bytes()) != string(k.Delegation.Key) {
		return nil, cli.Failf("the key %q is not the one that its delegation names", k.Name).
			WithHint("put the key and the delegation that belong together into the home; nothing was signed")
	}
	for _, other := range all {
		if other.Name != k.Name && fitFor(other, duty) {
			k.Others = append(k.Others, other)
		}
	}
	return k, nil
}

// fitFor reports whether a key has a delegation for a duty.
func fitFor(k *home.StaffKey, duty staffDuty) bool {
	return k.Delegation != nil && k.Delegation.Scope.Revocations == bool(duty)
}

// IsPath tells the path of a key file from the name of a key of the home, which has
// neither a separator nor a dot.
func IsPath(name string) bool { return strings.ContainsAny(name, `/\.`) }

// choose returns the key of the home that was asked for, or the only one that signs
// such things here.
func choose(env *cli.Env, at home.Home, all []*home.StaffKey, name string, duty staffDuty) (*home.StaffKey, error) {
	var here, elsewhere []string // keys that could be meant, with and without a private half
	for _, k := range all {
		switch {
		case k.Name == name && k.Delegation != nil && k.Private:
			return k, nil
		case k.Name == name && k.Err != nil:
			return nil, ReadError(k.Err)
		case k.Name == name && k.Delegation != nil:
			return nil, notHere(env, at, k)
		case k.Name == name:
			return nil, cli.Failf("the key %q has no delegation yet", name).
				WithHint("give %s to the holder of the root key; what comes back: licensor key add%s %s.old", cli.ShellPath(at.KeyFile(name)+".pub"), homeWords(env, at), name)
		case fitFor(k, duty) && k.Private:
			here = append(here, k.Name)
		case fitFor(k, duty):
			elsewhere = append(elsewhere, k.Name)
		}
	}
	switch {
	case name == "" && len(here) == 1:
		return choose(env, at, all, here[0], duty)
	case name == "" && len(here) == 0 && len(elsewhere) > 0:
		return nil, cli.Failf("no private key is in %s", cli.Quote(at.Dir)).
			WithHint("choose one that ssh-agent has: --key agent:FINGERPRINT; \"licensor key list\" shows them")
	case len(here) == 0 && len(elsewhere) == 0:
		for _, k := range all {
			if k.Err != nil {
				return nil, ReadError(k.Err)
			}
		}
		if slices.ContainsFunc(all, func(k *home.StaffKey) bool { return fitFor(k, !duty) }) {
			return nil, cli.Failf("no staff key here may sign %s", map[staffDuty]string{signsLicenses: "licenses", SignsRevocations: "revocation lists"}[duty]).
				WithHint("\"licensor key list\" shows what each may sign; the holder of the root key makes another delegation")
		}
		return nil, cli.Failf("there is no staff key with a delegation in %s", cli.Quote(at.Dir)).
			WithHint("\"licensor key new\" makes a key, and the holder of the root key its delegation")
	case name == "":
		return nil, cli.Failf("there are several staff keys: %s", strings.Join(here, ", ")).WithHint("choose one with --key NAME")
	}
	return nil, cli.Failf("there is no staff key %s with a delegation here", cli.Quote(name)).
		WithHint("choose one of: %s", strings.Join(slices.Concat(here, elsewhere), ", "))
}

// notHere says of a key whose private half is not in the home where it is.
func notHere(env *cli.Env, at home.Home, k *home.StaffKey) error {
	err := cli.Failf("the private key of %q is not in %s", k.Name, cli.Quote(at.Dir))
	if _, held := AgentKeys(env)[k.Public]; held {
		return err.WithHint("ssh-agent has it: use --key %s%s", AgentPrefix, k.Public.Fingerprint())
	}
	return err.WithHint("give it to ssh-agent (ssh-add FILE) and use --key %s%s, or name its file with --key", AgentPrefix, k.Public.Fingerprint())
}

// delegatedTo finds the delegation to a key.
func delegatedTo(env *cli.Env, at home.Home, all []*home.StaffKey, key keys.PublicKey) (*home.StaffKey, error) {
	var problem error
	for _, k := range all {
		if k.Delegation != nil && string(k.Delegation.Key) == string(key.Bytes()) {
			return k, nil
		}
		if problem == nil {
			problem = k.Err
		}
	}
	if problem != nil {
		return nil, ReadError(problem)
	}
	return nil, cli.Failf("no delegation here is to the key %s", key).
		WithHint("when the holder of the root key has made one: licensor key add%s NAME.old; nothing was signed", homeWords(env, at))
}

// check refuses a key whose delegation does not serve, and warns of one that soon will
// not.
func (k *staffKey) check(env *cli.Env, vendor string, duty staffDuty) error {
	d := k.Delegation
	now, err := env.Time()
	if err != nil {
		return err
	}
	begins, ends := time.Unix(d.NotBefore, 0), time.Unix(d.Expires, 0)
	switch {
	case d.Issuer != vendor:
		return cli.Failf("the ledger is that of %s, and the key %q signs for %s", vendor, k.Name, d.Issuer).
			WithHint("put the ledger and the keys of one vendor together; nothing was signed")
	case d.Scope.Revocations && duty == signsLicenses:
		return cli.Failf("the key %q may sign revocation lists, and nothing else", k.Name).
			WithHint("use another one with --key; \"licensor key list\" shows what each may sign")
	case !d.Scope.Revocations && duty == SignsRevocations:
		return cli.Failf("the key %q may sign licenses, and no revocation list", k.Name).
			WithHint("use one that was delegated with --revocations, or the root key")
	case !now.Before(ends):
		return cli.Failf("the delegation of %q ended on %s; nothing was signed", k.Name, Date(ends.UTC())).
			WithHint("the holder of the root key makes a new one: %s", DelegateCommand(k.Name, d))
	case now.Before(begins):
		return cli.Failf("the delegation of %q begins on %s, and it is %s now", k.Name, Minute(begins), Minute(now)).
			WithHint("check the clock of this workstation, and that of the machine that made the delegation")
	case ends.Sub(now) < EndsSoon:
		env.Warnf("the delegation of %q ends %s, on %s; the holder of the root key makes a new one: %s",
			k.Name, InDays(ends.Sub(now)), Date(ends.UTC()), DelegateCommand(k.Name, d))
	}
	return nil
}

// EndsSoon is how long before its end a delegation is warned of: time enough to find
// the holder of the root key.
const EndsSoon = 30 * 24 * time.Hour

// InDays says how long a time to come is, in whole days.
func InDays(left time.Duration) string {
	switch days := int(left / (24 * time.Hour)); days {
	case 0:
		return "today or tomorrow"
	case 1:
		return "in 1 day"
	default:
		return fmt.Sprintf("in %d days", days)
	}
}
