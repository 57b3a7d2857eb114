package audit

import (
	"fmt"
	"time"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/verify"
)

// checkFuture notes an operation that was recorded later than it is now, by more than
// signers allow. Where a later operation has lifted the rule clock, staff have said that the
// clock was wrong, and what they have lifted is listed.
func (a *audit) checkFuture(first *ledger.Event, lifted bool) {
	if lifted {
		a.ahead = nil
	}
	if now := a.against.Now; !now.IsZero() && first.Time.After(now.Add(verify.ClockTolerance)) {
		a.ahead = append(a.ahead, first)
	}
}

// future reports what was recorded in the future: no license that is signed now may follow
// it, and who can write the ledger may have dated it so.
func (a *audit) future() error {
	for _, e := range a.ahead {
		a.report.add("events", fmt.Sprint(e.Seq), "event", "is of the future: it says %s, and the clock of this workstation %s",
			e.Time.UTC().Format(time.RFC3339), a.against.Now.UTC().Format(time.RFC3339))
	}
	return nil
}
