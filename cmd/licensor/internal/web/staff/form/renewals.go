package form

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/offlicense/offlicense/cmd/internal/hint"
	"github.com/offlicense/offlicense/cmd/internal/text"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/service"
	"github.com/offlicense/offlicense/cmd/licensor/internal/web/page"
	"github.com/offlicense/offlicense/cmd/licensor/internal/web/staff/frame"
)

// What is renewed at once: more is for the command.
const (
	maxRenewals        = 100
	maxRenewedLicenses = 1000
)

// renewMany renews what was chosen, each whole or not at all. The same again finishes what has
// broken off.
func (v *visit) renewMany() error {
	if err := v.R.ParseForm(); err != nil {
		return notWhole(err)
	}
	chosen := &field{Name: "chosen", Kind: kindHidden}
	c := &change{title: "Renew", path: "/renewals", button: "Look at it", back: page.Link{To: "/renewals", Text: "What ends"},
		fields: append(append([]*field{chosen}, endFields(true, true)...), v.later(), why(false))}
	c.field("updates_until").Help = "Likewise, of those whose updates have an end; empty leaves it as it is."
	if listed := v.R.PostForm["invoice"]; len(listed) > 0 { // from the page that lists them
		var invoices []string
		for _, invoice := range listed {
			if !slices.Contains(invoices, invoice) {
				invoices = append(invoices, invoice)
			}
			if len(invoices) > maxRenewals {
				break
			}
		}
		text, err := json.Marshal(invoices)
		if err != nil {
			return err
		}
		chosen.Value = string(text)
		v.R.PostForm.Set(stepName, stepEdit)
		for _, f := range c.fields {
			v.R.PostForm.Set(f.Name, f.Value)
		}
	}
	var invoices []string
	json.Unmarshal([]byte(v.R.PostForm.Get("chosen")), &invoices)
	switch {
	case len(invoices) == 0:
		return v.Nothing("Nothing was chosen.", "Go back, and choose what is to be renewed.")
	case len(invoices) > maxRenewals:
		return hint.Errorf("these are more than %d, which are renewed at once", maxRenewals).WithHint("choose fewer, or renew them at the workstation: licensor renew")
	}
	c.title = "Renew " + text.Plural(len(invoices), "sale", "sales")
	c.about = []facts{{Caption: "Chosen", Rows: [][]string{{"invoices", strings.Join(invoices, ", ")}}}}
	var previews []service.Renewed
	c.look = func() (*looked, error) {
		to, err := c.renewal()
		if err != nil {
			return nil, err
		}
		v.by.Why = c.value("why")
		v.signsLater(c)
		lines := make([]service.RenewalLine, len(invoices))
		for i := range lines {
			lines[i].Invoice = invoices[i]
		}
		if previews, err = v.Service.PreviewRenewals(v.R.Context(), v.by, lines, to, func() {}); err != nil {
			return nil, err
		}
		return renewalsPreview(c, previews)
	}
	c.do = func() (string, string, error) {
		outcome := make(url.Values)
		err := v.Service.RenewMany(v.R.Context(), v.by, previews, v.Signing.Issue(v.R.Context(), v.by), func(r *service.Renewed) error {
			if r.Err == nil && r.Passed == "" && r.Changed {
				v.Signing.Issued(len(r.Revised.Licenses))
			}
			outcome.Add(outcomeOf(r), r.Invoice)
			return nil
		})
		if err != nil {
			return "", "", notSigned(err, "licensor renew; what was renewed is on record, and the same again does the rest")
		}
		return v.Mark("/renewals/done?" + outcome.Encode()), "", nil
	}
	return v.ask(c)
}

// outcomeOf says in a word what became of a line.
func outcomeOf(r *service.Renewed) string {
	switch {
	case r.Err != nil:
		return "refused"
	case r.Passed != "" || !r.Changed:
		return "left"
	}
	return "renewed"
}

// renewalsPreview says what would become of what was chosen. Where that is nothing, the form is
// shown again with why.
func renewalsPreview(c *change, previews []service.Renewed) (*looked, error) {
	table := facts{Caption: "What is renewed", Head: []string{"Invoice", "Customer", "Product", "Term", "Updates", "Licenses"}}
	left := facts{Caption: "What is left as it is", Head: []string{"Invoice", "Why"}}
	n, refused := service.TallyOf(previews), 0
	for i := range previews {
		r := &previews[i]
		switch outcomeOf(r) {
		case "refused":
			why := r.Err.Error()
			if next := hint.Of(r.Err); next != "" {
				why += ": " + next
			}
			left.Rows = append(left.Rows, []string{r.Invoice, page.Sentence(why)})
			refused++
		case "left":
			left.Rows = append(left.Rows, []string{r.Invoice, page.Sentence(cmp.Or(r.Passed, "it is so already"))})
		default:
			term, updates := service.RenewedEnds(r.Revised.Before, r.Revised.After)
			table.Rows = append(table.Rows, []string{r.Invoice, r.Revised.After.Customer, r.Revised.After.ProductName(), term, updates, fmt.Sprint(r.Licenses())})
		}
	}
	l := &looked{warnings: sentences(n.Warnings())}
	for _, one := range []facts{table, left} {
		if len(one.Rows) > 0 {
			l.facts = append(l.facts, one)
		}
	}
	switch {
	case refused == 1 && len(previews) == 1:
		return nil, previews[0].Err
	case refused == len(previews):
		c.about = append(c.about, left)
		return nil, hint.Errorf("none of these can be renewed so").WithHint("say another end, or go back and choose others")
	case n.Changed == 0:
		outcome := make(url.Values)
		for i := range previews {
			outcome.Add(outcomeOf(&previews[i]), previews[i].Invoice)
		}
		l.already = "/renewals/done?" + outcome.Encode()
	case n.Licenses > maxRenewedLicenses:
		return nil, hint.Errorf("%d licenses are more than %d, which are signed at once", n.Licenses, maxRenewedLicenses).
			WithHint("choose fewer, have each signed when its server asks again, or use licensor renew")
	}
	l.button = "Renew " + text.Plural(n.Changed, "sale", "sales")
	if n.Licenses > 0 {
		l.button += " and sign " + text.Plural(n.Licenses, "license", "licenses")
	}
	return l, nil
}

// renewedView is what became of what was chosen, as it is on record.
type renewedView struct {
	Renewed, Left []renewedRow
	Mails         string // writes to the customers
}

type renewedRow struct {
	Invoice, Customer, Term, Updates string
	Refused                          bool
	Licenses                         []*ledger.License
	More                             int // licenses that are not shown
}

// renewed shows what became of a day's renewals, to who has done them.
func (v *visit) renewed() error {
	if !v.Marked() {
		return v.See("/renewals", "")
	}
	query := v.R.URL.Query()
	view := new(renewedView)
	n := 0
	for _, word := range []string{"renewed", "left", "refused"} {
		for _, invoice := range query[word] {
			if n++; n > maxRenewals {
				break
			}
			row := renewedRow{Invoice: invoice, Refused: word == "refused"}
			h, err := v.Service.Holding(v.R.Context(), invoice)
			if frame.IsTrouble(err) {
				return err
			}
			if err == nil {
				row.Customer = h.Customer
				row.Term, row.Updates = service.Ends(&h.Entitlement)
				const most = 5
				for i := range h.Activations {
					if i < most {
						row.Licenses = append(row.Licenses, h.Activations[i].License)
					} else {
						row.More++
					}
				}
			}
			if word == "renewed" {
				view.Renewed = append(view.Renewed, row)
			} else {
				view.Left = append(view.Left, row)
			}
		}
	}
	return v.Show("renewed", "What was renewed", view)
}
