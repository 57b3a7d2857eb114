package staff

import (
	"cmp"
	"slices"
	"strconv"

	"github.com/offlicense/offlicense/cmd/licensor/internal/desk"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
)

type renewalsView struct {
	Tabs    []tab
	Groups  []renewalGroup
	Next    string
	MaySell bool
}

// renewalGroup is what ends of one customer.
type renewalGroup struct {
	Customer string
	Rows     []endingRow
}

// renewals lists what ends in so many days, or has ended in so many, by customers: on each page
// the next ends, and the customer first whose end is next.
func (v *visit) renewals() error {
	now := v.by.Now
	days, err := strconv.Atoi(cmp.Or(v.Asked("days"), "30"))
	if err != nil || days == 0 || days < -366 || days > 366 {
		days = 30
	}
	after, by := now, now.AddDate(0, 0, days)
	if days < 0 {
		after, by = by, after
	}
	ends, err := v.Service.EndingPage(v.R.Context(), after, by, v.behind(), onPage)
	if err != nil {
		return err
	}
	shown := strconv.Itoa(days)
	if days == 30 {
		shown = ""
	}
	view := &renewalsView{Next: v.nextPage(ends.Next), MaySell: v.Who.May(desk.Sell),
		Tabs: v.tabs("/renewals", "days", shown, "", "Next 30 days", "60", "60", "90", "90", "366", "A year", "-30", "Ended in the last 30", "-90", "90")}
	for _, row := range endingRows(ends.Endings, now) {
		i := slices.IndexFunc(view.Groups, func(g renewalGroup) bool { return ledger.CustomerKey(g.Customer) == ledger.CustomerKey(row.Customer) })
		if i < 0 {
			i = len(view.Groups)
			view.Groups = append(view.Groups, renewalGroup{Customer: row.Customer})
		}
		view.Groups[i].Rows = append(view.Groups[i].Rows, row)
	}
	return v.Show("renewals", "Renewals", view)
}
