package service

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/offlicense/offlicense/cmd/internal/hint"
	"github.com/offlicense/offlicense/cmd/internal/text"
	"github.com/offlicense/offlicense/cmd/licensor/internal/home"
	"github.com/offlicense/offlicense/cmd/licensor/internal/issuer"
	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/keys"
)

// keyDuty is what a staff key is wanted for. A delegation allows one of the two.
type keyDuty bool

const (
	signsLicenses    keyDuty = false
	signsRevocations keyDuty = true
)

// Signer is a key that is ready to sign.
type Signer struct {
	Name   string
	issuer *issuer.Issuer // of a root key without a delegation
}

// staffSigner finds the key for a duty, refuses one whose delegation is of no use before
// anybody types a passphrase, loads it, and refuses one that was revoked.
func (s *Service) staffSigner(ctx context.Context, key Key, duty keyDuty, now time.Time) (*Signer, error) {
	return s.staffSignerHeld(ctx, key, duty, now, nil)
}

// staffSignerHeld is staffSigner for who holds a key already: one of the home that is the same
// is not loaded again.
func (s *Service) staffSignerHeld(ctx context.Context, key Key, duty keyDuty, now time.Time, held keys.Signer) (*Signer, error) {
	v, err := s.home.Verifier()
	if err != nil {
		return nil, err
	}
	all, err := s.home.StaffKeys(v)
	if err != nil {
		return nil, err
	}
	var k *home.StaffKey
	var signer keys.Signer
	if key.InAgent() || IsPath(key.Name) {
		// Which key that is, only the key itself says.
		if signer, err = key.load("the staff key", s.AgentSocket); err != nil {
			return nil, err
		}
		k, err = s.delegatedTo(all, signer.Public())
	} else {
		k, err = s.chooseKey(all, key.Name, duty)
	}
	if err != nil {
		return nil, err
	}
	if err := s.checkKey(k, duty, now); err != nil {
		return nil, err
	}
	if signer == nil && held != nil && string(held.Public().Bytes()) == string(k.Delegation.Key) {
		signer = held
	}
	if signer == nil {
		key.Name = s.home.KeyFile(k.Name)
		if signer, err = key.load("the staff key "+k.Name, s.AgentSocket); err != nil {
			return nil, err
		}
	}
	if string(signer.Public().Bytes()) != string(k.Delegation.Key) {
		return nil, hint.Errorf("the key %q is not the one that its delegation names", k.Name).
			WithHint("put the key and the delegation that belong together into the home; nothing was signed")
	}
	if err := s.CheckSigner(ctx, signer.Public(), k.RawDelegation); err != nil {
		return nil, err
	}
	return &Signer{k.Name, &issuer.Issuer{Key: signer, Delegation: k.Delegation, RawDelegation: k.RawDelegation, Verifier: v, Random: s.Random}}, nil
}

// fitFor reports whether a key has a delegation for a duty.
func fitFor(k *home.StaffKey, duty keyDuty) bool {
	return k.Delegation != nil && k.Delegation.Scope.Revocations == bool(duty)
}

// chooseKey returns the key of the home that was asked for, or the only one that signs
// such things here.
func (s *Service) chooseKey(all []*home.StaffKey, name string, duty keyDuty) (*home.StaffKey, error) {
	var here, elsewhere []string // keys that could be meant, with and without a private half
	for _, k := range all {
		switch {
		case k.Name == name && k.Delegation != nil && k.Private:
			return k, nil
		case k.Name == name && k.Err != nil:
			return nil, k.Err
		case k.Name == name && k.Delegation != nil:
			return nil, s.notHere(k)
		case k.Name == name:
			return nil, hint.Errorf("the key %q has no delegation yet", name).
				WithHint("give %s to the holder of the root key; what comes back: licensor key add%s %s.old", text.ShellPath(s.home.KeyFile(name)+".pub"), s.Flags, name)
		case fitFor(k, duty) && k.Private:
			here = append(here, k.Name)
		case fitFor(k, duty):
			elsewhere = append(elsewhere, k.Name)
		}
	}
	switch {
	case name == "" && len(here) == 1:
		return s.chooseKey(all, here[0], duty)
	case name == "" && len(here) == 0 && len(elsewhere) > 0:
		return nil, hint.Errorf("no private key is in %s", text.Quote(s.home.Dir)).
			WithHint("choose one that ssh-agent has: --key agent:FINGERPRINT; \"licensor key list\" shows them")
	case len(here) == 0 && len(elsewhere) == 0:
		for _, k := range all {
			if k.Err != nil {
				return nil, k.Err
			}
		}
		if slices.ContainsFunc(all, func(k *home.StaffKey) bool { return fitFor(k, !duty) }) {
			return nil, hint.Errorf("no staff key here may sign %s", map[keyDuty]string{signsLicenses: "licenses", signsRevocations: "revocation lists"}[duty]).
				WithHint("\"licensor key list\" shows what each may sign; the holder of the root key makes another delegation")
		}
		return nil, hint.Errorf("there is no staff key with a delegation in %s", text.Quote(s.home.Dir)).
			WithHint("\"licensor key new\" makes a key, and the holder of the root key its delegation")
	case name == "":
		return nil, hint.Errorf("there are several staff keys: %s", strings.Join(here, ", ")).WithHint("choose one with --key NAME")
	}
	return nil, hint.Errorf("there is no staff key %s with a delegation here", text.Quote(name)).
		WithHint("choose one of: %s", strings.Join(slices.Concat(here, elsewhere), ", "))
}

// notHere says of a key whose private half is not in the home where it is.
func (s *Service) notHere(k *home.StaffKey) error {
	err := hint.Errorf("the private key of %q is not in %s", k.Name, text.Quote(s.home.Dir))
	if _, held := AgentKeys(s.AgentSocket)[k.Public]; held {
		return err.WithHint("ssh-agent has it: use --key %s%s", AgentPrefix, k.Public.Fingerprint())
	}
	return err.WithHint("give it to ssh-agent (ssh-add FILE) and use --key %s%s, or name its file with --key", AgentPrefix, k.Public.Fingerprint())
}

// delegatedTo finds the delegation to a key.
func (s *Service) delegatedTo(all []*home.StaffKey, key keys.PublicKey) (*home.StaffKey, error) {
	var problem error
	for _, k := range all {
		if k.Delegation != nil && string(k.Delegation.Key) == string(key.Bytes()) {
			return k, nil
		}
		problem = cmp.Or(problem, k.Err)
	}
	if problem != nil {
		return nil, problem
	}
	return nil, hint.Errorf("no delegation here is to the key %s", key).
		WithHint("when the holder of the root key has made one: licensor key add%s NAME.old; nothing was signed", s.Flags)
}

// checkKey refuses a key whose delegation does not serve, and warns of one that soon will
// not.
func (s *Service) checkKey(k *home.StaffKey, duty keyDuty, now time.Time) error {
	d, vendor := k.Delegation, s.Vendor()
	switch {
	case d.Issuer != vendor:
		return hint.Errorf("the ledger is that of %s, and the key %q signs for %s", vendor, k.Name, d.Issuer).
			WithHint("put the ledger and the keys of one vendor together; nothing was signed")
	case d.Scope.Revocations && duty == signsLicenses:
		return hint.Errorf("the key %q may sign revocation lists, and nothing else", k.Name).
			WithHint("use another one with --key; \"licensor key list\" shows what each may sign")
	case !d.Scope.Revocations && duty == signsRevocations:
		return hint.Errorf("the key %q may sign licenses, and no revocation list", k.Name).
			WithHint("use one that was delegated with --revocations, or the root key")
	}
	if err := checkTime(k.Name, d, now); err != nil {
		return err
	}
	if end := EndsSoon(k.Name, d.Expires, now); end != "" {
		s.warnf("%s; the holder of the root key makes a new one: %s", end, DelegateCommand(k.Name, d))
	}
	return nil
}

// checkTime refuses the delegation of a key that is not in force.
func checkTime(name string, d *format.DelegationClaims, now time.Time) error {
	begins, ends := time.Unix(d.NotBefore, 0), time.Unix(d.Expires, 0)
	switch {
	case !now.Before(ends):
		return hint.Errorf("the delegation of %q ended on %s; nothing was signed", name, text.LastDay(ends)).
			WithHint("the holder of the root key makes a new one: %s", DelegateCommand(name, d))
	case now.Before(begins):
		return hint.Errorf("the delegation of %q begins on %s, and it is %s now", name, text.Minute(begins), text.Minute(now)).
			WithHint("check the clock of this workstation, and that of the machine that made the delegation")
	}
	return nil
}

// endsSoon is how long before its end a delegation is warned of: time enough to find
// the holder of the root key.
const endsSoon = 30 * 24 * time.Hour

// EndsSoon says that the delegation of a key ends soon or has ended; "" if it does not.
func EndsSoon(name string, expires int64, now time.Time) string {
	end := time.Unix(expires, 0).UTC()
	left := end.Sub(now)
	days := int(left / (24 * time.Hour))
	switch {
	case left >= endsSoon:
		return ""
	case left <= 0:
		return fmt.Sprintf("the delegation of %q ended on %s", name, text.LastDay(end))
	case days == 0:
		return fmt.Sprintf("the delegation of %q ends today or tomorrow, on %s", name, text.LastDay(end))
	}
	return fmt.Sprintf("the delegation of %q ends in %s, on %s", name, text.Plural(days, "day", "days"), text.LastDay(end))
}
