package ledger_test

import (
	"testing"
	"time"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
)

// An end is the first second that is no longer covered, and people see the day before.
func TestEnds(t *testing.T) {
	for _, test := range []struct{ text, from, end, last string }{
		{"2027-11-21", "2026-11-21T12:00:00Z", "2027-11-22T00:00:00Z", "2027-11-21"},
		{"2028-02-29", "2026-11-21T12:00:00Z", "2028-03-01T00:00:00Z", "2028-02-29"},
		{"12m", "2026-11-21T12:00:00Z", "2027-11-21T00:00:00Z", "2027-11-20"},
		{"1y", "2026-11-21T12:00:00Z", "2027-11-21T00:00:00Z", "2027-11-20"},
		{"1 year", "2026-11-21T23:59:59Z", "2027-11-21T00:00:00Z", "2027-11-20"},
		{"12 months", "2026-11-22T00:00:00Z", "2027-11-22T00:00:00Z", "2027-11-21"},
		{"30d", "2026-11-21T00:00:00Z", "2026-12-21T00:00:00Z", "2026-12-20"},
		{"1d", "2026-12-31T12:00:00Z", "2027-01-01T00:00:00Z", "2026-12-31"},
		{"1m", "2027-01-31T12:00:00Z", "2027-03-01T00:00:00Z", "2027-02-28"}, // no 31 February
		{"1m", "2027-01-28T12:00:00Z", "2027-02-28T00:00:00Z", "2027-02-27"},
		{"1m", "2028-01-30T12:00:00Z", "2028-03-01T00:00:00Z", "2028-02-29"},
		{"1y", "2028-02-29T12:00:00Z", "2029-03-01T00:00:00Z", "2029-02-28"},
		{"4y", "2028-02-29T12:00:00Z", "2032-02-29T00:00:00Z", "2032-02-28"},
		{"13m", "2026-12-31T12:00:00Z", "2028-01-31T00:00:00Z", "2028-01-30"},
		{"1m", "2026-11-22T01:00:00+02:00", "2026-12-21T00:00:00Z", "2026-12-20"}, // the day is that of UTC
	} {
		from, err := time.Parse(time.RFC3339, test.from)
		if err != nil {
			t.Fatal(err)
		}
		end, err := ledger.ParseEnd(test.text)
		if err != nil {
			t.Errorf("%q: %v", test.text, err)
			continue
		}
		got := end.From(from)
		if got.UTC().Format(time.RFC3339) != test.end || ledger.FormatEnd(got) != test.last {
			t.Errorf("%s from %s ends %s, last day %s; want %s, %s", test.text, test.from, got, ledger.FormatEnd(got), test.end, test.last)
		}
		// What is shown, typed again, is the same end.
		if again, err := ledger.ParseDate(ledger.FormatEnd(got)); err != nil || !again.Equal(got) {
			t.Errorf("%s typed again is %s, %v", ledger.FormatEnd(got), again, err)
		}
	}
	for _, wrong := range []string{"", "m", "0d", "-3d", "12", "12w", "1.5y", "m12", "101y", "65535m", "99999d", "12m 3d", "1Y", "2027-02-29", "1969-12-31", "21.11.2027", " 12m", "１２m"} {
		if end, err := ledger.ParseEnd(wrong); err == nil {
			t.Errorf("%q was read as %+v", wrong, end)
		}
	}
}

// A span is written in one way, and only that is read from a record.
func TestSpanHasOneSpelling(t *testing.T) {
	for text, want := range map[string]string{"1y": "12m", "12m": "12m", "30 days": "30d", "1 month": "1m"} {
		s, err := ledger.ParseSpan(text)
		if err != nil || s.String() != want {
			t.Errorf("%q is %q, %v", text, s, err)
		}
		var read ledger.Span
		if err := read.UnmarshalText([]byte(text)); (err == nil) != (text == want) {
			t.Errorf("%q from a record: %v", text, err)
		}
	}
}
