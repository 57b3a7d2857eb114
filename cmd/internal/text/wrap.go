package text

import (
	"strings"
	"unicode/utf8"
)

// Wrap breaks a text at spaces into lines of at most width columns, where it can.
func Wrap(text string, width int) []string {
	var lines []string
	line := ""
	for word := range strings.FieldsSeq(text) {
		switch {
		case line == "":
			line = word
		case Columns(line)+1+Columns(word) <= width:
			line += " " + word
		default:
			lines = append(lines, line)
			line = word
		}
	}
	if line != "" {
		lines = append(lines, line)
	}
	return lines
}

// Fold is Wrap for a fixed width: it breaks long words, too. An
// empty text is an empty line.
func Fold(text string, width int) []string {
	if text == "" {
		return []string{""}
	}
	var lines []string
	for _, line := range Wrap(text, width) {
		start, used := 0, 0
		for i, r := range line {
			size := Columns(string(r))
			if used+size > width {
				lines = append(lines, line[start:i])
				start, used = i, 0
			}
			used += size
		}
		lines = append(lines, line[start:])
	}
	return lines
}

// Columns is the most columns that a text takes. What is not ASCII may take two.
func Columns(text string) int {
	n := 0
	for _, r := range text {
		n++
		if r >= utf8.RuneSelf {
			n++
		}
	}
	return n
}
