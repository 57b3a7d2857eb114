package text

import "time"

// Date shows the day of a time, "never" for none.
func Date(t time.Time) string {
	if t.IsZero() {
		return "never"
	}
	return t.Format(time.DateOnly)
}

// Minute shows a time to the minute, in UTC.
func Minute(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 UTC") }
