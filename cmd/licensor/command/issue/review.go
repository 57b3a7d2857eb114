package issue

import (
	"io"
	"time"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/cmd/licensor/command/common"
	"github.com/offlicense/offlicense/cmd/licensor/internal/service"
	"github.com/offlicense/offlicense/verify"
)

// review shows what was bought beside what is asked for: all that the license will say.
func review(env *cli.Env, out io.Writer, offer *service.Offer, q *verify.Request, now time.Time) {
	r := service.ReviewOf(offer, q, now)
	t := cli.Table{Whole: true}
	t.Row("", "BOUGHT", "ASKED")
	for _, line := range r.Lines {
		if line.Asked == "" {
			common.AddRows(&t, []service.Row{{Label: line.Label, Text: line.Bought}})
		} else {
			t.Row(line.Label, line.Bought, line.Asked)
		}
	}
	t.WriteTo(out)
	common.Warn(env, r.Warnings)
}
