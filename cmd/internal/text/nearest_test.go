package text_test

import (
	"strings"
	"testing"

	"github.com/offlicense/offlicense/cmd/internal/text"
)

func TestNearest(t *testing.T) {
	for _, test := range []struct{ word, names, want string }{
		{"INV00O1-1", "INV0011-1 INV0001-1 INV0021-1", "INV0001-1"},
		{"inv0001-1", "INV0001-2 INV0001-1", "INV0001-1"},
		{"INV0001-11", "INV0001-1 INV0002-11", "INV0001-1"},
		{"lnv0001", "INV0001", "INV0001"},
		{"usres", "cores users", "users"},
		{"evok", "evoq liquid", "evoq"},
		{"INV9999-1", "INV0001-1 INV0001-2", ""},
		{"ab", "xy", ""},
		{"a", "b", ""},
		{"", "a", ""},
		{strings.Repeat("a", 1<<20), "a aa", ""},
	} {
		if got := text.Nearest(test.word, strings.Fields(test.names)); got != test.want {
			t.Errorf("%.20s: got %q, want %q", test.word, got, test.want)
		}
	}
}
