package envelope

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/offlicense/offlicense/format"
)

// partNumber says which part a candidate is, of how many.
type partNumber struct{ number, count int }

const markLength = 4 // of what all parts of a statement have in common

// readNumber reads "1-2:", and returns how long it is.
func readNumber(text []byte) (n partNumber, length int, ok bool) {
	const most = 16
	for i, c := range text[:min(len(text), most)] {
		if c != ':' {
			continue
		}
		digits := strings.NewReplacer(" ", "", "\t", "", "\r", "", "\n", "", "o", "0", "O", "0", "i", "1", "I", "1", "l", "1", "L", "1", "b", "8", "B", "8").
			Replace(string(text[:i]))
		if _, err := fmt.Sscanf(digits, "%d-%d", &n.number, &n.count); err != nil || digits != fmt.Sprintf("%d-%d", n.number, n.count) {
			return n, 0, false
		}
		return n, i + 1, 1 <= n.number && n.number <= n.count && 2 <= n.count && n.count <= format.MaxParts
	}
	return n, 0, false
}

// partSet is what was found of the parts of one statement.
type partSet struct {
	prefix, mark string
	count        int
	parts        map[int][]*candidate // by number; one that is quoted is there more than once
}

type partSets struct{ all []*partSet }

func (s *partSets) add(c *candidate) {
	if len(c.symbols) <= markLength {
		return
	}
	mark := string(c.symbols[:markLength])
	i := slices.IndexFunc(s.all, func(p *partSet) bool {
		return p.prefix == c.prefix && p.mark == mark && p.count == c.part.count
	})
	if i < 0 {
		i = len(s.all)
		s.all = append(s.all, &partSet{c.prefix, mark, c.part.count, make(map[int][]*candidate)})
	}
	s.all[i].parts[c.part.number] = append(s.all[i].parts[c.part.number], c)
}

// addSet adds the parts of another search.
func (s *partSets) addSet(set *partSet) {
	for n := range set.count {
		for _, c := range set.parts[n+1] {
			s.add(c)
		}
	}
}

// try puts the parts together, and returns those that are not whole.
func (s *partSets) try(f *Search) (lacking []*partSet) {
	for _, set := range s.all {
		if len(set.parts) < set.count || !set.join(f) {
			lacking = append(lacking, set)
		}
	}
	return lacking
}

// join joins parts of which all are there: all but the last are of one length, and the
// checksum says how long that one is.
func (s *partSet) join(f *Search) bool {
	for _, first := range s.parts[1] {
		for _, length := range first.ends {
			if f.ends--; f.ends < 0 {
				return false
			}
			if length > markLength && s.joinAt(f, length) {
				return true
			}
		}
	}
	return false
}

// joinAt joins parts of a given length.
func (s *partSet) joinAt(f *Search, length int) bool {
	var pieces [][]byte
	for n := 1; n < s.count; n++ {
		i := slices.IndexFunc(s.parts[n], func(c *candidate) bool {
			_, there := slices.BinarySearch(c.ends, length)
			return there
		})
		if i < 0 {
			return false
		}
		pieces = append(pieces, s.parts[n][i].symbols[markLength:length])
	}
	before := (s.count - 1) * (length - markLength)
	if before > maxSymbols {
		return false
	}
	for _, last := range s.parts[s.count] {
		if f.work -= before + length; f.work < 0 {
			return false
		}
		symbols := append(bytes.Join(pieces, nil), last.symbols[markLength:min(len(last.symbols), length)]...)
		var ends []int
		for _, end := range last.ends {
			if end > markLength && end <= length {
				ends = append(ends, before+end-markLength)
			}
		}
		if end, ok := f.checked(symbols, ends); ok {
			text := []byte(s.prefix + ":" + string(symbols[:end]))
			_, raw, err := format.DecodeText(text)
			sum := sha256.Sum256(raw)
			if err == nil && base32Encoding.EncodeToString(sum[:])[:markLength] == s.mark {
				return f.add(text)
			}
		}
	}
	return false
}

func (s *partSet) name() string { return fmt.Sprintf("%s/%d:%s", s.prefix, s.count, s.mark) }

// String names a statement of which there are parts, and says which are not there.
func (s *partSet) String() string {
	what := "statement"
	for _, kind := range [...]format.Kind{format.RequestBody, format.SignedRequest, format.LicenseFile, format.Delegation, format.Release, format.RevocationFile, format.CarriedLicense, format.Attestation} {
		if prefixOf(kind) == s.prefix {
			what = kind.String()
		}
	}
	what += " " + s.mark
	var missing []string
	for n := range s.count {
		if len(s.parts[n+1]) == 0 {
			missing = append(missing, strconv.Itoa(n+1))
		}
	}
	switch last := len(missing) - 1; {
	case last < 0:
		return fmt.Sprintf("a part of %s is damaged", what)
	case last == 0:
		return fmt.Sprintf("%s lacks part %s of %d", what, missing[0], s.count)
	default:
		return fmt.Sprintf("%s lacks parts %s and %s of %d", what, strings.Join(missing[:last], ", "), missing[last], s.count)
	}
}

// text returns the parts that are there, for what is wrong with them.
func (s *partSet) text() []byte {
	var b strings.Builder
	for n := 1; n <= s.count; n++ {
		if there := s.parts[n]; len(there) > 0 {
			fmt.Fprintf(&b, "%s/%d-%d:%s\n", s.prefix, n, s.count, there[0].symbols[:there[0].paragraph])
		}
	}
	return []byte(b.String())
}
