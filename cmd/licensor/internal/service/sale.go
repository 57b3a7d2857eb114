package service

import (
	"context"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
)

// Revise changes what was sold and signs new licenses for all who are active.
func (s *Service) Revise(ctx context.Context, by ledger.Operation, invoice string, change Revision, key Key) (*Revised, error) {
	signer := s.lazySigner(ctx, key, by)
	revised, err := s.Book.Revise(ctx, by, invoice, change, signer.issue)
	return revised, signer.explain(err)
}
