package text

import "strings"

// Nearest returns the name that word is most likely a misspelling of, or "".
func Nearest(word string, names []string) string {
	n := NewNearest(word)
	for _, name := range names {
		n.Consider(name)
	}
	return n.Name
}

// NearestName is Nearest for names that come one by one.
type NearestName struct {
	Name string // the nearest so far, or ""

	word, looks        string
	unlike, misspelled int // the mistakes of Name: in how it looks, and in how it is written
}

// mostMistakes is how many a misspelling has: with more it is another word.
const mostMistakes = 2

// NewNearest begins the search for the name that a word was meant to be.
func NewNearest(word string) *NearestName {
	return &NearestName{word: word, looks: looks(word), unlike: mostMistakes + 1}
}

// Near reports whether Consider may note a name, by its length alone: enough to pass over
// most without a look at what they are.
func (n *NearestName) Near(name string) bool {
	d := len(n.word) - len(name)
	return d <= mostMistakes && d >= -mostMistakes
}

// Consider notes a name if it is nearer than those before. A letter that looks like another
// is half a mistake: INV00O1 is meant to be INV0001 rather than INV0011.
func (n *NearestName) Consider(name string) {
	if !n.Near(name) {
		return
	}
	unlike := distance(n.looks, looks(name))
	// Short words are near to everything.
	if unlike > mostMistakes || unlike > n.unlike || 2*unlike > max(len(n.word), len(name)) {
		return
	}
	if misspelled := distance(n.word, name); unlike < n.unlike || misspelled < n.misspelled {
		n.Name, n.unlike, n.misspelled = name, unlike, misspelled
	}
}

// looks returns a word with characters that are taken for each other written as one.
func looks(word string) string { return lookalikes.Replace(strings.ToLower(word)) }

var lookalikes = strings.NewReplacer("o", "0", "i", "1", "l", "1", "z", "2", "s", "5", "b", "8", "_", "-")

// distance is how many letters must be added, removed, changed or swapped
// with their neighbour to make b of a (optimal string alignment). Lengths
// that differ by more than two are told apart at once, so a long argument
// costs nothing.
func distance(a, b string) int {
	if d := len(a) - len(b); d > 2 || d < -2 {
		return max(d, -d)
	}
	rows := make([][]int, len(a)+1)
	for i := range rows {
		rows[i] = make([]int, len(b)+1)
		rows[i][0] = i
	}
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		for j := 1; j <= len(b); j++ {
			change := rows[i-1][j-1]
			if a[i-1] != b[j-1] {
				change++
			}
			rows[i][j] = min(change, rows[i-1][j]+1, rows[i][j-1]+1)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				rows[i][j] = min(rows[i][j], rows[i-2][j-2]+1)
			}
		}
	}
	return rows[len(a)][len(b)]
}
