package format

import "time"

// Time returns the time of a claim, in UTC, and the zero time for a claim that is not there.
func Time(seconds int64) time.Time {
	if seconds == 0 {
		return time.Time{}
	}
	return time.Unix(seconds, 0).UTC()
}

// Ends returns when a license expires, which is before its grace, and its hard end after
// it. Both are zero for a perpetual one.
func (l *LicenseClaims) Ends() (expires, hardEnd time.Time) {
	if l.Expires == 0 {
		return expires, hardEnd
	}
	hardEnd = Time(l.Expires)
	return hardEnd.AddDate(0, 0, -int(l.Terms.GraceDays)), hardEnd
}

// Instant returns the time of a claim that is always there, in UTC: 0 is the beginning
// of 1970, a time like any other.
func Instant(seconds int64) time.Time { return time.Unix(seconds, 0).UTC() }
