package command

import (
	"fmt"
	"io"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/cmd/internal/qr"
	"github.com/offlicense/offlicense/cmd/internal/text"
	"github.com/offlicense/offlicense/cmd/offlicense/internal/shown"
	"github.com/spf13/pflag"
)

// qrPlan says whether and why a code is drawn. It is drawn last, so that it stays whole
// on the screen together with the next prompt.
type qrPlan struct {
	qr.Pager               // the text, in parts where the terminal has no room for it in one code; no parts: not drawn
	pages    bool          // the parts wait for somebody who presses a key
	hindered *qr.Hindrance // why a terminal does not get the code; nil if it does or is none
	picture  bool          // a picture of it was written
	spelled  []string      // the lines to be read out, with --spell
}

// qrFlags say where a signed statement goes: to a file, to a terminal, into a picture.
type qrFlags struct {
	out   string
	spell bool
	qr.Flags

	pictures string   // that were written; empty: none
	spelled  []string // with spell, the lines
}

func (f *qrFlags) add(flags *pflag.FlagSet) {
	flags.StringVar(&f.out, "out", "", "")
	flags.BoolVar(&f.spell, "spell", false, "")
	flags.Bool("json", false, "")
	f.Flags.Add(flags, qr.Auto)
}

func (f *qrFlags) check(env *cli.Env, what string) error { return f.Flags.Check(env, f.out, what) }

func (f *qrFlags) writeFiles(env *cli.Env, text []byte, code string) error {
	if f.out != "" && (f.out != "-" || !env.JSON()) { // it is in the answer
		if err := env.WriteFile(f.out, text, 0o644); err != nil {
			return err
		}
	}
	written, err := f.Flags.Write(env, code)
	f.pictures = qr.Names(written)
	return err
}

// writtenAnswer is what request --json and release --json print: what was written, as show
// --json prints it, and where it is.
type writtenAnswer struct {
	*shown.Statement
	Text    string   `json:"text,omitempty"`    // with --out -, and where no file has it
	Spelled []string `json:"spelled,omitempty"` // with --spell, the lines to be read out
}

// answer answers with a statement, of which the state directory keeps a copy.
func (f *qrFlags) answer(env *cli.Env, text []byte, kept string) error {
	if !env.JSON() {
		return nil
	}
	s, err := shown.Decode(text)
	if err != nil {
		return err
	}
	a := writtenAnswer{Statement: s, Spelled: f.spelled}
	if s.File = f.file(kept); f.out == "-" || s.File == "" {
		a.Text = string(text)
	}
	return env.Answer(a)
}

// checkOutputs refuses early what writeFiles would refuse, of a text that starts with start.
func (f *qrFlags) checkOutputs(env *cli.Env, start string) error {
	if f.out != "" {
		if err := env.CheckOutput(f.out, start); err != nil {
			return err
		}
	}
	return f.Flags.CheckOutputs(env)
}

// messages is where all goes that is not the statement: a result that goes to standard
// output is there alone.
func (f *qrFlags) messages(env *cli.Env) io.Writer {
	if f.out == "-" || f.ToStdout() {
		return env.Stderr
	}
	return env.Stdout
}

// file is where the statement can be had, of which the state directory keeps a copy.
func (f *qrFlags) file(kept string) string {
	if f.out != "" && f.out != "-" {
		return f.out
	}
	return kept
}

// planQR plans the code of a text: in one piece where the terminal has room for it, else in
// parts if there is somebody who can page through them.
func (f *qrFlags) planQR(env *cli.Env, text string) (plan qrPlan, err error) {
	if f.spell {
		if f.spelled, err = cli.Spelling(text); err != nil {
			return plan, err
		}
	}
	plan = qrPlan{picture: f.Pictures(), spelled: f.spelled}
	columns, rows, ok := env.OnTerminal()
	color := env.Color()
	switch {
	case f.Mode == qr.Never || f.spell && f.Mode == qr.Auto:
		return plan, nil
	case !ok || f.out == "-" || f.ToStdout():
		if f.Mode == qr.Always {
			plan.Parts, err = qr.Whole(text)
		}
		return plan, err
	}
	if f.Mode == qr.Auto {
		if plan.hindered = qr.Unsure(env, color); plan.hindered != nil {
			return plan, nil
		}
	}
	plan.Columns, plan.Rows, plan.Every, plan.Color, plan.Window = columns, rows, f.Every, color, env.Window
	if qr.Fits(text, columns, rows-1) {
		plan.Parts = []string{text}
		return plan, nil
	}
	plan.pages = env.Attended != nil && env.Attended()
	if plan.pages || f.Mode == qr.Always {
		if plan.Parts, err = qr.Parts(text, columns, rows-1); err == nil {
			return plan, nil
		}
	}
	plan.hindered = qr.Misfit(text, columns, rows)
	return plan, nil
}

// advice continues "send the file to the vendor".
func (p qrPlan) advice() string {
	switch {
	case p.spelled != nil:
		return ", or read the lines below to them, who type them with the option --spelled"
	case len(p.Parts) > 1:
		return ", or scan the codes below"
	case len(p.Parts) == 1:
		return ", or scan the code below"
	case p.picture:
		return ", or the picture"
	}
	return ""
}

func (p qrPlan) explain(out io.Writer) {
	if p.hindered != nil && !p.picture {
		for _, line := range text.Wrap(p.hindered.Why+": "+p.hindered.Advice("--out FILE for the text"), 78) {
			fmt.Fprintln(out, line)
		}
	}
}

// draw draws the code, or its parts one after the other, and beside each as many lines of a
// text as there is room for.
func (p qrPlan) draw(env *cli.Env, out io.Writer, beside []string) error {
	if err := env.Spell(out, p.spelled); err != nil {
		return err
	}
	switch len(p.Parts) {
	case 0:
		return nil
	case 1:
		return qr.DrawBeside(out, p.Parts[0], p.Columns, p.Color, beside)
	}
	p.Out = out
	p.Draw = func(w io.Writer, part int) error {
		which := fmt.Sprintf("part %d of %d", part, len(p.Parts))
		return qr.DrawBeside(w, p.Parts[part-1], p.Columns, p.Color, append([]string{which, ""}, beside...))
	}
	if p.pages {
		return p.Page(env)
	}
	return p.Print()
}
