package service

import (
	"context"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
)

// Entitle records what an invoice line bought.
func (s *Service) Entitle(ctx context.Context, by ledger.Operation, e ledger.Entitlement) error {
	return s.ledger.Entitle(ctx, by, e)
}

// Import records many orders, or none. progress is told how many are done.
func (s *Service) Import(ctx context.Context, by ledger.Operation, rows []ledger.ImportRow, progress func(done int)) error {
	return s.ledger.Import(ctx, by, rows, progress)
}

// SetCustomer records what is said of a customer.
func (s *Service) SetCustomer(ctx context.Context, by ledger.Operation, c ledger.Customer) error {
	return s.ledger.SetCustomer(ctx, by, c)
}

// PreviewRevision says what Revise would do, and changes nothing.
func (s *Service) PreviewRevision(ctx context.Context, by ledger.Operation, invoice string, change ledger.Revision) (*ledger.Revised, error) {
	return s.ledger.PreviewRevision(ctx, by, invoice, change)
}

// Revise changes what was sold and signs new licenses for all who are active.
func (s *Service) Revise(ctx context.Context, by ledger.Operation, invoice string, change ledger.Revision, key Key) ([]*ledger.License, error) {
	signer := s.lazySigner(ctx, key, by)
	licenses, err := s.ledger.Revise(ctx, by, invoice, change, signer.issue)
	return licenses, signer.explain(err)
}
