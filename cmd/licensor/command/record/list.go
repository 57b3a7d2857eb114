// Package record has the commands that show, copy and check what is on record.
package record

import (
	"context"
	"embed"
	"fmt"
	"time"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/cmd/licensor/command/common"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/service"
	"github.com/spf13/pflag"
)

// Commands are the commands of this package.
var Commands = cli.WithUsage(usage, []cli.Command{
	{Name: "list", Summary: "show entitlements, seats and who is active", Setup: list},
	{Name: "history", Summary: "show every event of an invoice or an activation", Setup: history},
	{Name: "report", Summary: "count what was sold, renewed, active and free", Setup: report},
	{Name: "backup", Summary: "copy the ledger while others work", Setup: backUp},
	{Name: "checkpoint", Summary: "sign the head of the ledger's log, to keep elsewhere", Setup: checkpoint},
	{Name: "audit", Summary: "judge the ledger again, find what does not follow", Setup: audit},
})

//go:embed usage
var usage embed.FS

type listCommand struct {
	common.Options
	filter   service.Filter
	expiring ledger.Window
	json     bool
	csv      bool
}

func list(flags *pflag.FlagSet) cli.Run {
	var c listCommand
	c.AddLedgerOrCopy(flags)
	flags.StringVar(&c.filter.Invoice, "invoice", "", "")
	flags.StringVar(&c.filter.Customer, "customer", "", "")
	flags.StringVar(&c.filter.Product, "product", "", "")
	common.AddWindow(flags, &c.expiring, "expiring")
	flags.BoolVar(&c.filter.Active, "active", false, "")
	flags.BoolVar(&c.json, "json", false, "")
	flags.BoolVar(&c.csv, "csv", false, "")
	return c.run
}

func (c *listCommand) run(env *cli.Env, args []string) error {
	if err := common.NoArguments(args); err != nil {
		return err
	}
	if c.json && c.csv {
		return cli.Usagef("--json and --csv exclude each other")
	}
	// An empty filter would show everything, to a script whose variable is not set.
	for _, name := range [...]string{"invoice", "customer", "product"} {
		if flag := c.Flags.Lookup(name); flag.Changed && flag.Value.String() == "" {
			return cli.Usagef("--%s is empty", name)
		}
	}
	now, err := env.Time()
	if err != nil {
		return err
	}
	if c.Flags.Changed("expiring") {
		c.filter.EndsAfter, c.filter.EndsBy = c.expiring.At(now)
	}
	return c.WithService(env, service.ToRead, func(ctx context.Context, s *service.Service) error {
		if c.Flags.Changed("expiring") {
			return c.endings(ctx, env, s, now)
		}
		holdings, err := s.List(ctx, c.filter)
		if err != nil {
			return err
		}
		if len(holdings) == 0 && c.filter.Invoice != "" {
			return c.noInvoice(ctx, s)
		}
		switch {
		case c.json:
			partners, err := s.Partners(ctx)
			if err != nil {
				return err
			}
			return env.Answer(newListing(holdings, partners, now))
		case c.csv:
			return common.WriteOrders(env.Stdout, holdings)
		case len(holdings) == 0 && c.filter == (service.Filter{}):
			fmt.Fprintln(env.Stderr, `Nothing has been sold yet: "licensor entitle" records what was.`)
			return nil
		case len(holdings) == 0:
			fmt.Fprintln(env.Stderr, `No entitlement fits all that was asked for.`)
			return nil
		}
		_, err = table(holdings, now).WriteTo(env.Stdout)
		return err
	})
}

// noInvoice says whether there is no such invoice, or the other filters hide it.
func (c *listCommand) noInvoice(ctx context.Context, s *service.Service) error {
	if _, err := s.Holding(ctx, c.filter.Invoice); err != nil {
		return err
	}
	return cli.Failf("the entitlement %s does not fit the other options", cli.Quote(c.filter.Invoice)).
		WithHint("leave them out: the invoice alone names one entitlement")
}

func table(holdings []ledger.Holding, now time.Time) *cli.Table {
	var t cli.Table
	t.Row("INVOICE", "CUSTOMER", "PRODUCT", "TYPE", "SEATS", "STATE", "TERM")
	for _, h := range holdings {
		t.Row(h.Invoice, h.Customer, h.ProductName(), h.Type, common.SeatsUsed(&h), common.SaleState(&h, now), common.Term(&h.Entitlement))
		for _, a := range h.Activations {
			state, when := common.ActivationState(&a, &h.Entitlement, now)
			t.Row("  "+a.ID, a.Site, a.Host, "", "", state, when)
		}
	}
	return &t
}

// Listing is what list --json prints.
type Listing struct {
	Version      int                       `json:"version"`
	Entitlements []service.EntitlementView `json:"entitlements"`
}

func newListing(holdings []ledger.Holding, partners ledger.Partners, now time.Time) *Listing {
	l := &Listing{Version: 1, Entitlements: []service.EntitlementView{}}
	for i := range holdings {
		l.Entitlements = append(l.Entitlements, service.ViewHolding(&holdings[i], partners, now))
	}
	return l
}
