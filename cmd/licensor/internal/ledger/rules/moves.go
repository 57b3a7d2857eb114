package rules

import (
	"bytes"
	"fmt"
	"slices"
	"time"

	"github.com/offlicense/offlicense/cmd/internal/text"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/verify"
)

// movesCountFor is how long a move counts.
const movesCountFor = 365 * 24 * time.Hour

// checkMoves refuses one more move than were sold: so many a seat in 365 days, pooled
// over the invoice. A rebind is one, a bridge (its final license is no second one), and
// the activation of a freed seat by a machine that was not there before.
func (j *judgement) checkMoves(s *Sale) error {
	if s.Type == ledger.TypeDevelopment {
		return nil
	}
	moved := uint64(0)
	for _, at := range s.Moved {
		if at.Add(movesCountFor).After(j.by.Now) {
			moved++
		}
	}
	if allowed := s.AllowedMoves(); moved >= allowed {
		return j.lift(ledger.Refuse(ledger.RuleMoves, ledger.LiftOverride, fmt.Sprintf("wait until the oldest move is a year ago, or sell more: licensor amend %s --moves N --out DIR", text.ShellWord(s.Invoice)),
			"invoice %q has used %d of its %d moves in 365 days", s.Invoice, moved, allowed))
	}
	return nil
}

// movesIn reports whether a new activation is a move: it takes a seat that another one
// has had, and its machine is none that was there before. A seat that waits for its new
// server is not the one that it takes.
func (j *judgement) movesIn(s *Sale, q *verify.Request) bool {
	if s.Type == ledger.TypeDevelopment || s.Used+j.waiting(s) >= s.Peak {
		return false
	}
	for _, m := range s.Left {
		if bytes.Equal(m.Key, q.Key.Bytes()) || m.is(s.Entitlement, &q.Request) {
			return false
		}
	}
	return true
}

// is reports whether a machine that has left seems to come back. One of the same image
// does not.
func (m *LeftMachine) is(e *ledger.Entitlement, q *format.Request) bool {
	known := slices.ContainsFunc(m.Components, func(c format.Component) bool { return identifies(c.Label) })
	return sameMachine(m.Components, q.Components) && !(known && fitsElsewhere(e, m.Components, q))
}

// move notes a move.
func (j *judgement) move(s *Sale) { s.Moved = append(s.Moved, j.by.Now) }
