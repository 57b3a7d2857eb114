package format

import "slices"

// registry gives words of the format their numbers on the wire: the first word is 1.
// Words are only ever added at the end, and a number is never used again.
type registry []string

func (g registry) number(name string) (n uint64, known bool) {
	i := slices.Index(g, name)
	return uint64(i + 1), i >= 0
}

// write writes the number of a word, 0 for one that has none.
func (g registry) write(w *writer, name string) {
	n, _ := g.number(name)
	w.uint(n)
}

// read reads a number and returns its word.
func (g registry) read(r *reader, what string) string {
	n := r.uint(maxUint)
	if r.err == nil && (n == 0 || n > uint64(len(g))) {
		r.failLater("%s %d is unknown", what, n)
	}
	if r.err != nil {
		return ""
	}
	return g[n-1]
}
