package book

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/rules"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/store"
)

// SetCustomer records whether a customer is a partner.
func (b *Book) SetCustomer(ctx context.Context, by ledger.Operation, c ledger.Customer) error {
	return b.change(ctx, &by, store.Ask{}, func(*store.Tx, *rules.Facts) ([]*rules.Step, error) {
		step, err := rules.SetCustomer(c)
		return some(step), err
	})
}

// Forget removes an e-mail address from what is known of all that was sold to it, and
// returns of how many sales. The log keeps a hash that nobody can undo without the salt,
// which goes too.
func (b *Book) Forget(ctx context.Context, by ledger.Operation, email string) (sales int, err error) {
	err = b.change(ctx, &by, store.Ask{}, func(t *store.Tx, _ *rules.Facts) ([]*rules.Step, error) {
		accounts, err := t.Accounts(email)
		if sales = len(accounts); err != nil || sales == 0 {
			return nil, err
		}
		return []*rules.Step{rules.Forget(accounts)}, nil
	})
	return sales, err
}

// commit notes the e-mail address of a new sale as the log does.
func commit(by *ledger.Operation, e *ledger.Entitlement) error {
	salt, err := ledger.NewSalt(by.Random)
	e.Commit(salt)
	return err
}

// Entitle records what was bought. With Operation.Override it may be what the rules
// leave to staff.
func (b *Book) Entitle(ctx context.Context, by ledger.Operation, e ledger.Entitlement) error {
	sale := e.Normal()
	if err := sale.Check(b.vendor, by.Now); err != nil {
		return err
	}
	if err := commit(&by, sale); err != nil {
		return err
	}
	return b.change(ctx, &by, store.Ask{Sales: []*ledger.Entitlement{sale}}, func(_ *store.Tx, f *rules.Facts) ([]*rules.Step, error) {
		step, err := rules.Entitle(f, &by, sale)
		return some(step), err
	})
}

// Revised is what a revision made of an entitlement.
type Revised struct {
	*rules.Revised
	Licenses []*ledger.License // the new ones, or the newest where nothing is different
}

// PreviewRevision says what Revise would do, and changes nothing.
func (b *Book) PreviewRevision(ctx context.Context, by ledger.Operation, invoice string, r rules.Revision) (*rules.Revised, error) {
	if err := by.Check(); err != nil {
		return nil, err
	}
	revised, p := b.revision(&by, invoice, r.Salted(nil))
	_, err := read(ctx, b, p)
	if err != nil {
		return nil, err
	}
	return *revised, nil
}

// Revise changes an entitlement and signs new licenses for all its active activations,
// from the requests on record. All is recorded in one transaction; run again with the
// same change it returns the same licenses.
func (b *Book) Revise(ctx context.Context, by ledger.Operation, invoice string, r rules.Revision, issue ledger.Issue) (*Revised, error) {
	salt, err := ledger.NewSalt(by.Random)
	if err != nil {
		return nil, err
	}
	revised, p := b.revision(&by, invoice, r.Salted(salt))
	if err := b.carryOut(ctx, &by, issue, p, nil); err != nil {
		return nil, err
	}
	result := &Revised{Revised: *revised, Licenses: (*revised).Current}
	for _, s := range result.Steps {
		if s.Grant != nil {
			result.Licenses = append(result.Licenses, s.License())
		}
	}
	return result, nil
}

func (b *Book) revision(by *ledger.Operation, invoice string, r rules.Revision) (**rules.Revised, plan) {
	revised := new(*rules.Revised)
	return revised, on(by, store.Ask{Seat: invoice}, func(t *store.Tx, f *rules.Facts) ([]*rules.Step, error) {
		if s := f.Sales[invoice]; s != nil {
			after, err := r.Of(s.Entitlement)
			if err != nil {
				return nil, err
			}
			if err := t.Buyer(f, after); err != nil {
				return nil, err
			}
		}
		active, err := t.Active(f, invoice)
		if err != nil {
			return nil, err
		}
		if *revised, err = rules.Revise(f, by, invoice, r, active); err != nil {
			return nil, err
		}
		return (*revised).Steps, nil
	})
}

// Order is one row of an import.
type Order struct {
	Line int   // of the file, for errors
	Err  error // what is known to be wrong with the line; it is reported with the rest
	ledger.Entitlement
	Said ledger.TermSet // what the line says; the rest is left to the plan of its product, if there is one

	// At reads the line as if it were another time; nil: it would say the same.
	At func(time.Time) ledger.Entitlement

	Known bool // set by Import: it is on record as the line says
}

// ImportError says why nothing was imported.
type ImportError struct {
	Lines []LineError // in the order of the file, at most maxLineErrors
	More  int         // how many more there are

	// Names are all names in the file that the products do not have.
	Names []FileName
}

// LineError is what is wrong with one line of an import.
type LineError struct {
	Line int
	Err  error
}

const maxLineErrors = 100

func (e *ImportError) Error() string {
	var lines []string
	for _, l := range e.Lines {
		lines = append(lines, fmt.Sprintf("line %d: %v", l.Line, l.Err))
	}
	if e.More > 0 {
		lines = append(lines, fmt.Sprintf("and %d more", e.More))
	}
	return "nothing was imported:\n" + strings.Join(lines, "\n")
}

// Hint returns what to do next.
func (e *ImportError) Hint() string { return "correct the lines and import the whole file again" }

func (e *ImportError) add(line int, err error) {
	e.Lines = append(e.Lines, LineError{line, err})
	if len(e.Lines) >= 2*maxLineErrors {
		e.cut()
	}
}

// cut keeps the first lines, in the order of the file: they are found in any order.
func (e *ImportError) cut() {
	slices.SortStableFunc(e.Lines, func(a, b LineError) int { return a.Line - b.Line })
	if over := len(e.Lines) - maxLineErrors; over > 0 {
		e.Lines, e.More = slices.Clip(e.Lines[:maxLineErrors]), e.More+over
	}
}
