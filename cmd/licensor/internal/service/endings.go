package service

import (
	"cmp"
	"context"
	"slices"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
)

// Endings returns the entitlements that end in the window of a filter, or whose updates do,
// in the order of their ends.
func (s *Service) Endings(ctx context.Context, filter Filter) ([]ledger.Ending, error) {
	holdings, err := s.List(ctx, filter)
	if err != nil {
		return nil, err
	}
	endings := make([]ledger.Ending, len(holdings))
	for i, h := range holdings {
		endings[i] = h.EndsIn(filter.EndsAfter, filter.EndsBy)
	}
	slices.SortStableFunc(endings, func(a, b ledger.Ending) int {
		return cmp.Or(cmp.Compare(a.On(), b.On()), cmp.Compare(a.Invoice, b.Invoice))
	})
	return endings, nil
}
