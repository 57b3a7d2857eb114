package service

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/offlicense/offlicense/cmd/internal/hint"
	"github.com/offlicense/offlicense/cmd/internal/text"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/store"
)

// NoInvoice returns the error for an invoice that nothing was sold under. It names the
// invoice that was most likely meant.
func (s *Service) NoInvoice(ctx context.Context, invoice string) error {
	told := hint.Errorf("no entitlement has the invoice %s", text.Quote(invoice))
	return s.orMeant(ctx, told, misspelled{store.KnownInvoices, invoice}, `"licensor list" shows them all`)
}

// Unknown returns the error for what is none of some things on record, invoices among them.
func (s *Service) Unknown(ctx context.Context, things, of string) error {
	told := hint.Errorf("%s is %s", things, text.Quote(of))
	return s.orMeant(ctx, told, misspelled{store.KnownInvoices, of}, `"licensor list" shows all invoices with their activations`)
}

// orMeant gives an error a hint: which name was most likely meant, or what finds it.
func (s *Service) orMeant(ctx context.Context, told *hint.Error, known misspelled, otherwise string) error {
	near, err := s.Nearest(ctx, known.of, known.word)
	switch {
	case err != nil:
		return err
	case near == "":
		return told.WithHint("%s", otherwise)
	}
	return told.WithHint("did you mean %s?", text.Clean(near))
}

// misspelled is a name that may be on record in another spelling.
type misspelled struct {
	of   store.Known
	word string
}

// DidYouMean says of each name in a filter under which nothing was sold, which name was
// most likely meant, a sentence each.
func (s *Service) DidYouMean(ctx context.Context, f Filter) (sentences []string, err error) {
	words := []misspelled{{store.KnownProducts, f.Product}, {store.KnownSellers, f.Seller}}
	if f.InvoiceMatch == store.Part {
		words = append(words, misspelled{store.KnownInvoices, f.Invoice})
	}
	if f.CustomerMatch == store.Part {
		words = append(words, misspelled{store.KnownCustomers, f.Customer})
	}
	return s.didYouMean(ctx, words)
}

func (s *Service) didYouMean(ctx context.Context, words []misspelled) (sentences []string, err error) {
	for _, known := range words {
		if known.word == "" {
			continue
		}
		near, err := s.Nearest(ctx, known.of, known.word)
		if err != nil {
			return nil, err
		}
		same := near == known.word || known.of == store.KnownCustomers && ledger.CustomerKey(near) == ledger.CustomerKey(known.word)
		if near != "" && !same {
			sentences = append(sentences, fmt.Sprintf("Did you mean the %s %s?", known.of.Name, text.Quote(near)))
		}
	}
	return sentences, nil
}

// EventFilter says which events are wanted.
type EventFilter = store.EventFilter

// Past are the events that a filter wants.
type Past = store.Past

// SignerOf returns the key of a name, or of a fingerprint.
func (s *Service) SignerOf(ctx context.Context, key string) (store.Signer, error) {
	if !strings.HasPrefix(key, FingerprintPrefix) {
		return store.Signer{Name: key}, nil
	}
	all, err := s.knownKeys(ctx)
	if err != nil {
		return store.Signer{}, err
	}
	k := all[key]
	if k == nil {
		return store.Signer{}, hint.Errorf("no key is known as %s", text.Quote(key)).WithHint("\"licensor key list\" shows all")
	}
	return store.Signer{Name: key, Key: k.Key.Bytes()}, nil
}

// DidYouMeanEvents is DidYouMean for events.
func (s *Service) DidYouMeanEvents(ctx context.Context, f EventFilter) ([]string, error) {
	words := []misspelled{{store.KnownOperators, f.Operator}, {store.KnownCustomers, f.Customer}, {store.KnownSigners, f.Signer.Name}}
	for _, action := range f.Actions {
		words = append(words, misspelled{store.KnownActions, string(action)})
	}
	return s.didYouMean(ctx, words)
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
