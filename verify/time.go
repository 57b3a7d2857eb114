package verify

import (
	"fmt"
	"strconv"
	"time"

	"github.com/offlicense/offlicense/format"
)

const (
	// ClockTolerance is how far a clock may be behind the latest time that is known to
	// have passed. Servers and the vendor's workstations are rarely further apart.
	ClockTolerance = time.Hour

	// renewalNotice is how long before its end a license begins to say so.
	renewalNotice = 30 * 24 * time.Hour
)

// CheckClock returns a *[Refusal] with [ClockRolledBack] if the clock says a time that is
// more than the tolerance before one that must have passed; known says how that is known,
// such as "the license was issued".
func CheckClock(now, floor time.Time, known string) error {
	if !now.Before(floor.Add(-ClockTolerance)) {
		return nil
	}
	return &Refusal{
		Reason:   ClockRolledBack,
		Message:  fmt.Sprintf("this machine's clock says %s, and %s at %s", clock(now), known, clock(floor)),
		Expected: clock(floor) + " or later",
		Found:    clock(now),
		hint:     "set the clock to the right time and try again",
	}
}

// time judges the time. A clock that must be wrong is named first, for by it nothing
// else can be said.
func (j *judgement) time() error {
	floor, source := j.clockFloor()
	now := j.facts.Now
	if err := CheckClock(now, floor, source); err != nil {
		return err
	}
	if now.Before(floor) {
		now = floor // the tolerance makes no license longer
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
		return &Refusal{
			Reason:   Expired,
			Message:  message,
			Expected: "a time before " + clock(end),
			Found:    clock(now),
			hint:     "ask " + l.Vendor + " " + j.whatNext() + "; it needs no new request",
		}
	case !now.Before(l.Expires):
		l.Reason = Grace
		j.warn(Warning{Code: InGrace, Date: l.HardEnd}, "the license ended on %s; it runs on in grace until %s. Ask %s %s now",
			lastDay(l.Expires), lastDay(l.HardEnd), l.Vendor, j.whatNext())
	case !now.Add(renewalNotice).Before(l.Expires):
		j.warn(Warning{Code: EndsSoon, Date: l.Expires}, "the license ends on %s; ask %s %s", lastDay(l.Expires), l.Vendor, j.whatNext())
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

// clockFloor returns the latest time that must have passed, and how that is known.
func (j *judgement) clockFloor() (floor time.Time, source string) {
	for _, known := range [...]struct {
		at     time.Time
		source string
	}{
		{j.license.Issued, "the license was issued"},
		{format.Instant(j.delegation.claims.IssuedAt), "the delegation was issued"},
		{j.listIssued(), "the revocation list was issued"},
		{j.facts.Built, "this program was built"},
		{j.facts.Seen, "the clock has been"},
	} {
		if known.at.After(floor) {
			floor, source = known.at, known.source
		}
	}
	return floor, source
}

func (j *judgement) listIssued() time.Time {
	if j.list == nil {
		return time.Time{}
	}
	return j.list.Issued()
}

func clock(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// lastDay returns the last day that is covered by what ends at a time: the first second
// that is not covered.
func lastDay(end time.Time) string { return day(end.Add(-time.Second)) }

func day(t time.Time) string { return t.UTC().Format(time.DateOnly) }

// quote shows a text that the caller gave, cut to a length that fits a line.
func quote(s string) string { return fmt.Sprintf("%.64q", s) }
