package staff

import (
	"archive/zip"
	"bytes"
	"cmp"

	"github.com/offlicense/offlicense/cmd/internal/hint"
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
	ctx := v.r.Context()
	view := &customersView{Of: v.asked("of"), Most: ledger.MostSales}
	if view.Of != "" && v.asked("everywhere") != "" {
		found, err := v.Service.FindCustomers(ctx, view.Of)
		if err != nil {
			return err
		}
		for _, c := range found[:min(onPage, len(found))] {
			view.Rows = append(view.Rows, ledger.Buyer{Name: c.Customer, Partner: c.Partner, Sales: min(c.Entitlements, ledger.MostSales)})
		}
		if len(found) == 0 {
			return v.again("customers", "Customers", view, v.Service.NoCustomer(ctx, view.Of))
		}
		return v.show("customers", "Customers", view)
	}
	all, next, err := v.Service.Buyers(ctx, view.Of, v.behind(), onPage)
	if err != nil {
		return err
	}
	view.Rows, view.Next = all, v.nextPage(next)
	if len(all) == 0 && view.Of != "" {
		query := v.r.URL.Query()
		query.Set("everywhere", "1")
		view.Deeper = "/customers?" + query.Encode()
	}
	return v.show("customers", "Customers", view)
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
	Sender  string
}

// customer is what one customer has bought.
func (v *visit) customer() error { return v.customerPage(nil) }

func (v *visit) customerPage(wrong error) error {
	ctx, name, now := v.r.Context(), v.named("name"), v.by.Now
	bought, err := v.Service.Page(ctx, service.Filter{Customer: name}, v.behind(), onPage)
	if err != nil {
		return err
	}
	if len(bought.Holdings) == 0 {
		return v.nothing("Nothing was sold to "+text.Quote(name)+".", "The page Customers finds one by the beginning of the name.")
	}
	partners, err := v.Service.Partners(ctx)
	if err != nil {
		return err
	}
	view := &customerView{Partner: partners.Has(name), Rows: saleRows(bought.Holdings, now), Next: v.nextPage(bought.Next), MaySell: v.who.May(desk.Sell), Sender: v.asked("sender")}
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
	if wrong != nil {
		return v.again("customer", view.Name, view, wrong)
	}
	return v.show("customer", view.Name, view)
}

// endingLetter sends a mail to the customer that says what ends soon; where it goes to several
// addresses, one each in an archive.
func (v *visit) endingLetter() error {
	now := v.by.Now
	letters, err := v.Service.EndingLetters(v.r.Context(), service.Filter{Customer: v.named("name"), EndsAfter: now, EndsBy: now.AddDate(0, 0, endsSoon)},
		service.LetterOptions{Sender: v.asked("sender"), Now: now, FileName: service.LicenseFileName})
	if isTrouble(err) {
		return err
	}
	if err != nil {
		return v.customerPage(err)
	}
	var archive bytes.Buffer
	z := zip.NewWriter(&archive)
	var mails []service.Letter
	skipped := error(hint.Errorf("nothing ends within %d days", endsSoon).WithHint("the page Renewals has what ends later"))
	for _, l := range letters {
		if l.Skipped != nil {
			skipped = hint.Errorf("there is no letter: %w", l.Skipped).WithHint("add an address for the sale")
			continue
		}
		mails = append(mails, l)
		f, err := z.Create(cmp.Or(service.SafeName(l.Email), "letter") + ".eml")
		if err == nil {
			_, err = f.Write(l.Mail)
		}
		if err != nil {
			return err
		}
	}
	if err := z.Close(); err != nil {
		return err
	}
	switch len(mails) {
	case 0:
		return v.customerPage(skipped)
	case 1:
		v.download("message/rfc822", "letter.eml", mails[0].Mail)
	default:
		v.download("application/zip", "letters.zip", archive.Bytes())
	}
	return nil
}
