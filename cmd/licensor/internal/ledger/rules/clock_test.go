package rules_test

import (
	"slices"
	"testing"
	"time"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/rules"
)

func TestClockBehindTheLedger(t *testing.T) {
	for name, test := range map[string]struct {
		newest  time.Time
		by      *ledger.Operation
		refused bool
	}{
		"nothing is on record":      {time.Time{}, by(), false},
		"ahead":                     {now.Add(-999 * day), by(), false},
		"an hour behind":            {now.Add(time.Hour), by(), false},
		"a second more":             {now.Add(time.Hour + time.Second), by(), true},
		"the other clock was wrong": {now.Add(200 * day), override("the clock was wrong that day"), false},
		"staff say so, for nothing": {time.Time{}, because("to be sure"), false},
		"a reason alone lifts none": {now.Add(200 * day), because("the clock was wrong that day"), true},
	} {
		lifted, err := rules.CheckClock(test.newest, test.by)
		if test.refused {
			wantRefusal(t, err, ledger.RuleClock)
			wantHint(t, err, "set the clock", ledger.LiftOverride)
		} else if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if got := slices.Equal(lifted, []ledger.Rule{ledger.RuleClock}); got != (test.by.Override && !test.refused) || !got && lifted != nil {
			t.Errorf("%s: lifted: %v", name, lifted)
		}
	}
}
