package rules_test

import (
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
		"a reason alone lifts none": {now.Add(200 * day), because("the clock was wrong that day"), true},
	} {
		_, err := rules.CheckClock(test.newest, test.by)
		if (err != nil) != test.refused {
			t.Errorf("%s: %v", name, err)
		}
		if test.refused {
			wantHint(t, err, "--override --why")
		}
	}
}
