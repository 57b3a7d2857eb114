// Package qr draws QR codes of statements: their modules, as a PNG and as an SVG.
//
// Nothing here reads a code, and nothing is checked of the text: who scans the code gets
// the text, and judges it as any other. Package format does not import this one, so what
// only verifies links none of it. A program that shows a request of its own does it so:
//
//	parts, err := qr.Cut(text, qr.Capacity(qr.Readable), format.MaxParts)
//	// … for each part:
//	code, err := qr.Encode(part)
//	os.WriteFile("request.svg", code.SVG(), 0o644)
//
// Codes have error correction level L. A code on a screen or fresh from a printer is not
// scratched, and fewer modules make each of them larger, which is what a camera needs.
//
// A text of only 0-9, A-Z, space and $%*+-./: (as the OLQ1 and other text forms are)
// takes 5.5 bits a character; any other character makes it 8.
//
// A text outside of ASCII is refused: readers guess its character set, and of two
// readers tried one guessed wrong.
package qr

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	rscqr "rsc.io/qr"
)

const (
	// Quiet is the light border of a picture in modules, as ISO/IEC 18004 asks for.
	Quiet = 4
	// MaxScale is the most pixels that a module of a picture takes.
	MaxScale = 40

	leastWidth = 400 // of a picture, in pixels
)

// Code is a QR code. [Encode] makes one.
type Code struct {
	code *rscqr.Code
	text string
}

// Encode returns the smallest code of a text. The error is about what is not ASCII, and
// about more than one code holds: 4296 characters of a statement's text.
func Encode(text string) (*Code, error) {
	for i := range len(text) {
		if text[i] >= 0x80 {
			return nil, errors.New("text for a QR code is not ASCII")
		}
	}
	code, err := rscqr.Encode(text, rscqr.L)
	if err != nil {
		return nil, fmt.Errorf("%d bytes do not fit one QR code", len(text))
	}
	return &Code{code, text}, nil
}

// Size is how many modules a side has, 21 to 177, without a border.
func (c *Code) Size() int { return c.code.Size }

// Dark reports whether a module is dark. Outside of the code all are light.
func (c *Code) Dark(x, y int) bool { return c.code.Black(x, y) }

// PNG returns a black and white picture, scale pixels a module with the border. A scale
// that would give less than 400 pixels is raised to what gives them; 0 asks for that. One
// below 0 or above [MaxScale] is an error.
func (c *Code) PNG(scale int) ([]byte, error) {
	if scale < 0 || scale > MaxScale {
		return nil, fmt.Errorf("scale is %d, want 0 to %d", scale, MaxScale)
	}
	scaled := *c.code
	scaled.Scale = max(scale, c.least())
	return scaled.PNG(), nil
}

// SVG returns a picture of squares, which is sharp at any size, with the border. It is an
// element svg that can stand in a page of HTML: one path, each of whose parts is a run of
// dark modules in a row, on a white ground. The text stands in it as its description: who is
// sent the file needs no camera to read it.
func (c *Code) SVG() []byte {
	side := c.Size() + 2*Quiet
	width := side * c.least()
	var b bytes.Buffer
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d" shape-rendering="crispEdges">`+"\n", width, width, side, side)
	b.WriteString("<desc>" + escape.Replace(c.text) + "</desc>\n")
	fmt.Fprintf(&b, `<path fill="#fff" d="M0 0h%dv%dh-%dz"/>`+"\n"+`<path fill="#000" d="%s"/>`+"\n</svg>\n", side, side, side, c.Path())
	return b.Bytes()
}

var escape = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")

// Path returns the dark modules as the attribute d of a path in SVG, for a drawing that has
// more in it: a module is 1, and the origin is the corner of the border, which stays light.
func (c *Code) Path() string {
	var b bytes.Buffer
	for y := range c.Size() {
		for x := 0; x < c.Size(); x++ {
			run := 0
			for c.Dark(x+run, y) {
				run++
			}
			if run > 0 {
				fmt.Fprintf(&b, "M%d %dh%dv1h-%dz", Quiet+x, Quiet+y, run, run)
				x += run
			}
		}
	}
	return b.String()
}

// least returns how many pixels a module takes at least.
func (c *Code) least() int {
	side := c.Size() + 2*Quiet
	return (leastWidth + side - 1) / side
}
