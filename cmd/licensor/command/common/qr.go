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

// Show writes the pictures of the code of a text, and draws it as the options say: in one
// piece, or in parts where somebody pages through them. beside stands beside it where there
// is room.
func (o *QROptions) Show(env *cli.Env, text string, beside ...string) error {
	written, err := o.Write(env, text)
	switch {
	case err != nil && o.Mode == qr.Auto && !o.Pictures():
		return nil // too long for any code, and nobody has asked for one
	case err != nil:
		return err
	case len(written) > len(o.Asked()):
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
	if o.Mode == qr.Auto {
		if hindered := qr.Unsure(env, color); hindered != nil {
			o.tell(env, hindered)
			return nil
		}
	}
	if qr.Fits(text, columns, rows-1) {
		return qr.DrawBeside(env.Stderr, text, columns, color, beside)
	}
	if env.Attended == nil || !env.Attended() {
		if o.Mode == qr.Always {
			return o.print(env, text)
		}
		o.tell(env, qr.Misfit(text, columns, rows))
		return nil
	}
	parts, err := qr.Parts(text, columns, rows-1)
	switch {
	case err != nil && o.Mode == qr.Always:
		return err
	case err != nil:
		o.tell(env, qr.Misfit(text, columns, rows))
		return nil
	}
	pager := qr.Pager{Out: env.Stderr, Parts: parts, Columns: columns, Rows: rows, Every: o.Every, Color: color, Window: env.ErrWindow}
	pager.Draw = func(w io.Writer, part int) error {
		which := fmt.Sprintf("part %d of %d", part, len(parts))
		return qr.DrawBeside(w, parts[part-1], columns, color, append([]string{which, ""}, beside...))
	}
	return pager.Page(env)
}

func (o *QROptions) tell(env *cli.Env, h *qr.Hindrance) {
	if !o.Pictures() {
		fmt.Fprintf(env.Stderr, "%s: %s.\n", h.Why, h.Advice(""))
	}
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
