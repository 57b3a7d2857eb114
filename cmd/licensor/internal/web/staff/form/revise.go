package form

import (
	"fmt"
	"strings"

	"github.com/offlicense/offlicense/cmd/internal/hint"
	"github.com/offlicense/offlicense/cmd/internal/text"
	"github.com/offlicense/offlicense/cmd/licensor/internal/desk"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/service"
	"github.com/offlicense/offlicense/cmd/licensor/internal/web/page"
)

// later asks whether each license is signed when its server asks again. Who may not sign is not
// asked.
func (v *visit) later() *field {
	f := &field{Name: "later", Label: "Sign each license when its server asks again", Kind: kindCheck, Help: "Else all are signed now."}
	if !v.Who.May(desk.Sign) {
		f.Kind, f.Value, f.Label, f.Help = kindHidden, "yes", "", ""
	}
	return f
}

// signsLater notes what the field later says.
func (v *visit) signsLater(c *change) {
	v.by.Later = c.value("later") != "" || !v.Who.May(desk.Sign)
}

// agree is the button of a change that signs licenses.
func (v *visit) agree(verb string, r *service.RevisionPreview) string {
	if n := len(r.Steps) - 1; n > 0 {
		return fmt.Sprintf("%s it and sign %s", verb, text.Plural(n, "license", "licenses"))
	}
	return verb + " it"
}

// revise records a change of a sale, with its licenses.
func (v *visit) revise(h *ledger.Holding, r service.Revision, verb string) error {
	done, err := v.Service.Book.Revise(v.R.Context(), v.by, h.Invoice, r, v.Signing.Issue(v.R.Context(), v.by))
	if err != nil {
		return notSigned(err, "licensor %s %s --out DIR ...; or have each signed when its server asks again", verb, text.ShellWord(h.Invoice))
	}
	if len(done.Steps) > 0 {
		v.Signing.Issued(len(done.Licenses))
	}
	return nil
}

// amend changes what was sold.
func (v *visit) amend() error {
	c, form, h, err := v.revising("Amend", "amend", func(t *ledger.Term) bool { return !t.Fixed && t.Name != "customer" })
	if err != nil {
		return err
	}
	c.lead = "What was sold besides, or instead. Each active site gets a new license."
	c.fields, c.check = append(form.fields, v.later(), why(false)), form.check
	var said []saidTerm
	revision := service.NewAmendment(func(e *ledger.Entitlement) error { return apply(said, e, v.by.Now) })
	c.look = func() (*looked, error) {
		if said, err = form.said(); err != nil {
			return nil, err
		}
		v.by.Why = c.value("why")
		v.signsLater(c)
		r, warnings, err := v.withNames(func() (*service.RevisionPreview, error) {
			return v.Service.PreviewRevision(v.R.Context(), v.by, h.Invoice, revision)
		})
		button := ""
		if err == nil {
			button = v.agree("Amend", r)
		}
		return v.revised(form, h, said, r, warnings, err, button)
	}
	c.do = func() (string, string, error) {
		return page.Path("entitlements", h.Invoice), "amended", v.revise(h, v.unchanged(h, said, ledger.ActionAmend), "amend")
	}
	return v.ask(c)
}

// renew gives a sale a later end.
func (v *visit) renew() error {
	h, err := v.Service.Holding(v.R.Context(), v.Named("invoice"))
	if err != nil {
		return err
	}
	c := &change{title: "Renew " + h.Invoice, path: page.Path("entitlements", h.Invoice, "renew"), button: "Look at it",
		back:   page.Link{To: page.Path("entitlements", h.Invoice), Text: "Back to the sale"},
		about:  []facts{factsOf("The sale", v.saleRows(h))},
		fields: append(endFields(!h.Expires.IsZero(), !h.UpdatesUntil.IsZero()), v.later(), why(false))}
	// What counts from the present end is another one once somebody has renewed it.
	ends := func(e *ledger.Entitlement) string { return fmt.Sprint(service.Ends(e)) }
	was := &field{Name: "was", Kind: kindHidden, Value: ends(&h.Entitlement)}
	c.fields = append(c.fields, was)
	if !h.Expires.IsZero() && !h.Expires.After(v.by.Now) {
		c.field("from").Value = ledger.FormatDate(v.by.Now)
	}
	var to service.Renewal
	c.look = func() (*looked, error) {
		if to, err = c.renewal(); err != nil {
			return nil, err
		}
		v.by.Why = c.value("why")
		v.signsLater(c)
		r, err := v.Service.PreviewRevision(v.R.Context(), v.by, h.Invoice, service.NewRenewal(to))
		if err != nil {
			return nil, err
		}
		if len(r.Steps) == 0 {
			return &looked{already: page.Path("entitlements", h.Invoice)}, nil
		}
		if now := ends(r.Before); was.Value != "" && was.Value != now {
			was.Value = now
			return nil, errStale
		}
		// As days: so it is the same renewal if it is sent again.
		for _, end := range []struct {
			name string
			end  *ledger.End
			term string
		}{{"expires", &to.Expires, "expires"}, {"updates_until", &to.Updates, "updates_until"}} {
			if !end.end.IsZero() {
				c.field(end.name).Value = ledger.TermNamed(end.term).Get(r.After)
			}
		}
		c.field("from").Value = ""
		if to, err = c.renewal(); err != nil {
			return nil, err
		}
		l, err := v.previewed(r)
		if err == nil {
			l.button = v.agree("Renew", r)
		}
		return l, err
	}
	c.do = func() (string, string, error) {
		return page.Path("entitlements", h.Invoice), "renewed", v.revise(h, service.NewRenewal(to), "renew")
	}
	return v.ask(c)
}

// endFields ask for the new ends of a renewal.
func endFields(expires, updates bool) []*field {
	year := map[bool]string{true: "1y"}
	return []*field{
		{Name: "expires", Label: "New end", Value: year[expires], Help: "The last day, or a time such as 1y, 12m or 30d on from the present end."},
		{Name: "updates_until", Label: "New end of updates", Value: year[updates], Help: "Likewise; empty leaves it as it is."},
		{Name: "perpetual", Label: "Perpetual: it has no end any more", Kind: kindCheck, More: true},
		{Name: "from", Label: "From", Help: "The day on which a time like 12m begins, where it is not the present end.", More: true},
	}
}

// renewal reads the new ends.
func (c *change) renewal() (to service.Renewal, err error) {
	to.Perpetual = c.value("perpetual") != ""
	wrong := func(f *field, err error) {
		f.Error = page.Sentence(err.Error())
	}
	for name, into := range map[string]*ledger.End{"expires": &to.Expires, "updates_until": &to.Updates} {
		if f := c.field(name); f.Value != "" && !(name == "expires" && to.Perpetual) {
			if *into, err = ledger.ParseEnd(f.Value); err != nil {
				wrong(f, err)
			}
		}
	}
	if f := c.field("from"); f.Value != "" {
		if to.From, err = ledger.ParseDay(f.Value); err != nil {
			wrong(f, err)
		}
	}
	for _, f := range c.fields {
		if f.Error != "" {
			f.More = false
			return to, hint.Errorf("something cannot be recorded as it is").WithHint("it says below what")
		}
	}
	if to.Expires.IsZero() && to.Updates.IsZero() && !to.Perpetual {
		c.field("expires").Error = "Say until when."
		return to, hint.Errorf("the new end is missing").WithHint("give the last day, or a time such as 1y")
	}
	return to, nil
}

// saleRows say which sale it is.
func (v *visit) saleRows(h *ledger.Holding) []service.Row {
	return []service.Row{
		{Label: "customer", Text: h.Customer},
		{Label: "product", Text: h.ProductName() + ", " + h.Type},
		{Label: "seats", Text: service.SeatsUsed(h)},
		{Label: "term", Text: service.Term(&h.Entitlement)},
		{Label: "state", Text: service.SaleState(h, v.by.Now)},
	}
}

// standing suspends, resumes or cancels a sale.
type standing struct {
	verb, title, lead, button, word string
	to                              ledger.Standing
}

var standings = []standing{
	{"suspend", "Suspend", "Nothing new is signed until it is resumed; the licenses out there run on.", "Suspend it", "suspended", ledger.StandingSuspended},
	{"resume", "Resume", "Requests are signed as before.", "Resume it", "resumed", ""},
	{"cancel", "Cancel", "It is canceled for good, and all its licenses go on the next revocation list.", "Cancel it and revoke its licenses", "canceled", ledger.StandingCanceled},
}

func (s standing) page(v *visit) error {
	h, err := v.Service.Holding(v.R.Context(), v.Named("invoice"))
	if err != nil {
		return err
	}
	sale := page.Path("entitlements", h.Invoice)
	c := &change{title: s.title + " " + h.Invoice, path: sale + "/" + s.verb, lead: s.lead, button: s.button, single: true,
		back: page.Link{To: sale, Text: "Back to the sale"}, fields: []*field{why(true)}}
	if s.to == ledger.StandingCanceled {
		c.danger = true
		c.fields = append(c.fields, again("invoice", h.Invoice))
	}
	c.look = func() (*looked, error) {
		l := &looked{facts: []facts{factsOf("The sale", v.saleRows(h))}}
		if now, err := v.Service.Holding(v.R.Context(), h.Invoice); err != nil {
			return nil, err
		} else if h.Standing = now.Standing; h.Standing == s.to {
			l.already = sale
		} else if h.Standing == ledger.StandingCanceled {
			return nil, hint.Errorf("invoice %q was canceled, for good", h.Invoice).WithHint("what is sold again gets an invoice of its own")
		}
		return l, nil
	}
	c.check = func() { c.checkAgain("invoice", h.Invoice) }
	c.do = func() (string, string, error) {
		v.by.Why = c.value("why")
		_, changed, err := v.Service.SetStanding(v.R.Context(), v.by, h.Invoice, s.to)
		if err == nil && !changed {
			return sale, "already", nil
		}
		return sale, s.word, err
	}
	return v.ask(c)
}

// again has somebody type what would be lost.
func again(what, name string) *field {
	return &field{Name: "again", Label: "Type the " + what + " again", Required: true, Help: "It is " + name + ": this cannot be undone."}
}

// checkAgain marks what was typed again, if it is another.
func (c *change) checkAgain(what, name string) {
	for _, f := range c.fields {
		if f.Name == "again" && f.Value != "" && !strings.EqualFold(f.Value, name) {
			f.Error = "This is not the " + what + " of this page."
		}
	}
}
