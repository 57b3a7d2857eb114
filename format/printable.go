package format

import (
	"errors"
	"fmt"
	"unicode/utf8"
)

// Which characters a text may hold. The lists are those of SPEC.md, section "Text", and not
// a library's tables: every implementation refuses the same.

// span is a range of code points, both ends included.
type span struct{ first, last rune }

// hidden is what a terminal obeys or does not show: controls, marks of direction, what Unicode
// calls default-ignorable but for the joiners, and blanks that look like a space or like
// nothing.
var hidden = []span{
	{0x80, 0xa0}, {0xad, 0xad}, {0x34f, 0x34f}, {0x61c, 0x61c}, {0x115f, 0x1160}, {0x1680, 0x1680}, {0x17b4, 0x17b5},
	{0x180b, 0x180f}, {0x2000, 0x200b}, {0x200e, 0x200f}, {0x2028, 0x202f}, {0x205f, 0x206f}, {0x2800, 0x2800}, {0x3164, 0x3164},
	{0xfe00, 0xfe0f}, {0xfeff, 0xfeff}, {0xffa0, 0xffa0}, {0xfff0, 0xfffb}, {0x1bca0, 0x1bca3}, {0x1d159, 0x1d159},
	{0x1d173, 0x1d17a}, {0xe0000, 0xe0fff},
}

// joining is where the joiners U+200C and U+200D may stand between two characters: scripts
// whose letters they join or part, in names, too.
var joining = []span{{0x600, 0xdff}, {0x1000, 0x109f}, {0x1780, 0x18af}}

// marks is what stands above or below the character before it and takes no room of its own.
var marks = []span{
	{0x300, 0x36f}, {0x483, 0x489}, {0x591, 0x5c7}, {0x610, 0x61a}, {0x64b, 0x65f}, {0x670, 0x670}, {0x6d6, 0x6ed},
	{0xe31, 0xe31}, {0xe34, 0xe3a}, {0xe47, 0xe4e}, {0xeb1, 0xeb1}, {0xeb4, 0xebc}, {0xec8, 0xece}, {0xf71, 0xf84}, {0xf8d, 0xfbc},
	{0x1ab0, 0x1aff}, {0x1dc0, 0x1dff}, {0x20d0, 0x20ff}, {0x302a, 0x302d}, {0x3099, 0x309a}, {0xfe20, 0xfe2f},
}

// maxMarks is the most marks in a row: names have three at most (Hebrew with its points,
// Tibetan stacks), and more make a text that grows over its neighbors.
const maxMarks = 4

const (
	nonJoiner        = 0x200c
	joiner           = 0x200d
	ideographicSpace = 0x3000
)

func in(c rune, spans []span) bool {
	for _, s := range spans { // in ascending order
		if c <= s.last {
			return c >= s.first
		}
	}
	return false
}

// checkText refuses what a terminal would obey or hide: whoever compares two names sees all
// that tells them apart, or it is refused.
func checkText(s []byte) error {
	if s[0] == ' ' || s[len(s)-1] == ' ' {
		return errors.New("text begins or ends with a space")
	}
	for i, c := range s {
		if c >= utf8.RuneSelf {
			return checkWideText(s, i)
		}
		if c < 0x20 || c == 0x7f {
			return fmt.Errorf("text holds the control character %#x", c)
		}
	}
	return nil
}

// checkWideText goes on at the first byte that is not ASCII.
func checkWideText(s []byte, i int) error {
	before, row := rune(0), 0
	if i > 0 {
		before = rune(s[i-1])
	}
	for i < len(s) {
		c, size := utf8.DecodeRune(s[i:])
		last := i+size == len(s)
		switch {
		case c == utf8.RuneError && size == 1:
			return errors.New("text is not UTF-8")
		case c < 0x20 || c == 0x7f:
			return fmt.Errorf("text holds the control character %#x", c)
		case in(c, hidden):
			return fmt.Errorf("text holds the invisible character %U", c)
		case c == ideographicSpace && (i == 0 || last):
			return errors.New("text begins or ends with a space")
		case c == joiner || c == nonJoiner:
			next, _ := utf8.DecodeRune(s[i+size:])
			if !in(before, joining) || !in(next, joining) {
				return fmt.Errorf("text holds the invisible character %U where it joins no letters", c)
			}
		case in(c, marks):
			if row++; row > maxMarks {
				return fmt.Errorf("text holds more than %d combining marks in a row", maxMarks)
			}
		default:
			row = 0
		}
		before = c
		i += size
	}
	return nil
}
