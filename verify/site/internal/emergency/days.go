package emergency

import (
	"errors"
	"slices"
	"strings"
	"time"
)

// days is a set of days, numbered since 1970: spans in order that do not touch.
type days []span

type span struct{ first, last int64 }

// with returns the set with the days from first to last in it, too.
func (d days) with(first, last int64) days {
	var all days
	for _, s := range d {
		if s.last+1 < first || last+1 < s.first {
			all = append(all, s)
			continue
		}
		first, last = min(first, s.first), max(last, s.last)
	}
	all = append(all, span{first, last})
	slices.SortFunc(all, func(a, b span) int { return int(a.first - b.first) })
	return all
}

func (d days) has(day int64) bool {
	return slices.ContainsFunc(d, func(s span) bool { return s.first <= day && day <= s.last })
}

// from returns how many of the days are not before one.
func (d days) from(day int64) (n uint64) {
	for _, s := range d {
		if first := max(s.first, day); first <= s.last {
			n += uint64(s.last - first + 1)
		}
	}
	return n
}

// String returns the set as "2026-11-22..2026-11-24,2026-11-26".
func (d days) String() string {
	var all []string
	for _, s := range d {
		text := dateOf(s.first)
		if s.last > s.first {
			text += ".." + dateOf(s.last)
		}
		all = append(all, text)
	}
	return strings.Join(all, ",")
}

// parseDays reads what String wrote, and more: the caller compares.
func parseDays(text string) (d days, err error) {
	for item := range strings.SplitSeq(text, ",") {
		first, last, several := strings.Cut(item, "..")
		if !several {
			last = first
		}
		a, errA := parseDate(first)
		b, errB := parseDate(last)
		if err := errors.Join(errA, errB); err != nil {
			return nil, err
		}
		d = append(d, span{a, b})
	}
	return d, nil
}

// inOrder reports whether the spans are as with makes them.
func (d days) inOrder() bool {
	for i, s := range d {
		if s.last < s.first || i > 0 && s.first <= d[i-1].last+1 {
			return false
		}
	}
	return len(d) > 0
}

const daySeconds = 24 * 60 * 60

// The days that a date of four digits can say.
const firstDay, lastDay = -719528, 2932896

// dayOf returns the day of a time, in UTC, as days since 1970; of a time that no date
// says, the day that is next to it.
func dayOf(t time.Time) int64 {
	seconds := t.Unix()
	day := (seconds - ((seconds%daySeconds)+daySeconds)%daySeconds) / daySeconds
	return min(max(day, firstDay), lastDay)
}

func dateOf(day int64) string { return time.Unix(day*daySeconds, 0).UTC().Format(time.DateOnly) }

func parseDate(text string) (int64, error) {
	t, err := time.Parse(time.DateOnly, text)
	return dayOf(t), err
}
