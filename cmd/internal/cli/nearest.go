package cli

// nearest returns the name that word is most likely a misspelling of, or "".
func nearest(word string, names []string) string {
	best, bestDistance := "", 3 // more than two mistakes is another word
	for _, name := range names {
		// Short words are near to everything.
		if d := distance(word, name); d < bestDistance && 2*d <= max(len(word), len(name)) {
			best, bestDistance = name, d
		}
	}
	return best
}

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
