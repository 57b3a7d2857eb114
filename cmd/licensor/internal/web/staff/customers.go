package staff

import (
	"cmp"
	"slices"

	"github.com/offlicense/offlicense/cmd/internal/text"
	"github.com/offlicense/offlicense/cmd/licensor/internal/desk"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/service"
)

type customersView struct {
	Of     string
	Rows   []ledger.Buyer
	Next   string
	Deeper string
	Most   int
}

// customers lists the customers in the order of their names.
func (v *visit) customers() error {
	ctx := v.R.Context()
	view := &customersView{Of: v.Asked("of"), Most: ledger.MostSales}
	if view.Of != "" && v.Asked("everywhere") != "" {
		found, err := v.Service.FindCustomers(ctx, view.Of)
		if err != nil {
			return err
		}
		slices.SortFunc(found, func(a, b service.CustomerView) int { return cmp.Compare(a.Customer, b.Customer) })
		for _, c := range found {
			if c.Customer <= v.behind() {
				continue
			}
			if len(view.Rows) == onPage {
				view.Next = v.nextPage(view.Rows[onPage-1].Name)
				break
			}
			view.Rows = append(view.Rows, ledger.Buyer{Name: c.Customer, Partner: c.Partner, Sales: min(c.Entitlements, ledger.MostSales)})
		}
		if len(found) == 0 {
			return v.Again("customers", "Customers", view, v.Service.NoCustomer(ctx, view.Of))
		}
		return v.Show("customers", "Customers", view)
	}
	all, next, err := v.Service.Buyers(ctx, view.Of, v.behind(), onPage)
	if err != nil {
		return err
	}
	view.Rows, view.Next = all, v.nextPage(next)
	if len(all) == 0 && view.Of != "" {
		query := v.R.URL.Query()
		query.Set("everywhere", "1")
		view.Deeper = "/customers?" + query.Encode()
	}
	return v.Show("customers", "Customers", view)
}

// endsSoon is within how many days what ends is told on a customer's page.
const endsSoon = 60

type customerView struct {
	Name    string
	Partner bool
	Emails  []string
	Soon    []endingRow
	Rows    []saleRow
	Next    string
	MaySell bool

	Commands []step // that no page does
}

// customer is what one customer has bought.
func (v *visit) customer() error {
	ctx, name, now := v.R.Context(), v.Named("name"), v.by.Now
	bought, err := v.Service.Page(ctx, service.Filter{Customer: name}, v.behind(), onPage)
	if err != nil {
		return err
	}
	if len(bought.Holdings) == 0 {
		return v.Nothing("Nothing was sold to "+text.Quote(name)+".", "The page Customers finds one by the beginning of the name.")
	}
	partners, err := v.Service.Partners(ctx)
	if err != nil {
		return err
	}
	view := &customerView{Partner: partners.Has(name), Rows: saleRows(bought.Holdings, now), Next: v.nextPage(bought.Next), MaySell: v.Who.May(desk.Sell)}
	seen := make(map[string]bool)
	for i := range bought.Holdings {
		h := &bought.Holdings[i]
		view.Name = h.Customer
		for _, email := range append([]string{h.Email}, h.MoreEmails...) {
			if key := ledger.AccountKey(email); key != "" && !seen[key] {
				seen[key] = true
				view.Emails = append(view.Emails, email)
			}
		}
		if e := h.EndsIn(now, now.AddDate(0, 0, endsSoon)); (e.License || e.Updates) && h.Standing != ledger.StandingCanceled {
			view.Soon = append(view.Soon, endingRows([]ledger.Ending{e}, now)...)
		}
	}
	view.Commands = v.commandsOfCustomer(view.Name, view.Partner)
	return v.Show("customer", view.Name, view)
}
