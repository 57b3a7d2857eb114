package envelope

import (
	"bytes"
	"crypto/sha256"
	"encoding/base32"
	"strings"
)

// A candidate is what stands behind the prefix of a statement: characters of Base32, and
// between them what breaks lines, quotes them or puts them into quotation marks. The words
// behind a statement are mostly Base32, too, so that each break is a place where it may end.
type candidate struct {
	prefix    string
	part      partNumber // zero: it is in one piece
	symbols   []byte     // upper case, none mistaken
	ends      []int      // ascending counts of symbols
	paragraph int        // how many symbols there are before the first blank line
}

// base32Symbols are what Base32 has for a character, and for those that are mistaken for it.
var base32Symbols = func() (symbols [256]byte) {
	for c := byte('A'); c <= 'Z'; c++ {
		symbols[c], symbols[c|0x20] = c, c
	}
	for c := byte('2'); c <= '7'; c++ {
		symbols[c] = c
	}
	symbols['0'], symbols['1'], symbols['8'] = 'O', 'I', 'B'
	return symbols
}()

// skipped are what stands between the characters of a statement, or around them.
const skipped = " \t\r\n->|\"'`*_,+\\;"

// prefixAtStart returns the prefix that a text starts with, "" if it starts with none.
func prefixAtStart(text []byte) string {
	text = bytes.TrimSpace(text)
	at := bytes.IndexAny(text[:min(len(text), 64)], ":/")
	if at < 0 {
		return ""
	}
	if prefix, start := prefixBefore(text, at); start == 0 {
		return prefix
	}
	return ""
}

// prefixBefore returns the prefix that ends before text[at], and where it starts. As in the
// rest of a statement, white space and dashes make no difference.
func prefixBefore(text []byte, at int) (string, int) {
	const most = 32
	var p [4]byte
	start := at
	for n := len(p) - 1; n >= 0; {
		if start--; start < 0 || at-start > most {
			return "", 0
		}
		if c := text[start]; !bytes.ContainsRune([]byte(" \t\r\n-"), rune(c)) {
			p[n] = c
			if 'a' <= c && c <= 'z' {
				p[n] = c - 'a' + 'A'
			}
			n--
		}
	}
	if p[0] == '0' {
		p[0] = 'O'
	}
	if p[1] == '1' || p[1] == 'I' {
		p[1] = 'L'
	}
	if p[3] == 'I' || p[3] == 'L' {
		p[3] = '1'
	}
	if p[0] != 'O' || p[1] != 'L' || !strings.ContainsRune("QSLCDRVA", rune(p[2])) || p[3] < '1' || p[3] > '9' {
		return "", 0
	}
	return string(p[:]), start
}

// scan finds the statements of a text.
func (s *Search) scan(text []byte) {
	for i, c := range text {
		if c != ':' && c != '/' {
			continue
		}
		prefix, _ := prefixBefore(text, i)
		if prefix == "" {
			continue
		}
		if s.candidates++; s.candidates > maxCandidates {
			break
		}
		if c == ':' {
			s.tryWhole(read(prefix, text[i+1:]))
		} else if number, length, ok := readNumber(text[i+1:]); ok {
			one := read(prefix, text[i+1+length:])
			one.part = number
			s.parts.add(one)
		}
	}
}

// read reads a candidate from behind its prefix.
func read(prefix string, text []byte) *candidate {
	c := &candidate{prefix: prefix, paragraph: -1}
	end := func() {
		if n := len(c.symbols); len(c.ends) == 0 || c.ends[len(c.ends)-1] != n {
			c.ends = append(c.ends, n)
		}
	}
	lines := 0
	for _, b := range text {
		if s := base32Symbols[b]; s != 0 {
			if lines > 1 && len(c.symbols) > 0 && c.paragraph < 0 {
				c.paragraph = len(c.symbols)
			}
			lines = 0
			if c.symbols = append(c.symbols, s); len(c.symbols) == maxSymbols {
				break
			}
			continue
		}
		if b == ':' || b == '/' { // the prefix of the next one, with no break before it
			if n := len(c.symbols) - 4; n > 0 && (len(c.ends) == 0 || c.ends[len(c.ends)-1] < n) {
				c.ends = append(c.ends, n)
			}
		}
		end()
		if strings.IndexByte(skipped, b) < 0 {
			break
		}
		if b == '\n' {
			lines++
		}
	}
	end()
	if c.paragraph < 0 {
		c.paragraph = len(c.symbols)
	}
	return c
}

// tryWhole takes a candidate in one piece.
func (s *Search) tryWhole(c *candidate) {
	text := c.symbols[:c.paragraph]
	if end, ok := s.checked(c.symbols, c.ends); ok {
		text = c.symbols[:end]
	}
	s.add([]byte(c.prefix + ":" + string(text)))
}

var base32Encoding = base32.StdEncoding.WithPadding(base32.NoPadding)

const checksumSize = 4

// checked returns the first end at which the checksum is right: the last 4 bytes are the
// first ones of the hash of those before.
func (s *Search) checked(symbols []byte, ends []int) (int, bool) {
	if s.work -= len(symbols); s.work < 0 {
		return 0, false
	}
	hash := sha256.New()
	var raw []byte // of the first symbols, in groups of 8
	hashed, groups := 0, 0
	for _, end := range ends {
		if s.ends--; s.ends < 0 {
			return 0, false
		}
		if rest := end % 8; rest == 1 || rest == 3 || rest == 6 {
			continue // no Base32 has that length
		}
		whole := end - end%8
		raw, _ = base32Encoding.AppendDecode(raw, symbols[groups:whole])
		groups = whole
		tail, err := base32Encoding.DecodeString(string(symbols[whole:end]))
		n := len(raw) + len(tail) - checksumSize
		if err != nil || n < 1 {
			continue
		}
		all := append(raw[hashed:len(raw):len(raw)], tail...)
		hash.Write(all[:n-hashed])
		if bytes.Equal(hash.Sum(nil)[:checksumSize], all[n-hashed:]) {
			return end, true
		}
		hashed = n
	}
	return 0, false
}
