// Package qr shows QR codes on a terminal, for a phone to scan, and holds the options of
// the commands that do. What a code is, and its pictures, is in format/qr.
//
// On a terminal a character is two modules, a half block. 195 characters of a statement's
// text fit version 6, which is 45 columns by 23 rows: the largest that an 80x24 console
// shows whole.
package qr

import (
	"bytes"
	"io"

	"github.com/mdp/qrterminal/v3"
	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/format/qr"
)

// terminalQuiet is the light border in modules on a terminal, half of what the standard
// asks for and enough for phones. With 4 modules the code would not fit 24 rows.
const terminalQuiet = 2

// Each row sets its own colors: on a terminal with dark text on a light
// ground the code would come out inverted, which many readers refuse. 37 is
// for terminals that do not know the brighter 97.
const (
	whiteOnBlack = "\x1b[0;37;97;40m"
	reset        = "\x1b[0m"
)

// Options says how to draw on a terminal. The zero value is right for a
// terminal with colors.
type Options struct {
	// NoColor leaves out the colors. The code is then right on a dark
	// terminal only.
	NoColor bool
}

// Size returns how many columns and rows Draw takes for text.
func Size(text string) (columns, rows int, err error) {
	code, err := qr.Encode(text)
	if err != nil {
		return 0, 0, err
	}
	side := code.Size() + 2*terminalQuiet
	return side, (side + 1) / 2, nil
}

// Fits reports whether a terminal of so many columns and rows shows the whole code of a
// text, of a size that phones read well.
func Fits(text string, columns, rows int) bool {
	wantColumns, wantRows, err := Size(text)
	return err == nil && wantColumns <= min(columns, readableSide) && wantRows <= rows
}

// Whole returns the text of a statement for where there is room for any code: in one piece,
// or in parts of a size that phones read well.
func Whole(text string) ([]string, error) {
	return qr.Cut(text, qr.Capacity(qr.Readable), format.MaxParts)
}

// Parts returns the text of a statement in as few parts as there can be of which a terminal
// of so many columns and rows shows each.
func Parts(text string, columns, rows int) ([]string, error) {
	return qr.Cut(text, Room(columns, rows), MostOnScreen)
}

// readableSide is the side of the largest code that is drawn, with its border.
const readableSide = 17 + 4*qr.Readable + 2*terminalQuiet

// Room returns how many characters of a statement's text fit a code that a terminal of so
// many columns and rows shows; 0 where not even the smallest code fits.
func Room(columns, rows int) int {
	side := min(columns, 2*rows, readableSide) - 2*terminalQuiet
	return qr.Capacity((side - 17) / 4)
}

// Draw writes text as a QR code of half blocks, two modules a character.
func Draw(w io.Writer, text string, o Options) error {
	// qrterminal panics where the text does not fit.
	if _, err := qr.Encode(text); err != nil {
		return err
	}
	var drawn bytes.Buffer
	qrterminal.GenerateWithConfig(text, qrterminal.Config{
		Level:      qrterminal.L,
		Writer:     &drawn,
		HalfBlocks: true,
		QuietZone:  terminalQuiet,
	})
	if o.NoColor {
		_, err := w.Write(drawn.Bytes())
		return err
	}
	var colored bytes.Buffer
	for row := range bytes.Lines(drawn.Bytes()) {
		colored.WriteString(whiteOnBlack)
		colored.Write(bytes.TrimSuffix(row, []byte("\n")))
		colored.WriteString(reset + "\n")
	}
	_, err := w.Write(colored.Bytes())
	return err
}
