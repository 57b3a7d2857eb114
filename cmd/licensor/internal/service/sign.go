package service

import (
	"context"
	"errors"
	"time"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/book"
	"github.com/offlicense/offlicense/verify"
)

// Sign signs and records the license that was offered for a request.
func (s *Service) Sign(ctx context.Context, by ledger.Operation, request *verify.Request, offer *Offer, signer *Signer) (*ledger.License, error) {
	// What the key may not sign is refused before the ledger is touched.
	if err := signer.issuer.Check(*offer.Grant, by.Now); err != nil {
		return nil, err
	}
	return s.Book.Sign(ctx, by, request, signer.issuer.At(by.Now))
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

// IsRefusal tells a request that gets no license from a key or a disk that fails.
func IsRefusal(err error) bool {
	var rule *ledger.Refusal
	var scope *verify.Refusal
	return errors.As(err, &rule) || errors.As(err, &scope)
}
