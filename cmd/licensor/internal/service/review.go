package service

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/offlicense/offlicense/cmd/internal/text"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/verify"
)

// Reviewed is a line of what a person looks at before a license is signed.
type Reviewed struct{ Label, Bought, Asked string }

// Review is what was bought beside what is asked for: all that the license will say.
type Review struct {
	Lines    []Reviewed
	Warnings []string // what the person should look at
}

// ReviewOf reviews a request and what the rules offer for it.
func ReviewOf(offer *Offer, q *verify.Request, now time.Time) *Review {
	e := offer.Entitlement
	seat := "a new one"
	switch {
	case offer.From != nil:
		seat = "a bridge until " + text.Minute(offer.BridgeUntil) + ", to move " + offer.From.Name()
	case offer.Activation != nil:
		seat = "its own, " + offer.Activation.Name()
	}
	customer := "e-mail address agrees"
	if offer.License != nil { // it is known by its hash, whatever became of the address
		customer = "as it was signed"
	}
	r := &Review{Warnings: WarningsOf(q, now), Lines: []Reviewed{
		{"invoice", e.Invoice, q.Invoice},
		{"product", e.ProductName(), q.Product},
		{"type", e.Type, q.Type},
		{"customer", e.Customer, customer},
		{"seats", SeatsInUse(e, offer.SeatsUsed), seat},
		{"binding", e.Weakest().String(), bindingOf(offer)},
	}}
	for _, row := range EntitlementRows(e, "invoice", "product", "type", "customer", "seats", "binding") {
		r.Lines = append(r.Lines, Reviewed{row.Label, row.Text, ""})
	}
	for _, row := range RequestRows(q) {
		r.Lines = append(r.Lines, Reviewed{row.Label, "", row.Text})
	}
	if offer.Rebinds > 0 {
		r.Warnings = append(r.Warnings, fmt.Sprintf("the site is on another machine: this counts as a move, and %s for the next revocation list",
			text.Plural(offer.Rebinds, "license of it waits", "licenses of it wait")))
	}
	if offer.License != nil {
		r.Warnings = append(r.Warnings, fmt.Sprintf("this request was signed on %s; here is the same license again", text.Date(offer.License.Issued)))
		if offer.Epoch > offer.License.Epoch {
			r.Warnings = append(r.Warnings, fmt.Sprintf("a newer license of that activation is on record, epoch %d, and this one is epoch %d: where that one is installed, this one does not install", offer.Epoch, offer.License.Epoch))
		}
	}
	return r
}

// bindingOf says what the license will be held to, and what may change before it stops.
func bindingOf(offer *Offer) string {
	if offer.License != nil {
		return "as it was signed"
	}
	g := offer.Grant
	n := uint64(len(g.Components))
	text := g.Strength().String()
	if offer.Sells > 0 {
		text += ", sold with it"
	}
	switch {
	case n == 0:
		return text + ": its state directory alone"
	case n == 1 && g.Components[0].Label == format.LabelMachineID:
		return text + ": machine-id must match, no margin; clones of one image pass"
	case n == 1:
		return fmt.Sprintf("%s: %s must match, no margin", text, Labels(g.Components))
	case g.Need == n:
		return fmt.Sprintf("%s: all %d of %s must match, no margin", text, n, Labels(g.Components))
	}
	return fmt.Sprintf("%s: %d of %d must match (%s), %d may change", text, g.Need, n, Labels(g.Components), n-g.Need)
}

// RequestRows returns what a request says of its server.
func RequestRows(q *verify.Request) []Row {
	rows := append([]Row{{"machine", MachineOf(q)}}, placeRows(q.Site, q.Host)...)
	if q.Prior != nil {
		rows = append(rows, Row{"replaces", q.Prior.String()})
	}
	return append(rows,
		Row{"made", text.Minute(time.Unix(q.Time, 0))},
		Row{"code", format.ComparisonCode(q.Hash)})
}

// placeRows say what a request or an activation calls its site and its server.
func placeRows(site, host string) (rows []Row) {
	if site != "" {
		rows = append(rows, Row{"site", site})
	}
	if host != "" {
		rows = append(rows, Row{"host", host})
	}
	return rows
}

// OldRequest is the age from which a request is warned of.
const OldRequest = 30 * 24 * time.Hour

// WarningsOf says what a person should look at before a request is signed.
func WarningsOf(q *verify.Request, now time.Time) (all []string) {
	if !q.Signed {
		all = append(all, "the request came without its server's signature, as from a QR code: compare the code with the customer")
	}
	switch made := time.Unix(q.Time, 0); {
	case made.After(now.Add(verify.ClockTolerance)):
		all = append(all, "the server's clock is ahead of this workstation's: it says "+text.Minute(made))
	case made.Before(now.Add(-OldRequest)):
		all = append(all, "the request is old, or the server's clock is behind: a license does not hold before it was issued")
	}
	return all
}

// Rows says what a release gives up.
func (r *ReleasePreview) Rows() []Row {
	rows := []Row{{"gives up", r.Record.ID.String()}, {"invoice", r.Request.Invoice}, {"activation", r.Record.Activation}}
	if code, err := format.CodeOf(format.Release, r.Raw); err == nil {
		rows = append(rows, Row{"code", code})
	}
	rows = append(rows, placeRows(r.Request.Site, r.Request.Host)...)
	rows = append(rows, Row{"at", text.Minute(time.Unix(r.IssuedAt, 0))})
	if r.EmergencyDays > 0 {
		rows = append(rows, Row{"emergency", text.Plural(r.EmergencyDays, "day", "days") + " used"})
	}
	return rows
}

// ActivationRows say which server an activation is of.
func ActivationRows(a *ledger.Held) []Row {
	rows := append([]Row{{"activation", a.ID}}, placeRows(a.Site, a.Host)...)
	return append(rows, Row{"since", text.Date(a.Since)}, Row{"license", a.License.ID.String()})
}

// Revising is what a change of a sale would do, for a person to look at.
type Revising struct {
	Rows     []Row
	Warnings []string
	Licenses int // to be signed
}

// RevisingOf says what will be different, and what another edition does not change. No rows:
// nothing is different.
func (s *Service) RevisingOf(ctx context.Context, r *RevisionPreview, now time.Time) (*Revising, error) {
	made := &Revising{Licenses: max(0, len(r.Steps)-1)}
	if len(r.Steps) == 0 {
		return made, nil
	}
	before, after := r.Before, r.After
	made.Rows = append(made.Rows, Row{"invoice", before.Invoice})
	changes, named := Changes(before, after), false
	for _, row := range changes {
		named = named || row.Label == "customer"
	}
	if !named {
		made.Rows = append(made.Rows, Row{"customer", before.Customer})
	}
	made.Rows = append(made.Rows, changes...)
	if after.UpdatesEndFirst() && !before.UpdatesEndFirst() {
		made.Warnings = append(made.Warnings, fmt.Sprintf("builds made after %s will not be covered: updates have an end of their own, --updates-until", ledger.FormatDate(after.UpdatesUntil)))
	}
	if renewed, err := s.justRenewed(ctx, now, r); err != nil {
		return nil, err
	} else if renewed != nil {
		made.Warnings = append(made.Warnings, fmt.Sprintf("it was renewed already, at %s by %s, and this comes on top of that", text.Minute(renewed.Time), text.Clean(renewed.Operator)))
	}
	stay, err := s.NotTakenOver(ctx, before, after)
	if len(stay) > 0 {
		made.Warnings = append(made.Warnings, fmt.Sprintf("only the name of the edition changes: what %s grants by --%s is not taken over; \"licensor product show %s\" has it",
			text.Clean(after.ProductName()), strings.Join(stay, ", --"), text.Clean(text.ShellWord(after.Product))))
	}
	return made, err
}

// NarrowerWarning says that the licenses from before a change grant what it takes away, "" if
// they do not.
func NarrowerWarning(r *RevisionPreview) string {
	if len(r.Steps) < 2 || !r.Narrows() {
		return ""
	}
	end := "forever"
	if !r.Before.Expires.IsZero() {
		end = "until " + text.LastDay(r.Before.HardEnd())
	}
	return fmt.Sprintf("the earlier licenses grant what they did, and remain valid %s where they are in use; to revoke one: licensor revoke --license ID --why TEXT", end)
}
