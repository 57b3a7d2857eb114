package service

import (
	"context"
	"time"

	"github.com/offlicense/offlicense/cmd/internal/hint"
	"github.com/offlicense/offlicense/cmd/licensor/internal/issuer"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/keys"
	"github.com/offlicense/offlicense/verify"
)

// ListKey is what signs a revocation list.
type ListKey struct {
	Name       string
	signer     keys.Signer
	delegation []byte // nil: a root
	verifier   *verify.Verifier
}

// ListKey loads a staff key that was delegated for revocation lists, and refuses one that
// was revoked.
func (s *Service) ListKey(ctx context.Context, key Key, now time.Time) (*ListKey, error) {
	k, err := s.staffKey(key, signsRevocations, now)
	if err != nil {
		return nil, err
	}
	if err := s.CheckSigner(ctx, k.signer.Public(), k.RawDelegation); err != nil {
		return nil, err
	}
	if err := s.CheckListSigner(ctx); err != nil {
		return nil, err
	}
	return &ListKey{k.Name, k.signer, k.RawDelegation, k.verifier}, nil
}

// RootListKey loads a root key to sign a revocation list, and refuses one that was revoked.
func (s *Service) RootListKey(ctx context.Context, key Key) (*ListKey, error) {
	v, err := s.home.Verifier()
	if err != nil {
		return nil, err
	}
	roots, err := s.home.NamedRoots()
	if err != nil {
		return nil, err
	}
	root, err := LoadRootKey(key, s.AgentSocket)
	if err != nil {
		return nil, err
	}
	if !HasKey(roots, root.Public()) {
		return nil, hint.Errorf("the key %s is none of this vendor's roots", root.Public().Fingerprint()).
			WithHint("name the file of a root key; \"licensor roots\" shows which they are; nothing was signed")
	}
	if err := s.CheckSigner(ctx, root.Public(), nil); err != nil {
		return nil, err
	}
	return &ListKey{"the root key " + root.Public().Fingerprint(), root, nil, v}, nil
}

// SignList signs a revocation list and returns the text of its file. It records nothing.
func (s *Service) SignList(key *ListKey, claims *format.RevocationClaims) ([]byte, error) {
	return issuer.SignList(key.signer, key.delegation, *claims, key.verifier, s.Random)
}

// RecordList records a signed revocation list. Before that, no server is to see it.
func (s *Service) RecordList(ctx context.Context, by ledger.Operation, file []byte) (*verify.RevocationList, error) {
	v, err := s.home.Verifier()
	if err != nil {
		return nil, err
	}
	return s.Book.RecordList(ctx, by, v, file)
}

// NewestList returns the bytes of the newest revocation list on record.
func (s *Service) NewestList(ctx context.Context) ([]byte, error) {
	raw, err := s.Book.NewestList(ctx, format.MaxRevocation)
	if err == nil && raw == nil {
		err = hint.Errorf("no revocation list was signed yet").WithHint("licensor revocations%s --root-key FILE --out list.olv signs the first one", s.Flags)
	}
	return raw, err
}
