package sale

import (
	"context"
	"fmt"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/cmd/licensor/command/common"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/service"
	"github.com/spf13/pflag"
)

func customer(flags *pflag.FlagSet) cli.Run {
	var c common.Options
	c.AddChange(flags)
	c.AddYes(flags)
	partner := flags.Bool("partner", false, "")
	noPartner := flags.Bool("no-partner", false, "")
	return func(env *cli.Env, args []string) error {
		if len(args) == 2 && args[0] == "forget" {
			return forget(env, &c, args[1])
		}
		if len(args) == 1 && args[0] == "forget" {
			return cli.Usagef("the e-mail address is missing").WithHint("name the address that is to be removed")
		}
		if len(args) != 1 {
			return cli.Usagef("got %d names, want that of one customer", len(args)).WithHint("put a name of several words in quotes")
		}
		if *partner && *noPartner {
			return cli.Usagef("--partner and --no-partner contradict each other")
		}
		by, err := c.Operation(env)
		if err != nil {
			return err
		}
		mode, change := service.ToRead, *partner || *noPartner
		if change {
			mode = service.ToChange
		}
		return c.WithService(env, mode, func(ctx context.Context, s *service.Service) error {
			if change {
				if err := s.SetCustomer(ctx, by, ledger.Customer{Name: args[0], Partner: *partner}); err != nil {
					return err
				}
			}
			return showCustomer(ctx, env, s, args[0], change)
		})
	}
}

// forget removes an e-mail address from the ledger.
func forget(env *cli.Env, c *common.Options, email string) error {
	if !ledger.ValidEmail(email) {
		return cli.Usagef("%s is no e-mail address", cli.Quote(email)).WithHint("name the address that is to be removed")
	}
	return c.WithService(env, service.ToChange, func(ctx context.Context, s *service.Service) error {
		if err := c.Agree(env, fmt.Sprintf("Remove %s for good? Licenses remain; a new request needs the address that \"licensor amend --email\" then records.", email), "not removed"); err != nil {
			return err
		}
		by, err := c.Operation(env)
		if err != nil {
			return err
		}
		sales, err := s.Forget(ctx, by, email)
		if err != nil {
			return err
		}
		if sales == 0 {
			return cli.Failf("nothing in the ledger has the e-mail address %s", cli.Quote(email)).WithHint(`"licensor list" shows what was sold to whom`)
		}
		fmt.Fprintf(env.Stdout, "The address is removed from %s. Backups made before have it still.\n", cli.Plural(sales, "record of what was sold", "records of what was sold"))
		return env.Answer(forgotten{1, sales})
	})
}

// forgotten is what customer forget --json prints.
type forgotten struct {
	Version int `json:"version"`
	Removed int `json:"removed_from"` // so many records of what was sold
}

// customerAnswer is what customer --json prints.
type customerAnswer struct {
	Version      int                `json:"version"`
	Customer     string             `json:"customer"`
	Partner      bool               `json:"partner"`
	Entitlements int                `json:"entitlements"`
	Events       []common.EventView `json:"events"` // of the customer, not of what was sold
}

// showCustomer prints what is known of a customer, as it stands in the ledger.
func showCustomer(ctx context.Context, env *cli.Env, s *service.Service, name string, changed bool) error {
	partners, err := s.Partners(ctx)
	if err != nil {
		return err
	}
	holdings, err := s.List(ctx, service.Filter{Customer: name})
	if err != nil {
		return err
	}
	if len(holdings) == 0 {
		if !changed && !partners.Has(name) {
			return cli.Failf("the ledger knows no customer %s", cli.Quote(name)).WithHint(`"licensor list" shows them all`)
		}
		env.Warnf("nothing has been sold to %s yet: is the name right?", cli.Quote(name))
	} else {
		name = holdings[0].Customer
	}
	partner := "no"
	if partners.Has(name) {
		partner = "yes"
	}
	var t cli.Table
	t.Row("customer", name)
	t.Row("partner", partner)
	t.Row("entitlements", fmt.Sprint(len(holdings)))
	if _, err := t.WriteTo(env.Stdout); err != nil {
		return err
	}
	events, err := s.CustomerHistory(ctx, name)
	if err != nil {
		return err
	}
	told := common.ViewEvents(events)
	if len(told) > 0 {
		fmt.Fprintln(env.Stdout)
		if _, err = common.HistoryTable(told).WriteTo(env.Stdout); err != nil {
			return err
		}
	}
	return env.Answer(customerAnswer{1, name, partners.Has(name), len(holdings), told})
}
