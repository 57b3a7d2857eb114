package record

import (
	"context"
	"fmt"
	"runtime/debug"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/cmd/licensor/command/common"
	"github.com/offlicense/offlicense/cmd/licensor/internal/desk"
	"github.com/offlicense/offlicense/cmd/licensor/internal/service"
	"github.com/spf13/pflag"
)

// maxCheckpointFile is more than any checkpoint has.
const maxCheckpointFile = 64 << 10

type auditCommand struct {
	common.Options
	against string
	strict  bool
}

func audit(flags *pflag.FlagSet) cli.Run {
	var c auditCommand
	c.AddLedgerOrCopy(flags)
	flags.StringVar(&c.against, "against", "", "")
	flags.BoolVar(&c.strict, "strict", false, "")
	common.AddJSON(flags)
	return common.OptionsOnly(c.run)
}

func (c *auditCommand) run(env *cli.Env) error {
	var checkpoint []byte
	if c.Flags.Changed("against") {
		var err error
		if checkpoint, err = env.ReadFile(c.against, maxCheckpointFile); err != nil {
			return err
		}
	}
	at, where, err := c.OpenWithLedger(env)
	if err != nil {
		return err
	}
	now, err := env.Time()
	if err != nil {
		return err
	}
	limitMemory(env)
	bars := common.StepBars{Env: env}
	report, err := service.Audit(context.Background(), at, where, now, checkpoint, bars.Show)
	bars.Done()
	if err != nil {
		return common.ReadError(err)
	}
	if err := c.print(env, report, checkpoint != nil); err != nil {
		return err
	}
	c.LeaveNote(env, desk.NoteAudit, noteOf(report, checkpoint != nil), report.OK())
	if checkpoint == nil {
		env.Warnf("without a checkpoint (--against) nobody can tell whether the newest events were dropped with all that they did, or the whole history was rewritten")
	}
	if !report.OK() || c.strict && len(report.Overrides) > 0 {
		return cli.ErrNotValid
	}
	return nil
}

// noteOf says in a few words what an audit found.
func noteOf(r *service.Report, compared bool) string {
	said := cli.Plural(r.Events, "event", "events")
	if compared {
		said += ", against a checkpoint"
	}
	if r.OK() {
		return said + ": nothing was found"
	}
	return said + ": " + cli.Plural(len(r.Findings)+r.More, "finding", "findings")
}

// limitMemory has garbage collected before this process takes much more than it needs: the
// state of all activations is in memory, and would double it.
func limitMemory(env *cli.Env) {
	if env.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(service.AuditMemory)
	}
}

// AuditReport is what audit --json prints.
type AuditReport struct {
	Version    int                `json:"version"`
	Clean      bool               `json:"clean"`
	Events     int64              `json:"events"`
	Licenses   int64              `json:"licenses"`
	Requests   int64              `json:"signed_requests"`
	Releases   int64              `json:"releases"`
	Lists      int64              `json:"revocation_lists"`
	Forgotten  int                `json:"forgotten_addresses"`
	Head       string             `json:"head"`
	Checkpoint *auditedCheckpoint `json:"checkpoint,omitempty"`
	Findings   []service.Finding  `json:"findings"`
	More       int                `json:"more_findings"`

	// Since the checkpoint.
	Sales     []service.Sale     `json:"sales"`
	Overrides []service.Override `json:"overrides"`
}

type auditedCheckpoint struct {
	Events int64 `json:"events"`
}

func (c *auditCommand) print(env *cli.Env, r *service.Report, compared bool) error {
	if env.JSON() {
		out := AuditReport{
			Version: 1, Clean: r.OK(), Events: r.Events, Licenses: r.Licenses, Head: r.Head,
			Requests: r.Requests, Releases: r.Releases, Lists: r.Lists, Forgotten: r.Forgotten,
			Findings: append([]service.Finding{}, r.Findings...), More: r.More,
			Sales: append([]service.Sale{}, r.Sales...), Overrides: append([]service.Override{}, r.Overrides...),
		}
		if compared {
			out.Checkpoint = &auditedCheckpoint{r.Since}
		}
		return env.Answer(out)
	}
	checkpoint, since := "none given", "in all"
	if compared {
		since = "since the checkpoint"
		checkpoint = "made of " + cli.Plural(int(r.Since), "event", "events")
	}
	found := "nothing"
	switch {
	case !r.OK():
		found = fmt.Sprint(len(r.Findings) + r.More)
	case c.strict && len(r.Overrides) > 0:
		found = "nothing but rules that were lifted (--strict)"
	}
	t := cli.Table{Whole: true}
	t.Row("events", fmt.Sprint(r.Events))
	t.Row("licenses", fmt.Sprint(r.Licenses))
	t.Row("releases", fmt.Sprint(r.Releases))
	t.Row("head", r.Head)
	t.Row("checkpoint", checkpoint)
	t.Row("found", found)
	t.Row("sales", fmt.Sprintf("%d %s", len(r.Sales), since))
	t.Row("rules lifted", fmt.Sprintf("%d %s", len(r.Overrides), since))
	if _, err := t.WriteTo(env.Stdout); err != nil {
		return err
	}
	for _, f := range r.Findings {
		fmt.Fprintln(env.Stdout, cli.Clean(f.String()))
	}
	if r.More > 0 {
		fmt.Fprintf(env.Stdout, "and %d more\n", r.More)
	}
	printSince(env.Stdout, r)
	return nil
}
