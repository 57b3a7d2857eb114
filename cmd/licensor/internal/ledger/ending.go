package ledger

import (
	"errors"
	"strings"
	"time"
)

// Window is a time in which something ends: so many days from now, or whole days
// in UTC.
type Window struct {
	Days        uint64    // from now; where First is not zero: not used
	First, Last time.Time // the beginnings of days, both of them included
}

// ParseWindow reads a number of days like 30d, a date, or two of them like
// 2027-01-01..2027-03-31.
func ParseWindow(text string) (window Window, err error) {
	first, last, two := strings.Cut(text, "..")
	if !two {
		if days, err := ParseDays(text); err == nil {
			return Window{Days: days}, nil
		}
		last = first
	}
	if window.First, err = time.Parse(time.DateOnly, first); err == nil {
		window.Last, err = time.Parse(time.DateOnly, last)
	}
	switch {
	case err != nil:
		return Window{}, errors.New("want days like 30d, a date like 2027-11-21, or two like 2027-11-01..2027-11-30")
	case window.Last.Before(window.First):
		return Window{}, errors.New("the first date is after the last")
	}
	return window, nil
}

// At returns the window at a time: what ends in it ends after the one time and by the
// other, midnight after the last day.
func (w Window) At(now time.Time) (after, by time.Time) {
	if w.First.IsZero() {
		return now, now.Add(time.Duration(w.Days) * 24 * time.Hour)
	}
	return w.First, w.Last.Add(24 * time.Hour)
}

// Ending is an entitlement that ends in a window of time, or whose updates do.
type Ending struct {
	Holding
	License bool // it ends itself
	Updates bool // builds made later are not covered
}

// EndsIn returns what of an entitlement ends after one time and by the other.
func (h Holding) EndsIn(after, by time.Time) Ending {
	within := func(t time.Time) bool { return !t.IsZero() && t.After(after) && !t.After(by) }
	return Ending{h, within(h.Expires), within(h.UpdatesUntil)}
}

// On returns the day on which it ends, the earlier one of two.
func (e *Ending) On() string {
	license, updates := e.days()
	if !e.License || e.Updates && updates < license {
		return updates
	}
	return license
}

// What names what ends, and the later day of two.
func (e *Ending) What() string {
	switch license, updates := e.days(); {
	case !e.Updates:
		return "license"
	case !e.License:
		return "updates"
	case license == updates:
		return "license and updates"
	case license < updates:
		return "license; updates " + updates
	default:
		return "updates; license " + license
	}
}

// days are the last ones, as they are written.
func (e *Ending) days() (license, updates string) {
	return TermNamed("expires").Get(&e.Entitlement), TermNamed("updates_until").Get(&e.Entitlement)
}
