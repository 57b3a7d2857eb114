// Package qr draws QR codes for a phone to scan: on a terminal, and as a PNG.
//
// Codes have error correction level L. A code on a screen is not scratched,
// and fewer modules make each of them larger, which is what a camera needs.
//
// A text of only 0-9, A-Z, space and $%*+-./: (as the OLQ1 and other text
// forms are) takes 5.5 bits a character; any other character makes it 8. Of
// the former, 195 characters fit version 6, which is 45 columns by 23 rows:
// the largest that an 80x24 console shows whole.
//
// A text outside of ASCII is refused: readers guess its character set, and of
// two readers tried one guessed wrong.
package qr

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/mdp/qrterminal/v3"
	rscqr "rsc.io/qr"
)

const (
	// terminalQuiet is the light border in modules on a terminal, half of
	// what the standard asks for and enough for phones. With 4 modules the
	// code would not fit 24 rows.
	terminalQuiet = 2
	// pngQuiet is what rsc.io/qr draws.
	pngQuiet = 4
	// pngWidth is the least width of a picture in pixels.
	pngWidth = 400
	// MaxScale is the largest scale that PNG takes.
	MaxScale = 40
)

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
	code, err := encode(text)
	if err != nil {
		return 0, 0, err
	}
	side := code.Size + 2*terminalQuiet
	return side, (side + 1) / 2, nil
}

// Draw writes text as a QR code of half blocks, two modules a character.
func Draw(w io.Writer, text string, o Options) error {
	// qrterminal panics where the text does not fit.
	if _, err := encode(text); err != nil {
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

// PNG returns text as a black and white picture, scale pixels a module with a
// border of 4 modules. A scale that would give less than 400 pixels is raised
// to what gives them; 0 asks for that.
func PNG(text string, scale int) ([]byte, error) {
	if scale < 0 || scale > MaxScale {
		return nil, fmt.Errorf("scale is %d, want 0 to %d", scale, MaxScale)
	}
	code, err := encode(text)
	if err != nil {
		return nil, err
	}
	side := code.Size + 2*pngQuiet
	code.Scale = max(scale, (pngWidth+side-1)/side)
	return code.PNG(), nil
}

func encode(text string) (*rscqr.Code, error) {
	for i := range len(text) {
		if text[i] >= 0x80 {
			return nil, errors.New("text for a QR code is not ASCII")
		}
	}
	code, err := rscqr.Encode(text, rscqr.L)
	if err != nil {
		return nil, fmt.Errorf("%d bytes do not fit one QR code", len(text))
	}
	return code, nil
}
