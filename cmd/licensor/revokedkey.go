package main

import (
	"context"
	"slices"
	"strings"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/cmd/licensor/internal/home"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/keys"
)

// foundKey is a key that was named to be revoked.
type foundKey struct {
	ledger.RevokedKey
	fingerprint string
	thumbprint  [32]byte
}

// findKey finds the key that a name or a fingerprint means, among those of the home and
// those that have signed what is on record; or the one in a file, with its public line
// or its delegation, which may be all that is left of a key.
func findKey(ctx context.Context, env *cli.Env, at home.Home, l *ledger.Ledger, name string) (*foundKey, error) {
	if isPath(name) && !strings.HasPrefix(name, "SHA256:") {
		return keyInFile(env, at, name)
	}
	all, err := knownKeys(ctx, at, l)
	if err != nil {
		return nil, err
	}
	var found []*foundKey
	var names []string
	for _, k := range all {
		if k.Name == name || k.fingerprint == name {
			found = append(found, k)
		}
		names = append(names, k.Name)
	}
	switch {
	case len(found) == 1:
		return found[0], nil
	case len(found) > 1:
		var prints []string
		for _, k := range found {
			prints = append(prints, k.fingerprint)
		}
		return nil, cli.Failf("several keys have the name %s", cli.Quote(name)).WithHint("give a fingerprint: %s", strings.Join(prints, " or "))
	}
	if err := refuseLastRoot(at, name); err != nil {
		return nil, err
	}
	slices.Sort(names)
	return nil, cli.Failf("no key is known as %s", cli.Quote(name)).
		WithHint("name one of: %s; or the file of its public line or its delegation", strings.Join(slices.Compact(names), ", "))
}

func keyInFile(env *cli.Env, at home.Home, path string) (*foundKey, error) {
	text, err := env.ReadFile(path, format.MaxText)
	if err != nil {
		return nil, err
	}
	var found *foundKey
	if kind, _, err := format.DecodeText(text); err == nil && kind == format.Delegation {
		v, err := at.Verifier()
		if err != nil {
			return nil, readError(err)
		}
		claims, err := v.OpenDelegation(text)
		if err != nil {
			return nil, err
		}
		key, err := keys.NewPublicKey(claims.Key)
		if err != nil {
			return nil, err
		}
		found = newFoundKey(claims.Name, key)
		found.Lists = claims.Scope.Revocations
	} else {
		named, err := readPublicKey(env, path)
		if err != nil {
			return nil, err
		}
		found = newFoundKey(or(named.Comment, named.Fingerprint()), named.PublicKey)
	}
	roots, err := at.NamedRoots()
	if err != nil {
		return nil, readError(err)
	}
	for _, root := range roots {
		if root.Fingerprint() == found.fingerprint {
			return nil, cli.Failf("%s is a root key", cli.Quote(path)).WithHint("name it by its fingerprint: --key %s", found.fingerprint)
		}
	}
	return found, nil
}

func newFoundKey(name string, key keys.PublicKey) *foundKey {
	return &foundKey{ledger.RevokedKey{Name: name, Public: key.Bytes()}, key.Fingerprint(), key.Thumbprint()}
}

// refuseLastRoot says of the last root why it cannot be revoked.
func refuseLastRoot(at home.Home, name string) error {
	roots, err := at.NamedRoots()
	if err != nil {
		return readError(err)
	}
	if last := roots[len(roots)-1]; last.Fingerprint() == name {
		return cli.Failf("nobody can revoke the last root key, %s", name).
			WithHint("a root is revoked by the standby behind it in root.pub; if this one is stolen, products need a release with other roots")
	}
	return nil
}

// knownKeys returns the active root, the staff keys of the home, and those that have
// signed what is on record, each once.
func knownKeys(ctx context.Context, at home.Home, l *ledger.Ledger) ([]*foundKey, error) {
	var all []*foundKey
	seen := make(map[[32]byte]bool)
	add := func(found *foundKey) *foundKey {
		if !seen[found.thumbprint] {
			seen[found.thumbprint] = true
			all = append(all, found)
		}
		return found
	}
	roots, err := at.NamedRoots()
	if err != nil {
		return nil, readError(err)
	}
	// Nobody can revoke the last one.
	for _, root := range roots[:len(roots)-1] {
		add(newFoundKey(root.Fingerprint(), root.PublicKey)).Root = true
	}
	v, err := at.Verifier()
	if err != nil {
		return nil, readError(err)
	}
	here, err := at.StaffKeys(v)
	if err != nil {
		return nil, readError(err)
	}
	for _, k := range here {
		if !k.Public.IsZero() {
			add(newFoundKey(k.Name, k.Public)).Lists = k.Delegation != nil && k.Delegation.Scope.Revocations
		}
	}
	signed, err := l.SignerKeys(ctx)
	if err != nil {
		return nil, err
	}
	for _, k := range signed {
		add(newFoundKey(k.Name, k.Key))
	}
	return all, nil
}
