package photo

import (
	"runtime/debug"
	"testing"
)

// TestCollectOften: two large pictures that are read at the same time leave all as it was.
func TestCollectOften(t *testing.T) {
	const before = 77
	defer debug.SetGCPercent(debug.SetGCPercent(before))
	first := collectOften()
	second := collectOften()
	first()
	if percent := debug.SetGCPercent(before); percent >= before {
		t.Errorf("while the second is read: got %d", percent)
	} else {
		debug.SetGCPercent(percent)
	}
	second()
	if percent := debug.SetGCPercent(before); percent != before {
		t.Errorf("behind both: got %d, want %d", percent, before)
	}
}
