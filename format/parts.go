package format

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// A text that is too long for one QR code travels in parts. Each says which one it is, of
// how many, and has the first 4 characters of Base32 of the SHA-256 of the statement's
// bytes, so that the parts of two statements are told apart:
//
//	OLS1/1-2:7QDF2KCFQNV…
//	OLS1/2-2:7QDFDIBA6WA…
//
// What stands behind these 4 characters is the text behind its prefix, cut into pieces of
// one length; the last may be shorter.

const (
	// MaxParts is the most parts of a text.
	MaxParts = 99

	markLength = 4
	// partOverhead is what a part of MaxParts has before its piece: "OLS1/98-99:" and the mark.
	partOverhead = 4 + len("/98-99:") + markLength
)

// EncodeParts returns the text form of raw in as few parts as there can be with at most
// so many characters each, and all but the last of one length. A text that is no longer
// than that is not cut: it is returned as EncodeText has it. The error says that it would
// take more than MaxParts.
func EncodeParts(kind Kind, raw []byte, most int) ([]string, error) {
	text := EncodeText(kind, raw)
	if len(text) <= most {
		return []string{text}, nil
	}
	prefix, body, _ := strings.Cut(text, ":")
	room := most - partOverhead
	if room < 1 || len(body) > room*MaxParts {
		return nil, fmt.Errorf("%d characters do not fit %d parts of %d", len(text), MaxParts, most)
	}
	count := (len(body) + room - 1) / room
	parts := make([]string, 0, count)
	for piece := range slices.Chunk([]byte(body), pieceSize(len(body), count)) {
		parts = append(parts, fmt.Sprintf("%s/%d-%d:%s%s", prefix, len(parts)+1, count, mark(raw), piece))
	}
	return parts, nil
}

// pieceSize is how many characters stand in each part but the last: as many as give the
// last one no more than them.
func pieceSize(length, count int) int { return (length + count - 1) / count }

// mark is what all parts of a statement have in common.
func mark(raw []byte) string {
	sum := sha256.Sum256(raw)
	return base32Encoding.EncodeToString(sum[:])[:markLength]
}

// partSet is what was read of the parts of one statement.
type partSet struct {
	kind   Kind
	count  int
	mark   string
	pieces [][]byte // by number, less one
}

// decodeParts reads a text in parts of which the first is of a given kind. They stand one
// after the other in any order, and one may be there more than once.
func decodeParts(kind Kind, text []byte) ([]byte, error) {
	set := partSet{kind: kind}
	_, rest, more := bytes.Cut(text, []byte("/"))
	for more {
		var header, piece []byte
		header, rest, _ = bytes.Cut(rest, []byte(":"))
		piece, rest, more = bytes.Cut(rest, []byte("/"))
		if more {
			var err error
			if piece, err = set.cutNext(piece); err != nil {
				return nil, err
			}
		}
		if err := set.add(header, piece); err != nil {
			return nil, err
		}
	}
	body, err := set.join()
	if err != nil {
		return nil, err
	}
	raw, err := decodeBody(kind, body)
	if err != nil {
		return nil, err
	}
	if mark(raw) != set.mark || EncodeText(kind, raw)[5:] != string(body) {
		return nil, malformed("the parts do not belong to the statement that they make")
	}
	return raw, nil
}

// cutNext takes the prefix of the next part off the end of a piece.
func (s *partSet) cutNext(piece []byte) ([]byte, error) {
	var prefix [4]byte
	end := len(piece)
	for n := len(prefix) - 1; n >= 0 && end > 0; {
		end--
		if base32Value[piece[end]] != skipped {
			prefix[n] = unmistaken(piece[end], n)
			n--
		}
	}
	switch next, known := kindOfPrefix(string(prefix[:])); {
	case !known:
		return nil, malformed("a part does not start with a prefix such as %s", kinds[s.kind].prefix)
	case next != s.kind:
		return nil, malformed("parts of two statements: one starts with %s, another with %s", kinds[s.kind].prefix, kinds[next].prefix)
	}
	return piece[:end], nil
}

// add takes one part: the numbers before the colon, and what stands behind it.
func (s *partSet) add(header, text []byte) error {
	number, count, err := partNumbers(header)
	if err != nil {
		return err
	}
	piece := make([]byte, 0, len(text))
	for i, c := range text {
		switch v := base32Value[c]; v {
		case skipped:
		case foreign:
			c, _ := utf8.DecodeRune(text[i:])
			return malformed("part %d of %d: character %d, %q, is not Base32", number, count, i+1, c)
		default:
			piece = append(piece, base32Alphabet[v])
		}
	}
	if len(piece) <= markLength {
		return malformed("part %d of %d ends after its prefix", number, count)
	}
	mark, piece := string(piece[:markLength]), piece[markLength:]
	if s.pieces == nil {
		s.count, s.mark, s.pieces = count, mark, make([][]byte, count)
	}
	prefix := kinds[s.kind].prefix
	switch there := s.pieces[min(number, s.count)-1]; {
	case count != s.count || mark != s.mark:
		return malformed("parts of two statements: one of %d parts with %s, another of %d with %s (behind %s/%d-%d:)",
			s.count, s.mark, count, mark, prefix, number, count)
	case there != nil && !bytes.Equal(there, piece):
		return malformed("part %d of %d is there twice, and the two differ", number, count)
	}
	s.pieces[number-1] = piece
	return nil
}

// partNumbers reads "1-2". White space makes no difference, and O, I, L and B are the
// digits that they are mistaken for.
func partNumbers(header []byte) (number, count int, err error) {
	var b strings.Builder
	for _, c := range header[:min(len(header), 64)] {
		switch c {
		case ' ', '\t', '\r', '\n':
		case 'o', 'O':
			b.WriteByte('0')
		case 'i', 'I', 'l', 'L':
			b.WriteByte('1')
		case 'b', 'B':
			b.WriteByte('8')
		default:
			b.WriteByte(c)
		}
	}
	one, other, _ := strings.Cut(b.String(), "-")
	number, _ = strconv.Atoi(one)
	count, _ = strconv.Atoi(other)
	if fmt.Sprintf("%d-%d", number, count) != b.String() || number < 1 || number > count || count < 2 || count > MaxParts {
		return 0, 0, malformed("%.16q is not the number of a part of 2 to %d, such as 1-2", header[:min(len(header), 64)], MaxParts)
	}
	return number, count, nil
}

// join returns the text behind its prefix.
func (s *partSet) join() ([]byte, error) {
	var missing []int
	for i, piece := range s.pieces {
		if piece == nil {
			missing = append(missing, i+1)
		}
	}
	if missing != nil {
		return nil, &MalformedError{reason: missingOf("part", missing, s.count), missing: missing}
	}
	body := bytes.Join(s.pieces, nil)
	if got := slices.Collect(slices.Chunk(body, pieceSize(len(body), s.count))); !slices.EqualFunc(got, s.pieces, bytes.Equal) {
		return nil, malformed("the %d parts are not of one length: one is not whole", s.count)
	}
	return body, nil
}

// missingOf says which of so many parts or lines are missing; of many, the first ones.
func missingOf(what string, missing []int, count int) string {
	const most = 8
	if len(missing) == 1 {
		return fmt.Sprintf("%s %d of %d is missing", what, missing[0], count)
	}
	var names []string
	for _, n := range missing[:min(len(missing), most)] {
		names = append(names, strconv.Itoa(n))
	}
	if more := len(missing) - most; more > 0 {
		return fmt.Sprintf("%ss %s and %d more of %d are missing", what, strings.Join(names, ", "), more, count)
	}
	last := len(names) - 1
	return fmt.Sprintf("%ss %s and %s of %d are missing", what, strings.Join(names[:last], ", "), names[last], count)
}
