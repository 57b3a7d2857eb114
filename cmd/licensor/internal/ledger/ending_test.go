package ledger_test

import (
	"testing"
	"time"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
)

// A window of dates has whole days, both of them; one of days begins now.
func TestWindow(t *testing.T) {
	now := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	for text, want := range map[string][2]string{
		"30d":                    {"2026-11-21T12:00:00Z", "2026-12-21T12:00:00Z"},
		"2026-12-01":             {"2026-12-01T00:00:00Z", "2026-12-02T00:00:00Z"},
		"2026-12-01..2026-12-31": {"2026-12-01T00:00:00Z", "2027-01-01T00:00:00Z"},
	} {
		w, err := ledger.ParseWindow(text)
		after, by := w.At(now)
		if got := [2]string{after.Format(time.RFC3339), by.Format(time.RFC3339)}; err != nil || got != want {
			t.Errorf("%s: %v, %v, want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"", "..", "30d..60d", "2026-12-01..", "2026-12-31..2026-12-01", "2026-12-01..2026-12-02..2026-12-03", "-1d"} {
		if w, err := ledger.ParseWindow(text); err == nil {
			t.Errorf("%q is read as %v", text, w)
		}
	}
}

// The license and the updates of one entitlement end together or apart, and each may end
// outside the window.
func TestEndsIn(t *testing.T) {
	w, _ := ledger.ParseWindow("2026-12-01..2026-12-31")
	after, by := w.At(time.Time{})
	for _, c := range []struct{ expires, updates, on, what string }{
		{"2026-12-31", "", "2026-12-31", "license"},
		{"", "2026-12-01", "2026-12-01", "updates"},
		{"2026-12-05", "2027-01-01", "2026-12-05", "license"},
		{"2027-01-01", "2026-12-05", "2026-12-05", "updates"},
		{"2026-12-05", "2026-12-05", "2026-12-05", "license and updates"},
		{"2026-12-05", "2026-12-07", "2026-12-05", "license; updates 2026-12-07"},
		{"2026-12-07", "2026-12-05", "2026-12-05", "updates; license 2026-12-07"},
	} {
		h := ends(t, c.expires, c.updates)
		if e := h.EndsIn(after, by); e.On() != c.on || e.What() != c.what {
			t.Errorf("%+v: %s, %s", c, e.On(), e.What())
		}
	}
	if e := ends(t, "2026-11-30", "2027-01-01").EndsIn(after, by); e.License || e.Updates {
		t.Errorf("%+v ends outside the window", e)
	}
}

// ends returns an entitlement that ends, and whose updates do, on the given days.
func ends(t *testing.T, expires, updates string) ledger.Holding {
	t.Helper()
	var h ledger.Holding
	for name, day := range map[string]string{"expires": expires, "updates_until": updates} {
		if day == "" {
			day = ledger.None
		}
		if err := ledger.TermNamed(name).Set(&h.Entitlement, day, time.Time{}); err != nil {
			t.Fatal(err)
		}
	}
	return h
}
