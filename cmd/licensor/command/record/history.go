package record

import (
	"context"
	"strings"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/cmd/licensor/command/common"
	"github.com/offlicense/offlicense/cmd/licensor/internal/service"
	"github.com/spf13/pflag"
)

func history(flags *pflag.FlagSet) cli.Run {
	var c common.Options
	c.AddLedgerOrCopy(flags)
	asJSON := flags.Bool("json", false, "")
	return func(env *cli.Env, args []string) error {
		if len(args) != 1 || args[0] == "" {
			return cli.Usagef("want one invoice or one activation")
		}
		return c.WithService(env, service.ToRead, func(ctx context.Context, s *service.Service) error {
			events, err := s.History(ctx, args[0])
			if err == nil && len(events) == 0 { // an id may be typed in small letters
				events, err = s.History(ctx, strings.ToUpper(args[0]))
			}
			if err != nil {
				return err
			}
			if len(events) == 0 {
				return cli.Failf("no invoice and no activation is %s", cli.Quote(args[0])).
					WithHint(`"licensor list" shows all invoices with their activations`)
			}
			told := common.ViewEvents(events)
			if *asJSON {
				return env.Answer(historyReport{1, args[0], told})
			}
			_, err = common.HistoryTable(told).WriteTo(env.Stdout)
			return err
		})
	}
}

// historyReport is what history --json prints.
type historyReport struct {
	Version int                `json:"version"`
	Of      string             `json:"of"`
	Events  []common.EventView `json:"events"`
}
