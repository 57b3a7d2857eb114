package command

import (
	"fmt"
	"io"
	"strings"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/cmd/internal/text"
	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/verify/machine"
	"github.com/offlicense/offlicense/verify/site"
)

// summary says what was asked, and what to do next.
func (f *requestFlags) summary(env *cli.Env, out io.Writer, state *site.State, r *site.Request, who *checker, code qrPlan) {
	row := func(name, value string) {
		if value != "" {
			fmt.Fprintf(out, "  %-8s  %s\n", name, cli.Clean(value))
		}
	}
	fmt.Fprintf(out, "request %s\n", format.ComparisonCode(r.Hash))
	row("product", r.Product)
	row("invoice", r.Invoice)
	row("type", r.Type)
	row("site", r.Site)
	row("host", r.Host)
	if r.Prior != nil {
		row("replaces", r.Prior.String())
	}
	row("machine", labels(r.Components))
	if len(r.Components) > 0 {
		row("checker", who.reads(r.Unreadable))
	}
	row("file", f.file(r.Path))
	if !f.ToStdout() {
		row("picture", f.pictures)
	}
	warnUnbound(env, r)
	for _, line := range text.Wrap("next: send the file to the vendor"+code.advice()+
		"; compare the request's code with them on the phone. When the license comes back:", 78) {
		fmt.Fprintln(out, line)
	}
	fmt.Fprintf(out, "    %s\n", f.nextCommand(state))
	code.explain(out)
}

// nextCommand is the command that follows once the license is there.
func (f *requestFlags) nextCommand(state *site.State) string {
	who := ""
	if f.serviceUser != "" {
		who = " --service-user " + typed(f.serviceUser)
	}
	what := "license.lic"
	if f.spell {
		what = "--spelled"
	}
	return fmt.Sprintf("offlicense install --state %s%s%s%s %s", typed(state.Dir()), f.rootsAdvice(""), f.components.advice(), who, what)
}

// reminder is the text beside the code, for a console on which the summary has
// scrolled away.
func (f *requestFlags) reminder(state *site.State, r *site.Request) []string {
	return []string{
		"request", format.ComparisonCode(r.Hash), "",
		"file", cli.Clean(f.file(r.Path)), "",
		"send the file to the vendor, or let them scan the code; compare the request's code on the phone. Then:", "",
		f.nextCommand(state),
	}
}

// rootsAdvice is the option that the next command needs: the file that was given to this
// one, if any was.
func (t tool) rootsAdvice(given string) string {
	switch {
	case t.build.Roots != "":
		return ""
	case given == "" || given == "-":
		given = "roots.pub"
	}
	return " --roots " + typed(given)
}

// typed returns a path as one word of a command that is printed for copying.
func typed(path string) string { return cli.Clean(cli.ShellPath(path)) }

func labels(components []format.Component) string {
	if len(components) == 0 {
		return "the machine key alone"
	}
	names := make([]string, len(components))
	for i, c := range components {
		names[i] = c.Label
	}
	return strings.Join(names, ", ")
}

// warnUnbound says so where so little identifies the machine that it matters.
func warnUnbound(env *cli.Env, r *site.Request) {
	switch len(r.Components) {
	case 0:
		env.Warnf("the license will be bound to the machine key alone: it will hold wherever the state directory is copied to")
	case 1:
		for _, finding := range r.Machine.Findings {
			if finding.Status == machine.Unreadable {
				env.Warnf("%s alone identifies this machine; %s is unreadable: %s", r.Components[0].Label, finding.Label, finding.Detail)
			}
		}
	}
}
