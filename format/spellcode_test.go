package format

import "testing"

// TestSpelledCode: every change of one or two symbols of a code word, that of its line's
// number among them, makes a word that is none, of the longest and of a short line.
func TestSpelledCode(t *testing.T) {
	const longest = "OLQIESU4AGIZLWN5YQC2KJJZLDQ"
	for number, line := range map[int]string{1: longest, 98: longest, 33: "K7"} {
		word := []byte(spelledWord(number, line) + checkSymbols(number, line))
		if sum, weighted := syndromes(string(word)); sum != 0 || weighted != 0 {
			t.Fatalf("line %d is no code word", number)
		}
		tried := 0
		change := func(at int, then func()) {
			was := word[at]
			for _, c := range []byte(base32Alphabet) {
				if word[at] = c; c != was {
					then()
				}
			}
			word[at] = was
		}
		check := func() {
			tried++
			if sum, weighted := syndromes(string(word)); sum == 0 && weighted == 0 {
				t.Fatalf("line %d: %s is a code word, too", number, word)
			}
		}
		for i := range word {
			change(i, check)
			for j := range i {
				change(i, func() { change(j, check) })
			}
		}
		if n := len(word); n > 31 || tried != n*31+n*(n-1)/2*31*31 {
			t.Errorf("line %d: %d symbols, tried %d changes", number, n, tried)
		}
	}
}
