package format

import (
	"encoding/binary"
	"math"
)

// The canonical subset of CBOR (RFC 8949, section 4.2.1) that statements are made of.
// It is written here, and not taken from a library, because a reader that knows what
// comes next is at once the walk, the typed decoding and the comparison with the
// re-encoding: only one byte string reads without an error, in a quarter of the time.
// The tests hold it against github.com/fxamacker/cbor/v2.

// Major types (RFC 8949, section 3.1).
const (
	majorUint byte = iota
	majorNegative
	majorBytes
	majorText
	majorArray
	majorMap
	majorTag
	majorSimple
)

const (
	maxUint  = 1<<63 - 1 // every integer fits an int64
	cborTrue = 0xf5
)

// reader reads canonical CBOR from front to back. The first error sticks, and every
// call after it returns a zero value, so that a decoder checks once, at its end.
type reader struct {
	b    []byte // what is left
	copy string // of all the bytes, so that every text shares one allocation; empty: each has its own
	err  error
}

// newReader copies what is short. Nearly all of what is long are names that are no text.
func newReader(b []byte) reader {
	if len(b) > MaxLicenseFile {
		return reader{b: b}
	}
	return reader{b: b, copy: string(b)}
}

func (r *reader) fail(format string, args ...any) {
	if r.err == nil {
		r.err = malformed(format, args...)
	}
	r.b = nil
}

// end refuses bytes after the value.
func (r *reader) end() {
	if len(r.b) > 0 {
		r.fail("%d bytes too many at the end", len(r.b))
	}
}

// peek returns the major type of the next item.
func (r *reader) peek() byte {
	if len(r.b) == 0 {
		return majorSimple
	}
	return r.b[0] >> 5
}

// head reads the head of an item of the given major type and returns its argument.
func (r *reader) head(major byte) uint64 {
	if len(r.b) == 0 {
		r.fail("it ends too early")
		return 0
	}
	if got := r.b[0] >> 5; got != major {
		r.fail("got CBOR major type %d, want %d", got, major)
		return 0
	}
	info := r.b[0] & 0x1f
	if info < 24 {
		r.b = r.b[1:]
		return uint64(info)
	}
	if info > 27 {
		r.fail("indefinite or reserved length")
		return 0
	}
	size := 1 << (info - 24)
	if len(r.b) <= size {
		r.fail("it ends too early")
		return 0
	}
	var n, least uint64
	switch rest := r.b[1:]; size {
	case 1:
		n, least = uint64(rest[0]), 24
	case 2:
		n, least = uint64(binary.BigEndian.Uint16(rest)), 1<<8
	case 4:
		n, least = uint64(binary.BigEndian.Uint32(rest)), 1<<16
	case 8:
		n, least = binary.BigEndian.Uint64(rest), 1<<32
	}
	if n < least {
		r.fail("%d is not in its shortest form", n)
		return 0
	}
	r.b = r.b[1+size:]
	return n
}

// uint reads an integer from 0 to most.
func (r *reader) uint(most uint64) uint64 {
	n := r.head(majorUint)
	if n > most {
		r.fail("got %d, want at most %d", n, most)
		return 0
	}
	return n
}

// int reads an integer of either sign.
func (r *reader) int() int64 {
	major := majorUint
	if r.peek() == majorNegative {
		major = majorNegative
	}
	n := r.head(major)
	if n > maxUint {
		r.fail("an integer of more than 63 bits")
		return 0
	}
	if major == majorNegative {
		return -1 - int64(n)
	}
	return int64(n)
}

// want reads an integer and refuses all but one.
func (r *reader) want(what string, want int64) {
	if got := r.int(); r.err == nil && got != want {
		r.fail("%s: got %d, want %d", what, got, want)
	}
}

// slice reads the content of a byte or text string without a copy.
func (r *reader) slice(major byte, least, most int) []byte {
	n := r.head(major)
	if r.err != nil {
		return nil
	}
	if n < uint64(least) || n > uint64(most) {
		if major == majorText && n <= uint64(len(r.b)) {
			r.fail("%v", badLength(string(r.b[:n]), most))
			return nil
		}
		r.fail("got a string of %d bytes, want %d to %d", n, least, most)
		return nil
	}
	if n > uint64(len(r.b)) {
		r.fail("it ends too early")
		return nil
	}
	s := r.b[:n:n]
	r.b = r.b[n:]
	return s
}

// bytes reads a byte string. The result shares the input's memory.
func (r *reader) bytes(least, most int) []byte { return r.slice(majorBytes, least, most) }

// text reads a text string of 1 to most bytes that is safe to print.
func (r *reader) text(most int) string {
	s := r.slice(majorText, 1, most)
	if r.err != nil {
		return ""
	}
	if err := checkText(s); err != nil {
		r.fail("%v", err)
		return ""
	}
	if r.copy == "" {
		return string(s)
	}
	end := len(r.copy) - len(r.b)
	return r.copy[end-len(s) : end]
}

// array reads an array's head.
func (r *reader) array(least, most int) int {
	return r.count(majorArray, least, most)
}

func (r *reader) count(major byte, least, most int) int {
	n := r.head(major)
	if r.err == nil && (n < uint64(least) || n > uint64(most)) {
		r.fail("got %d elements, want %d to %d", n, least, most)
	}
	if r.err != nil {
		return 0
	}
	return int(n)
}

// flag reads the value of a key that means yes by being there: true, and nothing else.
func (r *reader) flag() bool {
	if len(r.b) == 0 || r.b[0] != cborTrue {
		r.fail("want true; leave the key out for false")
		return false
	}
	r.b = r.b[1:]
	return true
}

// fields reads a map with integer keys whose order is known. A decoder asks for the
// keys in the canonical order, has for those that may be missing and need for the
// others; what is left over is unknown, repeated or out of order.
type fields struct {
	r     *reader
	left  int
	asked uint32 // keys of 0 to 23 that the decoder knows, as far as it has come
	wide  int64  // the last of the others; 0: none
}

func (r *reader) fields() fields {
	return fields{r: r, left: r.count(majorMap, 0, 23)}
}

// has reports whether the next key is key, and if so passes over it.
func (f *fields) has(key int64) bool {
	if 0 <= key && key < 24 {
		f.asked |= 1 << key
	} else {
		f.wide = key
	}
	if f.left == 0 || f.r.err != nil {
		return false
	}
	ahead := reader{b: f.r.b}
	if 0 <= key && key < 24 { // one byte, as nearly all keys
		if len(ahead.b) == 0 || ahead.b[0] != byte(key) {
			return false
		}
		ahead.b = ahead.b[1:]
	} else if ahead.int() != key || ahead.err != nil {
		return false
	}
	f.r.b = ahead.b
	f.left--
	return true
}

func (f *fields) need(key int64, what string) {
	if !f.has(key) {
		f.unknown(key)
		f.r.fail("%s (key %d) is missing or out of order", what, key)
	}
}

func (f *fields) end() {
	if f.left > 0 && f.r.err == nil {
		f.unknown(math.MinInt64)
		key := f.r.int()
		f.r.fail("key %d is a duplicate or out of order", key)
	}
}

// unknown fails if the next key is one that no decoder of this version asks for. Of those
// before limit in the canonical order, all that it knows were asked for by now.
func (f *fields) unknown(limit int64) {
	if f.left == 0 || f.r.err != nil {
		return
	}
	ahead := reader{b: f.r.b}
	if major := ahead.peek(); major != majorUint && major != majorNegative {
		return
	}
	key := ahead.int()
	known := key == f.wide
	if 0 <= key && key < 24 {
		known = f.asked&(1<<key) != 0
	}
	if ahead.err == nil && !known && canonicallyBefore(key, limit) {
		f.r.failLater("key %d is unknown to this version", key)
	}
}

// canonicallyBefore compares the encodings of two integers, byte by byte.
func canonicallyBefore(a, b int64) bool {
	if (a < 0) != (b < 0) {
		return a >= 0
	}
	if a < 0 {
		return a > b
	}
	return a < b
}

// writer writes canonical CBOR.
type writer struct{ b []byte }

func (w *writer) head(major byte, n uint64) {
	switch {
	case n < 24:
		w.b = append(w.b, major<<5|byte(n))
	case n < 1<<8:
		w.b = append(w.b, major<<5|24, byte(n))
	case n < 1<<16:
		w.b = binary.BigEndian.AppendUint16(append(w.b, major<<5|25), uint16(n))
	case n < 1<<32:
		w.b = binary.BigEndian.AppendUint32(append(w.b, major<<5|26), uint32(n))
	default:
		w.b = binary.BigEndian.AppendUint64(append(w.b, major<<5|27), n)
	}
}

func (w *writer) uint(n uint64) { w.head(majorUint, n) }

func (w *writer) int(n int64) {
	if n < 0 {
		w.head(majorNegative, uint64(-1-n))
	} else {
		w.head(majorUint, uint64(n))
	}
}

func (w *writer) bytes(b []byte) {
	w.head(majorBytes, uint64(len(b)))
	w.b = append(w.b, b...)
}

func (w *writer) text(s string) {
	w.head(majorText, uint64(len(s)))
	w.b = append(w.b, s...)
}

// flag writes a yes: for no the key is left out.
func (w *writer) flag(bool) { w.b = append(w.b, cborTrue) }

func (w *writer) array(n int) { w.head(majorArray, uint64(n)) }

// mapWriter counts the entries of a map of at most 23 while they are written.
type mapWriter struct {
	w    *writer
	head int
}

func (w *writer) fields() mapWriter {
	w.b = append(w.b, majorMap<<5)
	return mapWriter{w, len(w.b) - 1}
}

// key starts the entry of key; the caller writes the value. Keys come in canonical order.
func (m mapWriter) key(key int64) *writer {
	m.w.b[m.head]++
	m.w.int(key)
	return m.w
}
