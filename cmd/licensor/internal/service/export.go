package service

import (
	"context"
	"time"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
)

// Exported is an entitlement as a line of an export has it.
type Exported struct {
	Export       int               `json:"export"` // the version of these words; the first of them
	Vendor       string            `json:"vendor"`
	Invoice      string            `json:"invoice"`
	Customer     string            `json:"customer"`
	Email        string            `json:"email,omitempty"` // where addresses were asked for
	MoreEmails   []string          `json:"more_emails,omitempty"`
	Product      string            `json:"product"`
	Edition      string            `json:"edition,omitempty"`
	Type         string            `json:"type"`
	State        ledger.Status     `json:"state"`
	Seats        uint64            `json:"seats"`             // bought
	Active       uint64            `json:"active"`            // that are taken
	Expires      time.Time         `json:"expires,omitzero"`  // before grace; missing: perpetual, or not active yet
	HardEnd      time.Time         `json:"hard_end,omitzero"` // grace included
	UpdatesUntil time.Time         `json:"updates_until,omitzero"`
	MaxVersion   string            `json:"max_version,omitempty"`
	Features     []string          `json:"features,omitempty"`
	Limits       map[string]uint64 `json:"limits,omitempty"`
}

// exportPage is how many entitlements are read at once: each page is as the ledger was then.
const exportPage = 64

// Export calls each with the entitlements that fit, in the order of their invoices. They are
// read page by page, so that a ledger of any size can be exported while others work.
func (s *Service) Export(ctx context.Context, filter Filter, emails bool, now time.Time, each func(*Exported) error) error {
	filter.Most = exportPage
	for {
		page, err := s.List(ctx, filter)
		if err != nil {
			return err
		}
		for i := range page {
			h := &page[i]
			e := &Exported{
				Export: 1, Vendor: s.Vendor(), Invoice: h.Invoice, Customer: h.Customer, Product: h.Product, Edition: h.Edition, Type: h.Type,
				State: h.Entitlement.Status(now), Seats: h.Seats, Active: h.SeatsUsed, Expires: h.Expires, HardEnd: h.HardEnd(),
				UpdatesUntil: h.UpdatesUntil, MaxVersion: h.MaxVersion, Features: h.Features, Limits: h.Limits,
			}
			if emails {
				e.Email, e.MoreEmails = h.Email, h.MoreEmails
			}
			if err := each(e); err != nil {
				return err
			}
		}
		if len(page) < exportPage {
			return nil
		}
		filter.After = page[len(page)-1].Invoice
	}
}
