package verify

import (
	"slices"
	"time"
)

// Turns returns the times, in order, at which the judgement may turn, whatever Facts.Now is:
// from one of them until the next nothing else follows from the same facts, but for the time
// that a refusal names. So a program that has judged once can answer from memory until then.
func (o *Opened) Turns(facts Facts) []time.Time {
	j := &judgement{Opened: o, facts: &facts, license: newLicense(o.claims, o.signed.Code(), o.delegation.claims.Name)}
	_ = j.findLists() // lists that do not hold are a refusal at any time
	floor, _ := j.signedFloor()
	l := j.license
	turns := []time.Time{floor.Add(-ClockTolerance), facts.Built.Add(-ClockTolerance), facts.Seen.Add(-SeenTolerance)}
	if !l.NotBefore.IsZero() {
		turns = append(turns, l.NotBefore.Add(-ClockTolerance))
	}
	if !l.Expires.IsZero() {
		turns = append(turns, l.Expires.Add(-facts.notice()), l.Expires, l.HardEnd)
	}
	if most := facts.MaxRevocationAge; most > 0 && j.list != nil {
		turns = append(turns, j.list.Issued().Add(most).Add(1))
	}
	slices.SortFunc(turns, time.Time.Compare)
	return turns
}
