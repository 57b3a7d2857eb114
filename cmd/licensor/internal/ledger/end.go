package ledger

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	words "github.com/offlicense/offlicense/cmd/internal/text"
)

// An end is the first second that is no longer covered, always the first of a day in UTC.
// People say and are shown the last day that is covered, which is the one before.

// Span is how long something lasts, in months or in days. The zero value is no span.
type Span struct{ Months, Days uint64 }

// maxSpan is the longest span in years: what is sold for longer is perpetual.
const maxSpan = 100

const wantSpan = "want a time like 12m, 1y or 30d"

// ParseSpan reads a span: 1y, 12m or 30d, or in words as in "12 months".
func ParseSpan(text string) (Span, error) {
	digits := strings.TrimRight(text, "abcdefghijklmnopqrstuvwxyz ")
	n, err := strconv.ParseUint(digits, 10, 16)
	if err != nil || n == 0 || !isDigits(digits) {
		return Span{}, errors.New(wantSpan)
	}
	var s Span
	switch unit := strings.TrimSpace(text[len(digits):]); unit {
	case "y", "year", "years":
		s.Months = 12 * n
	case "m", "month", "months":
		s.Months = n
	case "d", "day", "days":
		s.Days = n
	default:
		return Span{}, errors.New(wantSpan)
	}
	if s.Months > 12*maxSpan || s.Days > 366*maxSpan {
		return Span{}, fmt.Errorf("want at most %d years; what has no end is perpetual", maxSpan)
	}
	return s, nil
}

func isDigits(text string) bool { return strings.Trim(text, "0123456789") == "" }

// IsZero reports whether it is no span.
func (s Span) IsZero() bool { return s == Span{} }

// String writes the span as ParseSpan reads it, "" for none.
func (s Span) String() string {
	switch {
	case s.IsZero():
		return ""
	case s.Months > 0:
		return fmt.Sprintf("%dm", s.Months)
	}
	return fmt.Sprintf("%dd", s.Days)
}

// Words says the span to people.
func (s Span) Words() string {
	if s.Months > 0 {
		return words.Plural(s.Months, "month", "months")
	}
	return words.Plural(s.Days, "day", "days")
}

// MarshalText and UnmarshalText are String and ParseSpan; no other spelling is read.
func (s Span) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads what MarshalText writes.
func (s *Span) UnmarshalText(text []byte) error {
	read, err := ParseSpan(string(text))
	if err == nil && read.String() != string(text) {
		err = errors.New(wantSpan)
	}
	*s = read
	return err
}

// From returns the end of a span that begins on the day of a time: the same day so many
// months on, or where that month has no such day, the first of the next one. The day on
// which it begins counts.
func (s Span) From(begin time.Time) time.Time {
	day := begin.UTC().Truncate(24 * time.Hour)
	end := day.AddDate(0, int(s.Months), int(s.Days))
	if s.Months > 0 && end.Day() != day.Day() { // it went over into the next month, by a day or more
		end = end.AddDate(0, 0, 1-end.Day())
	}
	return end
}

// End is until when something lasts, as people say it: a day, or a span from where it
// begins. The zero value says nothing.
type End struct {
	at   time.Time
	span Span
}

// EndAt is an end that is known.
func EndAt(t time.Time) End { return End{at: t} }

// ParseEnd reads a date, the last day that is covered, or a span.
func ParseEnd(text string) (End, error) {
	if strings.Contains(text, "-") {
		at, err := ParseDate(text)
		return End{at: at}, err
	}
	span, err := ParseSpan(text)
	if err != nil && !strings.HasPrefix(err.Error(), "want at most") {
		err = errors.New("want a date like 2027-11-21, or a time like 12m, 1y or 30d")
	}
	return End{span: span}, err
}

// IsZero reports whether it says nothing.
func (e End) IsZero() bool { return e == End{} }

// IsSpan reports whether it depends on where it begins.
func (e End) IsSpan() bool { return !e.span.IsZero() }

// String writes the end as ParseEnd reads it, "" for none.
func (e End) String() string {
	if e.IsSpan() {
		return e.span.String()
	}
	return FormatEnd(e.at)
}

// From returns the end of what begins on the day of a time.
func (e End) From(begin time.Time) time.Time {
	if e.IsSpan() {
		return e.span.From(begin)
	}
	return e.at
}

var dateForm = regexp.MustCompile(`^[0-9]{4}-[0-9]{2}-[0-9]{2}$`)

// ParseDay reads a date like 2027-11-21: midnight UTC at its beginning.
func ParseDay(text string) (time.Time, error) {
	t, err := time.Parse(time.DateOnly, text)
	if err != nil {
		if dateForm.MatchString(text) {
			return time.Time{}, errors.New("there is no such day")
		}
		return time.Time{}, errors.New("want a date like 2027-11-21")
	}
	if t.Year() < 1970 {
		return time.Time{}, errors.New("want a date after 1970")
	}
	return t, nil
}

// ParseDate reads a date as the last day that is covered. It returns the end: midnight UTC
// after it.
func ParseDate(text string) (time.Time, error) {
	t, err := ParseDay(text)
	if err != nil {
		return time.Time{}, err
	}
	return t.AddDate(0, 0, 1), nil
}

// FormatEnd writes an end as ParseDate reads it, "" for the zero time.
func FormatEnd(end time.Time) string {
	if end.IsZero() {
		return ""
	}
	return words.LastDay(end)
}

// FormatDate writes the day of a time, "" for the zero time.
func FormatDate(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.DateOnly)
}

// Updates are covered until a last second, and licenses until a first one that is not.

// UpdatesUntil returns the last second before an end.
func UpdatesUntil(end time.Time) time.Time { return shift(end, -time.Second) }

// EndOfUpdates is the inverse of UpdatesUntil.
func EndOfUpdates(until time.Time) time.Time { return shift(until, time.Second) }

func shift(t time.Time, by time.Duration) time.Time {
	if t.IsZero() {
		return t
	}
	return t.Add(by)
}
