package envelope

import (
	"bytes"
	"encoding/base64"
	"strconv"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// byteOrderMark is how a text in UTF-8 may start.
const byteOrderMark = "\xef\xbb\xbf"

// Decode returns a text in UTF-8 without a byte order mark, whichever way it was saved.
func Decode(data []byte) []byte {
	if text, ok := fromUTF16(data); ok {
		return text
	}
	return bytes.TrimPrefix(data, []byte(byteOrderMark))
}

// fromUTF16 decodes UTF-16, which has a byte order mark, or is seen by its zeros: what we
// read is mostly ASCII.
func fromUTF16(data []byte) ([]byte, bool) {
	little := bytes.HasPrefix(data, []byte{0xff, 0xfe})
	marked := little || bytes.HasPrefix(data, []byte{0xfe, 0xff})
	if marked {
		data = data[2:]
	} else {
		var zeros [2]int
		sample := data[:min(len(data), 4096)&^1]
		for i, c := range sample {
			if c == 0 {
				zeros[i%2]++
			}
		}
		little = zeros[1] > zeros[0]
		most, least := max(zeros[0], zeros[1]), min(zeros[0], zeros[1])
		if most == 0 || most < len(sample)/4 || least > most/16 {
			return nil, false
		}
	}
	out := make([]byte, 0, len(data)/2)
	for len(data) > 1 {
		r := rune(unit(data, little))
		data = data[2:]
		if utf16.IsSurrogate(r) && len(data) > 1 {
			if both := utf16.DecodeRune(r, rune(unit(data, little))); both != unicode.ReplacementChar {
				r, data = both, data[2:]
			}
		}
		out = utf8.AppendRune(out, r)
	}
	return bytes.TrimPrefix(out, []byte(byteOrderMark)), true
}

func unit(b []byte, little bool) uint16 {
	if little {
		return uint16(b[0]) | uint16(b[1])<<8
	}
	return uint16(b[1]) | uint16(b[0])<<8
}

// unescape takes off quoted-printable (RFC 2045, section 6.7), what JSON and shells write
// with a backslash, and the percent signs of links. None of these occurs in a statement.
func unescape(text []byte) []byte {
	if !bytes.ContainsAny(text, `=\%`) {
		return text
	}
	out := make([]byte, 0, len(text))
	for i := 0; i < len(text); i++ {
		switch c := text[i]; c {
		case '=', '%':
			if b, ok := hexByte(text[i+1:]); ok {
				out = append(out, b)
				i += 2
				continue
			}
			if end := lineEnd(text[i+1:]); c == '=' && end > 0 {
				i += end // a soft line break
				continue
			}
			out = append(out, c)
		case '\\':
			for i+1 < len(text) && text[i+1] == '\\' {
				i++ // JSON in JSON
			}
			n, r := escaped(text[i+1:])
			out = utf8.AppendRune(out, r)
			i += n
		default:
			out = append(out, c)
		}
	}
	return out
}

// hexByte reads two hexadecimal digits.
func hexByte(b []byte) (byte, bool) {
	if len(b) < 2 {
		return 0, false
	}
	v, err := strconv.ParseUint(string(b[:2]), 16, 8)
	return byte(v), err == nil
}

// lineEnd returns how many bytes a line break is long with the spaces before it; 0: there
// is none.
func lineEnd(b []byte) int {
	for i, c := range b[:min(len(b), 80)] {
		switch c {
		case '\n':
			return i + 1
		case ' ', '\t', '\r':
		default:
			return 0
		}
	}
	return 0
}

// escaped reads what stands behind a backslash, and returns how long it is.
func escaped(b []byte) (int, rune) {
	if len(b) == 0 {
		return 0, '\\'
	}
	switch b[0] {
	case 'n', 'r':
		return 1, '\n'
	case 't':
		return 1, '\t'
	case '/', '"':
		return 1, rune(b[0])
	case 'u':
		if len(b) >= 5 {
			if v, err := strconv.ParseUint(string(b[1:5]), 16, 16); err == nil {
				return 5, rune(v)
			}
		}
	}
	return 0, '\\'
}

// ascii returns a text in which all that mail programs and word processors put in place of
// ASCII is ASCII again, and all else that is not is a question mark.
func ascii(text []byte) []byte {
	out := make([]byte, 0, len(text))
	for len(text) > 0 {
		if c := text[0]; c < utf8.RuneSelf {
			out, text = append(out, c), text[1:]
			continue
		}
		r, n := utf8.DecodeRune(text)
		if r == utf8.RuneError && n == 1 {
			r = windows1252(text[0])
		}
		text = text[n:]
		switch {
		case r == 0xAD || unicode.Is(unicode.Cf, r): // soft hyphens, zero-width spaces, marks
		case r == 0x2028 || r == 0x2029 || r == 0x85:
			out = append(out, '\n')
		case unicode.IsSpace(r):
			out = append(out, ' ')
		case unicode.In(r, unicode.Pi, unicode.Pf) || r == 0x201A || r == 0x201E:
			out = append(out, '"')
		case unicode.Is(unicode.Pd, r) || r == 0x2212:
			out = append(out, '-')
		case r >= 0xFF01 && r <= 0xFF5E: // full width
			out = append(out, byte(r-0xFF00+0x20))
		default:
			out = append(out, '?')
		}
	}
	return out
}

// windows1252 is what a byte means in the old code page of Windows, as far as it matters.
func windows1252(c byte) rune {
	switch {
	case c == 0xA0:
		return ' '
	case c == 0xAD:
		return 0xAD
	case c >= 0x91 && c <= 0x94:
		return 0x201C
	case c == 0x96 || c == 0x97:
		return 0x2013
	}
	return '?'
}

const (
	maxTag    = 4 << 10
	maxEntity = 10
)

// withoutHTML puts a space in the place of each tag, and reads entities.
func withoutHTML(text []byte) []byte {
	out := make([]byte, 0, len(text))
	for i := 0; i < len(text); i++ {
		rest := text[i+1:]
		switch {
		case text[i] == '<' && len(rest) > 0 && (isLetter(rest[0]) || rest[0] == '/' || rest[0] == '!'):
			if end := bytes.IndexByte(rest[:min(len(rest), maxTag)], '>'); end >= 0 {
				out = append(out, ' ')
				i += end + 1
				continue
			}
		case text[i] == '&':
			if end := bytes.IndexByte(rest[:min(len(rest), maxEntity)], ';'); end > 0 {
				out = utf8.AppendRune(out, entity(string(rest[:end])))
				i += end + 1
				continue
			}
		}
		out = append(out, text[i])
	}
	return out
}

func entity(name string) rune {
	switch name {
	case "gt":
		return '>'
	case "lt":
		return '<'
	case "amp":
		return '&'
	case "colon":
		return ':'
	case "sol":
		return '/'
	case "shy", "zwj", "zwnj":
		return 0xAD
	}
	if name[0] == '#' {
		digits, base := name[1:], 10
		if len(digits) > 1 && (digits[0] == 'x' || digits[0] == 'X') {
			digits, base = digits[1:], 16
		}
		if v, err := strconv.ParseUint(digits, base, 21); err == nil {
			return rune(v)
		}
	}
	return ' ' // &nbsp; &quot; and all others
}

func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }

// minBase64 is the shortest Base64 that is looked into: no statement is shorter.
const minBase64 = 24

// eachBase64 decodes each piece of Base64 in a text. Its lines may be quoted, and end in
// the two characters \n; a blank line, or one that starts with two dashes, ends it.
func eachBase64(text []byte, found func([]byte)) {
	for runs, i := 0, 0; runs < maxRuns && i < len(text); {
		first := i
		for i < len(text) && base64Value(text[i]) != 0 {
			i++
		}
		if i-first < minBase64 {
			i = max(i, first+1)
			continue
		}
		run, n := cutBase64(text[first:])
		i = first + n
		runs++
		if len(run)%4 == 1 {
			run = run[:len(run)-1]
		}
		out := make([]byte, base64.RawStdEncoding.DecodedLen(len(run)))
		if n, err := base64.RawStdEncoding.Decode(out, run); err == nil {
			found(out[:n])
		}
	}
}

// cutBase64 returns the run at the start of a text, without what separates its lines, and
// where it ends.
func cutBase64(text []byte) (run []byte, end int) {
	i := 0
	for i < len(text) {
		if c := base64Value(text[i]); c != 0 {
			run = append(run, c)
			i++
			continue
		}
		n := base64Break(text[i:])
		if n == 0 {
			break
		}
		i += n
	}
	return run, i
}

// base64Break returns how long the line break at the start of a text is, with what quotes
// the next line; 0: the Base64 ends here.
func base64Break(text []byte) int {
	i, lines := 0, 0
	for i < len(text) {
		switch c := text[i]; {
		case c == '\n', c == '\\' && bytes.HasPrefix(text[i:], []byte(`\n`)):
			if lines++; lines > 1 {
				return 0
			}
			if c == '\\' {
				i++
			}
		case c == '\\' && bytes.HasPrefix(text[i:], []byte(`\r`)):
			i++
		case c == ' ' || c == '\t' || c == '\r' || lines > 0 && c == '>':
		default:
			if lines == 0 || bytes.HasPrefix(text[i:], []byte("--")) {
				return 0
			}
			return i
		}
		i++
	}
	return 0
}

// base64Value returns the character of standard Base64 for one of it or of its variant for
// links; 0: it is neither.
func base64Value(c byte) byte {
	switch {
	case isLetter(c), '0' <= c && c <= '9', c == '+', c == '/':
		return c
	case c == '-':
		return '+'
	case c == '_':
		return '/'
	}
	return 0
}
