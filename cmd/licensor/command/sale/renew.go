package sale

import (
	"path/filepath"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/cmd/licensor/command/common"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/service"
	"github.com/offlicense/offlicense/format"
	"github.com/spf13/pflag"
)

// renewCommand gives one entitlement, or many, a later end.
type renewCommand struct {
	revision
	to       service.Renewal
	from     string // the day on which a time begins, or a file that says what to renew
	customer string
	report   string
	dates    common.Dates
}

func renew(flags *pflag.FlagSet) cli.Run {
	var c renewCommand
	c.add(flags)
	common.AddEnd(flags, &c.to.Expires, "expires")
	flags.BoolVar(&c.to.Perpetual, "perpetual", false, "")
	common.AddEnd(flags, &c.to.Updates, "updates-until")
	flags.StringVar(&c.from, "from", "", "")
	flags.StringVar(&c.customer, "customer", "", "")
	flags.StringVar(&c.report, "report", "", "")
	c.dates.Add(flags)
	return c.run
}

func (c *renewCommand) run(env *cli.Env, args []string) error {
	if err := c.dates.Check(); err != nil {
		return err
	}
	day, err := ledger.ParseDay(c.from)
	file := c.from
	if err == nil {
		c.to.From, file = day, ""
	}
	given := !c.to.Expires.IsZero() || c.to.Perpetual || !c.to.Updates.IsZero()
	ways := 0
	for _, way := range []bool{len(args) > 0, file != "", c.Flags.Changed("customer")} {
		if way {
			ways++
		}
	}
	switch {
	case c.Flags.Changed("from") && c.from == "":
		return cli.Usagef("--from is empty").WithHint("give the day on which a time like 12m begins, or a file that says what to renew")
	case c.Flags.Changed("customer") && c.customer == "":
		return cli.Usagef("--customer is empty")
	case ways > 1:
		err := cli.Usagef("invoices, --customer and --from FILE exclude each other")
		if file != "" {
			err = err.WithHint("where a time like 12m begins, --from takes a day like 2027-11-21")
		}
		return err
	case ways == 0:
		return cli.Usagef("the invoice is missing").WithHint("name it, or many; or give --customer NAME, or --from FILE")
	case !given && file == "":
		return cli.Usagef("the new end is missing").WithHint("give --expires, --updates-until, or --perpetual for none")
	case !c.to.Expires.IsZero() && c.to.Perpetual:
		return cli.Usagef("--expires and --perpetual contradict each other")
	case !c.to.From.IsZero() && !c.to.Expires.IsSpan() && !c.to.Updates.IsSpan():
		return cli.Usagef("--from says where a time like 12m begins, and none is given").WithHint("leave --from out, or give --expires 12m")
	case len(args) == 1:
		if c.report != "" {
			return cli.Usagef("--report is for many").WithHint("leave it out: what became of one invoice stands on the screen")
		}
		return c.revise(env, args, "Renew", service.NewRenewal(c.to))
	}
	if c.later {
		return cli.Usagef("--later is for one invoice").WithHint("name one, or leave --later out")
	}
	lines, err := c.lines(env, args, file)
	if err != nil {
		return err
	}
	return c.renewMany(env, lines, file)
}

// maxRenewals is the most bytes of a file that says what to renew.
const maxRenewals = 64 << 20

// lines returns what is to be renewed; none where the ledger has to say so.
func (c *renewCommand) lines(env *cli.Env, invoices []string, file string) ([]service.RenewalLine, error) {
	if file == "" {
		lines := make([]service.RenewalLine, len(invoices))
		for i, invoice := range invoices {
			lines[i].Invoice = format.InvoiceForm(invoice)
		}
		return lines, nil
	}
	in, err := env.OpenFile(file, maxRenewals)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	lines, err := common.ReadRenewals(in, c.dates)
	if err != nil {
		return nil, common.ReadTableError(file, err)
	}
	if len(lines) == 0 {
		return nil, cli.Failf("there is nothing to renew in %s", cli.Quote(filepath.Base(file))).WithHint("the lines after the first name the invoices")
	}
	return lines, nil
}
