package common

import (
	"time"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/service"
	"github.com/offlicense/offlicense/format"
)

// ShowAnswer is what show --json prints.
type ShowAnswer struct {
	Version     int                      `json:"version"`
	Activation  string                   `json:"activation,omitempty"` // the one that was asked for
	License     format.ID                `json:"license,omitzero"`     // likewise
	Changed     bool                     `json:"changed,omitempty"`    // a license file that is not the one on record
	Request     *shownRequest            `json:"request,omitempty"`
	Entitlement *service.EntitlementView `json:"entitlement,omitempty"` // with all activations
	Seller      string                   `json:"seller,omitempty"`
	Licenses    []shownLicense           `json:"licenses"`
	Events      []service.EventView      `json:"events"`
	More        bool                     `json:"more"` // there are earlier events
	Next        []service.Next           `json:"next"`
}

// shownRequest is a request, and what would be done with it.
type shownRequest struct {
	Invoice    string          `json:"invoice"`
	Product    string          `json:"product"`
	Type       string          `json:"type"`
	Site       string          `json:"site,omitempty"`
	Host       string          `json:"host,omitempty"`
	Code       string          `json:"code"`
	Time       time.Time       `json:"time"`
	Components []string        `json:"components,omitempty"`
	Unreadable []string        `json:"unreadable,omitempty"` // of them, for who checks
	Answer     string          `json:"answer"`               // license: it has it; seat, own, bridge: what it would get; refused
	Refusal    *refusedRequest `json:"refusal,omitempty"`
}

// refusedRequest says why a request gets no license: to staff, and to customers.
type refusedRequest struct {
	Rule         ledger.Rule `json:"rule"`
	Message      string      `json:"message"`
	Hint         string      `json:"hint"`
	ForCustomers string      `json:"for_customers"`
}

// shownLicense is a license with what became of it.
type shownLicense struct {
	Activation string `json:"activation"`
	service.LicenseView
	Code       string   `json:"code,omitempty"` // the comparison code of its request
	Need       uint64   `json:"need,omitempty"`
	Components []string `json:"components,omitempty"`
	Why        string   `json:"revoked_why,omitempty"`
	List       uint64   `json:"revoked_by_list,omitempty"` // 0: the next one
}

// NewShowAnswer is what is told to a program of something that was looked up.
func NewShowAnswer(shown *service.Shown, partners ledger.Partners, now time.Time) *ShowAnswer {
	a := &ShowAnswer{Version: 1, Changed: shown.Foreign != "", Licenses: []shownLicense{}, Next: append([]service.Next{}, shown.Next(now)...),
		Events: service.ViewLater(shown.Past.Events, shown.Past.Sold), More: shown.Past.More}
	if shown.Request != nil {
		a.Request = newShownRequest(shown)
	}
	d := shown.Dossier
	if d == nil {
		return a
	}
	view := service.ViewHolding(&d.Holding, partners, now)
	a.Activation, a.License, a.Entitlement, a.Seller = d.Activation, d.License, &view, d.Seller
	for _, activation := range d.Activations {
		for _, l := range d.Licenses[activation.ID] {
			one := shownLicense{Activation: l.Activation, LicenseView: service.ViewLicense(&l.License), Code: l.Code, Need: l.Need, Components: l.Components}
			if r := l.Revoked; r != nil {
				one.Revoked, one.Why, one.List = r.Since, r.Why, r.List
			}
			a.Licenses = append(a.Licenses, one)
		}
	}
	return a
}

func newShownRequest(shown *service.Shown) *shownRequest {
	q := shown.Request
	r := &shownRequest{Invoice: q.Invoice, Product: q.Product, Type: q.Type, Site: q.Site, Host: q.Host,
		Code: format.ComparisonCode(q.Hash), Time: time.Unix(q.Time, 0).UTC()}
	for _, c := range q.Components {
		r.Components = append(r.Components, c.Label)
	}
	r.Unreadable = q.Unreadable
	switch offer := shown.Offer; {
	case shown.Refusal != nil:
		r.Answer = "refused"
		r.Refusal = &refusedRequest{shown.Refusal.Rule, shown.Refusal.Message, shown.Refusal.Hint(), shown.Refusal.ForCustomers()}
	case offer.License != nil:
		r.Answer = "license"
	case offer.From != nil:
		r.Answer = "bridge"
	case offer.Activation != nil:
		r.Answer = "own"
	default:
		r.Answer = "seat"
	}
	return r
}
