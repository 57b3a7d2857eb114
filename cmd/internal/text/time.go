package text

import "time"

// Date shows the day of a time, in UTC; "never" for none.
func Date(t time.Time) string {
	if t.IsZero() {
		return "never"
	}
	return t.UTC().Format(time.DateOnly)
}

// LastDay shows an end, which is the first second that is no longer covered, by the last
// day that is; "never" for none.
func LastDay(end time.Time) string {
	if end.IsZero() {
		return "never"
	}
	return end.UTC().Add(-time.Second).Format(time.DateOnly)
}

// Minute shows a time to the minute, in UTC.
func Minute(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 UTC") }
