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
	text    string
	show    bool
	free    int    // columns beside the code for a text; 0: none
	misfit  string // why a terminal does not get the code; empty if it does or is none
	picture bool   // a picture of it was written
}

// qrFlags say where a signed statement goes: to a file, to a terminal, into a picture.
type qrFlags struct{ out, qr, qrPNG string }

func (f *qrFlags) add(flags *pflag.FlagSet) {
	flags.StringVar(&f.out, "out", "", "")
	qr.AddMode(flags, &f.qr)
	flags.StringVar(&f.qrPNG, "qr-png", "", "")
}

func (f *qrFlags) check(what string) error {
	switch {
	case f.out == "-" && f.qrPNG == "-":
		return cli.Usagef("--out and --qr-png cannot both go to standard output")
	case f.out != "" && samePath(f.out, f.qrPNG):
		return cli.Usagef("--out and --qr-png name one file: %s", cli.Quote(f.out)).
			WithHint("the picture would take the place of the %s; give it another name", what)
	}
	return qr.CheckMode(f.qr)
}

func (f *qrFlags) writeFiles(env *cli.Env, text []byte, code string) error {
	if f.out != "" {
		if err := env.WriteFile(f.out, text, 0o644); err != nil {
			return err
		}
	}
	if f.qrPNG != "" && code != "" {
		return qr.WritePicture(env, f.qrPNG, code)
	}
	return nil
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

func (f *qrFlags) planQR(env *cli.Env, text string) (qrPlan, error) {
	plan := qrPlan{text: text, show: f.qr == qr.Always, picture: f.qrPNG != ""}
	columns, rows, ok := env.OnTerminal()
	if f.qr == qr.Never || f.out == "-" || f.qrPNG == "-" || !ok {
		return plan, nil
	}
	wantColumns, wantRows, err := qr.Size(text)
	if err != nil {
		return plan, err
	}
	if columns >= fullWidth {
		plan.free = columns - wantColumns - 1 // some terminals break the line after the last column
	}
	if f.qr == qr.Always {
		return plan, nil
	}
	wantRows++ // the prompt
	plan.show = wantColumns <= columns && wantRows <= rows
	if !plan.show {
		plan.misfit = fmt.Sprintf("the QR code takes %dx%d characters and this terminal has %dx%d", wantColumns, wantRows, columns, rows)
	}
	return plan, nil
}

// advice continues "send the file to the vendor".
func (p qrPlan) advice() string {
	switch {
	case p.show:
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

// draw draws the code, and beside it as many lines of a text as there is room for.
func (p qrPlan) draw(env *cli.Env, out io.Writer, text []string) error {
	if !p.show {
		return nil
	}
	var code bytes.Buffer
	if err := qr.Draw(&code, p.text, qr.Options{NoColor: !env.Color()}); err != nil {
		return err
	}
	var lines []string
	if width := p.free - len(gap); width >= leastWidth {
		for _, paragraph := range text {
			lines = append(lines, fold(paragraph, width)...)
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
