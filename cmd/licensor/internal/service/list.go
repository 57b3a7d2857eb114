package service

import (
	"context"

	"github.com/offlicense/offlicense/cmd/internal/hint"
	"github.com/offlicense/offlicense/cmd/internal/text"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
)

// List returns what was sold, with who uses it.
func (s *Service) List(ctx context.Context, filter ledger.Filter) ([]ledger.Holding, error) {
	return s.ledger.List(ctx, filter)
}

// Holding returns one entitlement with who uses it.
func (s *Service) Holding(ctx context.Context, invoice string) (*ledger.Holding, error) {
	holdings, err := s.List(ctx, ledger.Filter{Invoice: invoice})
	if err != nil {
		return nil, err
	}
	if len(holdings) == 0 || invoice == "" {
		return nil, hint.Errorf("no entitlement has the invoice %s", text.Quote(invoice)).WithHint(`"licensor list" shows them all`)
	}
	return &holdings[0], nil
}

// History returns the events of an invoice or an activation, the oldest first.
func (s *Service) History(ctx context.Context, invoiceOrActivation string) ([]*ledger.Event, error) {
	return s.ledger.History(ctx, invoiceOrActivation)
}

// CustomerHistory returns the events that are about a customer.
func (s *Service) CustomerHistory(ctx context.Context, name string) ([]*ledger.Event, error) {
	return s.ledger.CustomerHistory(ctx, name)
}

// Partners returns the customers who are partners now.
func (s *Service) Partners(ctx context.Context) (ledger.Partners, error) {
	return s.ledger.Partners(ctx)
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
