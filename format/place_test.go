package format_test

import (
	"encoding/binary"
	"slices"
	"testing"
)

// place is where an item stands in an encoding.
type place struct {
	start, head, end int // of the item, of its content, and behind it
	major            byte
	n                uint64     // the head's argument
	inside           []place    // of an array, or of a tag
	pairs            [][2]place // of a map
}

// placesOf takes one well-formed item of definite lengths apart; what does not end with
// it is somebody else's.
func placesOf(t testing.TB, b []byte, start int) place {
	t.Helper()
	if start >= len(b) {
		t.Fatalf("no item at %d", start)
	}
	p := place{start: start, major: b[start] >> 5, n: uint64(b[start] & 0x1f)}
	p.head = start + 1
	if p.n >= 24 {
		size := 1 << (p.n - 24)
		wide := make([]byte, 8)
		copy(wide[8-size:], b[p.head:p.head+size])
		p.n = binary.BigEndian.Uint64(wide)
		p.head += size
	}
	p.end = p.head
	next := func() place {
		item := placesOf(t, b, p.end)
		p.end = item.end
		return item
	}
	switch p.major {
	case 2, 3:
		p.end += int(p.n)
	case 4:
		for range p.n {
			p.inside = append(p.inside, next())
		}
	case 5:
		for range p.n {
			p.pairs = append(p.pairs, [2]place{next(), next()})
		}
	case 6:
		p.inside = append(p.inside, next())
	}
	return p
}

// all returns the place and all places inside it.
func (p place) all() []place {
	places := []place{p}
	for _, in := range p.inside {
		places = append(places, in.all()...)
	}
	for _, pair := range p.pairs {
		places = append(places, pair[0].all()...)
		places = append(places, pair[1].all()...)
	}
	return places
}

// head writes the head of an item with an argument of 0, 1, 2, 4 or 8 bytes.
func head(major byte, n uint64, size int) []byte {
	if size == 0 {
		return []byte{major<<5 | byte(n)}
	}
	wide := binary.BigEndian.AppendUint64(nil, n)
	info := map[int]byte{1: 24, 2: 25, 4: 26, 8: 27}[size]
	return append([]byte{major<<5 | info}, wide[8-size:]...)
}

// splice returns b with what stands from start to end replaced.
func splice(b []byte, start, end int, by ...byte) []byte {
	return slices.Concat(b[:start], by, b[end:])
}

// shortest writes the shortest head.
func shortest(major byte, n uint64) []byte {
	switch {
	case n < 24:
		return head(major, n, 0)
	case n < 1<<8:
		return head(major, n, 1)
	case n < 1<<16:
		return head(major, n, 2)
	case n < 1<<32:
		return head(major, n, 4)
	}
	return head(major, n, 8)
}
