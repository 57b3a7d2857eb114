package format

import (
	"bytes"
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"strings"
	"unicode/utf8"
)

// The text form: a prefix that names kind and version, and Base32 (RFC 4648, section 6,
// upper case, no padding) of the bytes and the first 4 bytes of their SHA-256:
//
//	OLL1:QKRIJAZQUEZTSMRQ…
//
// The checksum finds typing mistakes. It is not security.

const (
	checksumSize = 4
	lineWidth    = 64 // whole groups of 8 characters, which decodeGroups likes

	// MaxText is the most bytes of text that any statement has; a reader of files
	// stops one byte behind it.
	MaxText = 2*(5+((MaxRevocation+checksumSize)*8+4)/5) + 3

	byteOrderMark = "\xef\xbb\xbf" // 3 bytes, which do not count
)

// longest returns the length of the longest text of a kind, in one line.
func (k Kind) longest() int { return 5 + ((kinds[k].maxBytes+checksumSize)*8+4)/5 }

const base32Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"

var base32Encoding = base32.StdEncoding.WithPadding(base32.NoPadding)

// EncodeText returns raw in the text form of its kind, in one line and without a
// line feed at its end: the form for QR codes.
func EncodeText(kind Kind, raw []byte) string {
	sum := sha256.Sum256(raw)
	checked := append(append(make([]byte, 0, len(raw)+checksumSize), raw...), sum[:checksumSize]...)
	return kinds[kind].prefix + ":" + base32Encoding.EncodeToString(checked)
}

// EncodeFile returns the text form as files carry it: 64 characters in a line behind
// the prefix, each line with its line feed.
func EncodeFile(kind Kind, raw []byte) []byte {
	text := EncodeText(kind, raw)
	var b bytes.Buffer
	end := strings.IndexByte(text, ':') + 1 + lineWidth
	for end < len(text) {
		b.WriteString(text[:end] + "\n")
		text, end = text[end:], lineWidth
	}
	b.WriteString(text + "\n")
	return b.Bytes()
}

// DecodeText reads the text form of any kind, in one piece or in parts, and returns its
// bytes, whose inside nobody has looked at yet. Upper and lower case, white space, dashes
// and line breaks make no difference, and 0, 1 and 8 are read as the letters O, I and B
// that they are mistaken for. Everything else is refused, spare bits in the last character
// included. The error is a *MalformedError.
func DecodeText(text []byte) (Kind, []byte, error) {
	text = bytes.TrimPrefix(text, []byte(byteOrderMark)) // what some editors put before a text
	// No kind has more than MaxText, and a prefix must not be looked for in 1 GB of spaces.
	kind, body, inParts, err := cutPrefix(text[:min(len(text), MaxText+1)])
	if err != nil {
		return 0, nil, err
	}
	if len(text) > 2*kind.longest() {
		return 0, nil, malformed("%d characters of text, too many for %s", len(text), kind.withArticle())
	}
	var raw []byte
	if inParts {
		raw, err = decodeParts(kind, text)
	} else {
		raw, err = decodeBody(kind, body)
	}
	if err != nil {
		return 0, nil, err
	}
	return kind, raw, nil
}

// decodeBody reads what stands behind the prefix.
func decodeBody(kind Kind, body []byte) ([]byte, error) {
	checked, err := decodeBase32(body)
	if err != nil {
		return nil, err
	}
	if len(checked) <= checksumSize {
		return nil, malformed("the text ends after its prefix")
	}
	raw, checksum := checked[:len(checked)-checksumSize], checked[len(checked)-checksumSize:]
	if most := kinds[kind].maxBytes; len(raw) > most {
		return nil, malformed("%d bytes, %s has at most %d", len(raw), kind.withArticle(), most)
	}
	if sum := sha256.Sum256(raw); !bytes.Equal(sum[:checksumSize], checksum) {
		return nil, malformed("the checksum does not match: the text was mistyped, or a part of it is missing")
	}
	return raw, nil
}

// DecodeTextAs reads the text form of one kind; another gets a *WrongKindError.
func DecodeTextAs(text []byte, want Kind) ([]byte, error) {
	kind, raw, err := DecodeText(text)
	if err != nil {
		return nil, err
	}
	if kind != want {
		return nil, &WrongKindError{Got: kind, Want: want}
	}
	return raw, nil
}

// cutPrefix reads the prefix as forgivingly as the rest. Behind that of a part stands a
// slash.
func cutPrefix(text []byte) (kind Kind, body []byte, part bool, err error) {
	var prefix [4]byte
	n := 0
	for i, c := range text {
		switch {
		case c == ':' || c == '/':
			if kind, known := kindOfPrefix(string(prefix[:n])); known {
				return kind, text[i+1:], c == '/', nil
			}
			if kind, known := kindOfPrefix(string(prefix[:3]) + "1"); known && n == len(prefix) && '2' <= prefix[3] && prefix[3] <= '9' {
				return 0, nil, false, &MalformedError{reason: "this is " + kind.withArticle() + " of a later version, " + string(prefix[:]), later: true}
			}
			return 0, nil, false, notOurs(text)
		case base32Value[c] == skipped:
		case n == len(prefix):
			return 0, nil, false, notOurs(text)
		default:
			prefix[n] = unmistaken(c, n)
			n++
		}
	}
	return 0, nil, false, notOurs(text)
}

// unmistaken returns the character that was meant at a place in a prefix: three
// letters and a digit, the first letter an O.
func unmistaken(c byte, place int) byte {
	switch {
	case 'a' <= c && c <= 'z':
		return unmistaken(c-'a'+'A', place)
	case c == '0' && place == 0:
		return 'O'
	case (c == '1' || c == 'I') && place == 1:
		return 'L'
	case (c == 'I' || c == 'L') && place == 3:
		return '1'
	}
	return c
}

// notOurs says what a text without one of our prefixes most likely is.
func notOurs(text []byte) error {
	start := bytes.TrimSpace(text)
	start = start[:min(len(start), 256)]
	is := func(what Foreign) error { return &MalformedError{reason: "this is " + string(what), foreign: what} }
	other := func(reason string) error { return &MalformedError{reason: reason, foreign: OtherText} }
	switch {
	case len(start) == 0:
		return other("it is empty")
	case bytes.HasPrefix(start, []byte("-----BEGIN")) && bytes.Contains(start, []byte("PRIVATE KEY")):
		return is(PrivateKey)
	case bytes.HasPrefix(start, []byte(MachineKeyPrefix)):
		return is(MachineKey)
	case bytes.HasPrefix(start, []byte("ssh-")):
		return is(PublicKey)
	case start[0] == '{' || start[0] == '[':
		return other("this is JSON, not a statement in its text form")
	}
	for _, packed := range [...]struct{ start, name string }{{"PK\x03\x04", "a ZIP archive, or a document of an office program"}, {"\x1f\x8b", "packed with gzip"}, {"%PDF", "a PDF document"}, {"7z\xbc\xaf", "a 7z archive"}} {
		if bytes.HasPrefix(start, []byte(packed.start)) {
			return other("this is " + packed.name + ", not a statement in its text form")
		}
	}
	return other("it does not start with " + Prefixes())
}

// MachineKeyPrefix starts the text of a machine's private key, which is no statement
// and never travels: a reader that is given one must not even decode it.
const MachineKeyPrefix = "OLK1:"

// What a byte of text is worth; 0 to 31 are values.
const (
	skipped = 0x40
	foreign = 0x80
)

var base32Value = func() (values [256]byte) {
	for i := range values {
		values[i] = foreign
	}
	for i, c := range base32Alphabet {
		values[c] = byte(i)
		values[strings.ToLower(string(c))[0]] = byte(i)
	}
	values['0'], values['1'], values['8'] = values['O'], values['I'], values['B']
	for _, c := range " \t\r\n-" {
		values[c] = skipped
	}
	return values
}()

// decodeBase32 decodes forgivingly in one pass: encoding/base32 would want the text
// cleaned first and accepts spare bits, so that the result had to be encoded and
// compared. A text that is read here has one spelling but for what DecodeText forgives.
func decodeBase32(text []byte) ([]byte, error) {
	out := make([]byte, 0, len(text)*5/8+8) // decodeGroups stores 8 bytes at a time
	var bits uint64
	count := 0
	for i := 0; i < len(text); i++ {
		if count == 0 {
			i, out = decodeGroups(text, i, out)
			if i == len(text) {
				break
			}
		}
		v := base32Value[text[i]]
		if v >= skipped {
			if v == foreign {
				c, _ := utf8.DecodeRune(text[i:])
				return nil, malformed("character %d after the prefix, %q, is not Base32", i+1, c)
			}
			continue
		}
		bits = bits<<5 | uint64(v)
		if count += 5; count == 40 {
			out = append(out, byte(bits>>32), byte(bits>>24), byte(bits>>16), byte(bits>>8), byte(bits))
			count = 0
		}
	}
	for count >= 8 {
		count -= 8
		out = append(out, byte(bits>>count))
	}
	if count >= 5 || bits&(1<<count-1) != 0 {
		return nil, malformed("the text ends in the middle of a character")
	}
	return out, nil
}

// decodeGroups decodes from text[i:] as long as there are 8 characters of Base32 in a
// row, or a line feed between two groups, and returns where it stopped. A group is 5
// bytes; the 3 stored behind them are overwritten by the next.
func decodeGroups(text []byte, i int, out []byte) (int, []byte) {
	n, space := len(out), out[:cap(out)]
	for i+8 <= len(text) && n+8 <= len(space) {
		group := text[i : i+8 : i+8]
		a, b, c, d := base32Value[group[0]], base32Value[group[1]], base32Value[group[2]], base32Value[group[3]]
		e, f, g, h := base32Value[group[4]], base32Value[group[5]], base32Value[group[6]], base32Value[group[7]]
		if a|b|c|d|e|f|g|h >= skipped {
			if group[0] != '\n' {
				break
			}
			i++
			continue
		}
		high := uint64(a)<<15 | uint64(b)<<10 | uint64(c)<<5 | uint64(d)
		low := uint64(e)<<15 | uint64(f)<<10 | uint64(g)<<5 | uint64(h)
		binary.BigEndian.PutUint64(space[n:n+8], high<<44|low<<24)
		i, n = i+8, n+5
	}
	return i, space[:n]
}
