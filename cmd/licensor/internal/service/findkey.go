package service

import (
	"context"
	"time"

	"github.com/offlicense/offlicense/cmd/internal/hint"
	"github.com/offlicense/offlicense/cmd/internal/text"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/book"
	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/keys"
)

// FingerprintPrefix starts the fingerprint of a key.
const FingerprintPrefix = "SHA256:"

// FoundKey is a key that is to be revoked, with all that is known of it here.
type FoundKey struct {
	ledger.RevokedKey
	Key        keys.PublicKey
	Delegated  bool         // a delegation names it
	Signed     ListedSigner // what licenses it has signed, on record
	SignsLists bool         // a list on record is signed by it
	Since      time.Time    // when it was revoked; zero: it was not
}

// Unseen reports whether nothing here tells whose key it is.
func (k *FoundKey) Unseen() bool {
	return !k.Root && !k.Delegated && k.Signed.Licenses == 0 && !k.SignsLists
}

// FindKey finds a key by its fingerprint, among those of the home and those that have
// signed what is on record.
func (s *Service) FindKey(ctx context.Context, fingerprint string) (*FoundKey, error) {
	all, err := s.knownKeys(ctx)
	if err != nil {
		return nil, err
	}
	k := all[fingerprint]
	if k == nil {
		return nil, hint.Errorf("no key is known as %s", text.Quote(fingerprint)).
			WithHint("\"licensor key list\" shows all; or give the file of its public line or its delegation")
	}
	return k.revocable(s)
}

// FindKeyIn returns the key of a file with a public line or a delegation, which may be all
// that is left of it.
func (s *Service) FindKeyIn(ctx context.Context, file []byte) (*FoundKey, error) {
	all, err := s.knownKeys(ctx)
	if err != nil {
		return nil, err
	}
	if kind, _, err := format.DecodeText(file); err == nil && kind == format.Delegation {
		v, err := s.home.Verifier()
		if err != nil {
			return nil, err
		}
		claims, err := v.OpenDelegation(file)
		if err != nil {
			return nil, err
		}
		k, err := all.addDelegation(claims)
		if err != nil {
			return nil, err
		}
		return k.revocable(s)
	}
	named, err := OnePublicKey(file)
	if err != nil {
		return nil, err
	}
	name := named.Comment
	if name == "" {
		name = named.Fingerprint()
	}
	return all.add(named.PublicKey, name).revocable(s)
}

// revocable refuses the last root.
func (k *FoundKey) revocable(s *Service) (*FoundKey, error) {
	roots, err := s.home.NamedRoots()
	if err != nil {
		return nil, err
	}
	if roots[len(roots)-1].PublicKey == k.Key {
		return nil, hint.Errorf("the last root key cannot be revoked: %s", k.Key.Fingerprint()).
			WithHint("a root is revoked by the standby behind it in root.pub; if this one is stolen, products need a release with other roots")
	}
	// Of a key that nobody knows it has to be assumed: were it one for lists, a thief's
	// list would keep the vendor's away from servers, unless that is a root's.
	k.Lists = k.Lists || k.Unseen()
	return k, nil
}

// knownKeys are all keys that the home and the ledger know, by their fingerprints.
type knownKeys map[string]*FoundKey

// add returns what is known of a key. The first name that is added stays.
func (all knownKeys) add(key keys.PublicKey, name string) *FoundKey {
	k := all[key.Fingerprint()]
	if k == nil {
		k = &FoundKey{RevokedKey: ledger.RevokedKey{Name: name, Public: key.Bytes()}, Key: key}
		all[key.Fingerprint()] = k
	}
	return k
}

func (all knownKeys) addDelegation(d *format.DelegationClaims) (*FoundKey, error) {
	key, err := keys.NewPublicKey(d.Key)
	if err != nil {
		return nil, err
	}
	k := all.add(key, d.Name)
	if k.Unseen() {
		k.Name = d.Name
	}
	k.Delegated = true
	k.Lists = k.Lists || d.Scope.Revocations
	return k, nil
}

func (s *Service) knownKeys(ctx context.Context) (knownKeys, error) {
	all := make(knownKeys)
	roots, err := s.home.NamedRoots()
	if err != nil {
		return nil, err
	}
	for _, root := range roots {
		all.add(root.PublicKey, root.Fingerprint()).Root = true
	}
	if err := all.addRecorded(ctx, s.Book); err != nil {
		return nil, err
	}
	v, err := s.home.Verifier()
	if err != nil {
		return nil, err
	}
	// What is damaged in the home hides nothing else: a stolen key is to be revoked all
	// the same.
	here, err := s.home.StaffKeys(v)
	if err != nil {
		return nil, err
	}
	for _, k := range here {
		if k.Delegation != nil {
			if _, err := all.addDelegation(k.Delegation); err != nil {
				return nil, err
			}
		}
		if !k.Public.IsZero() {
			all.add(k.Public, k.Name)
		}
	}
	return all, nil
}

// addRecorded adds who has signed what is on record, under the names of the delegations.
func (all knownKeys) addRecorded(ctx context.Context, b *book.Book) error {
	revoked, err := b.RevokedKeys(ctx)
	if err != nil {
		return err
	}
	for _, r := range revoked {
		key, err := keys.NewPublicKey(r.Public)
		if err != nil {
			return err
		}
		k := all.add(key, r.Name)
		k.Since, k.Root, k.Lists = r.Since, k.Root || r.Root, r.Lists
	}
	licenses, err := b.Signers(ctx)
	if err != nil {
		return err
	}
	for _, signer := range licenses {
		key, err := keys.NewPublicKey(signer.Key)
		if err != nil {
			return err
		}
		k := &all.add(key, signer.Name).Signed
		if k.Licenses += signer.Licenses; k.Name == "" { // else: under another name
			k.Name, k.First, k.Last = signer.Name, signer.First, signer.Last
		}
		if signer.First.Before(k.First) {
			k.First = signer.First
		}
		if signer.Last.After(k.Last) {
			k.Last = signer.Last
		}
	}
	lists, err := b.ListSigners(ctx)
	if err != nil {
		return err
	}
	for _, signer := range lists {
		key, err := keys.NewPublicKey(signer.Key)
		if err != nil {
			return err
		}
		k := all.add(key, signer.Name)
		k.SignsLists, k.Lists = true, true
	}
	return nil
}
