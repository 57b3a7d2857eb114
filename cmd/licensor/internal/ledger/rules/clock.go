package rules

import (
	"time"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/verify"
)

// CheckClock refuses a workstation whose clock is behind the newest record: its licenses
// would begin in the past. Where it was the earlier clock that was wrong, staff say so;
// their record then is the newest, and the next ones pass.
//
// It returns the rule if staff lift it.
func CheckClock(newest time.Time, by *ledger.Operation) ([]ledger.Rule, error) {
	if !by.Now.Add(verify.ClockTolerance).Before(newest) {
		return nil, nil
	}
	j := &judgement{by: by}
	err := j.lift(ledger.Refuse(ledger.RuleClock, ledger.LiftOverride, "set the clock and try again; if it is right and was wrong then, say so once",
		"the clock of this workstation says %s, and the ledger has a record of %s; nothing was changed",
		by.Now.UTC().Format(time.RFC3339), newest.UTC().Format(time.RFC3339)))
	return j.lifted, err
}
