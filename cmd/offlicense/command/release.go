package command

import (
	_ "embed"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/cmd/internal/text"
	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/verify"
	"github.com/offlicense/offlicense/verify/site"
	"github.com/spf13/pflag"
)

//go:embed usage/release.txt
var releaseUsage string

type releaseFlags struct {
	tool
	qrFlags

	state, roots string
	yes          bool
}

func (t tool) releaseCommand() cli.Command {
	return cli.Command{
		Name: "release", Summary: "give the license up, so that its seat is free", Usage: releaseUsage,
		Setup: func(flags *pflag.FlagSet) cli.Run {
			f := &releaseFlags{tool: t}
			flags.StringVar(&f.state, "state", "", "")
			flags.StringVar(&f.roots, "roots", "", "")
			flags.BoolVar(&f.yes, "yes", false, "")
			f.qrFlags.add(flags)
			return f.run
		},
	}
}

func (f *releaseFlags) run(env *cli.Env, args []string) error {
	if len(args) > 0 {
		return cli.Usagef("unexpected argument %s", cli.Quote(args[0])).
			WithHint("it gives up the license that is installed in the state directory")
	}
	state, err := requireState(env, f.state)
	if err != nil {
		return err
	}
	if err := f.qrFlags.check(env, "release"); err != nil {
		return err
	}
	if err := f.checkOutputs(env, "OLR1:"); err != nil {
		return err
	}
	now, err := env.Time()
	if err != nil {
		return err
	}
	options := site.ReleaseOptions{Now: now, Random: env.Rand, Getenv: env.Getenv}
	if f.roots != "" || f.tool.build.Roots != "" {
		if options.Verifier, err = f.loadRoots(env, f.roots); err != nil {
			return err
		}
	}
	preview, err := state.PreviewRelease(options)
	if err != nil {
		return notReleased(err)
	}
	out := f.messages(env)
	f.show(out, preview, options.Verifier != nil)
	if err := f.confirm(env, preview); err != nil {
		return err
	}
	r, err := state.Release(options)
	if err != nil {
		return notReleased(err)
	}
	if err := f.writeFiles(env, r.Text, r.Code); err != nil {
		return cli.Failf("%w (the license is given up; the same command writes the release again)", err)
	}
	code, err := f.planQR(env, r.Code)
	if err != nil {
		return err
	}
	for _, warning := range r.Warnings {
		env.Warnf("%s", warning)
	}
	comparison, err := codeOf(r.Text)
	if err != nil {
		return err
	}
	f.summary(out, state, r, comparison, code)
	err = code.draw(env, out, []string{
		"release", comparison, "",
		f.beside(),
	})
	if err != nil {
		return err
	}
	return f.answer(env, r.Text, "")
}

// beside is the text beside the code.
func (f *releaseFlags) beside() string {
	if f.out == "" {
		return "write it to a file, or let the vendor scan the code"
	}
	return "send the file to the vendor, or let them scan the code"
}

// show says what is given up.
func (f *releaseFlags) show(out io.Writer, preview *site.ReleasePreview, verified bool) {
	l := preview.License
	switch {
	case !preview.Since.IsZero():
		fmt.Fprintf(out, "given up on %s; this is the same release again\n", text.Date(preview.Since))
	case verified:
		fmt.Fprintln(out, "to be given up, for good")
	default:
		fmt.Fprintln(out, "to be given up, for good (the license was not verified: no --roots)")
	}
	var t cli.Table
	row := func(name, value string) {
		if value != "" {
			t.Row("  "+name, value)
		}
	}
	name := l.Product
	if l.Terms.Edition != "" {
		name += " " + l.Terms.Edition
	}
	row("product", name)
	row("type", l.Terms.Type)
	row("customer", l.Terms.Customer)
	row("vendor", l.Issuer)
	row("invoice", l.Terms.Invoice)
	row("license", l.ID.String())
	row("activation", l.Activation)
	row("site", l.Terms.Site)
	if expires, _ := l.Ends(); !expires.IsZero() {
		row("ends", text.LastDay(expires))
	}
	if preview.EmergencyDays > 0 {
		row("emergency", cli.Plural(preview.EmergencyDays, "day used", "days used"))
	}
	t.WriteTo(out)
}

func (f *releaseFlags) confirm(env *cli.Env, preview *site.ReleasePreview) error {
	if f.yes || !preview.Since.IsZero() {
		return nil
	}
	yes, err := env.Confirm("Give up this license? It stops here and cannot be installed here again.")
	if err != nil {
		return err
	}
	if !yes {
		return cli.Failf("nothing was released").WithHint("the license stays as it is")
	}
	return nil
}

// summary says what to do next.
func (f *releaseFlags) summary(out io.Writer, state *site.State, r *site.Release, comparison string, code qrPlan) {
	fmt.Fprintf(out, "released: the license stopped here on %s\n", format.Time(r.IssuedAt).Format(time.RFC3339))
	fmt.Fprintf(out, "  code      %s\n", comparison)
	if f.pictures != "" && !f.ToStdout() {
		fmt.Fprintf(out, "  picture   %s\n", cli.Clean(f.pictures))
	}
	switch {
	case f.out == "":
		for _, line := range text.Wrap("next: write it to a file for the vendor"+code.advice()+
			"; until they have recorded it, the seat stays taken", 78) {
			fmt.Fprintln(out, line)
		}
		fmt.Fprintf(out, "    offlicense release --state %s --out old-server.olr\n", typed(state.Dir()))
	default:
		file := f.out
		if file == "-" {
			file = "old-server.olr"
		} else {
			fmt.Fprintf(out, "  file      %s\n", cli.Clean(file))
		}
		for _, line := range text.Wrap("next: send the file to the vendor"+code.advice()+
			"; until they have recorded it, the seat stays taken. They do it with", 78) {
			fmt.Fprintln(out, line)
		}
		fmt.Fprintf(out, "    licensor release %s\n", typed(file))
	}
	code.explain(out)
}

func notReleased(err error) error {
	var refusal *verify.Refusal
	switch {
	case errors.As(err, &refusal):
		return refused("not released", refusal)
	case errors.Is(err, site.ErrNotBound):
		return cli.Fail(err).WithHint("ask the vendor to close the activation, and remove the license file")
	case errors.Is(err, site.ErrNoKey):
		return cli.Fail(err).WithHint("restore it from a backup, or ask the vendor to free the seat of a lost server")
	}
	return stateError(err)
}
