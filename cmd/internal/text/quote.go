// Package text puts things into the words of messages: foreign texts, words of commands,
// numbers and times. It knows no terminal.
package text

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/offlicense/offlicense/format"
)

// quoteLimit is how many bytes of a foreign text an error line shows.
const quoteLimit = 64

// Quote shows a foreign text in double quotes, escaped like a Go string and
// cut to 64 bytes: control characters, bidirectional overrides, other
// invisible characters and invalid UTF-8 cannot reach the terminal.
func Quote(s string) string {
	if len(s) <= quoteLimit {
		return strconv.Quote(s)
	}
	cut := quoteLimit
	for cut > quoteLimit-utf8.UTFMax && !utf8.RuneStart(s[cut]) {
		cut--
	}
	return strconv.Quote(s[:cut]) + "..."
}

// Clean escapes like [Quote], line breaks too, but adds no quotes, cuts
// nothing and leaves quotes and backslashes as they are: for names and paths
// in running text. The joiners and the wide space that a name may have stay, where the whole
// text is one that a statement may have.
func Clean(s string) string {
	name := format.ValidText(s, len(s)) == nil
	var b strings.Builder
	b.Grow(len(s))
	for i, size := 0, 0; i < len(s); i += size {
		var r rune
		r, size = utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && size == 1 {
			fmt.Fprintf(&b, `\x%02x`, s[i])
		} else if strconv.IsPrint(r) || name && strings.ContainsRune("\u200c\u200d\u3000", r) {
			b.WriteRune(r)
		} else {
			q := strconv.QuoteRune(r)
			b.WriteString(q[1 : len(q)-1])
		}
	}
	return b.String()
}
