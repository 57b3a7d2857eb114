package common

import (
	"context"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/service"
	"github.com/spf13/pflag"
)

// Issuing is what the commands have in common that change the ledger and sign what
// follows from the change.
type Issuing struct {
	Options
	KeyOption
	Carriage
	Out string // a file, or a directory for many
}

// Add declares the options; out is where licenses go if --out is not given.
func (o *Issuing) Add(flags *pflag.FlagSet, out string) {
	o.AddChange(flags)
	o.AddYes(flags)
	o.KeyOption.Add(flags, "key")
	flags.StringVar(&o.Out, "out", out, "")
}

// AddOne is Add for a command that gives out a license, which it may draw and print.
func (o *Issuing) AddOne(flags *pflag.FlagSet) {
	o.Add(flags, "-")
	o.Carriage.AddLicense(flags)
}

// CheckOne refuses early, before a license is signed, what Deliver would refuse.
func (o *Issuing) CheckOne(env *cli.Env) error {
	if err := env.CheckOutput(o.Out, "OLL1:"); err != nil {
		return err
	}
	return o.Carriage.Check(env, o.Out)
}

// Ready is Agreed, and returns the key, too.
func (o *Issuing) Ready(env *cli.Env, question, nothing string) (by ledger.Operation, key service.Key, err error) {
	if by, err = o.Agreed(env, question, nothing); err == nil {
		key, err = o.Key(env)
	}
	return by, key, err
}

// Deliver writes the file of a license that is on record, with the newest revocation
// list, and returns what to answer.
func (o *Issuing) Deliver(ctx context.Context, env *cli.Env, s *service.Service, license *ledger.License) (*service.Delivered, error) {
	texts, err := s.LicenseTexts(ctx)
	if err != nil {
		return nil, err
	}
	file, err := texts.Text(license)
	if err != nil {
		return nil, err
	}
	out, err := WriteOutput(env, o.Out, file)
	if err != nil {
		return nil, cli.Fail(err).WithHint("the license is recorded and not lost: run the command again with another --out, it writes the same one")
	}
	t := cli.Table{Whole: true}
	AddLicense(&t, license)
	code, err := codeOf(file)
	if err != nil {
		return nil, err
	}
	t.Row("its code", code)
	if o.Out != "-" {
		t.Row("file", o.Out)
	}
	if _, err := t.WriteTo(Messages(env, o.Out)); err != nil {
		return nil, err
	}
	carried, err := o.CarryLicense(env, Messages(env, o.Out), texts, license, file)
	if err != nil {
		return nil, err
	}
	d, err := s.Delivered(ctx, license, out)
	if err != nil {
		return nil, err
	}
	d.Code, d.Carried = code, carried
	return d, nil
}
