package command

import (
	"cmp"
	_ "embed"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/cmd/internal/hint"
	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/verify"
	"github.com/offlicense/offlicense/verify/machine"
	"github.com/offlicense/offlicense/verify/site"
	"github.com/spf13/pflag"
)

//go:embed usage/verify.txt
var verifyUsage string

type verifyFlags struct {
	tool
	listFlags

	state, roots, product, edition string
	version, built                 string
	use, components                []string
	anyMachine, json               bool
}

func (t tool) verifyCommand() cli.Command {
	return cli.Command{
		Name: "verify", Summary: "check the installed license, or license files", Usage: verifyUsage,
		Setup: func(flags *pflag.FlagSet) cli.Run {
			f := &verifyFlags{tool: t}
			flags.StringVar(&f.state, "state", "", "")
			flags.StringVar(&f.roots, "roots", "", "")
			flags.StringVar(&f.product, "product", "", "")
			flags.StringVar(&f.edition, "edition", "", "")
			flags.StringVar(&f.version, "product-version", "", "")
			flags.StringVar(&f.built, "built", "", "")
			flags.StringArrayVar(&f.use, "use", nil, "")
			flags.StringArrayVar(&f.components, "component", nil, "")
			f.listFlags.add(flags)
			flags.BoolVar(&f.anyMachine, "any-machine", false, "")
			flags.BoolVar(&f.json, "json", false, "")
			return f.run
		},
	}
}

func (f *verifyFlags) run(env *cli.Env, files []string) error {
	judge, err := f.prepare(env, files)
	if err != nil {
		return f.unprepared(env, files, err)
	}
	if len(files) > 1 {
		return f.many(env, files, judge)
	}
	file := ""
	if len(files) == 1 {
		file = files[0]
	}
	a, err := f.answer(env, judge, file)
	if f.json {
		if err := env.Answer(a); err != nil {
			return err
		}
	} else if err == nil {
		a.print(env)
	}
	if err == nil && !a.Valid {
		return cli.ErrNotValid
	}
	return err
}

// unprepared answers, where JSON is wanted, that no file was checked for want of what all
// of them are judged by. How the command was called wrong is for people alone.
func (f *verifyFlags) unprepared(env *cli.Env, files []string, err error) error {
	var known *cli.Error
	if !f.json || errors.As(err, &known) && known.Exit == exitUsage {
		return err
	}
	a := uncheckedAnswer(err)
	if len(files) < 2 {
		return cmp.Or(env.Answer(a), err)
	}
	for _, a.File = range files {
		if err := env.AnswerLine(a); err != nil {
			return err
		}
	}
	return err
}

// many gives one line to each file and goes on after those that cannot be read.
func (f *verifyFlags) many(env *cli.Env, files []string, judge judge) error {
	unchecked, notValid := 0, 0
	next := "" // of the first that could not be checked
	for _, file := range files {
		a, err := f.answer(env, judge, file)
		a.File = file
		switch {
		case err != nil:
			if told := hint.Of(err); next == "" && told != "" {
				next = fmt.Sprintf("\"%s\": %s", cli.Clean(file), told)
			}
			unchecked++
		case !a.Valid:
			notValid++
		}
		if f.json {
			if err := env.AnswerLine(a); err != nil {
				return err
			}
		} else {
			a.printLine(env)
		}
	}
	if notValid > 0 {
		return cli.ErrNotValid
	}
	if unchecked > 0 {
		return cli.Failf("%d of %d files could not be checked", unchecked, len(files)).WithHint("%s", next)
	}
	return nil
}

func (f *verifyFlags) answer(env *cli.Env, judge judge, file string) (answer, error) {
	license, err := judge(file)
	a, err := answerOf(license, err, env.Now())
	if dir := stateDirectory(env, f.state); a.Reason == verify.Standby && !f.anyMachine {
		state := " --state " + typed(dir)
		a.Hint = strings.NewReplacer("failover start", "failover start"+state+f.rootsAdvice(f.roots), "failover stop", "failover stop"+state).Replace(a.Hint)
	}
	return a, err
}

// judge checks a file, "" being the installed license.
type judge func(file string) (*verify.License, error)

func (f *verifyFlags) prepare(env *cli.Env, files []string) (judge, error) {
	dir := stateDirectory(env, f.state)
	switch {
	case f.anyMachine && f.state != "":
		return nil, cli.Usagef("--any-machine and --state exclude each other").
			WithHint("a license is checked for its site, or without its machine")
	case f.anyMachine && len(f.components) > 0:
		return nil, cli.Usagef("--any-machine and --component exclude each other").
			WithHint("--any-machine compares the license with no machine")
	case f.anyMachine && len(files) == 0:
		return nil, cli.Usagef("--any-machine needs at least one license file")
	case !f.anyMachine && dir == "":
		return nil, cli.Usagef("no state directory: a license is checked for the site that keeps it").
			WithHint("give --state DIR or set %s; or, to check licenses of other machines, --any-machine FILE...", stateVariable)
	case f.product == "":
		return nil, cli.Usagef("--product is missing").WithHint("the name of the product that wants to run, such as evoq")
	}
	p, err := f.program(env)
	if err != nil {
		return nil, err
	}
	verifier, err := f.loadRoots(env, f.roots)
	if err != nil {
		return nil, err
	}
	least, err := f.minList()
	if err != nil {
		return nil, err
	}
	least = max(least, f.min)
	lists, err := f.listFlags.load(env, verifier)
	if err != nil {
		return nil, err
	}
	if f.anyMachine {
		facts := verify.Facts{
			Now: env.Now(), Product: p.Product, Edition: p.Edition, Version: p.Version,
			Built: p.Built, Use: p.Use, AnyMachine: true,
			MinRevocation: least, MaxRevocationAge: f.maxAge,
		}
		for _, l := range lists {
			facts.Revocations = append(facts.Revocations, l.RevocationList)
		}
		return func(file string) (*verify.License, error) {
			text, err := env.ReadStatement(file, format.LicenseFile)
			if err != nil {
				return nil, err
			}
			license, err := verifier.Check(text, facts)
			if err != nil {
				return nil, nameList(text, err)
			}
			if len(lists) > 0 && !slices.ContainsFunc(lists, func(l givenList) bool { return l.Issuer == license.Vendor }) {
				license.Warnings = append(license.Warnings, verify.Warning{Code: verify.NoVendorList, Value: license.Vendor}.Says(
					"no list given with --revocations is from %s, the vendor of this license", license.Vendor))
			}
			return license, nil
		}, nil
	}
	p.MinRevocation, p.MaxRevocationAge = least, f.maxAge
	for _, l := range lists {
		p.Revocations = append(p.Revocations, l.text)
	}
	state := site.At(dir)
	return func(file string) (*verify.License, error) {
		if file == "" {
			return state.Verify(verifier, p, env.Now())
		}
		text, err := env.ReadStatement(file, format.LicenseFile)
		if err != nil {
			return nil, err
		}
		license, err := state.Judge(verifier, text, p, env.Now())
		return license, nameList(text, err)
	}, nil
}

func (f *verifyFlags) program(env *cli.Env) (site.Program, error) {
	p := site.Program{Product: f.product, Edition: f.edition, Version: f.version}
	var err error
	if p.Built, err = parseBuilt(f.built); err != nil {
		return p, err
	}
	if p.Use, err = parseUse(f.use, !f.anyMachine); err != nil {
		return p, err
	}
	p.Components, err = operatorComponents(env, f.components)
	return p, err
}

func parseBuilt(text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	for _, layout := range [...]string{time.DateOnly, time.RFC3339} {
		if t, err := time.Parse(layout, text); err == nil {
			return t, nil
		}
	}
	return time.Time{}, cli.Usagef("--built does not take %s", cli.Quote(text)).
		WithHint("a date such as 2026-06-01, or a time such as 2026-06-01T12:00:00Z")
}

// countable is the limit that the tool can count itself.
const countable = "cores"

// parseUse reads what is in use. here says that it is this machine that is judged.
func parseUse(items []string, here bool) (map[string]uint64, error) {
	use := make(map[string]uint64, len(items))
	for _, item := range items {
		name, number, given := strings.Cut(item, "=")
		n, err := strconv.ParseUint(number, 10, 63)
		if name == countable && (!given || number == "auto") {
			if !here {
				return nil, cli.Usagef("--use %s counts this machine, and --any-machine compares with none", cli.Clean(item)).
					WithHint("give the number: --use cores=12")
			}
			n, err = machine.Cores(), nil
		}
		if _, twice := use[name]; err != nil || name == "" || twice {
			return nil, cli.Usagef("--use does not take %s", cli.Quote(item)).
				WithHint("give each limit once, as NAME=NUMBER, such as users=12 or cores=auto")
		}
		use[name] = n
	}
	return use, nil
}
