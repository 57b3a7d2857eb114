package common

import (
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/cmd/internal/qr"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/service"
	"github.com/offlicense/offlicense/cmd/licensor/internal/sheet"
	"github.com/offlicense/offlicense/format"
	"github.com/spf13/pflag"
)

// Carriage are the options of a command whose result crosses to a network that nothing
// crosses to: codes on the screen, pictures of them, a sheet to print.
type Carriage struct {
	QROptions
	Sheet string // --sheet: a file, empty for none

	spell    bool // print the code as lines to be read out
	leaveOut service.LeaveOut
}

// Add declares the options; mode is that of --qr where it is not given.
func (c *Carriage) Add(flags *pflag.FlagSet, mode string) {
	c.QROptions.Add(flags, mode)
	flags.StringVar(&c.Sheet, "sheet", "", "")
}

// AddLicense is Add for a license. Most travel as files, so that no code is the default.
func (c *Carriage) AddLicense(flags *pflag.FlagSet) {
	c.Add(flags, qr.Never)
	flags.BoolVar(&c.spell, "spell", false, "")
	flags.BoolVar(&c.leaveOut.Delegation, "without-delegation", false, "")
	flags.BoolVar(&c.leaveOut.List, "without-list", false, "")
}

// One refuses the options of one license where there are several.
func (c *Carriage) One() error {
	if c.Mode != qr.Never || c.Pictures() || c.spell {
		return cli.Usagef("--qr is for one license, and so is --spell").WithHint("--sheet FILE.html prints all; \"licensor show LICENSE --qr auto\" draws one")
	}
	return nil
}

// Check refuses early what cannot be written. out is where the text itself goes.
func (c *Carriage) Check(env *cli.Env, out string) error {
	if !c.Wanted() && c.leaveOut != (service.LeaveOut{}) {
		return cli.Usagef("--without-delegation and --without-list go with --qr, --spell and --sheet").
			WithHint("the license file always has all; the code can be shorter")
	}
	if err := c.QROptions.Check(env, out); err != nil {
		return err
	}
	if c.Sheet == "" {
		return nil
	}
	start, known := map[string]string{".html": sheetStart, ".svg": "<svg "}[c.ending()]
	switch {
	case !known:
		return cli.Usagef("--sheet does not take %s", cli.Quote(c.Sheet)).WithHint("the name of a file that ends in .html or .svg")
	case filepath.Clean(c.Sheet) == filepath.Clean(out), c.SVG != "" && filepath.Clean(c.Sheet) == filepath.Clean(c.SVG):
		return cli.Usagef("--sheet and another option name one file: %s", cli.Quote(c.Sheet)).WithHint("give the sheet another name")
	}
	return env.CheckOutput(c.Sheet, start)
}

const sheetStart = "<!doctype html>"

func (c *Carriage) ending() string { return strings.ToLower(filepath.Ext(c.Sheet)) }

// Wanted reports whether anything is to be drawn or printed.
func (c *Carriage) Wanted() bool {
	return c.Mode != "" && c.Mode != qr.Never || c.Pictures() || c.spell || c.Sheet != ""
}

// Carry draws and prints a statement. carried is its text as codes have it; rows are what a
// sheet says beside what the statement says of itself.
func (c *Carriage) Carry(env *cli.Env, kind format.Kind, raw []byte, carried string, rows ...sheet.Row) error {
	if c.Sheet != "" {
		s, err := sheet.Of(kind, raw, carried, rows...)
		if err != nil {
			return err
		}
		if err := c.WriteSheets(env, []*sheet.Sheet{s}); err != nil {
			return err
		}
	}
	code, err := format.CodeOf(kind, raw)
	if err != nil {
		return err
	}
	return c.Show(env, carried, kind.String(), code)
}

// CarryLicense is Carry for a license on record, of which file is the text. It returns the
// text of its code, empty where none is asked for. To out go the lines of --spell.
func (c *Carriage) CarryLicense(env *cli.Env, out io.Writer, texts *service.LicenseTexts, license *ledger.License, file []byte) (string, error) {
	if !c.Wanted() {
		return "", nil
	}
	l, rows, err := c.carriedLicense(env, texts, license, file)
	if err != nil {
		return "", err
	}
	if c.spell {
		lines, err := cli.Spelling(l.Text)
		if err != nil {
			return "", err
		}
		if err := env.Spell(out, lines); err != nil {
			return "", err
		}
	}
	return l.Text, c.Carry(env, format.LicenseFile, l.Raw, l.Text, rows...)
}

// LicenseSheet returns the sheet of a license on record, of which file is the text.
func (c *Carriage) LicenseSheet(env *cli.Env, texts *service.LicenseTexts, license *ledger.License, file []byte) (*sheet.Sheet, error) {
	l, rows, err := c.carriedLicense(env, texts, license, file)
	if err != nil {
		return nil, err
	}
	return sheet.Of(format.LicenseFile, l.Raw, l.Text, rows...)
}

// carriedLicense returns a license as codes and sheets show it, and the rows of its sheet.
func (c *Carriage) carriedLicense(env *cli.Env, texts *service.LicenseTexts, license *ledger.License, file []byte) (l service.CarriedLicense, rows []sheet.Row, err error) {
	if l, err = texts.CarriedLicense(license, file, c.leaveOut); err != nil {
		return l, nil, err
	}
	if l.Whole {
		env.Warnf("this license has no short form: the code is the whole license file")
	}
	if l.Host != "" {
		rows = append(rows, sheet.Row{Label: "server", Text: l.Host})
	}
	return l, rows, nil
}

// WriteSheets writes sheets: all in one document, or a drawing a page.
func (c *Carriage) WriteSheets(env *cli.Env, sheets []*sheet.Sheet) error {
	if c.ending() == ".html" {
		if err := env.WriteFile(c.Sheet, sheet.HTML(sheets), 0o644); err != nil {
			return err
		}
		fmt.Fprintf(env.Stderr, "Sheet: %s, to be printed from a browser.\n", cli.Clean(c.Sheet))
		return nil
	}
	var pages [][]byte
	for _, s := range sheets {
		pages = append(pages, s.SVG()...)
	}
	name := func(i int) string {
		if len(pages) == 1 {
			return c.Sheet
		}
		return fmt.Sprintf("%s-%d%s", strings.TrimSuffix(c.Sheet, filepath.Ext(c.Sheet)), i+1, filepath.Ext(c.Sheet))
	}
	for i, page := range pages {
		if err := env.WriteFile(name(i), page, 0o644); err != nil {
			return err
		}
	}
	if last := len(pages) - 1; last > 0 {
		fmt.Fprintf(env.Stderr, "Sheet: %s to %s, a page each.\n", cli.Clean(name(0)), cli.Clean(name(last)))
	}
	return nil
}
