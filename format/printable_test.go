package format_test

import (
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/offlicense/offlicense/format"
)

type runes struct{ first, last rune }

// specRanges returns the ranges in the item of SPEC.md that begins so.
func specRanges(t *testing.T, item string) []runes {
	t.Helper()
	file, err := os.ReadFile("SPEC.md")
	if err != nil {
		t.Fatal(err)
	}
	_, text, _ := strings.Cut(string(file), "\n- "+item)
	text, _, _ = strings.Cut(text, "\n- ")
	text, _, _ = strings.Cut(text, "\n\n")
	var ranges []runes
	for _, m := range regexp.MustCompile(`U\+([0-9A-F]+)(?:\s+to\s+U\+([0-9A-F]+))?`).FindAllStringSubmatch(text, -1) {
		first, _ := strconv.ParseInt(m[1], 16, 32)
		last := first
		if m[2] != "" {
			last, _ = strconv.ParseInt(m[2], 16, 32)
		}
		ranges = append(ranges, runes{rune(first), rune(last)})
	}
	if len(ranges) < 3 {
		t.Fatalf("SPEC.md has %d ranges where it says %q", len(ranges), item)
	}
	return ranges
}

func among(c rune, ranges []runes) bool {
	for _, r := range ranges {
		if r.first <= c && c <= r.last {
			return true
		}
	}
	return false
}

// TestTextIsAsSpecified holds every code point against the ranges of SPEC.md.
func TestTextIsAsSpecified(t *testing.T) {
	never, marks := specRanges(t, "never:"), specRanges(t, "combining marks,")
	for c := rune(0); c <= 0x10ffff; c++ {
		if 0xd800 <= c && c <= 0xdfff || c == 0x200c || c == 0x200d {
			continue
		}
		if got, want := format.ValidText("a"+string(c)+"b", 32) == nil, !among(c, never); got != want {
			t.Errorf("%U between letters: good %t, want %t", c, got, want)
		}
		if among(c, never) {
			continue
		}
		if got, want := format.ValidText("a"+strings.Repeat(string(c), 5)+"b", 32) == nil, !among(c, marks); got != want {
			t.Errorf("%U five times: good %t, want %t", c, got, want)
		}
	}
	joining := specRanges(t, "the joiners U+200C and U+200D:")
	for c := rune(0x21); c <= 0x10ffff; c++ {
		if 0xd800 <= c && c <= 0xdfff || among(c, never) {
			continue
		}
		for _, joiner := range []string{"\u200c", "\u200d"} {
			before, behind := string(c)+joiner+"\u0915", "\u0915"+joiner+string(c)
			want := among(c, joining)
			if got := format.ValidText(before, 32) == nil; got != want {
				t.Errorf("%q: good %t, want %t", before, got, want)
			}
			if got := format.ValidText(behind, 32) == nil; got != want {
				t.Errorf("%q: good %t, want %t", behind, got, want)
			}
		}
	}
}
