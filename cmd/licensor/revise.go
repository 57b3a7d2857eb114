package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/cmd/licensor/internal/home"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/spf13/pflag"
)

// revision is what renew and amend have in common: they change what was sold, and sign
// new licenses for all who are active, from the requests on record.
type revision struct {
	issuing
	out string
}

func (r *revision) add(flags *pflag.FlagSet) {
	r.issuing.add(flags)
	flags.StringVar(&r.out, "out", "", "")
}

func (r *revision) revise(env *cli.Env, args []string, verb string, change ledger.Revision) error {
	if err := r.check(); err != nil {
		return err
	}
	invoice, err := oneInvoice(args, 1)
	if err != nil {
		return err
	}
	if r.out == "" {
		return cli.Usagef("--out is missing").WithHint("name a folder for the new licenses; it is made if it does not exist")
	}
	return r.home.withLedger(env, ledger.Open, func(ctx context.Context, at home.Home, l *ledger.Ledger) error {
		by, err := r.operation(env)
		if err != nil {
			return err
		}
		revised, err := l.PreviewRevision(ctx, by, invoice, change)
		if err != nil {
			return err
		}
		if revised.Changes {
			if err := showChange(env, revised); err != nil {
				return err
			}
			question := fmt.Sprintf("%s it and sign %s?", verb, cli.Plural(revised.Licenses, "new license", "new licenses"))
			if err := r.agree(env, question, "not changed"); err != nil {
				return err
			}
		} else {
			env.Warnf("nothing is different from what is on record; here are its newest licenses again")
		}
		folder, err := openLicenseFolder(env, r.out)
		if err != nil {
			return err
		}
		if by, err = r.operation(env); err != nil { // the question has waited
			return err
		}
		signer := r.signer(ctx, env, at, l, by)
		licenses, err := l.Revise(ctx, by, invoice, change, signer.issue)
		if err != nil {
			return signer.explain(err)
		}
		after, err := holding(ctx, l, invoice)
		if err != nil {
			return err
		}
		list, err := loadNewestList(ctx, env, at, l)
		if err != nil {
			return err
		}
		if err := deliverAll(env, folder, after, licenses, list); err != nil {
			return err
		}
		warnOfNarrower(env, revised, licenses)
		return nil
	})
}

// warnOfNarrower tells that the licenses from before grant what was taken away.
func warnOfNarrower(env *cli.Env, revised *ledger.Revised, licenses []*ledger.License) {
	if !revised.Changes || len(licenses) == 0 || !revised.Narrows() {
		return
	}
	end := "for ever"
	if !revised.Before.Expires.IsZero() {
		end = "until " + date(revised.Before.HardEnd())
	}
	env.Warnf("the earlier licenses grant what they did, and stay good %s where they are in use; \"licensor revoke\" takes them back", end)
}

// showChange shows what will be different.
func showChange(env *cli.Env, revised *ledger.Revised) error {
	old, changed := describe(revised.Before), describe(revised.After)
	t := cli.Table{Whole: true}
	t.Row("invoice", revised.Before.Invoice)
	t.Row("customer", revised.Before.Customer)
	for _, name := range slices.Sorted(maps.Keys(old)) {
		if old[name] != changed[name] {
			t.Row(name, old[name]+" -> "+changed[name])
		}
	}
	_, err := t.WriteTo(env.Stdout)
	return err
}

// describe says all that a revision can change.
func describe(e *ledger.Entitlement) map[string]string {
	or := func(s, none string) string {
		if s == "" {
			return none
		}
		return s
	}
	return map[string]string{
		"account":   fmt.Sprintf("%s <%s>", e.Customer, e.Email),
		"edition":   or(e.Edition, "none"),
		"beside":    beside(e),
		"seats":     seats(e),
		"for any":   map[bool]string{true: "licenses for any machine", false: "no license for any machine"}[e.Unbound],
		"term":      term(e),
		"emergency": emergency(e),
		"updates":   updates(e),
		"versions":  or(e.MaxVersion, "all"),
		"features":  or(strings.Join(e.Features, ", "), "none"),
		"limits":    or(strings.Join(limits(e.Limits), ", "), "none"),
	}
}

// deliverAll writes the licenses of a holding's activations into a folder, and says
// which goes where.
func deliverAll(env *cli.Env, folder *licenseFolder, h *ledger.Holding, licenses []*ledger.License, list newestList) error {
	var files []licenseFile
	t := cli.Table{Whole: true}
	t.Row("ACTIVATION", "SITE", "HOST", "BRING IT THIS FILE")
	for _, license := range licenses {
		a := ledger.Activation{ID: license.Activation}
		if found := held(h, license.Activation); found != nil {
			a = found.Activation
		}
		file, err := fileOf(nameOf(&a), license, list)
		if err != nil {
			return err
		}
		files = append(files, file)
		t.Row(a.ID, a.Site, a.Host, folder.path(file.name))
	}
	var names []string
	for _, file := range files {
		names = append(names, file.name)
	}
	if err := folder.check(names); err != nil {
		return folder.lost(err)
	}
	if err := folder.write(files); err != nil {
		return err
	}
	if len(files) == 0 {
		fmt.Fprintln(env.Stderr, "Recorded. Nobody is active yet, so there is no license to bring anywhere.")
		return nil
	}
	_, err := t.WriteTo(env.Stdout)
	return err
}
