package command

import (
	"cmp"
	_ "embed"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/verify"
	"github.com/offlicense/offlicense/verify/site"
	"github.com/spf13/pflag"
)

//go:embed usage/install.txt
var installUsage string

const (
	exitUsage    = 2
	exitNotValid = 3 // of what was checked and found not valid
)

func (t tool) installCommand() cli.Command {
	return cli.Command{
		Name: "install", Summary: "install the license that came back, or a revocation list", Usage: installUsage,
		Setup: func(flags *pflag.FlagSet) cli.Run {
			state := flags.String("state", "", "")
			roots := flags.String("roots", "", "")
			delegations := flags.StringArray("delegation", nil, "")
			var components componentFlags
			components.add(flags)
			serviceUser := flags.String("service-user", "", "")
			spelled := flags.Bool("spelled", false, "")
			flags.Bool("json", false, "")
			return func(env *cli.Env, args []string) error {
				return t.install(env, args, *state, *roots, *serviceUser, *delegations, &components, *spelled)
			}
		},
	}
}

func (t tool) install(env *cli.Env, args []string, stateFlag, rootsFlag, serviceUser string, delegationFiles []string, given *componentFlags, spelled bool) error {
	state, err := requireState(env, stateFlag)
	if err != nil {
		return err
	}
	if len(args) != 1 && !spelled {
		return cli.Usagef("install takes one license or revocation list: got %d files", len(args)).WithHint("give the file that came from the vendor, or - for standard input")
	}
	components, err := given.read(env)
	if err != nil {
		return err
	}
	verifier, err := t.loadRoots(env, rootsFlag)
	if err != nil {
		return err
	}
	delegations, err := t.delegations(env, delegationFiles)
	if err != nil {
		return err
	}
	text, done, err := readInstalled(env, args, state, spelled)
	if err != nil {
		return err
	}
	least, err := t.minList()
	if err != nil {
		return err
	}
	o := site.InstallOptions{Components: components, MinRevocation: least, Delegations: delegations, Now: env.Now()}
	if err := cmp.Or(nothingCame(text, args), answered(text)); err != nil {
		return err
	}
	if isList(text) {
		return installList(env, state, verifier, text, o, done)
	}
	who, err := findChecker(env, serviceUser, state.Dir())
	if err != nil {
		return err
	}
	o.Checker = who.as()
	license, err := state.Install(verifier, text, o)
	if err != nil {
		return notInstalled(env, who.explain(err))
	}
	done()
	for _, warning := range license.Warnings {
		env.Warnf("%s", warning)
	}
	fmt.Fprintf(env.Stdout, "installed: %s\n", title(license))
	table := licenseTable(license)
	if l := answerList(license.RevocationList, o.Now); l != nil {
		table.Row("  revocations", l.String())
	}
	if m := license.Machine; m != nil {
		if !m.HadMargin() {
			table.Row("  "+noMargin[0], noMargin[1])
		}
		if who != nil {
			table.Row("  checker", who.name)
		}
	}
	table.WriteTo(env.Stdout)
	fmt.Fprintf(env.Stdout, "next: start the product, or check with\n    offlicense verify --state %s%s%s --product %s\n",
		typed(state.Dir()), t.rootsAdvice(rootsFlag), given.advice(), license.Product)
	a, err := answerOf(license, nil, o.Now)
	if err != nil {
		return err
	}
	return env.Answer(a)
}

// codeOf returns the comparison code of a text, which the other side shows, too.
func codeOf(text []byte) (string, error) {
	kind, raw, err := format.DecodeText(text)
	if err != nil {
		return "", err
	}
	return format.CodeOf(kind, raw)
}

// readInstalled reads what is to be installed. done is called once it is.
func readInstalled(env *cli.Env, args []string, state *site.State, spelled bool) (text []byte, done func(), err error) {
	kinds := []format.Kind{format.LicenseFile, format.CarriedLicense, format.RevocationFile}
	if !spelled {
		text, err = env.ReadStatement(args[0], kinds...)
		return text, func() {}, err
	}
	text, done, err = env.ReadSpelled(args, filepath.Join(state.Dir(), spelledFile), kinds...)
	if _, malformed := errors.AsType[*format.MalformedError](err); malformed {
		err = &cli.Error{Err: fmt.Errorf("not installed: %w", err), Exit: exitNotValid}
	}
	return text, done, err
}

// spelledFile keeps in the state directory what is typed with --spelled.
const spelledFile = "spelled.txt"

// notInstalled adds to a refusal what was compared. What was installed before stays.
func notInstalled(env *cli.Env, err error) error {
	var refusal *verify.Refusal
	if !errors.As(err, &refusal) {
		return stateError(err)
	}
	if err := env.Answer(refusedAnswer(refusal)); err != nil {
		return err
	}
	return refused("not installed", refusal)
}

// refused says that a refusal kept a command from doing what it should.
func refused(what string, refusal *verify.Refusal) error {
	message := what + ": " + refusal.Error()
	if refusal.Expected != "" {
		message += fmt.Sprintf(" (expected: %s; found: %s)", refusal.Expected, refusal.Found)
	}
	return (&cli.Error{Err: errors.New(message), Exit: exitNotValid}).WithHint("%s", refusal.Hint())
}
