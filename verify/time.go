package verify

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/offlicense/offlicense/format"
)

const (
	// ClockTolerance is how far a clock may be behind the latest time that is known to
	// have passed. Servers and the vendor's workstations are rarely further apart.
	ClockTolerance = time.Hour

	// SeenTolerance is how far it may be behind the highest time that the site has seen. A clock
	// that was ahead for a while, as one that the firmware keeps in local time is at each start,
	// has moved that by a day at most.
	SeenTolerance = 25 * time.Hour

	// DefaultNotice is how long before its end a license begins to say so.
	DefaultNotice = 30 * 24 * time.Hour
)

// CheckClock returns a *[Refusal] with [ClockRolledBack] if the clock says a time that is
// more than the tolerance before one that must have passed, for a vendor has signed something at
// it; signed says what, such as "the license".
func CheckClock(now, floor time.Time, signed string) error {
	return evidence{floor, signed + " was signed on %s", "set the clock, or if the vendor's was ahead, tell them, or wait until %s", ClockTolerance}.check(now)
}

// CheckSeen is CheckClock for the highest time that a site has seen.
func CheckSeen(now, seen time.Time) error {
	return evidence{seen, "this site has seen the time %s", "set the clock, or if it was ahead for a while and is right now, remove the site's record of it", SeenTolerance}.check(now)
}

// checkBuilt is CheckClock for the date of a program.
func checkBuilt(now, built time.Time) error {
	return evidence{built, "this program was built on %s", "set the clock, or if it is right, tell the program's vendor that its build date is ahead", ClockTolerance}.check(now)
}

// evidence is a time that must have passed.
type evidence struct {
	at        time.Time
	known     string // how that is known; %s is the time
	hint      string // what to do about a clock that is before it; %s is when it will do
	tolerance time.Duration
}

// farOff is how far no clock of a vendor is off: it is this one that is behind, as after a battery
// has died, or ahead.
const farOff = 90 * 24 * time.Hour

func (e evidence) check(now time.Time) error {
	good := e.at.Add(-e.tolerance)
	if !now.Before(good) {
		return nil
	}
	hint := strings.ReplaceAll(e.hint, "%s", moment(good))
	if e.at.Sub(now) > farOff {
		hint = "set the clock to the right time and try again"
	}
	return &Refusal{
		Reason:   ClockRolledBack,
		Message:  fmt.Sprintf(e.known, moment(e.at)) + ", and this machine's clock says " + moment(now),
		Expected: clock(good) + " or later",
		Found:    clock(now),
		hint:     hint,
	}
}

// time judges the time. A clock that must be wrong is named first, for by it nothing
// else can be said.
func (j *judgement) time() error {
	now := j.facts.Now
	floor, signed := j.signedFloor()
	if err := cmp.Or(CheckClock(now, floor, signed), checkBuilt(now, j.facts.Built), CheckSeen(now, j.facts.Seen)); err != nil {
		return err
	}
	for _, floor := range [...]time.Time{floor, j.facts.Built, j.facts.Seen} {
		if now.Before(floor) {
			now = floor // the tolerance makes no license longer
		}
	}
	l := j.license
	if now.Add(ClockTolerance).Before(l.NotBefore) {
		return &Refusal{
			Reason:   NotYetValid,
			Message:  "the license begins on " + day(l.NotBefore),
			Expected: clock(l.NotBefore) + " or later",
			Found:    clock(now),
			hint:     "wait until then, or check the clock of this machine",
		}
	}
	return j.expiry(now)
}

func (j *judgement) expiry(now time.Time) error {
	l := j.license
	end := l.HardEnd
	switch {
	case end.IsZero():
	case !now.Before(end):
		message := "the license ended on " + lastDay(l.Expires)
		if l.HardEnd.After(l.Expires) {
			message += ", its grace on " + lastDay(l.HardEnd)
		}
		next := "ask " + l.Vendor + " " + j.whatNext()
		if now.Sub(end) > farOff {
			next = "set the clock if it is ahead, or " + next
		} else {
			next += "; it needs no new request"
		}
		return &Refusal{
			Reason:   Expired,
			Message:  message,
			Expected: "a time before " + clock(end),
			Found:    clock(now),
			hint:     next,
		}
	case !now.Before(l.Expires):
		l.Reason = Grace
		j.warn(Warning{Code: InGrace, Date: LastDay(l.HardEnd)}, "the license ended on %s; it runs on in grace until %s. Ask %s %s now",
			lastDay(l.Expires), lastDay(l.HardEnd), l.Vendor, j.whatNext())
	case !now.Add(j.facts.notice()).Before(l.Expires):
		j.warn(Warning{Code: EndsSoon, Date: LastDay(l.Expires)}, "the license ends on %s; ask %s %s", lastDay(l.Expires), l.Vendor, j.whatNext())
	}
	return nil
}

// whatNext says what the vendor is asked when a license ends. One of type development may
// be the bridge of a move, whose invoice has not ended: what follows then is the license
// that comes with the old server's release.
func (j *judgement) whatNext() string {
	invoice := strconv.Quote(j.license.Invoice)
	if j.claims.Terms.Type == format.TypeDevelopment {
		return "for the next license of invoice " + invoice
	}
	return "to renew invoice " + invoice
}

// signedFloor returns the latest time at which the vendor has signed something, and what.
func (j *judgement) signedFloor() (floor time.Time, signed string) {
	for _, known := range [...]struct {
		at     time.Time
		signed string
	}{
		{j.license.Issued, "the license"},
		{format.Instant(j.delegation.claims.IssuedAt), "the delegation"},
		{j.listIssued(), "the revocation list"},
	} {
		if known.at.After(floor) {
			floor, signed = known.at, known.signed
		}
	}
	return floor, signed
}

// notice is how long before its end a license says so.
func (f *Facts) notice() time.Duration { return cmp.Or(f.Notice, DefaultNotice) }

func (j *judgement) listIssued() time.Time {
	if j.list == nil {
		return time.Time{}
	}
	return j.list.Issued()
}

func clock(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// moment is a time for people.
func moment(t time.Time) string { return t.UTC().Format(time.DateTime) + " UTC" }

// LastDay returns the last second before an end, zero for none. An end such as
// License.Expires is the first one that is not covered, often midnight: the date to tell a person is that of the day before.
func LastDay(end time.Time) time.Time {
	if end.IsZero() {
		return end
	}
	return end.Add(-time.Second)
}

// lastDay returns the last day that is covered by what ends at a time: the first second
// that is not covered.
func lastDay(end time.Time) string { return day(LastDay(end)) }

// day is one that something ends or begins with, in whose zone a reader may be wrong.
func day(t time.Time) string { return date(t) + " UTC" }

func date(t time.Time) string { return t.UTC().Format(time.DateOnly) }

// quote shows a text that the caller gave, cut to a length that fits a line.
func quote(s string) string { return fmt.Sprintf("%.64q", s) }
