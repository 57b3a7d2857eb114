package command

import (
	_ "embed"
	"errors"
	"fmt"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/verify"
	"github.com/offlicense/offlicense/verify/site"
	"github.com/spf13/pflag"
)

//go:embed usage/attest.txt
var attestUsage string

type attestFlags struct {
	tool
	qrFlags
	programFlags

	state, roots string
}

func (t tool) attestCommand() cli.Command {
	return cli.Command{
		Name: "attest", Summary: "sign a statement of where and how the license is in use", Usage: attestUsage,
		Setup: func(flags *pflag.FlagSet) cli.Run {
			f := &attestFlags{tool: t}
			flags.StringVar(&f.state, "state", "", "")
			flags.StringVar(&f.roots, "roots", "", "")
			f.programFlags.add(flags)
			f.qrFlags.add(flags)
			return f.run
		},
	}
}

func (f *attestFlags) run(env *cli.Env, args []string) error {
	if len(args) > 0 {
		return cli.Usagef("unexpected argument %s", cli.Quote(args[0])).
			WithHint("it attests the license that is installed in the state directory; --out FILE is where to")
	}
	state, err := requireState(env, f.state)
	if err != nil {
		return err
	}
	if err := f.qrFlags.check(env, "attestation"); err != nil {
		return err
	}
	if err := f.checkOutputs(env, "OLA1:"); err != nil {
		return err
	}
	o, err := f.options(env)
	if err != nil {
		return err
	}
	a, err := state.Attest(o)
	if err != nil {
		return notAttested(err)
	}
	if err := f.writeFiles(env, a.Text, a.Code); err != nil {
		return err
	}
	code, err := f.planQR(env, a.Code)
	if err != nil {
		return err
	}
	out := f.messages(env)
	fmt.Fprintf(out, "attested: %s\n", title(a.License))
	var t cli.Table
	t.Row("  license", a.License.ID.String())
	t.Row("  machine", labels(a.Components))
	t.Row("  time", format.Instant(a.IssuedAt).Format("2006-01-02T15:04:05Z"))
	if f.pictures != "" && !f.ToStdout() {
		t.Row("  picture", f.pictures)
	}
	if f.out != "" && f.out != "-" {
		t.Row("  file", f.out)
	}
	t.WriteTo(out)
	if f.out == "" && f.pictures == "" && !env.JSON() {
		fmt.Fprintf(out, "next: write it to a file for whoever collects them%s\n    offlicense attest --state %s%s --out site.ola\n",
			code.advice(), typed(state.Dir()), f.rootsAdvice(f.roots))
	}
	code.explain(out)
	if err := code.draw(env, out, []string{"attestation", a.License.ID.String()}); err != nil {
		return err
	}
	return f.answer(env, a.Text, "")
}

func (f *attestFlags) options(env *cli.Env) (o site.AttestOptions, err error) {
	if o.Now, err = env.Time(); err != nil {
		return o, err
	}
	o.Random = env.Rand
	if o.Program, err = f.program(env, true); err != nil {
		return o, err
	}
	if f.version != "" && format.ValidText(f.version, 32) != nil {
		return o, cli.Usagef("--product-version does not take %s", cli.Quote(f.version)).WithHint("1 to 32 bytes of text, such as 9.2.0")
	}
	for name := range o.Use {
		if format.ValidText(name, 32) != nil {
			return o, cli.Usagef("--use does not take the name %s", cli.Quote(name)).WithHint("the name of a limit is 1 to 32 bytes of text, such as users")
		}
	}
	if o.MinRevocation, err = f.minList(); err != nil {
		return o, err
	}
	o.Verifier, err = f.loadRoots(env, f.roots)
	return o, err
}

func notAttested(err error) error {
	var refusal *verify.Refusal
	switch {
	case errors.As(err, &refusal):
		return refused("not attested", refusal)
	case errors.Is(err, site.ErrNoKey):
		return cli.Fail(err).WithHint("restore it from a backup, or ask the vendor to free the seat of a lost server")
	}
	return stateError(err)
}
