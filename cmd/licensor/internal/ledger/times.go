package ledger

import "time"

// Seconds and TimeOf store a time as seconds since 1970, the zero time as 0.
func Seconds(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.Unix()
}

// TimeOf is the inverse of Seconds, in UTC.
func TimeOf(seconds int64) time.Time {
	if seconds == 0 {
		return time.Time{}
	}
	return time.Unix(seconds, 0).UTC()
}

// Whole returns a time as the ledger keeps it: UTC, whole seconds.
func Whole(t time.Time) time.Time { return TimeOf(Seconds(t)) }
