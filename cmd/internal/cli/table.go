package cli

import (
	"io"
	"slices"
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

// WriteTo prints the rows, two spaces between columns and none at the end. On a terminal
// that is too narrow for them, cells go over several lines.
func (t *Table) WriteTo(w io.Writer) (int64, error) {
	widths, gap := t.widths(columnsOf(w))
	var b strings.Builder
	for i, row := range t.rows {
		cells := make([][]string, len(row))
		lines := 1
		for j, cell := range row {
			cells[j] = foldCell(cell, widths[j])
			lines = max(lines, len(cells[j]))
		}
		for n := range lines {
			var line strings.Builder
			for j, cell := range cells {
				text := ""
				if n < len(cell) {
					text = cell[n]
				}
				space := strings.Repeat(" ", max(0, widths[j]-columns(text)+gap))
				if t.isState(i, j) {
					text = State(w, text)
				}
				line.WriteString(text + space)
			}
			b.WriteString(strings.TrimRight(line.String(), " ") + "\n")
		}
	}
	n, err := io.WriteString(w, b.String())
	return int64(n), err
}

// widths returns how wide the columns are, and what is between them. Where the terminal has
// fewer columns, the widest get narrower, as far as their longest words let them.
func (t *Table) widths(terminal int) (widths []int, gap int) {
	var least []int
	for _, row := range t.rows {
		for i, cell := range row {
			if i == len(widths) {
				widths, least = append(widths, 0), append(least, 0)
			}
			widths[i] = max(widths[i], columns(cell))
			least[i] = max(least[i], longestWord(cell))
		}
	}
	if terminal <= 0 {
		return widths, 2
	}
	for gap = 2; gap > 0; gap-- {
		if narrow := shrink(widths, least, terminal-gap*(len(widths)-1)); narrow != nil {
			return narrow, gap
		}
	}
	return widths, 2 // it does not fit anyhow
}

// shrink returns columns that have no more room than that all together, nil if they cannot.
func shrink(widths, least []int, room int) []int {
	narrow, excess := slices.Clone(widths), -room
	for _, width := range narrow {
		excess += width
	}
	for ; excess > 0; excess-- {
		widest := -1
		for i := range narrow {
			if narrow[i] > least[i] && (widest < 0 || narrow[i] >= narrow[widest]) {
				widest = i
			}
		}
		if widest < 0 {
			return nil
		}
		narrow[widest]--
	}
	return narrow
}

// isState reports whether a cell is a state: it stands below "STATE", or beside "state" or
// "now".
func (t *Table) isState(row, column int) bool {
	if row > 0 && column < len(t.rows[0]) && t.rows[0][column] == "STATE" {
		return true
	}
	label := strings.TrimSpace(t.rows[row][0])
	return column == 1 && (label == "state" || label == "now")
}

// foldCell returns the lines of a cell in a column of so many columns.
func foldCell(cell string, width int) []string {
	if columns(cell) <= width {
		return []string{cell}
	}
	indent := cell[:len(cell)-len(strings.TrimLeft(cell, " "))]
	lines := wrap(cell[len(indent):], width-len(indent), width-len(indent))
	for i := range lines {
		lines[i] = indent + lines[i]
	}
	return lines
}

// longestWord returns how wide a column must be for a cell.
func longestWord(cell string) (width int) {
	indent := len(cell) - len(strings.TrimLeft(cell, " "))
	for _, word := range unbroken(strings.Split(cell[indent:], " ")) {
		width = max(width, indent+columns(word))
	}
	return width
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

// columns is how wide a text is. Colors take no place.
func columns(s string) int {
	n, color := 0, false
	for _, r := range s {
		switch {
		case r == '\x1b':
			color = true
		case color:
			color = r != 'm'
		default:
			n += runeColumns(r)
		}
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
	case unicode.In(r, unicode.Mn, unicode.Me), r == 0x200c, r == 0x200d:
		return 0
	case unicode.Is(wide, r):
		return 2
	}
	return 1
}
