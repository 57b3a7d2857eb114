package command

import (
	_ "embed"
	"fmt"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/cmd/internal/qr"
	"github.com/offlicense/offlicense/cmd/offlicense/internal/shown"
	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/verify/site"
	"github.com/spf13/pflag"
)

//go:embed usage/qr.txt
var codeUsage string

// codeCommand draws what another command has written.
func codeCommand() cli.Command {
	return cli.Command{
		Name: "qr", Summary: "show any statement as a QR code, or write a picture of it", Usage: codeUsage,
		Setup: func(flags *pflag.FlagSet) cli.Run {
			var f qrFlags
			flags.Bool("json", false, "")
			flags.BoolVar(&f.spell, "spell", false, "")
			f.Flags.Add(flags, qr.Auto)
			return f.showCode
		},
	}
}

// codeAnswer is what qr --json prints.
type codeAnswer struct {
	Version        int      `json:"version"`
	Kind           string   `json:"kind"`
	ComparisonCode string   `json:"comparison_code"`
	Parts          []string `json:"parts"`              // the text of each code
	Pictures       []string `json:"pictures,omitempty"` // that were written
	Spelled        []string `json:"spelled,omitempty"`  // with --spell, the lines to be read out
}

func (f *qrFlags) showCode(env *cli.Env, args []string) error {
	if len(args) != 1 {
		return cli.Usagef("want one file, got %d", len(args)).WithHint("give a file with a request, a license or any other statement, or - for standard input")
	}
	if err := f.check(env, ""); err != nil {
		return err
	}
	if f.Mode == qr.Never && !f.Pictures() && !f.spell && !env.JSON() {
		return cli.Usagef("--qr never shows nothing").WithHint("give --qr-png FILE or --qr-svg FILE for a picture")
	}
	text, err := env.ReadStatement(args[0])
	if err != nil {
		return err
	}
	s, err := shown.Decode(text)
	if err != nil {
		return notShown(args[0], err)
	}
	kind, raw, err := format.DecodeText(text)
	if err != nil {
		return notShown(args[0], err)
	}
	code, err := drawn(kind, raw)
	if err != nil {
		return notShown(args[0], err)
	}
	pictures, err := f.Flags.Write(env, code)
	if err != nil {
		return err
	}
	if len(pictures) > 0 && !f.ToStdout() {
		fmt.Fprintf(env.Stdout, "picture   %s\n", cli.Clean(qr.Names(pictures)))
	}
	plan, err := f.planQR(env, code)
	if err != nil {
		return err
	}
	if err := plan.draw(env, f.messages(env), besideCode(s, args[0])); err != nil {
		return err
	}
	switch {
	case env.JSON() || f.Pictures() || f.spell || len(plan.Parts) > 0:
		return f.answerCode(env, s, code, pictures)
	case plan.hindered != nil:
		return cli.Failf("%s", plan.hindered.Why).WithHint("%s", plan.hindered.Advice(""))
	}
	return cli.Failf("standard output is no terminal, and no QR code is drawn").
		WithHint("use --qr-png FILE or --qr-svg FILE for a picture, or --qr always to draw it all the same")
}

func (f *qrFlags) answerCode(env *cli.Env, s *shown.Statement, code string, pictures []string) (err error) {
	a := codeAnswer{Version: 1, Kind: s.Kind, ComparisonCode: s.Code, Pictures: pictures, Spelled: f.spelled}
	if a.Parts, err = qr.Whole(code); err != nil {
		return err
	}
	return env.Answer(a)
}

// drawn is the text that a code shows, as the command that made the statement drew it.
func drawn(kind format.Kind, raw []byte) (string, error) {
	if kind == format.SignedRequest {
		return site.CodeOf(raw)
	}
	return format.EncodeText(kind, raw), nil
}

// besideCode is the text beside the code of a statement.
func besideCode(s *shown.Statement, file string) []string {
	lines := []string{s.Kind, s.Code}
	if file != "-" {
		lines = append(lines, "", "file", cli.Clean(file))
	}
	return lines
}
