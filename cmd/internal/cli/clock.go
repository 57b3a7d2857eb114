package cli

import "time"

// earliest is a time that has passed for sure: this program is newer.
var earliest = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// Time returns the time, and an error with a hint when the clock says one that cannot
// be, such as the 1970 of a server without a battery. What is written by such a clock
// would be refused by everybody whose clock is right.
func (e *Env) Time() (time.Time, error) {
	now := e.Now().UTC()
	if now.Before(earliest) && !e.Past {
		return time.Time{}, Failf("this machine's clock says %s, which has long passed", now.Format(time.DateOnly)).
			WithHint("set the clock and try again; nothing was changed")
	}
	return now, nil
}
