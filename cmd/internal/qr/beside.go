package qr

import (
	"bytes"
	"io"
	"strings"

	"github.com/offlicense/offlicense/cmd/internal/text"
)

const (
	// fullWidth is how many columns a terminal needs for a text beside the code.
	fullWidth = 80

	leastWidth = 19 // of that text: a comparison code

	gap = "  " // between the code's border and the text
)

// DrawBeside draws a code on a terminal of so many columns, and beside it as many lines of a
// text as there is room for: what was printed before has scrolled away.
func DrawBeside(w io.Writer, code string, columns int, color bool, beside []string) error {
	var drawn bytes.Buffer
	if err := Draw(&drawn, code, Options{NoColor: !color}); err != nil {
		return err
	}
	width, _, err := Size(code)
	if err != nil {
		return err
	}
	var lines []string
	free := columns - width - 1 - len(gap) // some terminals break the line after the last column
	if columns >= fullWidth && free >= leastWidth {
		for _, paragraph := range beside {
			lines = append(lines, text.Fold(paragraph, free)...)
		}
	}
	for row := range strings.Lines(drawn.String()) {
		if len(lines) > 0 {
			row = strings.TrimSuffix(row, "\n") + gap + lines[0] + "\n"
			lines = lines[1:]
		}
		if _, err := io.WriteString(w, row); err != nil {
			return err
		}
	}
	return nil
}
