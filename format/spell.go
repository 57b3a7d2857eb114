package format

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// A statement that is read out on the phone is spelled in numbered lines:
//
//	1: OLQ1A ESU4A GIZLW N5YQC 2KJJZ LDQN
//	2: AMBUG IWTCA SIVDG QMRP7 WAY7O AHXS
//
// The symbols of all lines are the prefix, whose digit is the symbol I, how many symbols of
// text there are as three symbols, and the text behind its prefix. 27 stand in each line but
// the last, and two check symbols behind them: with the line's number in front, as two
// symbols, they are a code word of a Reed-Solomon code over GF(32) of length 31, shortened in
// the last line. Two code words differ in three places or more. So each line, of which the
// number and the length are known, is refused for one or two wrong symbols, for two that have
// changed places, and in the place of another line.

const (
	// MaxSpelledLines is the most lines of a spelled statement: an hour's reading.
	MaxSpelledLines = 99

	spelledText   = 27 // symbols of a line
	spelledChecks = 2
	spelledLine   = spelledText + spelledChecks
	spelledHead   = 4 + 3 // before the text: the prefix and the length
	spelledGroup  = 5     // symbols, said in a breath
)

// Spell returns the text form of raw as numbered lines to be read out, without line feeds.
// The error says that there would be more than MaxSpelledLines.
func Spell(kind Kind, raw []byte) ([]string, error) {
	prefix, body, _ := strings.Cut(EncodeText(kind, raw), ":")
	if count := spelledLines(len(body)); count > MaxSpelledLines {
		return nil, fmt.Errorf("%s of %d lines is too long to be spelled: at most %d", kind, count, MaxSpelledLines)
	}
	head := prefix[:3] + "I" + symbols(len(body), 3)
	var s Spelled
	for piece := range slices.Chunk([]byte(head+body), spelledText) {
		s.lines = append(s.lines, string(piece))
	}
	return s.Lines(), nil
}

// spelledLines returns how many lines there are of a text of so many symbols.
func spelledLines(length int) int { return (spelledHead + length + spelledText - 1) / spelledText }

// symbols returns a number as so many symbols.
func symbols(n, count int) string {
	var b []byte
	for i := count - 1; i >= 0; i-- {
		b = append(b, base32Alphabet[n>>(5*i)&31])
	}
	return string(b)
}

// times2 multiplies by the primitive element 2 of GF(32), modulo x^5 + x^2 + 1.
func times2(v byte) byte {
	if v <<= 1; v >= 32 {
		v ^= 0b100101
	}
	return v
}

// syndromes are zero for a code word: the sum of its symbols, and the sum of each times 2 to
// the power of how many stand behind it.
func syndromes(word string) (sum, weighted byte) {
	for i := range len(word) {
		v := base32Value[word[i]]
		sum, weighted = sum^v, times2(weighted)^v
	}
	return sum, weighted
}

// spelledWord returns what is coded of a line: its number, and its symbols.
func spelledWord(number int, line string) string { return symbols(number, 2) + line }

// checkSymbols are those behind a line.
func checkSymbols(number int, line string) string {
	sum, weighted := syndromes(spelledWord(number, line) + "AA")
	first := byte(0) // of which 2 first + second = weighted, and first + second = sum
	for times2(first)^first != sum^weighted {
		first++
	}
	return string([]byte{base32Alphabet[first], base32Alphabet[first^sum]})
}

// Spelled is a spelled statement of which lines are read one by one. The zero value has none.
type Spelled struct {
	kind   Kind
	length int      // of the text
	lines  []string // by number, less one: symbols without the check symbols; empty: not read yet
}

// What is looked at: the most bytes of text, and its first lines.
const (
	maxSpelledText   = 64 << 10
	maxSpelledLooked = 10 * MaxSpelledLines
)

// ParseSpelled reads the lines of a text. Those that have a number may stand in any order, and
// then only they are read; else they are counted. Blank lines are passed over, and so are
// those that start with #. faults says of lines what is wrong with them.
func ParseSpelled(text []byte) (s *Spelled, faults map[int]string) {
	type line struct {
		number int
		text   string
	}
	var numbered, counted []line
	text = bytes.TrimPrefix(text[:min(len(text), maxSpelledText)], []byte(byteOrderMark))
	for text := range strings.Lines(string(text)) {
		if strings.TrimSpace(text) == "" || text[0] == '#' || len(counted) == maxSpelledLooked {
			continue
		}
		if number, rest, ok := CutSpelledNumber(text); ok {
			numbered = append(numbered, line{number, rest})
		}
		counted = append(counted, line{len(counted) + 1, text})
	}
	if len(numbered) == 0 {
		numbered = counted
	}
	slices.SortStableFunc(numbered, func(a, b line) int { return a.number - b.number }) // the first line first
	s, faults = new(Spelled), make(map[int]string)
	for _, l := range numbered {
		before := s.line(l.number)
		word, err := s.read(l.number, l.text)
		if err == nil && (l.number == 1 || s.Count() > 0) {
			err = s.Take(l.number, l.text)
		}
		switch {
		case err != nil:
			faults[l.number] = err.(*MalformedError).Reason()
		case before != "" && before != word:
			faults[l.number] = "it is there twice, and the two differ"
		}
	}
	return s, faults
}

// DecodeSpelled reads a whole spelled statement and returns its bytes, whose inside nobody has
// looked at yet. It is as forgiving as DecodeText. The error is a *MalformedError that names
// all lines in which something is wrong.
func DecodeSpelled(text []byte) (Kind, []byte, error) {
	s, faults := ParseSpelled(text)
	if len(faults) == 0 {
		return s.Decode()
	}
	for _, number := range s.Missing() {
		faults[number] = cmp.Or(faults[number], "it is missing")
	}
	const most = 12
	var told []string
	for _, number := range slices.Sorted(maps.Keys(faults)) {
		told = append(told, fmt.Sprintf("line %d: %s", number, faults[number]))
	}
	if more := len(told) - most; more > 0 {
		told = append(told[:most], fmt.Sprintf("and %d lines more", more))
	}
	return 0, nil, malformed("%s", strings.Join(told, "; "))
}

// CutSpelledNumber takes the number off a line: "3: " or "3 ". ok is false where there is none.
func CutSpelledNumber(line string) (number int, rest string, ok bool) {
	line = strings.TrimSpace(line)
	at := strings.IndexFunc(line, func(c rune) bool { return c < '0' || c > '9' })
	if at < 1 || at > 2 || !strings.ContainsRune(" \t:.)", rune(line[at])) {
		return 0, line, false
	}
	number, _ = strconv.Atoi(line[:at])
	return number, strings.TrimLeft(line[at:], " \t:.)"), number > 0
}

// Count returns how many lines there are; 0 before the first is read.
func (s *Spelled) Count() int { return len(s.lines) }

// Kind returns what is spelled; 0 before the first line is read.
func (s *Spelled) Kind() Kind { return s.kind }

func (s *Spelled) line(number int) string {
	if number < 1 || number > len(s.lines) {
		return ""
	}
	return s.lines[number-1]
}

// Missing returns the numbers of the lines that are still to be read.
func (s *Spelled) Missing() (numbers []int) {
	if len(s.lines) == 0 {
		return []int{1}
	}
	for i, line := range s.lines {
		if line == "" {
			numbers = append(numbers, i+1)
		}
	}
	return numbers
}

// Lines returns the lines that were read, as Spell writes them.
func (s *Spelled) Lines() (lines []string) {
	for i, line := range s.lines {
		if line == "" {
			continue
		}
		if i == 0 {
			line = line[:3] + "1" + line[4:]
		}
		var groups []string
		for group := range slices.Chunk([]byte(line+checkSymbols(i+1, s.lines[i])), spelledGroup) {
			groups = append(groups, string(group))
		}
		lines = append(lines, fmt.Sprintf("%2d: %s", i+1, strings.Join(groups, " ")))
	}
	return lines
}

// Take reads a line, which takes the place of an earlier one of its number. The first says how
// many there are: another one begins anew. The error is a *MalformedError; then nothing has changed.
func (s *Spelled) Take(number int, line string) error {
	word, err := s.read(number, line)
	switch {
	case err != nil:
		return err
	case number == 1:
		return s.begin(word)
	case len(s.lines) == 0:
		return malformed("the first line has to come first")
	}
	s.lines[number-1] = word
	return nil
}

// read returns the symbols of a line without its check symbols, once they are right.
func (s *Spelled) read(number int, line string) (string, error) {
	if count := len(s.lines); number < 1 || number > MaxSpelledLines || count > 0 && number > count {
		return "", malformed("there is no such line: it is one of %d", max(count, 1))
	}
	var b []byte
	for i, c := range []byte(line) {
		switch v := base32Value[c]; v {
		case skipped:
		case foreign:
			c, _ := utf8.DecodeRuneInString(line[i:])
			return "", malformed("%q is none of the symbols A to Z and 2 to 7", c)
		default:
			b = append(b, base32Alphabet[v])
		}
	}
	word := string(b)
	least, most := s.lengthOf(number)
	switch {
	case len(word) < least || len(word) > most:
		return "", malformed("it has %d symbols, and %d were typed", most, len(word))
	case !good(number, word):
		return "", malformed("%s", s.suspicion(number, word))
	}
	return word[:len(word)-spelledChecks], nil
}

// lengthOf returns how many symbols a line has with its check symbols. That of the last line
// is not known before the first is read.
func (s *Spelled) lengthOf(number int) (least, most int) {
	switch {
	case number == 1:
		return spelledHead + spelledChecks + 1, spelledLine
	case len(s.lines) == 0:
		return spelledChecks + 1, spelledLine
	case number < len(s.lines):
		return spelledLine, spelledLine
	}
	last := spelledHead + s.length - spelledText*(len(s.lines)-1) + spelledChecks
	return last, last
}

// good reports whether a line with its check symbols is a code word.
func good(number int, word string) bool {
	sum, weighted := syndromes(spelledWord(number, word))
	return sum == 0 && weighted == 0
}

// suspicion says what a line most likely is that is not good.
func (s *Spelled) suspicion(number int, word string) string {
	for i, line := range s.lines {
		if line != "" && i+1 != number && strings.HasPrefix(word, line) && good(i+1, word) {
			return fmt.Sprintf("this is line %d again", i+1)
		}
	}
	for _, other := range [...]int{number + 1, number - 1} {
		if 0 < other && other <= len(s.lines) && good(other, word) {
			return fmt.Sprintf("this seems to be line %d", other)
		}
	}
	if number == 1 && len(word) < spelledLine {
		return fmt.Sprintf("it has %d symbols, and %d were typed", spelledLine, len(word))
	}
	return "a symbol is wrong, or two have changed places"
}

// begin takes the first line.
func (s *Spelled) begin(line string) error {
	prefix, length := line[:3], 0
	for _, c := range []byte(line[4:spelledHead]) {
		length = length<<5 | int(base32Value[c])
	}
	kind, known := kindOfPrefix(prefix + "1")
	count := spelledLines(length)
	switch {
	case known && '2' <= line[3] && line[3] <= '7':
		return &MalformedError{reason: "this is " + kind.withArticle() + " of a later version, " + line[:4], later: true}
	case !known || line[3] != 'I':
		return malformed("it does not begin a statement")
	case length == 0 || count > MaxSpelledLines || len(line) != min(spelledHead+length, spelledText):
		return malformed("it says that there are %d symbols of text, which cannot be", length)
	case len(s.lines) > 0 && s.lines[0] == line:
		return nil
	}
	*s = Spelled{kind, length, make([]string, count)}
	s.lines[0] = line
	return nil
}

// Decode returns what was spelled, once no line is missing. The error is a *MalformedError:
// the lines are good one by one, but the checksum of the whole is not.
func (s *Spelled) Decode() (Kind, []byte, error) {
	switch missing := s.Missing(); {
	case s.Count() == 0:
		return 0, nil, malformed("line 1 is missing")
	case len(missing) > 0:
		return 0, nil, malformed("%s", missingOf("line", missing, s.Count()))
	}
	body := strings.Join(s.lines, "")[spelledHead:]
	raw, err := decodeBody(s.kind, []byte(body))
	if err != nil {
		return 0, nil, err
	}
	if !bytes.Equal([]byte(EncodeText(s.kind, raw)[5:]), []byte(body)) {
		return 0, nil, malformed("the lines do not belong to the statement that they make")
	}
	return s.kind, raw, nil
}
