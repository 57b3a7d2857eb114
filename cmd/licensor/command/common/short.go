package common

import (
	"io"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/cmd/internal/qr"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/service"
	"github.com/offlicense/offlicense/format"
	"github.com/spf13/pflag"
)

// ShortOptions are --qr and what belongs to it of one license, whose code is that of the short
// license. The zero value draws none.
type ShortOptions struct {
	QROptions
	spell    bool // print it as lines to be read out
	leaveOut service.LeaveOut
}

// Add declares the options. Most licenses travel as files, so that no code is the default.
func (o *ShortOptions) Add(flags *pflag.FlagSet) {
	o.QROptions.Add(flags)
	o.Mode, flags.Lookup("qr").DefValue = qr.Never, qr.Never
	flags.BoolVar(&o.spell, "spell", false, "")
	flags.BoolVar(&o.leaveOut.Delegation, "without-delegation", false, "")
	flags.BoolVar(&o.leaveOut.List, "without-list", false, "")
}

// asked reports whether there is a code to draw, or lines to print.
func (o *ShortOptions) asked() bool {
	return o.Mode != "" && o.Mode != qr.Never || o.Pictures() || o.spell
}

// Check is called before the license is signed. out is where its file goes.
func (o *ShortOptions) Check(env *cli.Env, out string) error {
	if !o.asked() && o.leaveOut != (service.LeaveOut{}) {
		return cli.Usagef("--without-delegation and --without-list go with --qr or --spell").WithHint("the license file always has all; the code can be shorter")
	}
	return o.QROptions.Check(env, out)
}

// None refuses the options where there are several licenses.
func (o *ShortOptions) None() error {
	if o.asked() || o.leaveOut != (service.LeaveOut{}) {
		return cli.Usagef("--qr is for one license, and so is --spell").WithHint("sign the request again by itself: it gets the same license, and its code")
	}
	return nil
}

// draw draws the code of a license, or prints it as lines to out, and returns its text: that of
// the short license, or of the whole file where there is no short one. It is empty where none
// of that is asked for.
func (o *ShortOptions) draw(env *cli.Env, out io.Writer, texts *service.LicenseTexts, license *ledger.License, file []byte) (string, error) {
	if !o.asked() {
		return "", nil
	}
	text, err := texts.Carried(license, o.leaveOut)
	if err != nil {
		return "", err
	}
	if text == "" {
		env.Warnf("this license has no short form: the code is the whole license file")
		raw, err := format.DecodeTextAs(file, format.LicenseFile)
		if err != nil {
			return "", err
		}
		text = format.EncodeText(format.LicenseFile, raw)
	}
	if o.spell {
		lines, err := cli.Spelling(text)
		if err != nil {
			return "", err
		}
		if err := env.Spell(out, lines); err != nil {
			return "", err
		}
	}
	if o.Mode == qr.Never && !o.Pictures() {
		return text, nil
	}
	return text, o.Show(env, text)
}
