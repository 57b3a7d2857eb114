package command

import (
	"fmt"
	"io"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/cmd/internal/qr"
)

// What --qr takes.
const (
	qrAuto   = "auto"
	qrAlways = "always"
	qrNever  = "never"
)

func validQR(mode string) error {
	switch mode {
	case qrAuto, qrAlways, qrNever:
		return nil
	}
	return cli.Usagef("--qr does not take %s", cli.Quote(mode)).WithHint("one of auto, always, never")
}

// qrPlan says whether and why a code is drawn. It is drawn last, so that it stays whole
// on the screen together with the next prompt.
type qrPlan struct {
	text    string
	show    bool
	misfit  string // why a terminal does not get the code; empty if it does or is none
	picture bool   // a picture of it was written
}

func (f *requestFlags) planQR(env *cli.Env, text string) (qrPlan, error) {
	plan := qrPlan{text: text, show: f.qr == qrAlways, picture: f.qrPNG != ""}
	if f.qr != qrAuto || f.out == "-" || f.qrPNG == "-" {
		return plan, nil
	}
	columns, rows, ok := env.OnTerminal()
	if !ok {
		return plan, nil
	}
	wantColumns, wantRows, err := qr.Size(text)
	if err != nil {
		return plan, err
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

func (p qrPlan) draw(env *cli.Env, out io.Writer) error {
	if !p.show {
		return nil
	}
	return qr.Draw(out, p.text, qr.Options{NoColor: !env.Color()})
}

func writeQRPicture(env *cli.Env, path, text string) error {
	picture, err := qr.PNG(text, 0)
	if err != nil {
		return err
	}
	return env.WriteFile(path, picture, 0o644)
}
