// Package service is what a vendor's staff can do, without a terminal: commands call it,
// and so do the API and the pages of internal/web. It prints nothing, asks nothing and reads no
// clock. What it needs from its caller comes as a value or as a function; what does not
// stop the work is told to Options.Warn. An error that a person can mend has a hint, see
// package hint; one of the file system comes as it is.
package service

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/offlicense/offlicense/cmd/licensor/internal/home"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/audit"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/book"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/rules"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/store"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/store/database"
)

// Service is a vendor's home with its ledger. The verbs of the ledger that need no key
// are those of the book.
type Service struct {
	*book.Book
	home home.Home
	Options
}

// Options are what the service takes from its surroundings.
type Options struct {
	Random      io.Reader
	AgentSocket string       // where the running ssh-agent listens; empty: there is none
	Warn        func(string) // what a person should know and what stops nothing
	Flags       string       // what a printed command needs to find the home, " --home DIR" or nothing
}

func (o *Options) warnf(format string, args ...any) { o.Warn(fmt.Sprintf(format, args...)) }

// Mode says what a ledger is opened for.
type Mode int

// The modes.
const (
	ToRead Mode = iota
	ToChange
)

// Open opens the ledger of a home. where is a database or a copy that Backup made, empty
// for the file in the home.
func Open(ctx context.Context, at home.Home, where string, mode Mode, o Options) (*Service, error) {
	where = cmp.Or(where, at.LedgerFile())
	open := book.OpenReadOnly
	if mode == ToChange {
		open = book.Open
		if err := at.Closed(); err != nil {
			return nil, err
		}
	}
	if warning := at.Exposed(); warning != "" && o.Warn != nil {
		o.Warn(warning)
	}
	b, err := open(ctx, where)
	if err != nil {
		return nil, err
	}
	switch err := b.CheckFrozen(ctx); {
	case err == nil:
	case mode == ToChange:
		b.Close()
		return nil, err
	case o.Warn != nil:
		o.warnf("%v", err)
	}
	return &Service{b, at, o}, nil
}

// OpenIfPresent is Open to read where there may be no ledger, as on the machine of the
// root key: nil where the home has none and no database is named.
func OpenIfPresent(ctx context.Context, at home.Home, where string, o Options) (*Service, error) {
	if where == "" {
		if _, err := os.Stat(at.LedgerFile()); errors.Is(err, fs.ErrNotExist) {
			return nil, nil
		} else if err != nil {
			return nil, err
		}
	}
	return Open(ctx, at, where, ToRead, o)
}

// IsDatabase tells the address of a database from the path of a file.
func IsDatabase(where string) bool { return database.IsPostgres(where) }

// IsCopy tells a file that Backup made from where a ledger lives: the file in the home,
// which is empty here, or a database.
func IsCopy(where string) bool { return where != "" && !IsDatabase(where) }

// Holding returns one entitlement with who uses it.
func (s *Service) Holding(ctx context.Context, invoice string) (*ledger.Holding, error) {
	holdings, err := s.List(ctx, Filter{Invoice: invoice})
	if err != nil {
		return nil, err
	}
	if len(holdings) == 0 || invoice == "" {
		return nil, s.NoInvoice(ctx, invoice)
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

// What the ledger's rooms say, for those who call the service and know none of them.
type (
	Filter          = store.Filter
	Offer           = rules.Offer
	Renewal         = rules.Renewal
	Revision        = rules.Revision
	Released        = rules.Released
	Revised         = book.Revised
	RevisionPreview = rules.Revised
	Order           = book.Order
	ImportError     = book.ImportError
	Outcome         = book.Outcome
	Report          = audit.Report
	Finding         = audit.Finding
	Sale            = audit.Sale
	Override        = audit.Override
	Waiting         = rules.Waiting
)

// Part is how a filter searches every row for a part of a text.
const Part = store.Part

// How a revision is made.
var (
	NewRenewal    = rules.NewRenewal
	NewAmendment  = rules.NewAmendment
	NewCorrection = rules.NewCorrection
	NewTransfer   = rules.NewTransfer
	CheckOverlap  = rules.CheckOverlap
)
