package common

import (
	"context"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
)

// Holding returns one entitlement with who uses it.
func Holding(ctx context.Context, l *ledger.Ledger, invoice string) (*ledger.Holding, error) {
	holdings, err := l.List(ctx, ledger.Filter{Invoice: invoice})
	if err != nil {
		return nil, err
	}
	if len(holdings) == 0 || invoice == "" {
		return nil, cli.Failf("no entitlement has the invoice %s", cli.Quote(invoice)).WithHint(`"licensor list" shows them all`)
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
