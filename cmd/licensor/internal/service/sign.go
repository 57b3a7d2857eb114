package service

import (
	"context"
	"errors"
	"time"

	"github.com/offlicense/offlicense/cmd/licensor/internal/issuer"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/verify"
)

// Preview says what Sign would do for a request, and changes nothing.
func (s *Service) Preview(ctx context.Context, by ledger.Operation, request *verify.Request) (*ledger.Offer, error) {
	return s.ledger.PreviewAs(ctx, by, request)
}

// Sign signs and records the license that was offered for a request.
func (s *Service) Sign(ctx context.Context, by ledger.Operation, request *verify.Request, offer *ledger.Offer, signer *Signer) (*ledger.License, error) {
	// What the key may not sign is refused before the ledger is touched.
	grant := ledger.Grant{Entitlement: offer.Entitlement, Activation: "new", Epoch: offer.Epoch, Request: request}
	if err := signer.issuer.Check(grant, by.Now); err != nil {
		return nil, err
	}
	return s.ledger.Sign(ctx, by, request, signer.issuer.At(by.Now))
}

// SignUnbound signs a license for any machine. name tells the copies of an invoice apart.
func (s *Service) SignUnbound(ctx context.Context, by ledger.Operation, invoice, name string, key Key) (*ledger.License, error) {
	signer := s.lazySigner(ctx, key, by)
	license, err := s.ledger.SignUnbound(ctx, by, invoice, name, signer.issue)
	return license, signer.explain(err)
}

// Move gives the new server of a site a license that ends after overlap. The old one runs
// on until it gives up its own.
func (s *Service) Move(ctx context.Context, by ledger.Operation, invoice, activation string, overlap time.Duration, request *verify.Request, key Key) (*ledger.License, error) {
	signer := s.lazySigner(ctx, key, by)
	bridge, err := s.ledger.Move(ctx, by, invoice, activation, overlap, request, signer.issue)
	return bridge, signer.explain(err)
}

// Reactivate closes an activation whose server is lost. daysUsed is how many emergency
// days it has used, as far as it had them. It returns the licenses to revoke.
func (s *Service) Reactivate(ctx context.Context, by ledger.Operation, invoice, activation string, daysUsed uint64) (revoked []format.ID, err error) {
	return s.ledger.ReactivateUsed(ctx, by, invoice, activation, daysUsed)
}

// CheckOverlap refuses a time for which no two servers may run at once.
func CheckOverlap(overlap time.Duration) error { return ledger.CheckOverlap(overlap) }

// IsRefusal tells a request that gets no license from a key or a disk that fails.
func IsRefusal(err error) bool {
	var rule *ledger.Refusal
	var scope *issuer.Error
	return errors.As(err, &rule) || errors.As(err, &scope)
}
