package common

import (
	"fmt"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/cmd/internal/qr"
	"github.com/spf13/pflag"
)

// QROptions are --qr and --qr-png, for a text that travels on a phone. The code is drawn
// on standard error: standard output is the text itself.
type QROptions struct{ mode, picture string }

// Add declares the options.
func (o *QROptions) Add(flags *pflag.FlagSet) {
	qr.AddMode(flags, &o.mode)
	flags.StringVar(&o.picture, "qr-png", "", "")
}

// Check is called before the work is done that the code shows. out is where the text
// itself goes.
func (o *QROptions) Check(env *cli.Env, out string) error {
	if err := qr.CheckMode(o.mode); err != nil {
		return err
	}
	switch o.picture {
	case "":
		return nil
	case "-":
		return cli.Usagef("--qr-png does not write to standard output").WithHint("name a file for the picture")
	case out:
		return cli.Usagef("--out and --qr-png name one file: %s", cli.Quote(out))
	}
	return env.CheckOutput(o.picture, "\x89PNG")
}

// ShowIfShort is show for a text that may be too long for any code, which matters only
// to one who has asked for a code.
func (o *QROptions) ShowIfShort(env *cli.Env, text string) error {
	err := o.Show(env, text)
	if err != nil && o.mode == qr.Auto && o.picture == "" {
		return nil
	}
	return err
}

// Show draws the code of a text as the options say.
func (o *QROptions) Show(env *cli.Env, text string) error {
	if o.picture != "" {
		written, err := qr.WritePicture(env, o.picture, text)
		if err != nil {
			return err
		}
		if written != o.picture {
			fmt.Fprintf(env.Stderr, "The QR code comes in parts: %s.\n", cli.Clean(written))
		}
	}
	if o.mode == qr.Never {
		return nil
	}
	columns, rows, err := qr.Size(text)
	if err != nil && o.mode == qr.Auto && o.picture != "" {
		return nil // the pictures have it
	}
	if err != nil {
		return err
	}
	haveColumns, haveRows, terminal := 0, 0, false
	if env.ErrWindow != nil {
		haveColumns, haveRows, terminal = env.ErrWindow()
	}
	rows++ // the prompt
	fits := columns <= haveColumns && rows <= haveRows
	draw := qr.Options{NoColor: !terminal || !env.ErrColor()}
	switch {
	case o.mode == qr.Always && terminal && !fits && env.Attended != nil && env.Attended():
		parts, err := qr.Cut(text, qr.Room(haveColumns, haveRows-1), qr.MostOnScreen)
		if err != nil {
			return err
		}
		return qr.Page(env, len(parts), haveColumns, func(part int) error { return qr.Draw(env.Stderr, parts[part-1], draw) })
	case o.mode == qr.Always, terminal && fits:
		return qr.Draw(env.Stderr, text, draw)
	case terminal && o.picture == "":
		fmt.Fprintf(env.Stderr, "The QR code takes %dx%d characters and this terminal has %dx%d: enlarge it, or use --qr-png FILE.\n",
			columns, rows, haveColumns, haveRows)
	}
	return nil
}
