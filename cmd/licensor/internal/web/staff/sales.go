package staff

import (
	"context"
	"slices"

	"github.com/offlicense/offlicense/cmd/internal/hint"
	"github.com/offlicense/offlicense/cmd/internal/text"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/service"
	"github.com/offlicense/offlicense/cmd/licensor/internal/web/page"
	"github.com/offlicense/offlicense/cmd/licensor/internal/web/staff/frame"
	"github.com/offlicense/offlicense/format"
)

type salesView struct {
	Of       string // what is searched for
	Product  string
	State    string
	States   []saleStatus
	Products []string
	Caption  string
	Rows     []saleRow
	Next     string
	Deeper   string   // searches each sale for it
	Meant    []string // what it was most likely meant to be
}

// saleStatus is a state of sales that can be chosen, with its name.
type saleStatus struct{ Value, Text string }

// sales is the list of what was sold, and the search in all that is on record.
func (v *visit) sales() error {
	ctx := v.R.Context()
	view := &salesView{Of: v.Asked("of"), Product: v.Asked("product"), State: v.Asked("state"), Caption: "In the order of invoices"}
	products, err := v.Service.Products(ctx)
	if err != nil {
		return err
	}
	for _, p := range products {
		view.Products = append(view.Products, p.Name)
	}
	for _, s := range ledger.SaleStatuses {
		view.States = append(view.States, saleStatus{string(s), service.StateName(s)})
	}
	state := ledger.Status(view.State)
	switch {
	case view.State != "" && !slices.Contains(ledger.SaleStatuses, state):
		err = hint.Errorf("no sale has the state %s", text.Quote(view.State)).WithHint("choose one of those that there are")
	case view.Of != "" && v.Asked("everywhere") != "":
		err = v.everywhere(view)
	case view.Of != "":
		var to string
		if to, err = v.find(view); to != "" {
			page.See(v.W, to)
			return nil
		}
	default:
		if view.State != "" && !state.Standing() {
			view.Caption = "In the order of their ends"
		}
		err = v.salesPage(ctx, view, service.Filter{Product: view.Product, State: state, Now: v.by.Now})
	}
	if err != nil {
		return v.Again("sales", "Sales", view, err)
	}
	return v.Show("sales", "Sales", view)
}

func (v *visit) salesPage(ctx context.Context, view *salesView, filter service.Filter) error {
	page, err := v.Service.Page(ctx, filter, v.behind(), onPage)
	if err == nil {
		view.Rows, view.Next = saleRows(page.Holdings, v.by.Now), v.nextPage(page.Next)
	}
	return err
}

// find finds what was typed as an index has it: something that has a page of its own, or the
// sales whose invoices, customers, e-mail addresses or hosts are that or begin with it.
func (v *visit) find(view *salesView) (to string, err error) {
	ctx := v.R.Context()
	if v.behind() == "" {
		shown, err := v.Service.Show(ctx, view.Of, 1)
		switch {
		case frame.IsTrouble(err):
			return "", err
		case err != nil || shown == nil:
		case shown.License != (format.ID{}):
			return page.Path("licenses", shown.License.String()), nil
		case shown.Activation != "":
			return page.Path("activations", shown.Activation), nil
		default:
			return page.Path("entitlements", shown.Invoice), nil
		}
		if w, err := v.Desk.Find(ctx, view.Of); err != nil || w != nil {
			if err != nil {
				return "", err
			}
			return page.Path("queue", w.Number), nil
		}
	}
	for _, by := range []struct {
		filter  service.Filter
		caption string
	}{
		{service.Filter{Invoice: view.Of}, "Invoices that begin so"},
		{service.Filter{Customer: view.Of}, "Customers who are called so"},
		{service.Filter{Email: view.Of}, "E-mail addresses that begin so"},
		{service.Filter{Host: view.Of}, "Hosts that are called so"},
	} {
		filter, err := v.Service.Narrow(ctx, by.filter)
		if err != nil {
			return "", err
		}
		if len(filter.Searched()) == 0 {
			view.Caption = by.caption
			return "", v.salesPage(ctx, view, filter)
		}
	}
	query := v.R.URL.Query()
	query.Set("everywhere", "1")
	view.Deeper = "/entitlements?" + query.Encode()
	return "", nil
}

// everywhere looks at each sale for a part of a text: it takes as long as there are sales.
func (v *visit) everywhere(view *salesView) error {
	ctx := v.R.Context()
	for _, filter := range []service.Filter{{Invoice: view.Of}, {Customer: view.Of}, {Email: view.Of}, {Host: view.Of}} {
		filter, err := v.Service.Narrow(ctx, filter)
		if err != nil {
			return err
		}
		filter.Most, filter.After, filter.SalesOnly = onPage+1, v.behind(), true
		found, err := v.Service.List(ctx, filter)
		if err != nil {
			return err
		}
		if len(found) > onPage {
			found = found[:onPage]
			view.Next = v.nextPage(found[onPage-1].Invoice)
		}
		if len(found) > 0 {
			view.Rows, view.Caption = saleRows(found, v.by.Now), "All that have it as a part"
			return nil
		}
	}
	meant, err := v.Service.DidYouMean(ctx, service.Filter{Invoice: view.Of, InvoiceMatch: service.Part, Customer: view.Of, CustomerMatch: service.Part})
	if err != nil {
		return err
	}
	view.Meant = meant
	if len(meant) == 0 {
		return hint.Errorf("nothing on record has %s in its invoice, customer, address or host", text.Quote(view.Of)).WithHint("give a part of it that is spelled as on the invoice")
	}
	return nil
}
