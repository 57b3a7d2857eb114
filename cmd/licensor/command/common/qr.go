package common

import (
	"fmt"
	"io"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/cmd/internal/qr"
)

// QROptions are --qr and what belongs to it, for a text that travels on a phone. The code
// is drawn on standard error: standard output is the text itself.
type QROptions struct{ qr.Flags }

// Check is called before the work is done that the code shows. out is where the text
// itself goes.
func (o *QROptions) Check(env *cli.Env, out string) error {
	for option, path := range map[string]string{"--qr-png": o.PNG, "--qr-svg": o.SVG} {
		if path == "-" {
			return cli.Usagef("%s does not write to standard output", option).WithHint("name a file for the picture")
		}
	}
	if err := o.Flags.Check(env, out, "text"); err != nil {
		return err
	}
	return o.CheckOutputs(env)
}

// ShowIfShort is show for a text that may be too long for any code, which matters only
// to one who has asked for a code.
func (o *QROptions) ShowIfShort(env *cli.Env, text string) error {
	err := o.Show(env, text)
	if err != nil && o.Mode == qr.Auto && !o.Pictures() {
		return nil
	}
	return err
}

// Show draws the code of a text as the options say.
func (o *QROptions) Show(env *cli.Env, text string) error {
	written, err := o.Write(env, text)
	if err != nil {
		return err
	}
	if len(written) > len(o.Asked()) {
		fmt.Fprintf(env.Stderr, "The QR code comes in parts: %s.\n", cli.Clean(qr.Names(written)))
	}
	if o.Mode == qr.Never {
		return nil
	}
	columns, rows, terminal := 0, 0, false
	if env.ErrWindow != nil {
		columns, rows, terminal = env.ErrWindow()
	}
	if !terminal {
		if o.Mode == qr.Auto {
			return nil
		}
		return o.print(env, text)
	}
	color := env.ErrColor()
	hindered := (*qr.Hindrance)(nil)
	switch fits := qr.Fits(text, columns, rows-1); {
	case o.Mode == qr.Always && fits:
		return qr.Draw(env.Stderr, text, qr.Options{NoColor: !color})
	case o.Mode == qr.Always && env.Attended != nil && env.Attended():
		parts, err := qr.Parts(text, columns, rows-1)
		if err != nil {
			return err
		}
		pager := qr.Pager{Out: env.Stderr, Parts: parts, Columns: columns, Rows: rows, Every: o.Every, Color: color, Window: env.ErrWindow}
		pager.Draw = func(w io.Writer, part int) error {
			return qr.Draw(w, parts[part-1], qr.Options{NoColor: !color})
		}
		return pager.Page(env)
	case o.Mode == qr.Always:
		return o.print(env, text)
	case !fits:
		hindered = qr.Misfit(text, columns, rows)
	default:
		hindered = qr.Unsure(env, color)
	}
	if hindered == nil {
		return qr.Draw(env.Stderr, text, qr.Options{NoColor: !color})
	}
	if !o.Pictures() {
		fmt.Fprintf(env.Stderr, "%s: %s.\n", hindered.Why, hindered.Advice(""))
	}
	return nil
}

// print draws for nobody who presses a key.
func (o *QROptions) print(env *cli.Env, text string) error {
	parts, err := qr.Whole(text)
	if err != nil {
		return err
	}
	for _, part := range parts {
		if err := qr.Draw(env.Stderr, part, qr.Options{NoColor: !env.ErrColor()}); err != nil {
			return err
		}
	}
	return nil
}
