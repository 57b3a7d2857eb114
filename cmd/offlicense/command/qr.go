package command

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/cmd/internal/qr"
	"github.com/spf13/pflag"
)

// qrPlan says whether and why a code is drawn. It is drawn last, so that it stays whole
// on the screen together with the next prompt.
type qrPlan struct {
	parts   []string // the text, in parts where the terminal has no room for it in one code; nil: not drawn
	columns int      // of the terminal; 0: none
	rows    int      // likewise
	pages   bool     // the parts wait for somebody who presses a key
	misfit  string   // why a terminal does not get the code; empty if it does or is none
	picture bool     // a picture of it was written
}

// qrFlags say where a signed statement goes: to a file, to a terminal, into a picture.
type qrFlags struct {
	out, qr, qrPNG string

	pictures string // that were written; empty: none
}

func (f *qrFlags) add(flags *pflag.FlagSet) {
	flags.StringVar(&f.out, "out", "", "")
	qr.AddMode(flags, &f.qr)
	flags.Bool("json", false, "")
	flags.StringVar(&f.qrPNG, "qr-png", "", "")
}

func (f *qrFlags) check(env *cli.Env, what string) error {
	switch {
	case f.qrPNG == "-" && env.JSON():
		return cli.Usagef("--json and --qr-png cannot both go to standard output")
	case f.out == "-" && f.qrPNG == "-":
		return cli.Usagef("--out and --qr-png cannot both go to standard output")
	case f.out != "" && samePath(f.out, f.qrPNG):
		return cli.Usagef("--out and --qr-png name one file: %s", cli.Quote(f.out)).
			WithHint("the picture would take the place of the %s; give it another name", what)
	}
	return qr.CheckMode(f.qr)
}

func (f *qrFlags) writeFiles(env *cli.Env, text []byte, code string) (err error) {
	if f.out != "" && (f.out != "-" || !env.JSON()) { // it is in the answer
		if err := env.WriteFile(f.out, text, 0o644); err != nil {
			return err
		}
	}
	if f.qrPNG != "" {
		f.pictures, err = qr.WritePicture(env, f.qrPNG, code)
	}
	return err
}

// writtenAnswer is what request --json and release --json print: what was written, as show
// --json prints it, and where it is.
type writtenAnswer struct {
	*statement
	Text string `json:"text,omitempty"` // with --out -, and where no file has it
}

// answer answers with a statement, of which the state directory keeps a copy.
func (f *qrFlags) answer(env *cli.Env, text []byte, kept string) error {
	if !env.JSON() {
		return nil
	}
	s, err := decode(text)
	if err != nil {
		return err
	}
	a := writtenAnswer{statement: s}
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
	if f.qrPNG != "" {
		return env.CheckOutput(f.qrPNG, "\x89PNG")
	}
	return nil
}

// messages is where all goes that is not the statement: a result that goes to standard
// output is there alone.
func (f *qrFlags) messages(env *cli.Env) io.Writer {
	if f.out == "-" || f.qrPNG == "-" {
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
	plan = qrPlan{picture: f.qrPNG != ""}
	columns, rows, ok := env.OnTerminal()
	switch {
	case f.qr == qr.Never:
		return plan, nil
	case !ok || f.out == "-" || f.qrPNG == "-":
		if f.qr == qr.Always {
			plan.parts = []string{text}
		}
		return plan, nil
	}
	wantColumns, wantRows, err := qr.Size(text)
	if err != nil {
		return plan, err
	}
	wantRows++ // the prompt
	plan.columns, plan.rows = columns, rows
	if wantColumns <= columns && wantRows <= rows {
		plan.parts = []string{text}
		return plan, nil
	}
	plan.pages = env.Attended != nil && env.Attended()
	if plan.pages || f.qr == qr.Always {
		if plan.parts, err = qr.Cut(text, qr.Room(columns, rows-1), qr.MostOnScreen); err == nil {
			return plan, nil
		}
	}
	plan.misfit = fmt.Sprintf("the QR code takes %dx%d characters and this terminal has %dx%d", wantColumns, wantRows, columns, rows)
	return plan, nil
}

// advice continues "send the file to the vendor".
func (p qrPlan) advice() string {
	switch {
	case len(p.parts) > 1:
		return ", or scan the codes below"
	case len(p.parts) == 1:
		return ", or scan the code below"
	case p.picture:
		return ", or the picture"
	}
	return ""
}

func (p qrPlan) explain(out io.Writer) {
	if p.misfit != "" && !p.picture {
		fmt.Fprintf(out, "%s:\nenlarge it, or use --qr-png FILE for a picture.\n", p.misfit)
	}
}

// draw draws the code, or its parts one after the other, and beside each as many lines of a
// text as there is room for.
func (p qrPlan) draw(env *cli.Env, out io.Writer, text []string) error {
	switch len(p.parts) {
	case 0:
		return nil
	case 1:
		return p.drawOne(env, out, p.parts[0], text)
	}
	draw := func(part int) error {
		if err := p.scrollAway(out, p.parts[part-1]); err != nil {
			return err
		}
		which := fmt.Sprintf("part %d of %d", part, len(p.parts))
		return p.drawOne(env, out, p.parts[part-1], append([]string{which, ""}, text...))
	}
	if p.pages {
		return qr.Page(env, len(p.parts), p.columns, draw)
	}
	for part := range p.parts {
		if err := draw(part + 1); err != nil {
			return err
		}
	}
	return nil
}

// scrollAway makes room for a code and its prompt, so that no phone sees two codes.
func (p qrPlan) scrollAway(out io.Writer, code string) error {
	_, rows, err := qr.Size(code)
	if err == nil {
		_, err = io.WriteString(out, strings.Repeat("\n", max(0, p.rows-1-rows)))
	}
	return err
}

func (p qrPlan) drawOne(env *cli.Env, out io.Writer, text string, beside []string) error {
	var code bytes.Buffer
	if err := qr.Draw(&code, text, qr.Options{NoColor: !env.Color()}); err != nil {
		return err
	}
	width, _, err := qr.Size(text)
	if err != nil {
		return err
	}
	var lines []string
	free := p.columns - width - 1 - len(gap) // some terminals break the line after the last column
	if p.columns >= fullWidth && free >= leastWidth {
		for _, paragraph := range beside {
			lines = append(lines, fold(paragraph, free)...)
		}
	}
	for row := range strings.Lines(code.String()) {
		if len(lines) > 0 {
			row = strings.TrimSuffix(row, "\n") + gap + lines[0] + "\n"
			lines = lines[1:]
		}
		if _, err := io.WriteString(out, row); err != nil {
			return err
		}
	}
	return nil
}

const (
	// fullWidth is how many columns a terminal needs for a text beside the code.
	fullWidth = 80

	leastWidth = 19 // of that text: a comparison code

	gap = "  " // between the code's border and the text
)

// fold is wrap for a fixed width: it breaks long words, too. An
// empty text is an empty line.
func fold(text string, width int) []string {
	if text == "" {
		return []string{""}
	}
	var lines []string
	for _, line := range wrap(text, width) {
		start, used := 0, 0
		for i, r := range line {
			size := columns(string(r))
			if used+size > width {
				lines = append(lines, line[start:i])
				start, used = i, 0
			}
			used += size
		}
		lines = append(lines, line[start:])
	}
	return lines
}

// columns is the most columns that a text takes. What is not ASCII may take two.
func columns(text string) int {
	n := 0
	for _, r := range text {
		n++
		if r >= utf8.RuneSelf {
			n++
		}
	}
	return n
}
