package record

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/cmd/internal/spreadsheet"
	"github.com/offlicense/offlicense/cmd/licensor/command/common"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/service"
	"github.com/offlicense/offlicense/format"
	"github.com/spf13/pflag"
)

// newest is how many events a history has that is of no invoice and no activation, unless
// --limit says otherwise; most is what it may say.
const (
	newestEvents = 100
	mostEvents   = 100_000
)

type historyCommand struct {
	common.Options
	filter       service.EventFilter
	key          string
	actions      []string
	since, until string
	limit        uint
	csv          spreadsheet.Options
}

func history(flags *pflag.FlagSet) cli.Run {
	var c historyCommand
	c.AddLedgerOrCopy(flags)
	flags.StringVar(&c.filter.Operator, "operator", "", "")
	flags.StringVar(&c.key, "key", "", "")
	flags.StringVar(&c.filter.Customer, "customer", "", "")
	flags.StringSliceVar(&c.actions, "action", nil, "")
	flags.StringVar(&c.since, "since", "", "")
	flags.StringVar(&c.until, "until", "", "")
	flags.UintVar(&c.limit, "limit", 0, "")
	common.AddJSON(flags)
	c.csv.Add(flags)
	return c.run
}

func (c *historyCommand) run(env *cli.Env, args []string) error {
	if err := c.check(env, args); err != nil {
		return err
	}
	return c.WithService(env, service.ToRead, func(ctx context.Context, s *service.Service) error {
		var err error
		if c.filter.Signer, err = s.SignerOf(ctx, c.key); err != nil {
			return err
		}
		past, err := s.Past(ctx, c.filter)
		if err == nil && len(past.Events) == 0 && c.filter.Of != "" { // an id may be typed in small letters
			c.filter.Of = strings.ToUpper(c.filter.Of)
			past, err = s.Past(ctx, c.filter)
		}
		if err == nil && len(past.Events) == 0 && c.filter.Customer != "" {
			past, err = c.ofCustomer(ctx, env, s)
		}
		if err != nil {
			return err
		}
		if past.More {
			fmt.Fprintf(env.Stderr, "These are the newest %d: --limit shows more, --since and --until others.\n", len(past.Events))
		}
		told := service.ViewLater(past.Events, past.Sold)
		switch {
		case len(told) == 0 && c.filter.Of != "":
			return c.noneOf(ctx, s, args[0])
		case env.JSON():
			return env.Answer(historyReport{1, c.filter.Of, told, past.More})
		case c.csv.On:
			return c.write(env, told)
		case len(told) == 0:
			return c.nothing(ctx, env, s)
		case c.filter.Of == "":
			_, err = common.SalesTable(told).WriteTo(env.Stdout)
			return err
		}
		_, err = common.HistoryTable(told).WriteTo(env.Stdout)
		return err
	})
}

// check refuses options that fit nothing, and completes the filter.
func (c *historyCommand) check(env *cli.Env, args []string) error {
	if err := c.csv.Check(env.JSON()); err != nil {
		return err
	}
	if err := c.RefuseEmpty("operator", "key", "customer", "action", "since", "until"); err != nil {
		return err
	}
	switch {
	case len(args) > 1 || len(args) == 1 && args[0] == "":
		return cli.Usagef("want one invoice or one activation, or none")
	case len(args) == 1 && c.filter.Customer != "":
		return cli.Usagef("--customer is for the history of many invoices").WithHint("leave it out, or %s", cli.Quote(args[0]))
	case len(args) == 1:
		c.filter.Of = format.InvoiceForm(args[0]) // activations are in capitals, too
	case !c.Flags.Changed("limit"):
		c.limit = newestEvents
	}
	if c.limit > mostEvents || c.limit == 0 && c.Flags.Changed("limit") {
		return cli.Usagef("--limit takes 1 to %d", mostEvents)
	}
	c.filter.Most = int(c.limit)
	for _, action := range c.actions {
		c.filter.Actions = append(c.filter.Actions, ledger.Action(action))
	}
	now, err := env.Time()
	if err != nil {
		return err
	}
	if c.filter.Since, err = dayBefore(c.since, now); err != nil {
		return cli.Usagef("option --since does not take %s: %w", cli.Quote(c.since), err)
	}
	if c.filter.Before, err = dayBefore(c.until, now); err != nil {
		return cli.Usagef("option --until does not take %s: %w", cli.Quote(c.until), err)
	}
	if c.until != "" {
		c.filter.Before = c.filter.Before.AddDate(0, 0, 1)
	}
	if c.until != "" && !c.filter.Since.Before(c.filter.Before) {
		return cli.Usagef("--since is later than --until")
	}
	return nil
}

// dayBefore returns when a day begins in UTC: a date, or so many days ago; zero for "".
func dayBefore(text string, now time.Time) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	if days, err := strconv.ParseUint(strings.TrimSuffix(text, "d"), 10, 16); err == nil && strings.HasSuffix(text, "d") {
		return now.UTC().Truncate(24*time.Hour).AddDate(0, 0, -int(days)), nil
	}
	t, err := time.Parse(time.DateOnly, text)
	if err != nil {
		return t, errors.New("want a date like 2026-11-21, or days ago like 7d")
	}
	return t, nil
}

// ofCustomer returns the events of the customer that a part of a name, or of an e-mail
// address, is of.
func (c *historyCommand) ofCustomer(ctx context.Context, env *cli.Env, s *service.Service) (*service.Past, error) {
	part := c.filter.Customer
	all, err := s.FindCustomers(ctx, part)
	switch {
	case err != nil:
		return nil, err
	case len(all) == 0:
		return new(service.Past), nil
	case len(all) > 1:
		return nil, cli.Failf("%s is of %d customers", cli.Quote(part), len(all)).
			WithHint("write one of them whole: licensor customer%s %s", c.FlagsText(), cli.ShellWord(part))
	}
	if c.filter.Customer = all[0].Customer; ledger.CustomerKey(part) != ledger.CustomerKey(c.filter.Customer) {
		fmt.Fprintf(env.Stderr, "This is of the customer %s.\n", cli.Quote(c.filter.Customer))
	}
	return s.Past(ctx, c.filter)
}

// noneOf says whether there is no such invoice and no such activation, or whether the
// options hide its events.
func (c *historyCommand) noneOf(ctx context.Context, s *service.Service, of string) error {
	for _, name := range [...]string{of, c.filter.Of} {
		past, err := s.Past(ctx, service.EventFilter{Of: name, Most: 1})
		if err != nil {
			return err
		}
		if len(past.Events) > 0 {
			return cli.Failf("no event of %s fits the other options", cli.Quote(name)).WithHint("leave them out to see its whole history")
		}
	}
	return s.Unknown(ctx, "no invoice and no activation", of)
}

// nothing says that nothing fits, and which names were most likely meant.
func (c *historyCommand) nothing(ctx context.Context, env *cli.Env, s *service.Service) error {
	sentences, err := s.DidYouMeanEvents(ctx, c.filter)
	fmt.Fprintln(env.Stderr, strings.Join(append([]string{"No event fits all that was asked for."}, sentences...), "\n"))
	return err
}

// historyReport is what history --json prints.
type historyReport struct {
	Version int                 `json:"version"`
	Of      string              `json:"of,omitempty"`
	Events  []service.EventView `json:"events"`
	More    bool                `json:"more"` // there are earlier ones
}

func (c *historyCommand) write(env *cli.Env, told []service.EventView) error {
	table := c.csv.Table(env.Stdout, []string{"seq", "time", "operator", "action", "invoice", "activation", "what", "why", "lifted"})
	for _, e := range told {
		var lifted []string
		for _, rule := range e.Lifted {
			lifted = append(lifted, string(rule))
		}
		table.Row(strconv.FormatInt(e.Seq, 10), e.Time.UTC().Format(time.DateTime), e.Operator, string(e.Action), e.Invoice, e.Activation, e.What, e.Why, strings.Join(lifted, " "))
	}
	return table.Close()
}
