package verify

import (
	"fmt"

	"github.com/offlicense/offlicense/format"
)

// standby refuses to run a failover license as long as no emergency is declared, and
// once its emergency days are used up.
func (j *judgement) standby() error {
	if j.claims.Terms.Type != format.TypeFailover {
		return nil
	}
	granted, used := j.claims.Terms.EmergencyDays, j.facts.EmergencyDays
	switch {
	case !j.facts.Emergency && j.facts.AnyMachine:
		j.warn(Warning{Code: NoEmergency}, "a failover license: whether an emergency is declared was not checked")
	case !j.facts.Emergency:
		return &Refusal{
			Reason:  Standby,
			Message: "a failover license runs while an emergency is declared, and none is",
			hint:    `when this server has to take over, declare the emergency on it: offlicense failover start --why "..."`,
		}
	case granted > 0 && used > granted:
		return &Refusal{
			Reason:   Standby,
			Message:  fmt.Sprintf("the emergency days of the license are used up: %d of %d", granted, granted),
			Expected: fmt.Sprintf("at most %d emergency days", granted),
			Found:    fmt.Sprintf("day %d", used),
			hint:     "end the emergency with \"offlicense failover stop\", or ask " + j.license.Vendor + " for a renewal with more days, which needs no new request",
		}
	case !j.facts.EmergencySince.IsZero():
		j.warn(Warning{Code: InEmergency, Date: j.facts.EmergencySince, Count: used, Of: granted},
			"running in an emergency declared on %s: %s", day(j.facts.EmergencySince), dayOf(used, granted))
	}
	return nil
}

func dayOf(used, granted uint64) string {
	if granted == 0 {
		return fmt.Sprintf("day %d", used)
	}
	return fmt.Sprintf("day %d of %d", used, granted)
}
