package service

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/offlicense/offlicense/cmd/internal/hint"
	"github.com/offlicense/offlicense/cmd/internal/text"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/store"
)

// NoInvoice returns the error for an invoice that nothing was sold under. It names the
// invoice that was most likely meant.
func (s *Service) NoInvoice(ctx context.Context, invoice string) error {
	near, err := s.Nearest(ctx, store.KnownInvoices, invoice)
	if err != nil {
		return err
	}
	told := hint.Errorf("no entitlement has the invoice %s", text.Quote(invoice))
	if near == "" {
		return told.WithHint(`"licensor list" shows them all`)
	}
	return told.WithHint("did you mean %s?", text.Clean(near))
}

// DidYouMean says of each name in a filter that nothing was sold under which name was
// most likely meant, a sentence each.
func (s *Service) DidYouMean(ctx context.Context, f Filter) (sentences []string, err error) {
	for _, known := range [...]struct {
		of    store.Known
		word  string
		match store.Match
	}{
		{store.KnownInvoices, f.Invoice, f.InvoiceMatch}, {store.KnownCustomers, f.Customer, f.CustomerMatch},
		{store.KnownProducts, f.Product, store.Part}, {store.KnownSellers, f.Seller, store.Part},
	} {
		if known.word == "" || known.match != store.Part {
			continue
		}
		near, err := s.Nearest(ctx, known.of, known.word)
		if err != nil {
			return nil, err
		}
		if near != "" && near != known.word {
			sentences = append(sentences, fmt.Sprintf("Did you mean the %s %s?", known.of, text.Quote(near)))
		}
	}
	return sentences, nil
}

// KeepState returns the holdings that are in a state, with all their activations, and of
// the others the activations that are.
func KeepState(holdings []ledger.Holding, state ledger.Status, now time.Time) []ledger.Holding {
	var kept []ledger.Holding
	for _, h := range holdings {
		if h.Entitlement.Status(now) != state {
			if h.Activations = InState(&h, state, now); len(h.Activations) == 0 {
				continue
			}
		}
		kept = append(kept, h)
	}
	return kept
}

// InState returns the activations of a holding that are in a state: one that a sale alone
// has is that of all its activations.
func InState(h *ledger.Holding, state ledger.Status, now time.Time) []ledger.Held {
	if h.Standing != "" && h.Entitlement.Status(now) == state {
		return h.Activations
	}
	return slices.DeleteFunc(slices.Clone(h.Activations), func(a ledger.Held) bool { return a.Status(&h.Entitlement, now) != state })
}
