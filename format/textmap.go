package format

import (
	"cmp"
	"slices"
	"strconv"
)

// Maps with text keys. Canonical order is bytewise over the encoded keys, which for
// text is the shorter first, then byte by byte.

func compareKeys(a, b string) int {
	return cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(a, b))
}

// textKeys calls value for every key of a map, in order, after the key was read.
func (r *reader) textKeys(most int, value func(key string)) {
	last := ""
	for range r.count(majorMap, 1, most) {
		key := r.text(maxWord)
		if r.err != nil {
			return
		}
		if compareKeys(last, key) >= 0 {
			r.fail("key %q is a duplicate or out of order", key)
			return
		}
		last = key
		value(key)
	}
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	slices.SortFunc(keys, compareKeys)
	return keys
}

func (r *reader) limits() map[string]uint64 {
	limits := make(map[string]uint64)
	r.textKeys(maxList, func(key string) { limits[key] = r.uint(maxUint) })
	return limits
}

func (w *writer) limits(limits map[string]uint64) {
	w.head(majorMap, uint64(len(limits)))
	for _, key := range sortedKeys(limits) {
		w.text(key)
		w.uint(limits[key])
	}
}

// Scalar is a value in a license's ext map: a text, an integer or a truth value.
type Scalar struct {
	major  byte
	text   string
	number int64
}

// TextScalar returns a text of 1 to 128 bytes.
func TextScalar(s string) Scalar { return Scalar{major: majorText, text: s} }

// IntScalar returns an integer.
func IntScalar(n int64) Scalar { return Scalar{major: majorUint, number: n} }

// BoolScalar returns true or false.
func BoolScalar(b bool) Scalar {
	if b {
		return Scalar{major: majorSimple, number: 1}
	}
	return Scalar{major: majorSimple}
}

// String returns the value as people read it.
func (s Scalar) String() string {
	switch s.major {
	case majorText:
		return s.text
	case majorSimple:
		return strconv.FormatBool(s.number == 1)
	}
	return strconv.FormatInt(s.number, 10)
}

const cborFalse = 0xf4

func (r *reader) extensions() map[string]Scalar {
	extensions := make(map[string]Scalar)
	r.textKeys(maxList, func(key string) { extensions[key] = r.scalar() })
	return extensions
}

func (r *reader) scalar() Scalar {
	switch r.peek() {
	case majorText:
		return TextScalar(r.text(maxName))
	case majorSimple:
		if len(r.b) > 0 && (r.b[0] == cborFalse || r.b[0] == cborTrue) {
			yes := r.b[0] == cborTrue
			r.b = r.b[1:]
			return BoolScalar(yes)
		}
	case majorUint, majorNegative:
		return IntScalar(r.int())
	}
	r.fail("a value in ext: want a text, an integer, true or false")
	return Scalar{}
}

func (w *writer) extensions(extensions map[string]Scalar) {
	w.head(majorMap, uint64(len(extensions)))
	for _, key := range sortedKeys(extensions) {
		w.text(key)
		switch s := extensions[key]; s.major {
		case majorText:
			w.text(s.text)
		case majorSimple:
			w.b = append(w.b, cborFalse+byte(s.number))
		default:
			w.int(s.number)
		}
	}
}
