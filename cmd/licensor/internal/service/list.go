package service

import (
	"context"

	"github.com/offlicense/offlicense/cmd/internal/hint"
	"github.com/offlicense/offlicense/cmd/internal/text"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
)

// Holding returns one entitlement with who uses it.
func (s *Service) Holding(ctx context.Context, invoice string) (*ledger.Holding, error) {
	holdings, err := s.List(ctx, Filter{Invoice: invoice})
	if err != nil {
		return nil, err
	}
	if len(holdings) == 0 || invoice == "" {
		return nil, hint.Errorf("no entitlement has the invoice %s", text.Quote(invoice)).WithHint(`"licensor list" shows them all`)
	}
	return &holdings[0], nil
}

// Held returns an activation of a holding that is active or a bridge, nil if it is not
// there: the ledger says why.
func Held(h *ledger.Holding, activation string) *ledger.Held {
	for i := range h.Activations {
		if h.Activations[i].ID == activation {
			return &h.Activations[i]
		}
	}
	return nil
}
