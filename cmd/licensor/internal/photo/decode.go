package photo

import (
	"math/bits"
	"slices"
	"strings"
	"unicode/utf8"

	"rsc.io/qr/coding"
)

// dark says which modules of a code are dark, by row.
type dark struct {
	side int
	v    []bool
}

func (d *dark) at(x, y int) bool { return d.v[y*d.side+x] }

// mirrored is the code as a mirror shows it.
func (d *dark) mirrored() *dark {
	m := &dark{d.side, make([]bool, len(d.v))}
	for i := range d.v {
		m.v[i%d.side*d.side+i/d.side] = d.v[i]
	}
	return m
}

// text returns the text of a code, ISO/IEC 18004; false if it has more mistakes than it corrects.
func (d *dark) text() (string, bool) {
	data, plan, ok := d.data()
	if !ok {
		return "", false
	}
	return segments(data, plan.Version)
}

// data returns the data of a code, corrected, and how it is made. The version is what its side
// says: were that wrong, nothing would be right.
func (d *dark) data() ([]byte, *coding.Plan, bool) {
	version := coding.Version((d.side - 17) / 4)
	if d.side%4 != 1 || version < coding.MinVersion || version > coding.MaxVersion {
		return nil, nil, false
	}
	level, mask, ok := d.format()
	if !ok {
		return nil, nil, false
	}
	plan, err := coding.NewPlan(version, level, mask)
	if err != nil {
		return nil, nil, false
	}
	words := make([]byte, plan.DataBytes+plan.CheckBytes)
	for y, row := range plan.Pixel {
		for x, pixel := range row {
			if role := pixel.Role(); role != coding.Data && role != coding.Check {
				continue
			}
			if d.at(x, y) != (pixel&coding.Invert != 0) {
				words[pixel.Offset()/8] |= 0x80 >> (pixel.Offset() % 8)
			}
		}
	}
	data, check := words[:plan.DataBytes], words[plan.DataBytes:]
	most := plan.CheckBytes / plan.Blocks / 2
	if version == 1 && level <= coding.M || version == 2 && level == coding.L {
		most-- // the smallest codes keep some check bytes, lest they are corrected to another text
	}
	for i := range plan.Blocks {
		n, c := plan.DataBytes/plan.Blocks, plan.CheckBytes/plan.Blocks
		if i >= plan.Blocks-plan.DataBytes%plan.Blocks { // the last blocks have the bytes that are over
			n++
		}
		block := slices.Concat(data[:n], check[:c])
		if !correct(block, c, most) {
			return nil, nil, false
		}
		copy(data, block[:n])
		data, check = data[n:], check[c:]
	}
	return words[:plan.DataBytes], plan, true
}

// format reads how the code is made, which it says twice: of all that it can say, what is nearest.
func (d *dark) format() (coding.Level, coding.Mask, bool) {
	var said [2]uint32
	for i := range 15 {
		first, second := [2]int{8, i}, [2]int{d.side - 1 - i, 8}
		switch {
		case i >= 9:
			first = [2]int{14 - i, 8}
		case i == 8:
			first = [2]int{7, 8}
		case i >= 6:
			first = [2]int{8, i + 1}
		}
		if i >= 8 {
			second = [2]int{8, d.side - 15 + i}
		}
		for n, at := range [2][2]int{first, second} {
			if d.at(at[0], at[1]) {
				said[n] |= 1 << i
			}
		}
	}
	best, distance := uint32(0), 4 // it corrects three mistakes
	for all := range uint32(32) {
		word := all << 10
		for i := 14; i >= 10; i-- {
			if word>>i&1 != 0 {
				word ^= 0x537 << (i - 10)
			}
		}
		word = (all<<10 | word) ^ 0x5412
		for _, s := range said {
			if n := bits.OnesCount32(s ^ word); n < distance {
				best, distance = all, n
			}
		}
	}
	return coding.Level(best>>3) ^ 1, coding.Mask(best & 7), distance < 4
}

// correct mends the mistakes of a block, as Reed and Solomon do: the last bytes of it check it.
// It reports whether there were no more than most, which is half of those bytes or less.
func correct(block []byte, check, most int) bool {
	f := coding.Field
	value := func(p []byte, x byte) (sum byte) { // p begins with its constant
		for _, c := range slices.Backward(p) {
			sum = f.Mul(sum, x) ^ c
		}
		return sum
	}
	syndromes := func() []byte {
		s := make([]byte, check)
		for i := range s {
			for _, c := range block {
				s[i] = f.Mul(s[i], f.Exp(i)) ^ c
			}
		}
		return s
	}
	clean := func(s []byte) bool { return !slices.ContainsFunc(s, func(b byte) bool { return b != 0 }) }
	s := syndromes()
	if clean(s) {
		return true
	}
	// Berlekamp and Massey: the polynomial whose roots are where the mistakes are.
	where, before := []byte{1}, []byte{1}
	mistakes, shift, last := 0, 1, byte(1)
	for n := range s {
		off := byte(0)
		for i := range min(mistakes+1, len(where)) {
			off ^= f.Mul(where[i], s[n-i])
		}
		if off == 0 {
			shift++
			continue
		}
		was := slices.Clone(where)
		by := f.Mul(off, f.Inv(last))
		where = append(where, make([]byte, max(0, len(before)+shift-len(where)))...)
		for i, c := range before {
			where[i+shift] ^= f.Mul(by, c)
		}
		if 2*mistakes <= n {
			mistakes, before, last, shift = n+1-mistakes, was, off, 1
		} else {
			shift++
		}
	}
	if mistakes > most {
		return false
	}
	// Forney: how large each is.
	size, slope := make([]byte, check), make([]byte, len(where))
	for i := range size {
		for j := range min(i+1, len(where)) {
			size[i] ^= f.Mul(where[j], s[i-j])
		}
	}
	for i := 1; i < len(where); i += 2 {
		slope[i-1] = where[i]
	}
	for i := range block {
		x := f.Exp(len(block) - 1 - i)
		if back := f.Inv(x); value(where, back) == 0 {
			block[i] ^= f.Mul(x, f.Mul(value(size, back), f.Inv(value(slope, back))))
		}
	}
	return clean(syndromes())
}

// bitReader reads bits; what is behind the end is 0.
type bitReader struct {
	data []byte
	at   int
}

func (r *bitReader) left() int { return len(r.data)*8 - r.at }

func (r *bitReader) read(n int) (v int) {
	for range n {
		v <<= 1
		if r.at < len(r.data)*8 {
			v |= int(r.data[r.at/8]>>(7-r.at%8)) & 1
		}
		r.at++
	}
	return v
}

const alphanumeric = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"

// segments reads the text of which the data of a code consist.
func segments(data []byte, version coding.Version) (string, bool) {
	var text strings.Builder
	r := &bitReader{data, 0}
	class := 0 // of versions, by the bits of their counts
	if version > 9 {
		class = 1
	}
	if version > 26 {
		class = 2
	}
	for r.left() >= 4 {
		mode, count := r.read(4), 0
		if of := map[int][3]int{1: {10, 12, 14}, 2: {9, 11, 13}, 4: {8, 16, 16}, 8: {8, 10, 12}}[mode]; of[0] > 0 {
			if count = r.read(of[class]); count > r.left() { // which no count of bits, bytes or signs is
				return "", false
			}
		}
		switch mode {
		case 0:
			return text.String(), true
		case 1: // three digits in 10 bits
			for ; count > 0; count -= 3 {
				digits := min(count, 3)
				n := r.read(1 + 3*digits)
				if n >= []int{10, 100, 1000}[digits-1] {
					return "", false
				}
				for _, ten := range []int{100, 10, 1}[3-digits:] {
					text.WriteByte(byte('0' + n/ten%10))
				}
			}
		case 2: // two signs in 11 bits
			for ; count > 1; count -= 2 {
				n := r.read(11)
				if n >= 45*45 {
					return "", false
				}
				text.WriteByte(alphanumeric[n/45])
				text.WriteByte(alphanumeric[n%45])
			}
			if count == 1 {
				n := r.read(6)
				if n >= 45 {
					return "", false
				}
				text.WriteByte(alphanumeric[n])
			}
		case 4:
			raw := make([]byte, count)
			for i := range raw {
				raw[i] = byte(r.read(8))
			}
			if utf8.Valid(raw) {
				text.Write(raw)
				break
			}
			for _, b := range raw { // ISO 8859-1
				text.WriteRune(rune(b))
			}
		case 8: // of no language that is read here
			r.read(13 * count)
			text.WriteString(strings.Repeat(string(utf8.RuneError), count))
		case 7: // the number of an encoding
			if first := r.read(8); first >= 0xc0 {
				r.read(16)
			} else if first >= 0x80 {
				r.read(8)
			}
		case 3: // which part of a longer text this is
			r.read(16)
		case 5: // the numbers of goods, where a % has a meaning that is left as it is
		case 9: // the same, of a branch
			r.read(8)
		default:
			return "", false
		}
		if r.left() < 0 {
			return "", false
		}
	}
	return text.String(), true
}
