package format_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/offlicense/offlicense/format"
)

// violation is a way to break an encoding at one place. It returns nil where it has no
// way to.
type violation struct {
	name string
	at   func(b []byte, p place) []byte
}

func instead(item ...byte) func([]byte, place) []byte {
	return func(b []byte, p place) []byte { return splice(b, p.start, p.end, item...) }
}

var violations = []violation{
	{"null", instead(0xf6)},
	{"undefined", instead(0xf7)},
	{"half float 0.0", instead(0xf9, 0, 0)},
	{"double float 1.0", instead(0xfb, 0x3f, 0xf0, 0, 0, 0, 0, 0, 0)},
	{"simple value 16", instead(0xf0)},
	{"break", instead(0xff)},
	{"reserved head", func(b []byte, p place) []byte { return splice(b, p.start, p.start+1, p.major<<5|28) }},
	{"a head of 16 bytes more", func(b []byte, p place) []byte {
		return splice(b, p.start, p.head, append(append([]byte{p.major<<5 | 28}, make([]byte, 8)...), head(0, p.n, 8)[1:]...)...)
	}},
	{"tagged", func(b []byte, p place) []byte { return splice(b, p.start, p.start, 0xc1) }},
	{"wrapped in an array", func(b []byte, p place) []byte { return splice(b, p.start, p.start, 0x81) }},
	{"wrapped in a byte string", func(b []byte, p place) []byte {
		if p.major == 2 && p.n > 100 {
			return nil // a payload, whose content the next layer judges
		}
		return splice(b, p.start, p.start, shortest(2, uint64(p.end-p.start))...)
	}},
	{"dropped", instead()},
	{"twice", func(b []byte, p place) []byte { return splice(b, p.end, p.end, b[p.start:p.end]...) }},
	{"a head that is one byte longer", func(b []byte, p place) []byte { return widen(b, p, 1) }},
	{"a head that is eight bytes longer", func(b []byte, p place) []byte { return widen(b, p, 8) }},
	{"a length of 2^63", func(b []byte, p place) []byte { return hugeLength(b, p, 1<<63) }},
	{"a length of 2^32", func(b []byte, p place) []byte { return hugeLength(b, p, 1<<32) }},
	{"one more than there is", func(b []byte, p place) []byte { return hugeLength(b, p, p.n+1) }},
	{"bytes and text exchanged", func(b []byte, p place) []byte {
		if p.major != 2 && p.major != 3 {
			return nil
		}
		return splice(b, p.start, p.start+1, b[p.start]^0x20)
	}},
	{"indefinite length", func(b []byte, p place) []byte {
		switch p.major {
		case 2, 3: // one piece
			return splice(b, p.start, p.end, slices.Concat([]byte{p.major<<5 | 31}, b[p.start:p.end], []byte{0xff})...)
		case 4, 5:
			return splice(b, p.start, p.end, slices.Concat([]byte{p.major<<5 | 31}, b[p.head:p.end], []byte{0xff})...)
		}
		return nil
	}},
	{"two pairs exchanged", func(b []byte, p place) []byte {
		if len(p.pairs) < 2 {
			return nil
		}
		first, second := p.pairs[0], p.pairs[1]
		return splice(b, first[0].start, second[1].end,
			append(slices.Clone(b[second[0].start:second[1].end]), b[first[0].start:first[1].end]...)...)
	}},
	{"the last pair twice", func(b []byte, p place) []byte {
		if len(p.pairs) == 0 {
			return nil
		}
		last := p.pairs[len(p.pairs)-1]
		return morePairs(b, p, p.end, b[last[0].start:last[1].end])
	}},
	{"an unknown key at the end", func(b []byte, p place) []byte {
		if p.major != 5 || len(p.pairs) > 0 && b[p.pairs[0][0].start]>>5 == 3 { // limits and ext name what they like
			return nil
		}
		return morePairs(b, p, p.end, []byte{0x3b, 0, 0, 0, 1, 0, 0, 0, 0, 0x01})
	}},
	{"an unknown text key at the end", func(b []byte, p place) []byte {
		if p.major != 5 || len(p.pairs) > 0 && b[p.pairs[0][0].start]>>5 == 3 {
			return nil
		}
		return morePairs(b, p, p.end, []byte{0x64, 'c', 'r', 'i', 't', 0x01})
	}},
}

// widen writes the argument of a head in more bytes than it needs.
func widen(b []byte, p place, size int) []byte {
	if p.major == 7 || p.head-p.start > size {
		return nil
	}
	return splice(b, p.start, p.head, head(p.major, p.n, size)...)
}

func hugeLength(b []byte, p place, n uint64) []byte {
	if p.major < 2 || p.major > 5 {
		return nil
	}
	return splice(b, p.start, p.head, shortest(p.major, n)...)
}

func morePairs(b []byte, p place, at int, pair []byte) []byte {
	return splice(splice(b, at, at, pair...), p.start, p.head, shortest(5, p.n+1)...)
}

// TestViolations breaks every sample in every way at every place, and wants each broken
// one refused.
func TestViolations(t *testing.T) {
	used := make(map[string]int)
	for _, c := range allCodecs(t) {
		for _, sample := range c.samples {
			for _, p := range placesOf(t, sample, 0).all() {
				for _, v := range violations {
					broken := v.at(sample, p)
					if broken == nil {
						continue
					}
					used[v.name]++
					wantMalformed(t, c, broken, "%s at byte %d", v.name, p.start)
				}
			}
		}
	}
	for _, v := range violations {
		if used[v.name] == 0 {
			t.Errorf("%s: never tried", v.name)
		}
	}
}

func wantMalformed(t *testing.T, c codec, b []byte, what string, args ...any) {
	t.Helper()
	_, err := c.again(b)
	if err == nil {
		t.Errorf("%s, "+what+": accepted\n%x", append(append([]any{c.name}, args...), b)...)
		return
	}
	if bad := new(format.MalformedError); !errors.As(err, &bad) {
		t.Errorf("%s, "+what+": got %T %v, want a *MalformedError", append(append([]any{c.name}, args...), err, err)...)
	}
}

// TestViolationsOfTheHeader does the same inside the protected header, which is a byte
// string for CBOR.
func TestViolationsOfTheHeader(t *testing.T) {
	c := envelopeCodec(t)
	sample := c.samples[0]
	outer := placesOf(t, sample, 0).inside[0].inside[0]
	header := sample[outer.head:outer.end]
	for _, p := range placesOf(t, header, 0).all() {
		for _, v := range violations {
			if broken := v.at(header, p); broken != nil {
				wrapped := append(shortest(2, uint64(len(broken))), broken...)
				wantMalformed(t, c, splice(sample, outer.start, outer.end, wrapped...), "header: %s at byte %d", v.name, p.start)
			}
		}
	}
}

func TestEveryTruncation(t *testing.T) {
	for _, c := range allCodecs(t) {
		for _, sample := range c.samples {
			for n := range sample {
				wantMalformed(t, c, sample[:n], "the first %d bytes", n)
			}
			wantMalformed(t, c, append(slices.Clone(sample), 0), "a byte behind it")
		}
	}
}
