package rules_test

import (
	"strings"
	"testing"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/rules"
)

// A ledger is frozen for one move, thawed or opened for that one alone, and a move that was
// given up does not begin again.
func TestFreezeThawOpen(t *testing.T) {
	frozen := &ledger.Frozen{Move: 7, Target: "database licensor"}
	freeze := func(move ledger.MoveID, target string) func(*rules.Facts) (*rules.Step, error) {
		return func(f *rules.Facts) (*rules.Step, error) {
			return rules.Freeze(f, ledger.Frozen{Move: move, Target: target})
		}
	}
	thaw := func(f *rules.Facts) (*rules.Step, error) { return rules.Thaw(f, 7) }
	open := func(f *rules.Facts) (*rules.Step, error) { return rules.Open(f, 7) }
	for name, test := range map[string]struct {
		facts rules.Facts
		ask   func(*rules.Facts) (*rules.Step, error)
		wrong string
	}{
		"freeze":                    {rules.Facts{}, freeze(7, "there"), ""},
		"freeze what is frozen":     {rules.Facts{Frozen: frozen}, freeze(8, "there"), "it moves, or has moved, to database licensor"},
		"freeze for no move":        {rules.Facts{}, freeze(0, "there"), "no move has the number 0"},
		"freeze for too high a one": {rules.Facts{}, freeze(ledger.MaxMoveID+1, "there"), "no move has the number"},
		"freeze after it is undone": {rules.Facts{GivenUp: []ledger.MoveID{6, 7}}, freeze(7, "there"), "was given up"},
		"freeze for nowhere":        {rules.Facts{}, freeze(7, ""), "invalid place"},
		"freeze for two lines":      {rules.Facts{}, freeze(7, "a\nb"), "invalid place"},
		"thaw":                      {rules.Facts{Frozen: frozen}, thaw, ""},
		"thaw what is not frozen":   {rules.Facts{}, thaw, "not frozen for this move"},
		"thaw for another move":     {rules.Facts{Frozen: &ledger.Frozen{Move: 8}}, thaw, "not frozen for this move"},
		"open":                      {rules.Facts{Frozen: frozen}, open, ""},
		"open what is not frozen":   {rules.Facts{}, open, "not frozen for this move"},
		"open for another move":     {rules.Facts{Frozen: &ledger.Frozen{Move: 8}}, open, "not frozen for this move"},
	} {
		step, err := test.ask(&test.facts)
		if (err == nil) != (test.wrong == "") || err != nil && (!strings.Contains(err.Error(), test.wrong) || step != nil) {
			t.Errorf("%s: %+v, %v", name, step, err)
		}
	}
}
