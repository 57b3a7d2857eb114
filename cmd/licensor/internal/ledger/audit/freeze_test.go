package audit_test

import (
	"testing"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/ledgertest"
)

// What follows from no move: to go on in a frozen ledger, to open or thaw one that is not
// frozen for that move, and to begin a move again that was given up.
func TestForgedMovesOfTheLedger(t *testing.T) {
	freeze := func(move ledger.MoveID) *ledger.Event {
		return &ledger.Event{Action: ledger.ActionFreeze, Detail: ledger.Frozen{Move: move, Target: "there"}}
	}
	thaw := &ledger.Event{Action: ledger.ActionThaw, Detail: ledger.Thawed{Move: 7}}
	open := &ledger.Event{Action: ledger.ActionOpen, Detail: ledger.Opened{Move: 7}}
	partner := &ledger.Event{Action: ledger.ActionCustomer, Detail: ledger.Customer{Name: "Site Ltd", Partner: true}}
	for name, test := range map[string]struct {
		events []*ledger.Event
		wrong  string // with the last event; empty: nothing
	}{
		"moved":                      {[]*ledger.Event{freeze(7), open, partner}, ""},
		"given up":                   {[]*ledger.Event{freeze(7), thaw, partner}, ""},
		"given up, then moved":       {[]*ledger.Event{freeze(8), &ledger.Event{Action: ledger.ActionThaw, Detail: ledger.Thawed{Move: 8}}, freeze(7), open}, ""},
		"recorded in a frozen one":   {[]*ledger.Event{freeze(7), partner}, "(rule: frozen)"},
		"frozen twice":               {[]*ledger.Event{freeze(7), freeze(8)}, "(rule: frozen)"},
		"opened and never frozen":    {[]*ledger.Event{open}, "not frozen for this move"},
		"thawed and never frozen":    {[]*ledger.Event{thaw}, "not frozen for this move"},
		"opened after another move":  {[]*ledger.Event{freeze(8), open}, "not frozen for this move"},
		"opened after it was thawed": {[]*ledger.Event{freeze(7), thaw, open}, "not frozen for this move"},
		"begun again":                {[]*ledger.Event{freeze(7), thaw, freeze(7)}, "was given up"},
	} {
		b, _ := ledgertest.New(t)
		first := byHand(t, b, by(), test.events...)
		if r := audited(t, b, nil); test.wrong != "" {
			wantEvent(t, r, first+int64(len(test.events))-1, test.wrong)
		} else if !r.OK() {
			t.Errorf("%s: %v", name, r.Findings)
		}
	}
}
