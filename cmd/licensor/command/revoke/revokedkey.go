package revoke

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/cmd/licensor/command/common"
	"github.com/offlicense/offlicense/cmd/licensor/internal/home"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/keys"
)

// foundKey is a key that was named to be revoked, with all that is known of it here.
type foundKey struct {
	ledger.RevokedKey
	key   keys.PublicKey
	names []string // what it is called in its delegations and by its files

	delegated bool  // a delegation in the home, or one that was given, names it
	licenses  int64 // that it has signed, on record
	lists     bool  // whether a list on record is signed by it
	revoked   bool  // already
}

func (k *foundKey) fingerprint() string { return k.key.Fingerprint() }

// is reports whether a name means the key. One that is a fingerprint means no key that
// only calls itself so.
func (k *foundKey) is(name string) bool {
	if strings.HasPrefix(name, fingerprintPrefix) {
		return name == k.fingerprint()
	}
	return slices.Contains(k.names, name)
}

const fingerprintPrefix = "SHA256:"

// unseen reports whether nothing here tells whose key it is.
func (k *foundKey) unseen() bool {
	return !k.Root && !k.delegated && !k.hasSigned()
}

func (k *foundKey) hasSigned() bool { return k.licenses > 0 || k.lists }

// signed says what of it is on record.
func (k *foundKey) signed() string {
	if k.Root {
		return "delegations and revocation lists, as a root"
	}
	text := "nothing on record"
	switch {
	case k.licenses > 0 && k.lists:
		text = cli.Plural(k.licenses, "license", "licenses") + " and revocation lists"
	case k.licenses > 0:
		text = cli.Plural(k.licenses, "license", "licenses")
	case k.lists:
		text = "revocation lists"
	}
	return text
}

// findKey finds the key that a name or a fingerprint means, among those of the home and
// those that have signed what is on record; or the one in a file, with its public line
// or its delegation, which may be all that is left of a key.
func findKey(ctx context.Context, env *cli.Env, at home.Home, l *ledger.Ledger, name string) (*foundKey, error) {
	all, err := knownKeys(ctx, at, l)
	if err != nil {
		return nil, err
	}
	found, err := all.find(env, at, name)
	if err != nil {
		return nil, err
	}
	// Of a key that nobody knows it has to be assumed: were it one for lists, a thief's
	// list would keep the vendor's away from servers, unless that is a root's.
	found.Lists = found.Lists || found.unseen()
	return found, nil
}

func (s *knownKeySet) find(env *cli.Env, at home.Home, name string) (*foundKey, error) {
	if common.IsPath(name) && !strings.HasPrefix(name, fingerprintPrefix) {
		return s.inFile(env, at, name)
	}
	var found []*foundKey
	for _, k := range s.keys {
		if k.is(name) {
			found = append(found, k)
		}
	}
	switch {
	case len(found) == 1:
		return found[0], nil
	case len(found) > 1:
		return nil, ambiguousKey(name, found)
	}
	if err := refuseLastRoot(at, name); err != nil {
		return nil, err
	}
	return nil, cli.Failf("no key is known as %s", cli.Quote(name)).
		WithHint("name one of: %s; or the file of its public line or its delegation", strings.Join(s.allNames(), ", "))
}

// ambiguousKey refuses a name that several keys have, one of them perhaps by its file
// and the other in its delegation. Nobody but the caller knows which one was stolen.
func ambiguousKey(name string, found []*foundKey) error {
	var choices []string
	for _, k := range found {
		text := k.fingerprint() + ", which has signed " + k.signed()
		if k.revoked {
			text += " and is revoked already"
		}
		choices = append(choices, text)
	}
	return cli.Failf("%d keys are called %s; nothing was revoked", len(found), cli.Quote(name)).
		WithHint("give the fingerprint of the one that is meant: %s", strings.Join(choices, "; or "))
}

// knownKeySet holds the keys that are known, each once.
type knownKeySet struct {
	keys []*foundKey
	at   map[[32]byte]*foundKey
}

// add returns what is known of a key, with one more name of it.
func (s *knownKeySet) add(key keys.PublicKey, name string) *foundKey {
	k := s.at[key.Thumbprint()]
	if k == nil {
		k = &foundKey{RevokedKey: ledger.RevokedKey{Name: name, Public: key.Bytes()}, key: key}
		s.at[key.Thumbprint()] = k
		s.keys = append(s.keys, k)
	}
	if !slices.Contains(k.names, name) {
		k.names = append(k.names, name)
	}
	return k
}

// allNames returns the names of all keys, for a hint.
func (s *knownKeySet) allNames() []string {
	var all []string
	for _, k := range s.keys {
		all = append(all, k.names...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// knownKeys returns the roots but the last, which nobody can revoke, the staff keys of
// the home, those that have signed what is on record, and those that were revoked.
func knownKeys(ctx context.Context, at home.Home, l *ledger.Ledger) (*knownKeySet, error) {
	all := &knownKeySet{at: make(map[[32]byte]*foundKey)}
	roots, err := at.NamedRoots()
	if err != nil {
		return nil, common.ReadError(err)
	}
	for _, root := range roots[:len(roots)-1] {
		all.add(root.PublicKey, root.Fingerprint()).Root = true
	}
	if err := all.addRecorded(ctx, l); err != nil {
		return nil, err
	}
	return all, all.addHome(at)
}

// addRecorded adds who has signed what is on record, under the names of the delegations.
func (s *knownKeySet) addRecorded(ctx context.Context, l *ledger.Ledger) error {
	revoked, err := l.RevokedKeys(ctx)
	if err != nil {
		return err
	}
	for _, r := range revoked {
		key, err := keys.NewPublicKey(r.Public)
		if err != nil {
			return err
		}
		k := s.add(key, r.Name)
		k.revoked, k.Root, k.Lists = true, k.Root || r.Root, r.Lists
	}
	licenses, err := l.SignerKeys(ctx)
	if err != nil {
		return err
	}
	for _, signer := range licenses {
		k := s.add(signer.Key, signer.Name)
		k.licenses += signer.Licenses
	}
	lists, err := l.ListSigners(ctx)
	if err != nil {
		return err
	}
	for _, signer := range lists {
		k := s.add(signer.Key, signer.Name)
		k.lists, k.Lists = true, true
	}
	return nil
}

// addHome adds the staff keys of the home, under the names of their files and those of
// their delegations. What is damaged there hides nothing else: a stolen key is to be
// revoked all the same.
func (s *knownKeySet) addHome(at home.Home) error {
	v, err := at.Verifier()
	if err != nil {
		return common.ReadError(err)
	}
	here, err := at.StaffKeys(v)
	if err != nil {
		return common.ReadError(err)
	}
	for _, k := range here {
		if d := k.Delegation; d != nil {
			key, err := keys.NewPublicKey(d.Key)
			if err != nil {
				return err
			}
			s.addDelegated(key, d)
			s.add(key, k.Name)
		}
	}
	for _, k := range here {
		if !k.Public.IsZero() {
			s.add(k.Public, k.Name)
		}
	}
	return nil
}

func (s *knownKeySet) addDelegated(key keys.PublicKey, d *format.DelegationClaims) *foundKey {
	k := s.add(key, d.Name)
	if k.unseen() {
		k.Name = d.Name
	}
	k.delegated = true
	k.Lists = k.Lists || d.Scope.Revocations
	return k
}

// inFile returns the key of a public line or a delegation, with all else that is known
// of it.
func (s *knownKeySet) inFile(env *cli.Env, at home.Home, path string) (*foundKey, error) {
	text, err := env.ReadFile(path, format.MaxText)
	if err != nil {
		return nil, err
	}
	var found *foundKey
	if kind, _, err := format.DecodeText(text); err == nil && kind == format.Delegation {
		v, err := at.Verifier()
		if err != nil {
			return nil, common.ReadError(err)
		}
		claims, err := v.OpenDelegation(text)
		if err != nil {
			return nil, err
		}
		key, err := keys.NewPublicKey(claims.Key)
		if err != nil {
			return nil, err
		}
		found = s.addDelegated(key, claims)
	} else {
		named, err := common.ReadPublicKey(env, path)
		if err != nil {
			return nil, err
		}
		found = s.add(named.PublicKey, common.Or(named.Comment, named.Fingerprint()))
	}
	roots, err := at.NamedRoots()
	if err != nil {
		return nil, common.ReadError(err)
	}
	for _, root := range roots {
		if root.Fingerprint() == found.fingerprint() {
			return nil, cli.Failf("%s is a root key", cli.Quote(path)).WithHint("name it by its fingerprint: --key %s", found.fingerprint())
		}
	}
	return found, nil
}

// refuseLastRoot says of the last root why it cannot be revoked.
func refuseLastRoot(at home.Home, name string) error {
	roots, err := at.NamedRoots()
	if err != nil {
		return common.ReadError(err)
	}
	if last := roots[len(roots)-1]; last.Fingerprint() == name {
		return cli.Failf("nobody can revoke the last root key, %s", name).
			WithHint("a root is revoked by the standby behind it in root.pub; if this one is stolen, products need a release with other roots")
	}
	return nil
}

// delegationBy is a delegation of the home that a root has signed.
type delegationBy struct {
	claims *format.DelegationClaims
	raw    []byte
}

// delegationsBy returns the delegations of the home that a root has signed, and that are
// in force at a time. They came here through the hands of its owner, and he is shown
// them again: who holds the stolen root can make others, under whatever date, but not
// bring them into this home.
func delegationsBy(at home.Home, root keys.PublicKey, now time.Time) ([]delegationBy, error) {
	v, err := at.Verifier()
	if err != nil {
		return nil, common.ReadError(err)
	}
	here, err := at.StaffKeys(v)
	if err != nil {
		return nil, common.ReadError(err)
	}
	var all []delegationBy
	for _, k := range here {
		d := k.Delegation
		if d == nil || d.IssuedAt > now.Unix() || d.Expires <= now.Unix() {
			continue
		}
		signed, err := format.ParseStatement(k.RawDelegation, format.Delegation)
		if err != nil {
			return nil, err
		}
		if root.Verify(signed.SignedMessage(), signed.Signature()) {
			all = append(all, delegationBy{d, k.RawDelegation})
		}
	}
	return all, nil
}

func (d delegationBy) String() string {
	key, err := keys.NewPublicKey(d.claims.Key)
	if err != nil {
		return d.claims.Name
	}
	return fmt.Sprintf("%s %s", d.claims.Name, key.Fingerprint())
}
