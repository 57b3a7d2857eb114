package staff

import (
	"context"
	"strings"
	"time"

	"github.com/offlicense/offlicense/cmd/internal/text"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/service"
	"github.com/offlicense/offlicense/cmd/licensor/internal/web/page"
	"github.com/offlicense/offlicense/cmd/licensor/internal/web/staff/frame"
	"github.com/offlicense/offlicense/format"
)

const (
	storyEvents = 30  // that a sale's page tells
	wholeStory  = 500 // that it tells when asked for all
)

// saleView is all that is known of a sale.
type saleView struct {
	Invoice, Customer string
	State             state
	Seats, Term       string
	Seller            string
	Rows              []service.Row
	Activations       []activationRow
	Next              string // more activations
	Story             []storyEvent
	Earlier           string // shows more of the story
	Steps, Commands   []step
	Actions           []page.Link
}

// activationRow is an activation with its licenses.
type activationRow struct {
	ID, Site, Host string
	State          state
	When           string
	Code           string
	Here           bool // it is the one that was looked for
	Licenses       []licenseRow
	Actions        []page.Link
}

type licenseRow struct {
	ID      format.ID
	Epoch   uint64
	From    time.Time
	To      string
	Revoked string
}

type storyEvent struct {
	When, Who, What string
	Reasons         []string
}

func storyOf(events []*ledger.Event, before map[string]*ledger.Entitlement) (all []storyEvent) {
	for _, e := range service.ViewLater(events, before) {
		all = append(all, storyEvent{text.Minute(e.Time), e.Operator, page.Sentence(e.What), e.Reasons()})
	}
	return all
}

// step is what can be done next: on a page, or by a command.
type step struct{ What, To, Command string }

// steps leads to the page that does what a command does, and names the command where no page
// does. What the visitor may not do is left out.
func (v *visit) steps(shown *service.Shown) (all []step) {
	for _, n := range shown.Next(v.by.Now) {
		s := step{What: n.What, Command: n.Command}
		verb, rest, _ := strings.Cut(strings.TrimPrefix(n.Command, "licensor "), " ")
		form := ""
		if _, after, found := strings.Cut(rest, "--activation "); found {
			id, _, _ := strings.Cut(after, " ")
			form, s.To = ofActivation+verb, page.Path("activations", id, verb)
		} else if strings.Contains(rest, "--unbound") {
			form, s.To = ofSale+"sign-unbound", page.Path("entitlements", shown.Invoice, "sign-unbound")
		} else if form = "/" + verb; v.forms.Has(form) {
			s.To = form
		} else {
			form, s.To = ofSale+verb, page.Path("entitlements", shown.Invoice, verb)
		}
		switch {
		case !v.forms.Has(form):
			s.To = ""
		case !v.forms.MayOpen(v.Who, form):
			continue
		}
		all = append(all, s)
	}
	return all
}

// The paths of the forms of a sale and of an activation, without their last word.
const (
	ofSale       = "/entitlements/{invoice}/"
	ofActivation = "/activations/{id}/"
)

// action is a form by the last word of its path.
type action struct{ word, text string }

// saleActions are the forms of a sale.
func saleActions(h *ledger.Holding) (all []action) {
	switch h.Standing {
	case ledger.StandingCanceled:
		return nil
	case ledger.StandingSuspended:
		return []action{{"resume", "Resume"}, {"correct", "Correct"}, {"cancel", "Cancel"}}
	}
	if h.Ends() || !h.UpdatesUntil.IsZero() {
		all = append(all, action{"renew", "Renew"})
	}
	all = append(all, action{"amend", "Amend"})
	if h.Weakest() == format.StrengthAny {
		all = append(all, action{"sign-unbound", "Sign for any machine"})
	}
	return append(all, action{"correct", "Correct"}, action{"suspend", "Suspend"}, action{"cancel", "Cancel"})
}

// activationActions are the forms of an activation.
func activationActions(a *ledger.Held, of *ledger.Holding, now time.Time) []action {
	switch s := a.Status(&of.Entitlement, now); {
	case s.Closed() || of.Standing == ledger.StandingCanceled:
		return nil
	case s == ledger.StatusRevoked:
		return []action{{"deactivate", "Free its seat"}}
	case a.State == ledger.StateBridge:
		return []action{{"deactivate", "Cancel its move"}}
	}
	return []action{{"move", "Move"}, {"reactivate", "Reactivate"}, {"deactivate", "Deactivate"}, {"revoke", "Revoke"}}
}

// links are the forms that the visitor may open.
func (v *visit) links(all []action, form string, of ...string) (links []page.Link) {
	for _, a := range all {
		if v.forms.MayOpen(v.Who, form+a.word) {
			links = append(links, page.Link{To: page.Path(append(of[:len(of):len(of)], a.word)...), Text: a.text})
		}
	}
	return links
}

func (v *visit) sale() error {
	events := storyEvents
	if v.Asked("story") == "whole" {
		events = wholeStory
	}
	invoice := v.Named("invoice")
	shown, err := v.Service.ShowSale(v.R.Context(), invoice, events)
	if err != nil {
		return err
	}
	if shown == nil {
		return v.Nothing("No entitlement has the invoice "+text.Quote(invoice)+".", "The search on the page Sales finds what is spelled otherwise.")
	}
	return v.Show("sale", shown.Invoice, v.saleOf(shown))
}

func (v *visit) saleOf(shown *service.Shown) *saleView {
	h, now := &shown.Holding, v.by.Now
	s := &saleView{
		Invoice: h.Invoice, Customer: h.Customer, State: stateOf(service.SaleState(h, now), h.Entitlement.Status(now)),
		Seats: service.SeatsUsed(h), Term: service.Term(&h.Entitlement), Seller: shown.Seller,
		Rows:  service.EntitlementRows(&h.Entitlement, "invoice", "customer", "seats", "term"),
		Story: storyOf(shown.Past.Events, shown.Past.Sold), Steps: v.steps(shown),
		Actions: v.links(saleActions(h), ofSale, "entitlements", h.Invoice), Commands: v.commandsOf(h),
	}
	for _, email := range h.MoreEmails {
		s.Rows = append(s.Rows, service.Row{Label: "claimed by", Text: email})
	}
	if shown.Past.More && v.Asked("story") == "" {
		s.Earlier = page.Path("entitlements", h.Invoice) + "?story=whole"
	}
	first, behind := 0, v.behind()
	for i := range h.Activations {
		if h.Activations[i].ID == behind {
			first = i + 1
		}
	}
	last := min(first+onPage, len(h.Activations))
	if last < len(h.Activations) {
		s.Next = v.nextPage(h.Activations[last-1].ID)
	}
	for i := first; i < last; i++ {
		s.Activations = append(s.Activations, v.activationRowOf(shown, &h.Activations[i]))
	}
	return s
}

func (v *visit) activationRowOf(shown *service.Shown, a *ledger.Held) activationRow {
	words, when := service.ActivationState(a, &shown.Entitlement, v.by.Now)
	if !a.Ended.IsZero() {
		when = "on " + text.Date(a.Ended)
	}
	row := activationRow{ID: a.ID, Site: a.Site, Host: a.Host, State: stateOf(words, a.Status(&shown.Entitlement, v.by.Now)), When: when, Code: a.Code,
		Here: a.ID == shown.Activation, Actions: v.links(activationActions(a, &shown.Holding, v.by.Now), ofActivation, "activations", a.ID)}
	licenses := shown.Licenses[a.ID]
	if len(licenses) == 0 && a.License != nil { // of many activations only the first have all
		licenses = []ledger.LicenseRecord{{License: *a.License, Code: a.Code}}
	}
	for _, l := range licenses {
		r := licenseRow{ID: l.ID, Epoch: l.Epoch, From: l.Issued, To: "perpetual"}
		if !l.HardEnd.IsZero() {
			r.To = text.LastDay(l.HardEnd)
		}
		if l.Revoked != nil {
			r.Revoked = "revoked " + text.Date(l.Revoked.Since)
			if l.Revoked.List == 0 {
				r.Revoked += ", on no list yet"
			}
		}
		row.Licenses = append(row.Licenses, r)
	}
	return row
}

// activationOf is the page of one activation, with the sale that it is of.
func (v *visit) activationOf() error {
	id := strings.ToUpper(v.Named("id"))
	shown, err := v.shownActivation(v.R.Context(), id)
	if err != nil {
		return err
	}
	if shown == nil {
		return v.Nothing("No activation is called "+text.Quote(id)+".", "The search on the page Sales finds it by its host, site or code, too.")
	}
	view := v.saleOf(shown)
	view.Next, view.Activations, view.Actions, view.Earlier = "", nil, nil, ""
	for i := range shown.Activations {
		if shown.Activations[i].ID == id {
			view.Activations = []activationRow{v.activationRowOf(shown, &shown.Activations[i])}
		}
	}
	return v.Show("activation", "Activation "+id, view)
}

// shownActivation looks up an activation, and nothing else of that name.
func (v *visit) shownActivation(ctx context.Context, id string) (*service.Shown, error) {
	shown, err := v.Service.Show(ctx, id, storyEvents)
	if frame.IsTrouble(err) {
		return nil, err
	}
	if err != nil || shown == nil || shown.Activation != id {
		return nil, nil
	}
	return shown, nil
}
