package service

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/book"
	"github.com/offlicense/offlicense/keys"
	"github.com/offlicense/offlicense/verify"
)

// Sign signs and records the license that a request asks for.
func (s *Service) Sign(ctx context.Context, by ledger.Operation, request *verify.Request, key Key) (*ledger.License, error) {
	signer := s.lazySigner(ctx, key, by)
	license, err := s.Book.Sign(ctx, by, request, signer.issue)
	return license, signer.explain(err)
}

// SignUnbound signs a license for any machine. name tells the copies of an invoice apart.
func (s *Service) SignUnbound(ctx context.Context, by ledger.Operation, invoice, name string, key Key) (*ledger.License, error) {
	signer := s.lazySigner(ctx, key, by)
	license, err := s.Book.SignUnbound(ctx, by, invoice, name, signer.issue)
	return license, signer.explain(err)
}

// Move gives the new server of a site a license that ends after overlap. The old one runs
// on until it gives up its own.
func (s *Service) Move(ctx context.Context, by ledger.Operation, invoice, activation string, overlap time.Duration, request *verify.Request, key Key) (*ledger.License, error) {
	signer := s.lazySigner(ctx, key, by)
	bridge, err := s.Book.Move(ctx, by, invoice, activation, overlap, request, signer.issue)
	return bridge, signer.explain(err)
}

// Reactivate frees the seat of a server that is gone and signs the request of its
// successor, in one step.
func (s *Service) Reactivate(ctx context.Context, by ledger.Operation, activation string, request *verify.Request, key Key) (*book.Reactivated, error) {
	signer := s.lazySigner(ctx, key, by)
	result, err := s.Book.Reactivate(ctx, by, activation, request, signer.issue)
	return result, signer.explain(err)
}

// Revise changes what was sold and signs new licenses for all who are active.
func (s *Service) Revise(ctx context.Context, by ledger.Operation, invoice string, change Revision, key Key) (*Revised, error) {
	signer := s.lazySigner(ctx, key, by)
	revised, err := s.Book.Revise(ctx, by, invoice, change, signer.issue)
	return revised, signer.explain(err)
}

// Signer loads a staff key, refuses one that was revoked, and has it ask for the newest
// revocation list in what it signs. It waits for a person to type a passphrase: what is
// signed gets a time that was read after it.
func (s *Service) Signer(ctx context.Context, key Key, now time.Time) (*Signer, error) {
	return s.signerHeld(ctx, key, now, nil)
}

func (s *Service) signerHeld(ctx context.Context, key Key, now time.Time, held keys.Signer) (*Signer, error) {
	signer, err := s.staffSignerHeld(ctx, key, signsLicenses, now, held)
	if err != nil {
		return nil, err
	}
	// A license that asks for a list always has it with it.
	if signer.issuer.List, err = s.openList(ctx, signer.issuer.Verifier, MaxAttachedList); err != nil {
		return nil, err
	}
	return signer, nil
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
