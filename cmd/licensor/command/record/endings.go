package record

import (
	"context"
	"slices"
	"time"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/cmd/licensor/command/common"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/service"
)

// endings is list --expiring: what ends, and when, in the order of the ends.
func (c *listCommand) endings(ctx context.Context, env *cli.Env, s *service.Service, now time.Time) error {
	endings, err := s.Endings(ctx, c.filter)
	if err != nil {
		return err
	}
	if c.state != "" {
		endings = slices.DeleteFunc(endings, func(e ledger.Ending) bool { return e.Entitlement.Status(now) != ledger.Status(c.state) })
	}
	if len(endings) == 0 && c.filter.Invoice != "" {
		return c.noInvoice(ctx, s)
	}
	switch {
	case env.JSON():
		partners, err := s.Partners(ctx)
		if err != nil {
			return err
		}
		return env.Answer(newEndingListing(endings, partners, now))
	case c.csv.On:
		return common.WriteEndings(env.Stdout, &c.csv, endings)
	case len(endings) == 0:
		return c.nothing(ctx, env, s, "Nothing ends that fits all that was asked for.")
	}
	var t cli.Table
	t.Row("ENDS", "WHAT", "INVOICE", "CUSTOMER", "E-MAIL", "PRODUCT", "TYPE", "SEATS", "STATE")
	for i := range endings {
		e := &endings[i]
		t.Row(e.On(), e.What(), e.Invoice, e.Customer, service.Address(&e.Entitlement), e.ProductName(), e.Type, service.SeatsUsed(&e.Holding), service.SaleState(&e.Holding, now))
	}
	_, err = t.WriteTo(env.Stdout)
	return err
}

// endingListing is what list --expiring --json prints: a Listing that says what ends.
type endingListing struct {
	Version      int            `json:"version"`
	Entitlements []listedEnding `json:"entitlements"`
}

type listedEnding struct {
	EndsOn string   `json:"ends_on"` // the earlier of the two
	Ends   []string `json:"ends"`    // license, updates
	service.EntitlementView
}

func newEndingListing(endings []ledger.Ending, partners ledger.Partners, now time.Time) *endingListing {
	holdings := make([]ledger.Holding, len(endings))
	for i := range endings {
		holdings[i] = endings[i].Holding
	}
	l := &endingListing{Version: 1, Entitlements: []listedEnding{}}
	for i, e := range newListing(holdings, partners, now).Entitlements {
		ending := listedEnding{EndsOn: endings[i].On(), EntitlementView: e}
		if endings[i].License {
			ending.Ends = append(ending.Ends, "license")
		}
		if endings[i].Updates {
			ending.Ends = append(ending.Ends, "updates")
		}
		l.Entitlements = append(l.Entitlements, ending)
	}
	return l
}
