package service

import (
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/audit"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/book"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/rules"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/store"
)

// What the ledger's rooms say, for those who call the service and know none of them.
type (
	Filter      = store.Filter
	Offer       = rules.Offer
	Renewal     = rules.Renewal
	Revision    = rules.Revision
	Released    = rules.Released
	Revised     = book.Revised
	Order       = book.Order
	ImportError = book.ImportError
	Reactivated = book.Reactivated
	Outcome     = book.Outcome
	Report      = audit.Report
	Finding     = audit.Finding
	Sale        = audit.Sale
	Override    = audit.Override
)

// How a revision is made.
var (
	NewRenewal   = rules.NewRenewal
	NewAmendment = rules.NewAmendment
	CheckOverlap = rules.CheckOverlap
)
