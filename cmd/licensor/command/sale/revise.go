package sale

import (
	"context"
	"fmt"
	"time"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/cmd/licensor/command/common"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/service"
	"github.com/spf13/pflag"
)

// amend changes what an entitlement grants.
func amend(flags *pflag.FlagSet) cli.Run {
	var c revision
	var terms common.TermOptions
	c.add(flags)
	terms.AddChangeable(flags)
	c.AddNew(flags)
	return func(env *cli.Env, args []string) error {
		if !terms.Given() {
			return cli.Usagef("nothing is to be changed").WithHint("say what with an option such as --seats 3")
		}
		now, err := env.Time()
		if err != nil {
			return err
		}
		return c.revise(env, args, "Amend", service.NewAmendment(func(e *ledger.Entitlement) error { return terms.Apply(e, now) }))
	}
}

// revision is what renew and amend have in common: they change what was sold, and sign
// new licenses for all who are active, from the requests on record.
type revision struct {
	common.Issuing
	later bool // nothing is signed now
}

func (r *revision) add(flags *pflag.FlagSet) {
	r.Add(flags, "")
	flags.BoolVar(&r.later, "later", false, "")
}

func (r *revision) revise(env *cli.Env, args []string, verb string, change service.Revision) error {
	if err := r.CheckReason(""); err != nil {
		return err
	}
	invoice, err := common.OneInvoice(args, 1)
	if err != nil {
		return err
	}
	switch {
	case r.later && r.Out != "":
		return cli.Usagef("--later and --out contradict each other").WithHint("leave --out out: with --later no license is written")
	case r.Out == "" && !r.later:
		return cli.Usagef("--out is missing").WithHint("name a directory for the new licenses; it is made if it does not exist")
	}
	return r.Change(env, func(ctx context.Context, s *service.Service, by ledger.Operation) error {
		by.Later = r.later
		var revised *service.RevisionPreview
		err = r.AskNames(env, &by, func() (err error) {
			revised, err = s.PreviewRevision(ctx, by, invoice, change)
			return err
		})
		if err != nil {
			return err
		}
		question := ""
		if len(revised.Steps) > 0 {
			if err := showChange(ctx, env, s, revised, by.Now); err != nil {
				return err
			}
			question = verb + " it?"
			if n := len(revised.Steps) - 1; n > 0 {
				question = fmt.Sprintf("%s it and sign %s?", verb, cli.Plural(n, "new license", "new licenses"))
			}
		} else {
			env.Warnf("nothing is different from what is on record; its newest licenses are written again")
		}
		if r.later {
			return r.reviseLater(ctx, env, s, invoice, change, question)
		}
		by, key, err := r.Ready(env, question, "not changed")
		if err != nil {
			return err
		}
		directory, err := common.OpenLicenseDirectory(env, r.Out)
		if err != nil {
			return err
		}
		done, err := s.Revise(ctx, by, invoice, change, key)
		if err != nil {
			return err
		}
		if len(revised.Steps) > 0 && len(done.Licenses) == 0 {
			fmt.Fprint(env.Stderr, "Recorded. ")
		}
		delivered, err := deliverAll(ctx, env, s, directory, invoice, done.Licenses)
		if err != nil {
			return err
		}
		if narrower := service.NarrowerWarning(done.Revised); narrower != "" {
			env.Warnf("%s", narrower)
		}
		return answerRevision(ctx, env, s, invoice, len(revised.Steps) > 0, delivered)
	})
}

// reviseLater records a revision without its licenses.
func (r *revision) reviseLater(ctx context.Context, env *cli.Env, s *service.Service, invoice string, change service.Revision, question string) error {
	by, err := r.Agreed(env, question, "not changed")
	if err != nil {
		return err
	}
	by.Later = true
	done, err := s.Revise(ctx, by, invoice, change, service.Key{})
	if err != nil {
		return err
	}
	if done.After.Due != done.Before.Due {
		fmt.Fprintln(env.Stderr, "Recorded. Each license is signed when its request comes again: by licensor sign, or by licensor serve.")
	} else {
		fmt.Fprintln(env.Stderr, "Recorded. What licenses say stays as it is.")
	}
	return answerRevision(ctx, env, s, invoice, len(done.Steps) > 0, []service.Delivered{})
}

// answerRevision is what renew --json and amend --json print.
func answerRevision(ctx context.Context, env *cli.Env, s *service.Service, invoice string, changed bool, delivered []service.Delivered) error {
	sold, err := s.AnswerEntitlement(ctx, invoice, env.Now())
	if err != nil {
		return err
	}
	return env.Answer(service.RevisionAnswer{EntitlementAnswer: sold, Changed: changed, Licenses: delivered})
}

// showChange shows what will be different, and what another edition does not change.
func showChange(ctx context.Context, env *cli.Env, s *service.Service, r *service.RevisionPreview, now time.Time) error {
	made, err := s.RevisingOf(ctx, r, now)
	if err != nil {
		return err
	}
	t := cli.Table{Whole: true}
	for _, row := range made.Rows {
		t.Row(row.Label, row.Text)
	}
	_, err = t.WriteTo(env.Stdout)
	common.Warn(env, made.Warnings)
	return err
}

// deliverAll writes the licenses of an entitlement's activations into a directory, and
// says which goes where.
func deliverAll(ctx context.Context, env *cli.Env, s *service.Service, directory *common.LicenseDirectory, invoice string, licenses []*ledger.License) ([]service.Delivered, error) {
	h, err := s.Holding(ctx, invoice)
	if err != nil {
		return nil, err
	}
	texts, err := s.LicenseTexts(ctx)
	if err != nil {
		return nil, err
	}
	var files []common.LicenseFile
	delivered := []service.Delivered{}
	t := cli.Table{Whole: true}
	t.Row("ACTIVATION", "SITE", "HOST", "INSTALL THIS FILE")
	for _, license := range licenses {
		file, d, err := directory.Prepare(texts, h, license)
		if err != nil {
			return nil, err
		}
		t.Row(d.Activation, d.Site, d.Host, d.File)
		files, delivered = append(files, file), append(delivered, d)
	}
	if err := directory.CheckAndWrite(files); err != nil {
		return nil, err
	}
	if len(files) == 0 {
		why := "Nobody is active yet"
		if len(h.Activations) > 0 {
			why = "What licenses say stays as it is"
		}
		fmt.Fprintf(env.Stderr, "%s, so there is no license to install.\n", why)
		return delivered, nil
	}
	_, err = t.WriteTo(env.Stdout)
	return delivered, err
}
