package format

import (
	"bytes"
	"slices"
	"sort"
)

// nameSize is the length of what a Set holds.
const nameSize = 16

// Set is a set of 16-byte names, such as the IDs of licenses. It holds them as the wire
// does, in ascending order one behind the other, so that a list of sixty thousand is
// read and asked without allocating. The zero value is empty.
type Set struct{ sorted []byte }

// NewSet returns the set of the given names, in whatever order they come.
func NewSet(names ...[nameSize]byte) Set {
	if len(names) == 0 {
		return Set{}
	}
	names = slices.Clone(names)
	slices.SortFunc(names, func(a, b [nameSize]byte) int { return bytes.Compare(a[:], b[:]) })
	names = slices.Compact(names)
	s := Set{make([]byte, 0, nameSize*len(names))}
	for _, name := range names {
		s.sorted = append(s.sorted, name[:]...)
	}
	return s
}

// Len returns how many names there are.
func (s Set) Len() int { return len(s.sorted) / nameSize }

// At returns name i in ascending order, counted from 0.
func (s Set) At(i int) [nameSize]byte { return [nameSize]byte(s.sorted[i*nameSize:]) }

// Has reports whether the name is in the set.
func (s Set) Has(name [nameSize]byte) bool {
	_, found := sort.Find(s.Len(), func(i int) int {
		at := s.At(i)
		return bytes.Compare(name[:], at[:])
	})
	return found
}

// set reads the names of a set that is not empty:
//
//	names = bstr          ; a multiple of 16 bytes, ascending, none twice
func (r *reader) set() Set {
	s := Set{r.bytes(nameSize, MaxRevocation)}
	if len(s.sorted)%nameSize != 0 {
		r.fail("a set of %d bytes, want a multiple of %d", len(s.sorted), nameSize)
	}
	for i := 1; i < s.Len() && r.err == nil; i++ {
		if earlier, name := s.At(i-1), s.At(i); bytes.Compare(earlier[:], name[:]) >= 0 {
			r.fail("a set that is not in ascending order")
		}
	}
	if r.err != nil {
		return Set{}
	}
	return s
}

func (w *writer) set(s Set) { w.bytes(s.sorted) }
