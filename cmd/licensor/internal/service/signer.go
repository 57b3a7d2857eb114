package service

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"github.com/offlicense/offlicense/cmd/licensor/internal/issuer"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
)

// Signer is a staff key that is ready to sign licenses.
type Signer struct{ issuer *issuer.Issuer }

// Signer loads a staff key, refuses one that was revoked, and has it ask for the newest
// revocation list in what it signs. It waits for a person to type a passphrase: what is
// signed gets a time that was read after it.
func (s *Service) Signer(ctx context.Context, key Key, now time.Time) (*Signer, error) {
	k, err := s.staffKey(key, signsLicenses, now)
	if err != nil {
		return nil, err
	}
	i := &issuer.Issuer{Key: k.signer, Delegation: k.Delegation, RawDelegation: k.RawDelegation, Verifier: k.verifier, Random: s.Random}
	if err := s.CheckSigner(ctx, i.Key.Public(), i.RawDelegation); err != nil {
		return nil, err
	}
	if i.List, err = s.attachedList(ctx, i.Verifier); err != nil {
		return nil, err
	}
	return &Signer{i}, nil
}

// lazySigner loads the staff key for the first license that is to be signed: who only
// gets again what is on record needs no key, and types no passphrase.
type lazySigner struct {
	load func() (*Signer, error)
	now  time.Time

	once   sync.Once
	signer *Signer
	failed error // the first failure; the same one of a hundred licenses is told once
	mu     sync.Mutex
}

func (s *Service) lazySigner(ctx context.Context, key Key, by ledger.Operation) *lazySigner {
	return &lazySigner{now: by.Now, load: func() (*Signer, error) { return s.Signer(ctx, key, by.Now) }}
}

func (s *lazySigner) issue(grants []ledger.Grant) []ledger.Draft {
	s.once.Do(func() { s.signer, s.failed = s.load() })
	if s.signer == nil {
		return slices.Repeat([]ledger.Draft{{Err: s.failed}}, len(grants))
	}
	drafts := s.signer.issuer.IssueAll(grants, s.now)
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, d := range drafts {
		s.failed = cmp.Or(s.failed, d.Err)
	}
	return drafts
}

// explain returns why nothing was signed in place of what the ledger makes of it.
func (s *lazySigner) explain(err error) error {
	if err != nil && s.failed != nil {
		return s.failed
	}
	return err
}
