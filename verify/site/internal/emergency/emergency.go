// Package emergency counts the emergency days of a failover license, and encodes the records of
// them. It reads and writes no files.
package emergency

import (
	"cmp"
	"time"
)

// Activation is that of a failover license.
type Activation struct {
	Vendor, ID string
	Granted    uint64    // emergency days; 0: not limited
	From       time.Time // from its day on they count
}

// Emergency is what the directory knows of an activation's emergency at a time.
type Emergency struct {
	Declared *Declaration // nil: none goes on
	Day      uint64       // the number of this emergency day, or that which it would have

	Due, Ended Tally // what the directory should have, and will have if it ends now
	recorded   Tally // what it has
	others     []Tally

	// Unproven: that this day counts follows from nothing but its record. A clock was ahead at
	// the declaration.
	Unproven bool
}

// Known is what the directory knows of all activations.
type Known struct {
	Declared   *Declaration // nil: none goes on
	Tallies    []Tally
	Undeclared error // why the declaration cannot be read
	Untallied  error // why the tallies cannot be read
}

// Of returns the emergency of one activation at a time.
func (k Known) Of(a Activation, now time.Time) (e Emergency, err error) {
	if err := cmp.Or(k.Undeclared, k.Untallied); err != nil {
		return Emergency{}, err
	}
	if d := k.Declared; d != nil && d.Vendor == a.Vendor && d.Activation == a.ID {
		e.Declared = d // not of a license that was installed here before
	}
	e.recorded = Tally{vendor: a.Vendor, activation: a.ID}
	for _, t := range k.Tallies {
		if t.vendor == a.Vendor && t.activation == a.ID {
			e.recorded = t
		} else {
			e.others = append(e.others, t)
		}
	}
	today := dayOf(now)
	if e.Declared == nil {
		_, e.Day = e.recorded.on(today, today, a)
		e.Due, e.Ended = e.recorded, e.recorded
		return e, nil
	}
	since := dayOf(e.Declared.Since)
	e.Due, e.Day = e.recorded.on(today, since, a)
	e.Ended = e.recorded.ended(today, since, a)
	e.Unproven = since > today && e.recorded.undecided(today, since) == today && !e.recorded.used.has(today)
	return e, nil
}

// Used returns how many emergency days that count for a license are used.
func (e Emergency) Used(a Activation, now time.Time) uint64 {
	return e.Ended.used.from(e.recorded.counting(dayOf(now), a))
}

// Declare declares it, of an activation for which none goes on.
func (e *Emergency) Declare(d Declaration, a Activation, now time.Time) {
	e.Declared = &d
	e.Due, _ = e.recorded.on(dayOf(now), dayOf(now), a)
	e.Ended = e.Due
}

// maxTallies is of how many activations a directory keeps count; the oldest is forgotten.
const maxTallies = 64

// With returns all tallies with that of this activation; nil where the directory has it already.
func (e Emergency) With(own Tally) []Tally {
	if own.equal(e.recorded) {
		return nil
	}
	list := append(e.others, own)
	return list[max(0, len(list)-maxTallies):]
}
