package service

import (
	"context"
	"slices"
	"strings"

	"github.com/offlicense/offlicense/cmd/internal/hint"
	"github.com/offlicense/offlicense/cmd/internal/text"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/store"
	"github.com/offlicense/offlicense/format"
)

// CustomerView is a customer as the entitlements name it.
type CustomerView struct {
	Customer     string   `json:"customer"`
	Partner      bool     `json:"partner"`
	Emails       []string `json:"emails"` // of what was sold to it, those that were not removed
	Entitlements int      `json:"entitlements"`
}

// FindCustomers returns the customers whose name or e-mail address is the given text or,
// where there is none, begins with it or has it as a part.
func (s *Service) FindCustomers(ctx context.Context, part string) ([]CustomerView, error) {
	var holdings []ledger.Holding
	filters := []Filter{{Customer: part}, {Email: part}}
	if strings.Contains(part, "@") {
		filters = filters[1:]
	}
	for _, filter := range filters {
		filter, err := s.Narrow(ctx, filter)
		if err != nil {
			return nil, err
		}
		filter.SalesOnly = true
		if holdings, err = s.List(ctx, filter); err != nil {
			return nil, err
		}
		if len(holdings) > 0 {
			break
		}
	}
	partners, err := s.Partners(ctx)
	if err != nil {
		return nil, err
	}
	at := make(map[string]int)
	var all []CustomerView
	for _, h := range holdings {
		key := ledger.CustomerKey(h.Customer)
		i, known := at[key]
		if !known {
			i, at[key] = len(all), len(all)
			all = append(all, CustomerView{Customer: h.Customer, Partner: partners.Has(h.Customer), Emails: []string{}})
		}
		c := &all[i]
		c.Entitlements++
		for _, email := range append([]string{h.Email}, h.MoreEmails...) {
			if email != "" && !slices.Contains(c.Emails, email) {
				c.Emails = append(c.Emails, email)
			}
		}
	}
	return all, nil
}

// NoCustomer returns the error for a customer to whom nothing was sold. It names the one
// that was most likely meant.
func (s *Service) NoCustomer(ctx context.Context, name string) error {
	near, err := s.Nearest(ctx, store.KnownCustomers, name)
	if err != nil {
		return err
	}
	told := hint.Errorf("the ledger knows no customer %s", text.Quote(name))
	if near == "" {
		return told.WithHint("\"licensor customer PART\" finds one by any part of the name or the e-mail address")
	}
	return told.WithHint("did you mean %s?", text.Quote(near))
}

// InvoicesOf returns an invoice, or all that a customer has and that were not canceled.
func (s *Service) InvoicesOf(ctx context.Context, invoiceOrCustomer string) ([]string, error) {
	for _, filter := range []Filter{{Invoice: invoiceOrCustomer}, {Customer: invoiceOrCustomer}} {
		holdings, err := s.List(ctx, filter)
		if err != nil {
			return nil, err
		}
		var all []string
		for _, h := range holdings {
			if h.Standing != ledger.StandingCanceled || h.Invoice == format.InvoiceForm(invoiceOrCustomer) {
				all = append(all, h.Invoice)
			}
		}
		if len(all) > 0 {
			return all, nil
		}
	}
	return nil, s.NoCustomer(ctx, invoiceOrCustomer)
}
