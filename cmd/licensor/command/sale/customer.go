package sale

import (
	"context"
	"fmt"
	"strings"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/cmd/licensor/command/common"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/service"
	"github.com/spf13/pflag"
)

func customer(flags *pflag.FlagSet) cli.Run {
	var c revision
	c.Add(flags, "")
	partner := flags.Bool("partner", false, "")
	noPartner := flags.Bool("no-partner", false, "")
	email := flags.String("email", "", "")
	remove := flags.Bool("remove", false, "")
	return func(env *cli.Env, args []string) error {
		if len(args) > 0 && (args[0] == "forget" || args[0] == "rename" || args[0] == "transfer" || args[0] == "email") {
			if *partner || *noPartner {
				return cli.Usagef("--partner and --no-partner are for the name of a customer alone")
			}
			switch {
			case args[0] == "forget" && len(args) == 2:
				return forget(env, &c.Options, args[1])
			case args[0] == "forget" && len(args) == 1:
				return cli.Usagef("the e-mail address is missing").WithHint("name the address that is to be removed")
			case args[0] == "forget":
				return cli.Usagef("got %d e-mail addresses, want one", len(args)-1).WithHint("name the address that is to be removed")
			case args[0] == "rename" && len(args) == 3:
				return rename(env, &c.Options, args[1], args[2])
			case args[0] == "rename":
				return cli.Usagef("got %d names, want the old and the new one", len(args)-1).WithHint("put a name of several words in quotes")
			case args[0] == "email" && len(args) == 3:
				return address(env, &c.Options, args[1], args[2], *remove)
			case args[0] == "email":
				return cli.Usagef("want one invoice or customer, and an e-mail address").WithHint("put a name of several words in quotes")
			case len(args) != 3:
				return cli.Usagef("want one invoice and the name of its new customer").WithHint("put a name of several words in quotes")
			}
			return c.transfer(env, args[1], args[2], *email)
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
				changed, err := s.MarkCustomer(ctx, by, ledger.Customer{Name: args[0], Partner: *partner})
				if err != nil {
					return err
				}
				if !changed {
					fmt.Fprintln(env.Stderr, "That is on record already: nothing was changed.")
				}
			}
			return showCustomer(ctx, env, s, args[0], change)
		})
	}
}

// transfer gives a sale to another customer.
func (r *revision) transfer(env *cli.Env, invoice, name, email string) error {
	if email == "" {
		return cli.Usagef("--email is missing").WithHint("name the account of the new customer: requests must name it")
	}
	if err := r.CheckReason("a transfer to another customer"); err != nil {
		return err
	}
	return r.revise(env, []string{invoice}, "Transfer", service.NewTransfer(name, email))
}

// address gives a sale, or all that was sold to a customer, one more e-mail address.
func address(env *cli.Env, c *common.Options, of, email string, remove bool) error {
	if !ledger.ValidEmail(email) {
		return cli.Usagef("%s is no e-mail address", cli.Quote(email)).WithHint("want an address like ops@site.example")
	}
	if err := c.CheckReason("another e-mail address"); err != nil {
		return err
	}
	return c.WithService(env, service.ToChange, func(ctx context.Context, s *service.Service) error {
		invoices, err := s.InvoicesOf(ctx, of)
		if err != nil {
			return err
		}
		question, done := "May requests that name %s claim %s?", "It may claim"
		if remove {
			question, done = "Take %s off %s?", "It no longer claims"
		}
		what := cli.Plural(len(invoices), "sale", "sales")
		by, err := c.Agreed(env, fmt.Sprintf(question, email, what), "not changed")
		if err != nil {
			return err
		}
		changed, err := s.SetAddress(ctx, by, invoices, email, remove)
		if err != nil {
			return err
		}
		if changed == 0 {
			env.Warnf("nothing is different from what is on record; nothing was changed")
		} else {
			fmt.Fprintf(env.Stdout, "%s %s from now on.\n", done, cli.Plural(changed, "sale", "sales"))
		}
		return env.Answer(addressed{1, invoices, changed})
	})
}

// addressed is what customer email --json prints.
type addressed struct {
	Version  int      `json:"version"`
	Invoices []string `json:"invoices"`
	Changed  int      `json:"changed"` // so many of them
}

// rename gives a customer another name.
func rename(env *cli.Env, c *common.Options, from, to string) error {
	if err := c.CheckReason("renaming a customer"); err != nil {
		return err
	}
	to = strings.Join(strings.Fields(to), " ") // as it is recorded
	return c.WithService(env, service.ToChange, func(ctx context.Context, s *service.Service) error {
		was, err := oneCustomer(ctx, s, from)
		if err != nil {
			return err
		}
		question := fmt.Sprintf("Rename %q to %q in %s?", was.Customer, to, cli.Plural(was.Entitlements, "record of what was sold", "records of what was sold"))
		if ledger.CustomerKey(from) != ledger.CustomerKey(to) {
			others, err := s.List(ctx, service.Filter{Customer: to})
			if err != nil {
				return err
			}
			if len(others) > 0 {
				question = fmt.Sprintf("%q is a customer already. Make the two one, for good?", others[0].Customer)
			}
		}
		by, err := c.Agreed(env, question, "not renamed")
		if err != nil {
			return err
		}
		sales, err := s.Rename(ctx, by, from, to)
		if err != nil {
			return err
		}
		is, err := oneCustomer(ctx, s, to)
		if err != nil {
			return err
		}
		if sales == 0 {
			env.Warnf("nothing is different from what is on record; nothing was changed")
		} else {
			fmt.Fprintf(env.Stdout, "Renamed in %s. Licenses out there keep the name until they are signed again.\n", cli.Plural(sales, "record of what was sold", "records of what was sold"))
		}
		return env.Answer(renamed{1, *is, sales})
	})
}

// renamed is what customer rename --json prints.
type renamed struct {
	Version int `json:"version"`
	service.CustomerView
	Changed int `json:"changed"` // so many records of what was sold
}

// oneCustomer returns the customer with a name, in whatever case.
func oneCustomer(ctx context.Context, s *service.Service, name string) (*service.CustomerView, error) {
	all, err := s.FindCustomers(ctx, name)
	if err != nil {
		return nil, err
	}
	for i := range all {
		if ledger.CustomerKey(all[i].Customer) == ledger.CustomerKey(name) {
			return &all[i], nil
		}
	}
	return nil, s.NoCustomer(ctx, name)
}

// forget removes an e-mail address from the ledger.
func forget(env *cli.Env, c *common.Options, email string) error {
	if !ledger.ValidEmail(email) {
		return cli.Usagef("%s is no e-mail address", cli.Quote(email)).WithHint("name the address that is to be removed")
	}
	return c.WithService(env, service.ToChange, func(ctx context.Context, s *service.Service) error {
		by, err := c.Agreed(env, fmt.Sprintf("Remove %s for good? Licenses remain; a new request needs another address: licensor amend INVOICE --email ADDRESS --out DIR.", email), "not removed")
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
		c.ForgetAnswers(env, email)
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
	Version int `json:"version"`
	service.CustomerView
	Events []service.EventView `json:"events"` // of the customer, not of what was sold
}

// customersAnswer is customerAnswer where several fit.
type customersAnswer struct {
	Version   int                    `json:"version"`
	Customers []service.CustomerView `json:"customers"`
}

// showCustomer prints what is known of a customer, as it stands in the ledger; of several
// that a part of a name fits, which those are.
func showCustomer(ctx context.Context, env *cli.Env, s *service.Service, name string, changed bool) error {
	partners, err := s.Partners(ctx)
	if err != nil {
		return err
	}
	c := &service.CustomerView{Customer: name, Partner: partners.Has(name), Emails: []string{}}
	all, err := s.FindCustomers(ctx, name)
	if err != nil {
		return err
	}
	known, err := oneCustomer(ctx, s, name)
	switch {
	case err == nil:
		c = known
	case changed || c.Partner:
		env.Warnf("nothing has been sold to %s yet: is the name right?", cli.Quote(name))
	case len(all) == 0:
		return err
	case len(all) > 1:
		var t cli.Table
		t.Row("CUSTOMER", "PARTNER", "SOLD", "E-MAIL")
		for _, c := range all {
			t.Row(c.Customer, yesNo(c.Partner), fmt.Sprint(c.Entitlements), strings.Join(c.Emails, ", "))
		}
		if _, err := t.WriteTo(env.Stdout); err != nil {
			return err
		}
		return env.Answer(customersAnswer{1, all})
	default:
		c = &all[0]
	}
	var t cli.Table
	t.Row("customer", c.Customer)
	t.Row("partner", yesNo(c.Partner))
	t.Row("entitlements", fmt.Sprint(c.Entitlements))
	for i, email := range c.Emails {
		t.Row([]string{"e-mail", ""}[min(i, 1)], email)
	}
	if _, err := t.WriteTo(env.Stdout); err != nil {
		return err
	}
	events, err := s.CustomerHistory(ctx, c.Customer)
	if err != nil {
		return err
	}
	told := service.ViewEvents(events)
	if len(told) > 0 {
		fmt.Fprintln(env.Stdout)
		if _, err = common.HistoryTable(told).WriteTo(env.Stdout); err != nil {
			return err
		}
	}
	return env.Answer(customerAnswer{1, *c, told})
}

func yesNo(yes bool) string {
	if yes {
		return "yes"
	}
	return "no"
}
