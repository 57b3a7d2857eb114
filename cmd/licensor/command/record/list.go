// Package record has the commands that show, copy and check what is on record.
package record

import (
	"context"
	"embed"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/cmd/internal/spreadsheet"
	"github.com/offlicense/offlicense/cmd/internal/text"
	"github.com/offlicense/offlicense/cmd/licensor/command/common"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/service"
	"github.com/offlicense/offlicense/format"
	"github.com/spf13/pflag"
)

// Commands are the commands of this package.
var Commands = cli.WithUsage(usage, []cli.Command{
	{Name: "list", Summary: "show entitlements, seats and who is active", Setup: list},
	{Name: "show", Summary: "show all that is known of something, and what to do next", Setup: show},
	{Name: "history", Summary: "show what was done, by whom and when", Setup: history},
	{Name: "report", Summary: "count what was sold, renewed, active and free", Setup: report},
	{Name: "export", Summary: "write what was sold for other programs, a JSON object a line", Setup: export},
	{Name: "backup", Summary: "copy the ledger while others work", Setup: backUp},
	{Name: "checkpoint", Summary: "sign the head of the ledger's log, to keep elsewhere", Setup: checkpoint},
	{Name: "audit", Summary: "judge the ledger again, find what does not follow", Setup: audit},
})

//go:embed usage
var usage embed.FS

type listCommand struct {
	common.Options
	filter      service.Filter
	expiring    ledger.Window
	state       string
	activations bool
	csv         spreadsheet.Options
}

func list(flags *pflag.FlagSet) cli.Run {
	var c listCommand
	c.AddLedgerOrCopy(flags)
	flags.StringVar(&c.filter.Invoice, "invoice", "", "")
	flags.StringVar(&c.filter.Customer, "customer", "", "")
	flags.StringVar(&c.filter.Email, "email", "", "")
	flags.StringVar(&c.filter.Host, "host", "", "")
	flags.StringVar(&c.filter.Product, "product", "", "")
	flags.StringVar(&c.filter.Type, "type", "", "")
	cli.Choices(flags, "type", format.Types()...)
	flags.StringVar(&c.filter.Seller, "seller", "", "")
	flags.StringVar(&c.state, "state", "", "")
	cli.Choices(flags, "state", states()...)
	common.AddWindow(flags, &c.expiring, "expiring")
	flags.BoolVar(&c.filter.Active, "active", false, "")
	flags.BoolVar(&c.activations, "activations", false, "")
	common.AddJSON(flags)
	c.csv.Add(flags)
	return common.OptionsOnly(c.run)
}

func (c *listCommand) run(env *cli.Env) error {
	if err := c.check(env); err != nil {
		return err
	}
	now, err := env.Time()
	if err != nil {
		return err
	}
	if c.Flags.Changed("expiring") {
		c.filter.EndsAfter, c.filter.EndsBy = c.expiring.At(now)
	}
	return c.WithService(env, service.ToRead, func(ctx context.Context, s *service.Service) error {
		if err := c.narrow(ctx, env, s); err != nil {
			return err
		}
		if c.Flags.Changed("expiring") {
			return c.endings(ctx, env, s, now)
		}
		holdings, err := s.List(ctx, c.filter)
		if err != nil {
			return err
		}
		if c.state != "" {
			holdings = service.KeepState(holdings, ledger.Status(c.state), now)
		}
		if len(holdings) == 0 && c.filter.Invoice != "" {
			return c.noInvoice(ctx, s)
		}
		switch {
		case c.activations && len(holdings) > 0 || c.activations && (env.JSON() || c.csv.On):
			return c.listActivations(env, holdings, now)
		case env.JSON():
			partners, err := s.Partners(ctx)
			if err != nil {
				return err
			}
			return env.Answer(newListing(holdings, partners, now))
		case c.csv.On:
			products, err := s.Products(ctx)
			if err != nil {
				return err
			}
			return common.WriteOrders(env.Stdout, &c.csv, holdings, products)
		case len(holdings) == 0 && c.filter == (service.Filter{}) && c.state == "":
			fmt.Fprintln(env.Stderr, `Nothing has been sold yet: "licensor entitle" records what was.`)
			return nil
		case len(holdings) == 0:
			return c.nothing(ctx, env, s, "No entitlement fits all that was asked for.")
		}
		_, err = table(holdings, now).WriteTo(env.Stdout)
		return err
	})
}

// check refuses options that fit nothing.
func (c *listCommand) check(env *cli.Env) error {
	if err := c.csv.Check(env.JSON()); err != nil {
		return err
	}
	// An empty filter would show everything, to a script whose variable is not set.
	if err := c.RefuseEmpty("invoice", "customer", "email", "host", "product", "type", "seller", "state"); err != nil {
		return err
	}
	if types := format.Types(); c.filter.Type != "" && !slices.Contains(types, c.filter.Type) {
		return unknownWord("type", c.filter.Type, types)
	}
	if c.state != "" && !slices.Contains(states(), c.state) {
		return unknownWord("state", c.state, states())
	}
	if c.activations && c.Flags.Changed("expiring") {
		return cli.Usagef("--activations and --expiring exclude each other").WithHint("what ends is a sale: leave --activations out")
	}
	c.filter.Ended = ledger.Status(c.state).Closed()
	return nil
}

// states are the states that --state takes.
func states() (all []string) {
	for _, s := range ledger.Statuses {
		all = append(all, string(s))
	}
	return all
}

// unknownWord refuses an option's value that is none of a few words.
func unknownWord(option, word string, words []string) error {
	e := cli.Usagef("unknown %s %s", option, cli.Quote(word))
	if near := text.Nearest(word, words); near != "" {
		return e.WithHint("did you mean --%s %s?", option, near)
	}
	return e.WithHint("--%s takes one of %s", option, strings.Join(words, ", "))
}

// narrow finds out how much of each text was given, and says what is searched for.
func (c *listCommand) narrow(ctx context.Context, env *cli.Env, s *service.Service) (err error) {
	if c.filter, err = s.Narrow(ctx, c.filter); err != nil {
		return err
	}
	for _, name := range c.filter.Searched() {
		fmt.Fprintf(env.Stderr, "No %s is that or begins with it: searching them all for it.\n", name)
	}
	return nil
}

// nothing says that nothing fits, and which names were most likely meant.
func (c *listCommand) nothing(ctx context.Context, env *cli.Env, s *service.Service, what string) error {
	sentences, err := s.DidYouMean(ctx, c.filter)
	if err == nil && c.filter.Host != "" && !c.filter.Ended {
		closed := c.filter
		closed.Ended = true
		if closed, err = s.Narrow(ctx, closed); err != nil {
			return err
		}
		left, err := s.List(ctx, closed)
		if err != nil {
			return err
		}
		if len(left) > 0 {
			sentences = append(sentences, "What ran there has left its seat: --state released, deactivated or void shows it.")
		}
	}
	fmt.Fprintln(env.Stderr, strings.Join(append([]string{what}, sentences...), "\n"))
	return err
}

// noInvoice says whether there is no such invoice, or the other filters hide it.
func (c *listCommand) noInvoice(ctx context.Context, s *service.Service) error {
	alone, err := s.List(ctx, service.Filter{Invoice: c.filter.Invoice, InvoiceMatch: c.filter.InvoiceMatch})
	if err != nil {
		return err
	}
	switch len(alone) {
	case 0:
		return s.NoInvoice(ctx, c.filter.Invoice)
	case 1:
	default:
		return cli.Failf("no entitlement of the invoice %s fits the other options", cli.Quote(c.filter.Invoice)).
			WithHint("leave them out: the invoice alone names %d", len(alone))
	}
	return cli.Failf("the entitlement %s does not fit the other options", cli.Quote(c.filter.Invoice)).
		WithHint("leave them out: the invoice alone names one entitlement")
}

func table(holdings []ledger.Holding, now time.Time) *cli.Table {
	var t cli.Table
	t.Row("INVOICE", "CUSTOMER", "PRODUCT", "TYPE", "SEATS", "STATE", "TERM")
	for _, h := range holdings {
		t.Row(h.Invoice, h.Customer, h.ProductName(), h.Type, service.SeatsUsed(&h), service.SaleState(&h, now), service.Term(&h.Entitlement))
		for _, a := range h.Activations {
			state, when := service.ActivationState(&a, &h.Entitlement, now)
			t.Row("  "+a.ID, a.Site, service.HostOf(&a), "", "", state, when)
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
