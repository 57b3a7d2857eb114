package audit

import (
	"cmp"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/offlicense/offlicense/format"
)

// TestIDsInTheOrderOfTheirTexts: else the audit names rows that are there as missing.
func TestIDsInTheOrderOfTheirTexts(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	for range 20_000 {
		var a, b format.ID
		for i := range a {
			a[i] = byte(random.Uint32())
		}
		b = a
		b[random.IntN(len(b))] ^= 1 << random.IntN(8)
		if got, want := compareIDs(a, b), strings.Compare(a.String(), b.String()); cmp.Compare(got, 0) != want {
			t.Fatalf("%s and %s: %d, want %d", a, b, got, want)
		}
	}
	if compareIDs(format.ID{1}, format.ID{1}) != 0 {
		t.Error("an id is not itself")
	}
}
