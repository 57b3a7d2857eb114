package rules

import (
	"fmt"
	"time"

	"github.com/offlicense/offlicense/cmd/internal/text"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/verify"
)

// checkFree refuses when no seat is free. q is the request that wants one, nil if there
// is none.
func (j *judgement) checkFree(s *Sale, q *verify.Request) error {
	waiting := j.waiting(s)
	switch {
	case s.Type == ledger.TypeDevelopment && (s.Allowance == 0 || s.Used < s.Allowance):
		return nil
	case s.Type == ledger.TypeDevelopment:
		return ledger.Refuse(ledger.RuleAllowance, bySelling(s, "allowance", s.Used+1), "raise the allowance, or go on with the sites that are active",
			"no activation of invoice %q is free, %d of %d are in use", s.Invoice, s.Used, s.Allowance)
	case s.Used+waiting < s.Seats:
		return nil
	case waiting > 0:
		return ledger.Refuse(ledger.RuleSeats, bySelling(s, "seats", s.Used+waiting+1),
			fmt.Sprintf("have the new server ask for %s, or cancel its move: licensor deactivate %s --activation ID --why TEXT", s.Type, text.ShellWord(s.Invoice)),
			"no seat of invoice %q is free: %d of %d are in use, and %d waits for the new server of a move", s.Invoice, s.Used, s.Seats, waiting)
	}
	next := fmt.Sprintf("sell another seat, or free one whose server is gone: licensor deactivate %s --activation ID --why TEXT", text.ShellWord(s.Invoice))
	if same := lostDirectory(s, q); same != nil {
		next = fmt.Sprintf("the same machine as %s, its directory lost? licensor reactivate REQUEST --activation %s --why TEXT", same.Name(), same.ID)
	}
	return ledger.Refuse(ledger.RuleSeats, bySelling(s, "seats", s.Used+1), next,
		"no seat of invoice %q is free, %d of %d are in use: %s", s.Invoice, s.Used, s.Seats, holders(s))
}

// bySelling names the command that lifts the rule for one more.
func bySelling(s *Sale, option string, n uint64) string {
	return fmt.Sprintf("sales: licensor amend %s --%s %d --out DIR", text.ShellWord(s.Invoice), option, n)
}

// waiting returns how many seats wait for the new servers of moves.
func (j *judgement) waiting(s *Sale) uint64 {
	n := uint64(0)
	for _, m := range s.Waits {
		if a := j.Activations[m.Successor]; m.Until.After(j.by.Now) && (a == nil || a.State == ledger.StateBridge) {
			n++
		}
	}
	return n
}

const maxHolders = 3

// holders names who has the seats of a sale, and since when.
func holders(s *Sale) string {
	var names []string
	for _, a := range s.Oldest[:min(len(s.Oldest), maxHolders)] {
		names = append(names, fmt.Sprintf("%s since %s", a.Name(), a.Since.Format(time.DateOnly)))
	}
	if more := int(s.Used) - len(names); more > 0 {
		names = append(names, fmt.Sprintf("%d more", more))
	}
	return ledger.Join(names)
}

// lostDirectory returns the holder that seems to be on the machine of a request, nil if
// none does. It is a hint, and decides nothing: two sites may share a machine.
func lostDirectory(s *Sale, q *verify.Request) *Activation {
	if q == nil {
		return nil
	}
	for _, a := range s.Oldest[:min(len(s.Oldest), maxHolders)] {
		if a.Site != "" && q.Site != "" && a.Site != q.Site {
			continue
		}
		if sameMachine(a.machine(), q.Components) {
			return a
		}
	}
	return nil
}
