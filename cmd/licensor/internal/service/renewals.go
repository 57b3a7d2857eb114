package service

import (
	"context"
	"fmt"
	"time"

	"github.com/offlicense/offlicense/cmd/internal/hint"
	"github.com/offlicense/offlicense/cmd/internal/text"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/store"
)

// RenewalLine asks to renew one of many entitlements.
type RenewalLine struct {
	Line    int // of the file; 0: it is of none
	Invoice string
	Err     error // what is known to be wrong with it

	// The new ends that are its own; zero: those for all.
	Expires, Updates ledger.End

	// The ends as the file has them, zero for none, from which times like 12m count: so the
	// same file again asks for the same. Nil: the file does not say.
	KnownExpires, KnownUpdates *time.Time
}

// Renewed is what becomes of a line.
type Renewed struct {
	*RenewalLine
	Holding  *ledger.Holding // as it was; nil: there is none
	Passed   string          // why it is passed over; empty: it is not
	Err      error           // why it is refused
	Revised  *Revised        // what is, or would be, recorded
	Changed  bool            // else it is so already
	Repeated bool            // since the same time was given within the last day
	revision Revision
}

// Licenses returns how many licenses are to be signed.
func (r *Renewed) Licenses() int {
	if !r.Changed {
		return 0
	}
	return len(r.Revised.Steps) - 1
}

// renewedAgain is how long a time like 12m that is given again means the same renewal, where
// nothing says from when it counts: a run that broke off is finished, and not begun anew.
const renewedAgain = 24 * time.Hour

// PreviewRenewals says what would become of each line. all are the ends for lines that
// have none of their own: each for what has such an end.
func (s *Service) PreviewRenewals(ctx context.Context, by ledger.Operation, lines []RenewalLine, all Renewal, progress func()) ([]Renewed, error) {
	previews := make([]Renewed, len(lines))
	seen := make(map[string]int)
	for i := range lines {
		r := &previews[i]
		r.RenewalLine, r.Err = &lines[i], lines[i].Err
		if first, twice := seen[r.Invoice]; twice && r.Err == nil {
			r.Err = fmt.Errorf("duplicate invoice %s%s", text.Quote(r.Invoice), atLine(first))
		}
		seen[r.Invoice] = r.Line
		if r.Err == nil {
			if err := s.previewRenewal(ctx, by, r, all); err != nil {
				return nil, err
			}
		}
		progress()
	}
	return previews, nil
}

func atLine(n int) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf(": line %d has it already", n)
}

// previewRenewal fills in what becomes of a line. The error is about the ledger.
func (s *Service) previewRenewal(ctx context.Context, by ledger.Operation, r *Renewed, all Renewal) error {
	holdings, err := s.List(ctx, Filter{Invoice: r.Invoice})
	if err != nil {
		return err
	}
	if len(holdings) == 0 || r.Invoice == "" {
		r.Err = s.NoInvoice(ctx, r.Invoice)
		return nil
	}
	r.Holding = &holdings[0]
	renewal, passed, err := s.renewalOf(ctx, by.Now, r, all)
	if err != nil {
		r.Err = err
		return nil
	}
	if r.Passed = passed; passed != "" {
		return nil
	}
	r.revision = NewRenewal(renewal)
	return s.tryRenewal(ctx, by, r)
}

// tryRenewal asks the rules about a line.
func (s *Service) tryRenewal(ctx context.Context, by ledger.Operation, r *Renewed) error {
	revised, err := s.PreviewRevision(ctx, by, r.Invoice, r.revision)
	if err != nil {
		// Is it about the line, or about all of them?
		if _, broken := s.List(ctx, Filter{Invoice: r.Invoice}); broken != nil {
			return broken
		}
		r.Err = err
		return nil
	}
	r.Revised, r.Changed = &Revised{Revised: revised, Licenses: revised.Current}, len(revised.Steps) > 0
	return nil
}

// renewalOf returns what a line asks for, in times that do not depend on what is on
// record: so it is recorded once, however often it is asked for.
func (s *Service) renewalOf(ctx context.Context, now time.Time, r *Renewed, all Renewal) (to Renewal, passed string, err error) {
	e := &r.Holding.Entitlement
	expires, updates, perpetual := r.Expires, r.Updates, false
	if expires.IsZero() && updates.IsZero() {
		if perpetual = all.Perpetual; !e.Expires.IsZero() {
			expires = all.Expires
		}
		if !e.UpdatesUntil.IsZero() || perpetual {
			updates = all.Updates
		}
		switch {
		case perpetual || !expires.IsZero() || !updates.IsZero():
		case all.Expires.IsZero() && all.Updates.IsZero():
			return to, "no new end is given", checkKnown(r, to)
		case all.Updates.IsZero():
			return to, "it is perpetual", nil
		default:
			return to, "its updates have no end", nil
		}
	}
	before := s.knownEnds
	if all.From.IsZero() && (expires.IsSpan() || updates.IsSpan()) && r.KnownExpires == nil && r.KnownUpdates == nil {
		before = s.endsBeforeRenewal
	}
	beginsExpires, beginsUpdates, err := before(ctx, now, r, expires, updates)
	if err != nil {
		return to, "", err
	}
	if !all.From.IsZero() {
		beginsExpires, beginsUpdates = all.From, all.From
	}
	to = Renewal{Perpetual: perpetual, Expires: at(expires, beginsExpires), Updates: at(updates, beginsUpdates)}
	return to, "", checkKnown(r, to)
}

// at returns an end as a time. Without a beginning it is left to the rules to refuse.
func at(end ledger.End, begins time.Time) ledger.End {
	if end.IsZero() || begins.IsZero() && end.IsSpan() {
		return end
	}
	return ledger.EndAt(end.From(begins))
}

// knownEnds returns where the periods of a line begin: where those before end, as the file
// has it, or else as it is on record.
func (s *Service) knownEnds(_ context.Context, _ time.Time, r *Renewed, _, _ ledger.End) (expires, updates time.Time, err error) {
	expires, updates = begins(&r.Holding.Entitlement)
	if r.KnownExpires != nil && !sameEnd(*r.KnownExpires, expires) {
		expires = *r.KnownExpires
	}
	switch known := r.KnownUpdates; {
	case known == nil:
	case known.IsZero(): // nothing was said of them
		updates = expires
	case !sameEnd(*known, updates):
		updates = *known
	}
	return expires, updates, nil
}

// begins returns where the next period of an entitlement begins, and that of its updates.
func begins(e *ledger.Entitlement) (expires, updates time.Time) {
	if updates = ledger.EndOfUpdates(e.UpdatesUntil); updates.IsZero() {
		updates = e.Expires
	}
	return e.Expires, updates
}

// endsBeforeRenewal is knownEnds where nothing but the record is known: of each end, a
// renewal of the last day by the same time is not counted.
func (s *Service) endsBeforeRenewal(ctx context.Context, now time.Time, r *Renewed, expires, updates ledger.End) (time.Time, time.Time, error) {
	e := &r.Holding.Entitlement
	past, err := s.movesOfEnds(ctx, e.Invoice)
	if err != nil {
		return time.Time{}, time.Time{}, err
	}
	ends := endsOf(e)
	for which, by := range [...]ledger.End{expires, updates} {
		if by.IsZero() {
			continue
		}
		if was, renewed := lastMoved(past.Events, which); renewed != nil && now.Sub(renewed.Time) < renewedAgain && by.From(was).Equal(ends[which]) {
			ends[which], r.Repeated = was, true
		}
	}
	return ends[0], ends[1], nil
}

// movesOfEnds returns the events that may have moved the ends of an invoice.
func (s *Service) movesOfEnds(ctx context.Context, invoice string) (*store.Past, error) {
	return s.Past(ctx, store.EventFilter{Of: invoice, Actions: []ledger.Action{
		ledger.ActionEntitle, ledger.ActionBegin, ledger.ActionCorrect, ledger.ActionAmend, ledger.ActionRenew}})
}

// justRenewed returns the renewal of the last day that has put an end where a revision would
// move it on from; nil if there is none.
func (s *Service) justRenewed(ctx context.Context, now time.Time, r *RevisionPreview) (*ledger.Event, error) {
	before, after := endsOf(r.Before), endsOf(r.After)
	if r.Steps[0].Event.Action != ledger.ActionRenew {
		return nil, nil
	}
	past, err := s.movesOfEnds(ctx, r.Before.Invoice)
	if err != nil {
		return nil, err
	}
	for which := range before {
		if !after[which].After(before[which]) {
			continue
		}
		if _, renewed := lastMoved(past.Events, which); renewed != nil && now.Sub(renewed.Time) < renewedAgain {
			return renewed, nil
		}
	}
	return nil, nil
}

func endsOf(e *ledger.Entitlement) (ends [2]time.Time) {
	ends[0], ends[1] = begins(e)
	return ends
}

// lastMoved returns the renewal that has moved an end last, and where that was before;
// nil if it was no renewal.
func lastMoved(events []*ledger.Event, which int) (was time.Time, renewed *ledger.Event) {
	for i := len(events) - 1; i > 0 && events[i].Action != ledger.ActionEntitle; i-- { // before that, another sale had the number
		before, ok := events[i-1].Detail.(*ledger.Entitlement)
		after, too := events[i].Detail.(*ledger.Entitlement)
		if !ok || !too || endsOf(before)[which].Equal(endsOf(after)[which]) {
			continue
		}
		if events[i].Action == ledger.ActionRenew {
			renewed = events[i]
		}
		return endsOf(before)[which], renewed
	}
	return time.Time{}, nil
}

// checkKnown refuses a line whose ends are on record as neither its file has them nor the
// renewal makes them: what it says was typed into the wrong column, or is old.
func checkKnown(r *Renewed, to Renewal) error {
	e := &r.Holding.Entitlement
	for _, c := range [...]struct {
		what, column string
		known        *time.Time
		is           time.Time
		made         ledger.End
	}{
		{"the license", "new_expires", r.KnownExpires, e.Expires, to.Expires},
		{"the updates", "new_updates_until", r.KnownUpdates, ledger.EndOfUpdates(e.UpdatesUntil), to.Updates},
	} {
		if c.known == nil || sameEnd(*c.known, c.is) || c.made == ledger.EndAt(c.is) {
			continue
		}
		return hint.Errorf("%s of invoice %s: the end by the file is %s, and on record %s", c.what, text.Quote(e.Invoice), text.LastDay(*c.known), text.LastDay(c.is)).
			WithHint(`a new end belongs into %s; if the file is old, "licensor list --expiring --csv" makes a new one`, c.column)
	}
	return nil
}

// sameEnd reports whether two ends are the same to people, and in a file.
func sameEnd(a, b time.Time) bool { return ledger.FormatEnd(a) == ledger.FormatEnd(b) }

// CustomerRenewals returns a line for each entitlement of a customer, named as it is on
// record in whatever case, that has not ended.
func (s *Service) CustomerRenewals(ctx context.Context, customer string, now time.Time) ([]RenewalLine, error) {
	holdings, err := s.List(ctx, Filter{Customer: customer})
	if err != nil {
		return nil, err
	}
	var lines []RenewalLine
	for i := range holdings {
		if state := holdings[i].Entitlement.Status(now); state != ledger.StatusEnded && state != ledger.StatusCanceled {
			lines = append(lines, RenewalLine{Invoice: holdings[i].Invoice})
		}
	}
	switch {
	case len(lines) > 0:
		return lines, nil
	case len(holdings) > 0:
		return nil, hint.Errorf("all that was sold to %s has ended or was canceled", text.Quote(customer)).
			WithHint("name the invoices that are to be renewed all the same")
	}
	unknown := hint.Errorf("nothing was sold to a customer %s", text.Quote(customer))
	return nil, s.orMeant(ctx, unknown, misspelled{store.KnownCustomers, customer}, `"licensor list --customer NAME" finds by a part of the name`)
}

// RenewMany records the renewals of a preview, each with its licenses in one transaction
// or not at all, and tells of each. One that is refused does not stop the others. A run
// that broke off is finished by the same one again. The error is what broke it off.
func (s *Service) RenewMany(ctx context.Context, by ledger.Operation, previews []Renewed, issue ledger.Issue, done func(*Renewed) error) error {
	for i := range previews {
		r := &previews[i]
		if r.Err == nil && r.Passed == "" {
			if err := s.renew(ctx, by, r, issue); err != nil {
				return err
			}
		}
		if err := done(r); err != nil {
			return err
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
	}
	return nil
}

// renew records one renewal. The error is about the ledger or the key.
func (s *Service) renew(ctx context.Context, by ledger.Operation, r *Renewed, issue ledger.Issue) error {
	// Not to be canceled: it is recorded whole, and then told.
	revised, err := s.Book.Revise(context.WithoutCancel(ctx), by, r.Invoice, r.revision, issue)
	switch {
	case err == nil:
		r.Revised, r.Changed = revised, len(revised.Steps) > 0
		return nil
	case IsRefusal(err):
		r.Err = err
		return nil
	}
	// The rules had nothing against it. If they still have not, it is not about the line.
	if again := s.tryRenewal(context.WithoutCancel(ctx), by, r); again != nil || r.Err == nil {
		return err
	}
	return nil
}

// Issue signs at a time. A signer may be nil where no license is to be signed.
func (s *Signer) Issue(now time.Time) ledger.Issue {
	if s != nil {
		return s.issuer.At(now)
	}
	return func(grants []ledger.Grant) []ledger.Draft {
		drafts := make([]ledger.Draft, len(grants))
		for i := range drafts {
			drafts[i].Err = hint.Errorf("a site was activated meanwhile, and no key is loaded to sign its license").WithHint("run the same command again")
		}
		return drafts
	}
}
