package emergency

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/offlicense/offlicense/format"
)

// Tally is what the site knows of the emergency days of one activation: a line of the file
// failover.days.
type Tally struct {
	vendor, activation string

	used    days
	settled int64 // up to this day it was decided which ones are used, since the last declaration
	from    int64 // the day from which they counted then
}

const talliesHeader = "offlicense failover days 1\n"

// MarshalTallies returns the content, one line an activation:
//
//	offlicense failover days 1
//	2026-11-24 2026-01-01 2026-11-20..2026-11-21,2026-11-24 "acme.example" "K7QX2MPA3ZL4N"
//
// with the day on which the Tally was taken, the one from which the days count, the days that
// were used, the vendor and the activation.
func MarshalTallies(list []Tally) []byte {
	b := []byte(talliesHeader)
	for _, t := range list {
		b = fmt.Appendf(b, "%s %s %s %q %q\n", dateOf(t.settled), dateOf(t.from), t.used, t.vendor, t.activation)
	}
	return b
}

// ParseTallies reads exactly what MarshalTallies wrote.
func ParseTallies(text []byte) ([]Tally, error) {
	malformed := errors.New("malformed record of the emergency days: restore it from a backup, or remove it and tell the vendor how many were used")
	rest, ok := strings.CutPrefix(string(text), talliesHeader)
	if !ok || len(text) > format.MaxText {
		return nil, malformed
	}
	var list []Tally
	for line := range strings.Lines(rest) {
		f := strings.SplitN(strings.TrimSuffix(line, "\n"), " ", 5)
		if len(f) != 5 {
			return nil, malformed
		}
		var t Tally
		var failed [5]error
		t.settled, failed[0] = parseDate(f[0])
		t.from, failed[1] = parseDate(f[1])
		t.used, failed[2] = parseDays(f[2])
		t.vendor, failed[3] = strconv.Unquote(f[3])
		t.activation, failed[4] = strconv.Unquote(f[4])
		if errors.Join(failed[:]...) != nil || !t.used.inOrder() {
			return nil, malformed
		}
		list = append(list, t)
	}
	if !bytes.Equal(MarshalTallies(list), text) {
		return nil, malformed
	}
	return list, nil
}

func (t Tally) equal(o Tally) bool {
	return t.settled == o.settled && t.from == o.from && slices.Equal(t.used, o.used)
}

// on returns the tally once an emergency that was declared on the day since goes on today,
// and the number that today has among the days that count for a license: more than granted
// (0: any number is) once those are used up.
//
// Every day that has begun since the declaration is used, whether or not somebody asked on
// it. A day that is used stays so, and is used once, whatever the clock says later: each
// stands in the set by itself. So a clock that is ahead when the emergency is declared uses
// that one day, and then those that come. Days on which the server stood by, because all
// were used up, are not used if more are granted later.
func (t Tally) on(today, since int64, a Activation) (Tally, uint64) {
	next := t
	next.from = t.counting(today, a)
	next.used = t.used.with(t.undecided(today, since), today)
	n := next.used.from(next.from)
	switch {
	case a.Granted == 0 || n <= a.Granted:
		next.settled = today
		return next, n
	case t.used.from(next.from) >= a.Granted:
		t.settled = max(t.settled, today)
	}
	return t, n
}

// ended is on for an emergency that ends today. Of days that are not in the set yet, and more
// than there are, the first ones were used.
func (t Tally) ended(today, since int64, a Activation) Tally {
	next, n := t.on(today, since, a)
	if a.Granted == 0 || n <= a.Granted {
		return next
	}
	from := t.counting(today, a)
	for day := t.undecided(today, since); day <= today && next.used.from(from) < a.Granted; day++ {
		next.used = next.used.with(day, day)
	}
	next.settled, next.from = max(next.settled, today), from
	return next
}

// counting returns the day from which days count: before it comes, as after an early
// renewal, that of the license before.
func (t Tally) counting(today int64, a Activation) int64 {
	if dayOf(a.From) > today {
		return t.from
	}
	return dayOf(a.From)
}

// undecided returns the first day up to today of which the set does not say whether it was
// used. Where the clock was ahead at the declaration, and nothing was counted since, that is
// today.
func (t Tally) undecided(today, since int64) int64 {
	if len(t.used) > 0 && t.settled <= today && (t.settled >= since || today < since) {
		return min(t.settled+1, today)
	}
	return min(since, today)
}
