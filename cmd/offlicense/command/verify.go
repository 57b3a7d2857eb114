package command

import (
	_ "embed"
	"errors"
	"slices"
	"strings"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/cmd/internal/spreadsheet"
	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/verify"
	"github.com/offlicense/offlicense/verify/site"
	"github.com/spf13/pflag"
)

//go:embed usage/verify.txt
var verifyUsage string

type verifyFlags struct {
	tool
	programFlags
	listFlags

	state, roots         string
	anyMachine, readOnly bool
	quiet, json          bool
	csv                  spreadsheet.Options
}

func (t tool) verifyCommand() cli.Command {
	return cli.Command{
		Name: "verify", Summary: "check the installed license, or license files", Usage: verifyUsage,
		Setup: func(flags *pflag.FlagSet) cli.Run {
			f := &verifyFlags{tool: t}
			flags.StringVar(&f.state, "state", "", "")
			flags.StringVar(&f.roots, "roots", "", "")
			f.programFlags.add(flags)
			f.listFlags.add(flags)
			flags.BoolVar(&f.anyMachine, "any-machine", false, "")
			flags.BoolVar(&f.readOnly, "read-only", false, "")
			flags.BoolVar(&f.quiet, "quiet", false, "")
			f.csv.Add(flags)
			flags.BoolVar(&f.json, "json", false, "")
			return f.run
		},
	}
}

func (f *verifyFlags) run(env *cli.Env, args []string) error {
	if err := f.check(env, args); err != nil {
		return err
	}
	j, err := f.prepare(env)
	if f.isMany(args) {
		if err != nil {
			return f.unprepared(env, args, err)
		}
		return f.many(env, args, j)
	}
	var a answer
	if err != nil {
		if known, ok := errors.AsType[*cli.Error](err); ok && known.Exit == exitUsage {
			return err
		}
		a = uncheckedAnswer(err)
	} else {
		a, err = f.one(env, j, args)
	}
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

// one checks one file; without one, the installed license.
func (f *verifyFlags) one(env *cli.Env, j *judge, files []string) (answer, error) {
	if len(files) == 0 {
		return f.answer(env, j.installed)
	}
	text, err := env.ReadStatement(files[0], format.LicenseFile, format.CarriedLicense)
	return f.answer(env, func() (*verify.License, error) {
		if err != nil {
			return nil, err
		}
		opened, err := j.open(text)
		if err != nil {
			return nil, nameList(text, err)
		}
		license, err := j.check(opened, nil)
		if err == nil && f.anyMachine && len(j.lists) > 0 && !slices.ContainsFunc(j.lists, func(l givenList) bool { return l.Issuer == license.Vendor }) {
			license.Warnings = append(license.Warnings, verify.Warning{Code: verify.NoVendorList, Value: license.Vendor}.Says(
				"no list given with --revocations is from %s, the vendor of this license", license.Vendor))
		}
		return license, err
	})
}

func (f *verifyFlags) answer(env *cli.Env, check func() (*verify.License, error)) (answer, error) {
	license, err := check()
	a, err := answerOf(license, err, env.Now())
	if dir := stateDirectory(env, f.state); a.Reason == verify.Standby && !f.anyMachine {
		state := " --state " + typed(dir)
		a.Hint = strings.NewReplacer("failover start", "failover start"+state+f.rootsAdvice(f.roots), "failover stop", "failover stop"+state).Replace(a.Hint)
	}
	return a, err
}

// judge checks licenses by what the command was given.
type judge struct {
	verifier  *verify.Verifier
	lists     []givenList
	installed func() (*verify.License, error)
	open      func(text []byte) (*verify.Opened, error) // of one file
	// check judges a license file. met are lists that were found beside it.
	check func(o *verify.Opened, met []*verify.RevocationList) (*verify.License, error)
}

// check refuses options that contradict each other.
func (f *verifyFlags) check(env *cli.Env, args []string) error {
	switch {
	case f.anyMachine && f.state != "":
		return cli.Usagef("--any-machine and --state exclude each other").
			WithHint("a license is checked for its site, or without its machine")
	case f.anyMachine && f.readOnly:
		return cli.Usagef("--any-machine and --read-only exclude each other").WithHint("--any-machine records nothing")
	case f.anyMachine && f.components.given():
		return cli.Usagef("--any-machine and --component exclude each other").
			WithHint("--any-machine compares the license with no machine")
	case f.anyMachine && len(args) == 0:
		return cli.Usagef("--any-machine needs at least one license file")
	case !f.anyMachine && stateDirectory(env, f.state) == "" && (len(args) > 0 || env.Getenv(site.LicenseVariable) == ""):
		return cli.Usagef("no state directory: a license is checked for the site that keeps it").
			WithHint("give --state DIR or set %s; for a license of another machine, --any-machine FILE...", stateVariable)
	case f.product == "" && !f.anyMachine:
		return cli.Usagef("--product is missing").WithHint("the name of the product that wants to run, such as evoq")
	case f.product == "" && f.edition != "":
		return cli.Usagef("--edition needs --product").WithHint("name the product that the edition is of, such as evoq")
	case f.quiet && f.json:
		return cli.Usagef("--json and --quiet exclude each other")
	}
	return f.csv.Check(f.json)
}

func (f *verifyFlags) prepare(env *cli.Env) (*judge, error) {
	p, err := f.program(env, !f.anyMachine)
	p.ReadOnly = f.readOnly
	if err != nil {
		return nil, err
	}
	j := new(judge)
	if j.verifier, err = f.loadRoots(env, f.roots); err != nil {
		return nil, err
	}
	least, err := f.minList()
	if err != nil {
		return nil, err
	}
	least = max(least, f.min)
	if j.lists, err = f.listFlags.load(env, j.verifier); err != nil {
		return nil, err
	}
	j.open = j.verifier.Open
	if f.anyMachine {
		facts := verify.Facts{
			Now: env.Now(), Product: p.Product, AnyProduct: p.Product == "", Edition: p.Edition, Version: p.Version,
			Built: p.Built, Use: p.Use, AnyMachine: true,
			MinRevocation: least, MaxRevocationAge: f.maxAge,
		}
		for _, l := range j.lists {
			facts.Revocations = append(facts.Revocations, l.RevocationList)
		}
		j.check = func(o *verify.Opened, met []*verify.RevocationList) (*verify.License, error) {
			facts := facts
			facts.Revocations = append(slices.Clip(facts.Revocations), met...)
			return o.Check(facts)
		}
		return j, nil
	}
	p.MinRevocation, p.MaxRevocationAge = least, f.maxAge
	delegations, err := f.delegations(env, nil)
	if err != nil {
		return nil, err
	}
	for _, l := range j.lists {
		p.Revocations = append(p.Revocations, l.text)
	}
	state := site.At(stateDirectory(env, f.state))
	j.open = func(text []byte) (*verify.Opened, error) { return state.Open(j.verifier, text, delegations) }
	j.installed = func() (*verify.License, error) { return state.Verify(j.verifier, p, env.Now()) }
	j.check = func(o *verify.Opened, met []*verify.RevocationList) (*verify.License, error) {
		p := p
		p.Revocations = slices.Clip(p.Revocations)
		for _, l := range met {
			p.Revocations = append(p.Revocations, format.EncodeFile(format.RevocationFile, l.Raw))
		}
		return state.Judge(j.verifier, o.Text(), p, env.Now())
	}
	return j, nil
}
