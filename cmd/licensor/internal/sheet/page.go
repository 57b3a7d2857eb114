package sheet

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"strings"

	"github.com/offlicense/offlicense/cmd/internal/text"
	"github.com/offlicense/offlicense/format/qr"
)

// A page, in points: as wide as A4, and not as high as US letter.
const (
	width, height = 595, 780
	left, right   = 40, width - 40
	top, bottom   = 40, height - 44

	sans = "Helvetica, Arial, 'Liberation Sans', 'DejaVu Sans', sans-serif"
	mono = "'DejaVu Sans Mono', 'Liberation Mono', Menlo, Consolas, monospace"
	wide = 0.61 // a character of a fixed width takes at most so much of its size
)

// page is one that is being filled from its top.
type page struct {
	b bytes.Buffer
	y float64
}

// layout fills pages.
type layout struct{ all []*page }

// room returns the page on which there is so much room below what is there.
func (l *layout) room(high float64) *page {
	if n := len(l.all); n > 0 && l.all[n-1].y+high <= bottom {
		return l.all[n-1]
	}
	l.all = append(l.all, &page{y: top})
	return l.all[len(l.all)-1]
}

// line writes a line of text, in a font of so many points, and goes on below it.
func (l *layout) line(x, size float64, font, text string) {
	p := l.room(size * 1.35)
	p.text(x, p.y+size, size, font, text)
	p.y += size * 1.35
}

func (l *layout) gap(high float64) {
	if n := len(l.all); n > 0 {
		l.all[n-1].y += high
	}
}

func (p *page) text(x, y, size float64, font, text string) {
	fmt.Fprintf(&p.b, `<text x="%.1f" y="%.1f" font-size="%.1f" font-family="%s" xml:space="preserve">%s</text>`+"\n", x, y, size, font, escape(text))
}

// code draws a code in a square, its light border included.
func (p *page) code(x, y, side float64, part string) {
	code, err := qr.Encode(part)
	if err != nil {
		panic(err) // Of has cut it
	}
	scale := side / float64(code.Size()+2*qr.Quiet)
	fmt.Fprintf(&p.b, `<path transform="translate(%.2f %.2f) scale(%.5f)" shape-rendering="crispEdges" d="%s"/>`+"\n", x, y, scale, code.Path())
}

// pages lays the sheet out.
func (s *Sheet) pages() []*page {
	const label, value = 9.0, 10.0
	var l layout
	for _, line := range text.Fold(text.Clean(s.Title), 52) {
		l.line(left, 18, sans, line)
	}
	l.gap(6)
	const indent = 84
	for _, row := range s.Rows {
		for i, line := range text.Fold(text.Clean(row.Text), inLine(right-left-indent, value)) {
			p := l.room(value * 1.4)
			if i == 0 {
				p.text(left, p.y+value, label, sans, row.Label)
			}
			p.text(left+indent, p.y+value, value, mono, line)
			p.y += value * 1.4
		}
	}
	p := l.room(20)
	p.text(left, p.y+15, label, sans, "code")
	p.text(left+indent, p.y+16, 15, mono, s.Code)
	p.text(left+indent+200, p.y+15, label, sans, "to be read to each other: both screens show it")
	p.y += 20
	l.gap(4)
	l.codes(s.Parts)
	l.gap(4)
	for _, line := range text.Fold(s.Before, 100) {
		l.line(left, 10, sans, line)
	}
	l.gap(2)
	for _, line := range text.Fold(s.Command, inLine(right-left-12, value)) {
		l.line(left+12, value, mono, line)
	}
	if len(s.Text) <= mostTyped {
		l.gap(8)
		l.line(left, 10, sans, "The same as text. Spaces, lines and lower case make no difference.")
		l.gap(2)
		for _, line := range groups(s.Text) {
			l.line(left, value, mono, line)
		}
	}
	return l.all
}

// inLine is how many characters of a fixed width and of a size are as wide as that.
func inLine(room, size float64) int { return int(room / (size * wide)) }

// codes draws the codes in rows: one of several says which it is.
func (l *layout) codes(parts []string) {
	const between = 12
	inRow := min(len(parts), 3)
	side := 250.0
	if inRow > 1 {
		side = (right - left - between*float64(inRow-1)) / float64(inRow)
	}
	for i := 0; i < len(parts); i += inRow {
		caption := 0.0
		if len(parts) > 1 {
			caption = 13
		}
		p := l.room(side + caption)
		for j, part := range parts[i:min(i+inRow, len(parts))] {
			x := left + float64(j)*(side+between)
			if len(parts) > 1 {
				p.text(x+8, p.y+9, 9, sans, fmt.Sprintf("code %d of %d", i+j+1, len(parts)))
			}
			p.code(x, p.y+caption, side, part)
		}
		p.y += side + caption
	}
}

// groups cuts a text into lines of groups of five characters; the prefix is one.
func groups(carried string) []string {
	const size, most = 5, 13
	prefix, body, _ := strings.Cut(carried, ":")
	all := []string{prefix + ":"}
	for len(body) > 0 {
		n := min(size, len(body))
		all, body = append(all, body[:n]), body[n:]
	}
	var lines []string
	for len(all) > 0 {
		n := min(most, len(all))
		lines, all = append(lines, strings.Join(all[:n], " ")), all[n:]
	}
	return lines
}

// foot is the last line of a page: of which sheet it is.
func foot(s *Sheet, number, of int) string {
	line := s.Code
	if of > 1 {
		line += fmt.Sprintf("   page %d of %d", number+1, of)
	}
	return line
}

func (p *page) svg(size, foot string) string {
	p.text(left, height-24, 8, mono, foot)
	return fmt.Sprintf(`<svg xmlns="http://www.w3.org/2000/svg" %sviewBox="0 0 %d %d">`+"\n"+`<path fill="#fff" d="M0 0h%dv%dH0z"/>`+"\n", size, width, height, width, height) +
		p.b.String() + "</svg>\n"
}

// escape makes text of what may be markup.
func escape(s string) string {
	var b bytes.Buffer
	xml.EscapeText(&b, []byte(s))
	return b.String()
}
