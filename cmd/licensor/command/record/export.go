package record

import (
	"context"
	"encoding/json"
	"io"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/cmd/licensor/command/common"
	"github.com/offlicense/offlicense/cmd/licensor/internal/service"
	"github.com/spf13/pflag"
)

// exportStart is how an export starts, by which the next one may replace it.
const exportStart = `{"export":1,"`

// exported is what export --json prints.
type exported struct {
	Version      int    `json:"version"`
	File         string `json:"file"`
	Entitlements int    `json:"entitlements"`
}

func export(flags *pflag.FlagSet) cli.Run {
	var c common.Options
	var filter service.Filter
	c.AddLedgerOrCopy(flags)
	flags.StringVar(&filter.Customer, "customer", "", "")
	flags.StringVar(&filter.Product, "product", "", "")
	emails := flags.Bool("emails", false, "")
	out := flags.String("out", "-", "")
	common.AddJSON(flags)
	return common.OptionsOnly(func(env *cli.Env) error {
		if err := c.RefuseEmpty("customer", "product"); err != nil {
			return err
		}
		if *out == "-" && env.JSON() {
			return cli.Usagef("--json needs --out FILE").WithHint("the export itself is JSON: leave --json out")
		}
		if err := env.CheckOutput(*out, exportStart); err != nil {
			return err
		}
		now, err := env.Time()
		if err != nil {
			return err
		}
		return c.WithService(env, service.ToRead, func(ctx context.Context, s *service.Service) error {
			n := 0
			err := env.StreamFile(*out, exportStart, 0o600, func(w io.Writer) error {
				lines := json.NewEncoder(w)
				err := s.Export(ctx, filter, *emails, now, func(e *service.Exported) error {
					n++
					return lines.Encode(e)
				})
				if err == nil && n == 0 && filter != (service.Filter{}) {
					err = cli.Failf("nothing was sold that fits --customer and --product").WithHint(`"licensor list" shows the names as they are on record`)
				}
				return err
			})
			if err != nil || *out == "-" {
				return err
			}
			return env.Answer(exported{1, *out, n})
		})
	})
}
