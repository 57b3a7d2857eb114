package staff

import (
	"cmp"
	"errors"
	"strings"

	"github.com/offlicense/offlicense/cmd/licensor/internal/desk"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/service"
	"github.com/offlicense/offlicense/cmd/licensor/internal/web/page"
	"github.com/offlicense/offlicense/cmd/licensor/internal/web/staff/form"
	"github.com/offlicense/offlicense/cmd/licensor/internal/web/staff/frame"
	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/verify"
)

type queueView struct {
	Tabs   []tab
	State  desk.State
	Rows   []desk.View
	Next   string
	Brings []tab // forms for what did not come to the service
}

// queue lists the requests that wait, or did, the oldest first.
func (v *visit) queue() error {
	state := desk.State(cmp.Or(v.Asked("state"), string(desk.Waits)))
	if state != desk.Signed && state != desk.Refused {
		state = desk.Waits
	}
	view := &queueView{State: state, Tabs: v.tabs("/queue", "state", strings.TrimPrefix(string(state), string(desk.Waits)),
		"", "Waiting", string(desk.Signed), "Signed", string(desk.Refused), "Refused")}
	// A page begins behind a request that is there for some time after it is settled.
	var behind *desk.Waiting
	if number := v.behind(); number != "" {
		var err error
		if behind, err = v.Desk.Numbered(v.R.Context(), number); frame.IsTrouble(err) {
			return err
		}
	}
	page, err := v.Desk.List(v.R.Context(), state, behind)
	if err != nil {
		return err
	}
	for _, w := range page {
		view.Rows = append(view.Rows, desk.ViewOf(w))
	}
	if len(page) >= onPage {
		view.Next = v.nextPage(page[len(page)-1].Number)
	}
	if v.Who.May(desk.Sign) {
		view.Brings = []tab{{To: "/sign", Text: "Sign a request that was sent"}, {To: "/release", Text: "Record a release that was sent"}}
	}
	return v.Show("queue", "Queue", view)
}

// waitsView is a request that waits, or did, with what was bought beside what is asked for.
type waitsView struct {
	desk.View
	Release  []service.Row // it is a release
	Lines    []comparedLine
	Warnings []string
	Refusal  *page.Error // the rules stand against it
	License  string      // it has that license already
	Sold     bool        // there is a sale to look at
	Seen     string      // what the form to sign says that was looked at
	MaySign  bool
}

// comparedLine is a line of what was bought beside what is asked for.
type comparedLine struct {
	service.Reviewed
	Differs bool
}

// compared marks what is asked for otherwise than it was bought.
func compared(lines []service.Reviewed) (all []comparedLine) {
	for _, l := range lines {
		c := comparedLine{Reviewed: l}
		switch l.Label {
		case "invoice":
			c.Differs = format.InvoiceForm(l.Bought) != format.InvoiceForm(l.Asked)
		case "type":
			c.Differs = l.Bought != l.Asked
		case "product": // a request names no edition
			product, _, _ := strings.Cut(l.Bought, " ")
			c.Differs = product != l.Asked && l.Bought != l.Asked
		case "binding":
			asked, _, _ := strings.Cut(l.Asked, ":")
			c.Differs = asked != l.Bought && l.Asked != "as it was signed"
		}
		all = append(all, c)
	}
	return all
}

func (v *visit) waits() error {
	w, err := v.Desk.Numbered(v.R.Context(), strings.ToUpper(v.Named("number")))
	if frame.IsTrouble(err) {
		return err
	}
	if err != nil {
		told := page.ErrorOf(err)
		return v.Nothing(told.What, "The queue has those that wait.")
	}
	view := &waitsView{View: desk.ViewOf(w), MaySign: v.Who.May(desk.Sign)}
	if kind, _, err := format.DecodeText([]byte(w.Request)); err == nil && kind == format.Release {
		err = v.waitingRelease(view)
		return cmp.Or(err, v.Show("waits", "Release "+w.Number, view))
	}
	if err := v.waitingRequest(view); err != nil {
		return err
	}
	return v.Show("waits", "Request "+w.Number, view)
}

func (v *visit) waitingRelease(view *waitsView) error {
	given, err := v.Service.OpenRelease(v.R.Context(), []byte(view.Request))
	switch {
	case frame.IsTrouble(err):
		return err
	case err != nil:
		view.Refusal = v.Told(err)
	default:
		view.Release, view.Sold = given.Rows(), true
		view.Seen = form.SeenRelease(view.Release)
	}
	return nil
}

func (v *visit) waitingRequest(view *waitsView) error {
	q, err := verify.OpenRequest([]byte(view.Request))
	if err != nil {
		view.Refusal = v.Told(err)
		return nil
	}
	by := v.by
	offer, err := v.Service.Preview(v.R.Context(), by, q)
	var refusal *ledger.Refusal
	switch {
	case err == nil:
		r := service.ReviewOf(offer, q, by.Now)
		view.Lines, view.Sold = compared(r.Lines), true
		var known *ledger.License
		if view.Seen, view.Warnings, known, err = v.forms.SeenRequest(v.Visit, offer, q); known != nil {
			view.License = known.ID.String()
		}
		return err
	case !errors.As(err, &refusal):
		return err
	}
	view.Refusal, view.Warnings = v.Told(err), service.WarningsOf(q, by.Now)
	sale, err := v.Service.ShowSale(v.R.Context(), format.InvoiceForm(q.Invoice), 1)
	if err != nil {
		return err
	}
	sale = cmp.Or(sale, new(service.Shown))
	sale.Request = q
	view.Sold, view.Lines = sale.Dossier != nil, refusedLines(sale)
	return nil
}

// refusedLines are what was bought, if anything was, beside what a request asks for that gets no
// license.
func refusedLines(shown *service.Shown) []comparedLine {
	q := shown.Request
	lines := []service.Reviewed{{Label: "invoice", Asked: q.Invoice}, {Label: "product", Asked: q.Product}, {Label: "type", Asked: q.Type}}
	if shown.Dossier != nil {
		e := &shown.Entitlement
		lines[0].Bought, lines[1].Bought, lines[2].Bought = e.Invoice, e.ProductName(), e.Type
		lines = append(lines, service.Reviewed{Label: "customer", Bought: e.Customer}, service.Reviewed{Label: "seats", Bought: service.SeatsInUse(e, shown.SeatsUsed)},
			service.Reviewed{Label: "binding", Bought: e.Weakest().String()})
		for _, row := range service.EntitlementRows(e, "invoice", "product", "type", "customer", "seats", "binding") {
			lines = append(lines, service.Reviewed{Label: row.Label, Bought: row.Text})
		}
	}
	for _, row := range service.RequestRows(q) {
		lines = append(lines, service.Reviewed{Label: row.Label, Asked: row.Text})
	}
	all := compared(lines)
	for i := range all { // nothing is asked of these, or nothing was bought
		l := &all[i]
		l.Differs = l.Differs && l.Bought != "" && l.Asked != ""
	}
	return all
}
