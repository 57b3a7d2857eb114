package sale

import (
	"context"
	"fmt"
	"slices"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/cmd/internal/text"
	"github.com/offlicense/offlicense/cmd/licensor/command/common"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/service"
	"github.com/spf13/pflag"
)

// revision is what renew and amend have in common: they change what was sold, and sign
// new licenses for all who are active, from the requests on record.
type revision struct {
	common.Issuing
	out string
}

func (r *revision) add(flags *pflag.FlagSet) {
	r.Issuing.Add(flags)
	flags.StringVar(&r.out, "out", "", "")
}

func (r *revision) revise(env *cli.Env, args []string, verb string, change service.Revision) error {
	if err := r.Reason.Check(""); err != nil {
		return err
	}
	invoice, err := common.OneInvoice(args, 1)
	if err != nil {
		return err
	}
	if r.out == "" {
		return cli.Usagef("--out is missing").WithHint("name a directory for the new licenses; it is made if it does not exist")
	}
	return r.Home.WithService(env, service.ToChange, func(ctx context.Context, s *service.Service) error {
		by, err := r.Operation(env)
		if err != nil {
			return err
		}
		revised, err := s.PreviewRevision(ctx, by, invoice, change)
		if err != nil {
			return err
		}
		if len(revised.Steps) > 0 {
			if err := showChange(env, revised.Before, revised.After); err != nil {
				return err
			}
			question := verb + " it?"
			if n := len(revised.Steps) - 1; n > 0 {
				question = fmt.Sprintf("%s it and sign %s?", verb, cli.Plural(n, "new license", "new licenses"))
			}
			if err := r.Agree(env, question, "not changed"); err != nil {
				return err
			}
		} else {
			env.Warnf("nothing is different from what is on record; here are its newest licenses again")
		}
		directory, err := common.OpenLicenseDirectory(env, r.out)
		if err != nil {
			return err
		}
		if by, err = r.Operation(env); err != nil { // the question has waited
			return err
		}
		key, err := r.Key.Key(env)
		if err != nil {
			return err
		}
		done, err := s.Revise(ctx, by, invoice, change, key)
		if err != nil {
			return err
		}
		after, err := s.Holding(ctx, invoice)
		if err != nil {
			return err
		}
		texts, err := s.LicenseTexts(ctx)
		if err != nil {
			return err
		}
		if err := deliverAll(env, directory, after, done.Licenses, texts); err != nil {
			return err
		}
		warnOfNarrower(env, done)
		return nil
	})
}

// warnOfNarrower tells that the licenses from before grant what was taken away.
func warnOfNarrower(env *cli.Env, revised *service.Revised) {
	if len(revised.Steps) < 2 || !revised.Narrows() {
		return
	}
	end := "forever"
	if !revised.Before.Expires.IsZero() {
		end = "until " + text.Date(revised.Before.HardEnd())
	}
	env.Warnf("the earlier licenses grant what they did, and remain valid %s where they are in use; \"licensor revoke\" revokes them", end)
}

// showChange shows what will be different.
func showChange(env *cli.Env, before, after *ledger.Entitlement) error {
	t := cli.Table{Whole: true}
	t.Row("invoice", before.Invoice)
	changes := common.Changes(before, after)
	if !slices.ContainsFunc(changes, func(r common.TermRow) bool { return r.Label == "customer" }) {
		t.Row("customer", before.Customer)
	}
	for _, row := range changes {
		t.Row(row.Label, row.Text)
	}
	_, err := t.WriteTo(env.Stdout)
	return err
}

// deliverAll writes the licenses of a holding's activations into a directory, and says
// which goes where.
func deliverAll(env *cli.Env, directory *common.LicenseDirectory, h *ledger.Holding, licenses []*ledger.License, texts *service.LicenseTexts) error {
	var files []common.LicenseFile
	t := cli.Table{Whole: true}
	t.Row("ACTIVATION", "SITE", "HOST", "INSTALL THIS FILE")
	for _, license := range licenses {
		a := ledger.Activation{ID: license.Activation}
		if found := service.Held(h, license.Activation); found != nil {
			a = found.Activation
		}
		file := common.LicenseFile{Name: common.NameOf(&a)}
		var err error
		if file.Text, err = texts.Text(license); err != nil {
			return err
		}
		files = append(files, file)
		t.Row(a.ID, a.Site, a.Host, directory.Path(file.Name))
	}
	var names []string
	for _, file := range files {
		names = append(names, file.Name)
	}
	if err := directory.Check(names); err != nil {
		return directory.Lost(err)
	}
	if err := directory.Write(files); err != nil {
		return err
	}
	if len(files) == 0 {
		why := "Nobody is active yet"
		if len(h.Activations) > 0 {
			why = "What licenses say stays as it is"
		}
		fmt.Fprintf(env.Stderr, "Recorded. %s, so there is no license to install.\n", why)
		return nil
	}
	_, err := t.WriteTo(env.Stdout)
	return err
}
