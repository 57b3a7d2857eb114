package form

import "testing"

// TestSeenOverTime: a minute changes nothing of what somebody has looked at, and a day does.
func TestSeenOverTime(t *testing.T) {
	at := func(time string) string {
		return (&looked{facts: []facts{{Rows: [][]string{{"seats", "a bridge until " + time + ", to move A"}}}}}).seen()
	}
	if at("2026-12-05 12:00 UTC") != at("2026-12-05 13:59 UTC") || at("2026-12-05 12:00 UTC") == at("2026-12-06 12:00 UTC") {
		t.Error("the mark is another one after a minute, or the same one after a day")
	}
}
