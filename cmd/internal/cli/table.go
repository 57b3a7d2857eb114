package cli

import (
	"io"
	"strings"
	"unicode"
)

// cellLimit is how many columns of the terminal one cell of a table takes.
const cellLimit = 60

// Table prints rows with aligned columns. Its zero value is an empty table.
type Table struct {
	// Whole keeps cells as long as they are. Otherwise one of more than 60
	// columns is cut and ends in "...".
	Whole bool

	rows [][]string
}

// Row adds a row; the cells may be foreign text. Several spaces in a row become
// one, so that no text adds columns; those at the start stay.
func (t *Table) Row(cells ...string) {
	row := make([]string, len(cells))
	for i, cell := range cells {
		indent := cell[:len(cell)-len(strings.TrimLeft(cell, " "))]
		cell = indent + strings.Join(strings.Fields(Clean(cell)), " ")
		if !t.Whole {
			cell = clip(cell)
		}
		row[i] = cell
	}
	t.rows = append(t.rows, row)
}

// WriteTo prints the rows, two spaces between columns and none at the end.
func (t *Table) WriteTo(w io.Writer) (int64, error) {
	var widths []int
	for _, row := range t.rows {
		for i, cell := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], columns(cell))
		}
	}
	var b strings.Builder
	for _, row := range t.rows {
		var line strings.Builder
		for i, cell := range row {
			line.WriteString(cell + strings.Repeat(" ", widths[i]-columns(cell)+2))
		}
		b.WriteString(strings.TrimRight(line.String(), " ") + "\n")
	}
	n, err := io.WriteString(w, b.String())
	return int64(n), err
}

func clip(s string) string {
	if columns(s) <= cellLimit {
		return s
	}
	width := 0
	for i, r := range s {
		width += runeColumns(r)
		if width > cellLimit-len("...") {
			return s[:i] + "..."
		}
	}
	return s
}

func columns(s string) int {
	n := 0
	for _, r := range s {
		n += runeColumns(r)
	}
	return n
}

// wide holds the blocks of East Asian and emoji characters that take two
// columns, after Unicode's EastAsianWidth.txt; the few others do not pay for
// their own table.
var wide = &unicode.RangeTable{
	R16: []unicode.Range16{
		{Lo: 0x1100, Hi: 0x115f, Stride: 1}, {Lo: 0x2e80, Hi: 0x303e, Stride: 1},
		{Lo: 0x3041, Hi: 0xa4cf, Stride: 1}, {Lo: 0xac00, Hi: 0xd7a3, Stride: 1},
		{Lo: 0xf900, Hi: 0xfaff, Stride: 1}, {Lo: 0xfe30, Hi: 0xfe6f, Stride: 1},
		{Lo: 0xff01, Hi: 0xff60, Stride: 1}, {Lo: 0xffe0, Hi: 0xffe6, Stride: 1},
	},
	R32: []unicode.Range32{
		{Lo: 0x1f300, Hi: 0x1faff, Stride: 1}, {Lo: 0x20000, Hi: 0x3fffd, Stride: 1},
	},
}

func runeColumns(r rune) int {
	switch {
	case unicode.In(r, unicode.Mn, unicode.Me):
		return 0
	case unicode.Is(wide, r):
		return 2
	}
	return 1
}
