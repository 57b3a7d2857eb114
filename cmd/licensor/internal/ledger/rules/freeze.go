package rules

import (
	"slices"

	"github.com/offlicense/offlicense/cmd/internal/hint"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/format"
)

// A ledger moves to another place in steps: the old one is frozen, copied, and the copy is
// opened. Both logs are one up to the event that froze the old; then the old one has
// nothing, or is thawed, and only the new one has that it was opened. Which of the two it
// will be is decided in the new place alone, see package store.

// CheckFrozen refuses whatever would be recorded in a frozen ledger.
func CheckFrozen(f *Facts) error {
	if f.Frozen == nil {
		return nil
	}
	return ledger.Refuse(ledger.RuleFrozen, ledger.LiftNobody, `go on there, with --ledger or in that home; if the move broke off, run its "licensor init" again`,
		"this ledger is frozen: it moves, or has moved, to %s; nothing was changed", f.Frozen.Target)
}

const maxTarget = 1024 // bytes

// Freeze ends a ledger for a move.
func Freeze(f *Facts, d ledger.Frozen) (*Step, error) {
	if err := CheckFrozen(f); err != nil {
		return nil, err
	}
	if d.Move < 1 || d.Move > ledger.MaxMoveID {
		return nil, hint.Errorf("no move has the number %d", d.Move).WithHint("run the command again")
	}
	if slices.Contains(f.GivenUp, d.Move) {
		return nil, hint.Errorf("the move was given up; nothing was changed").WithHint("run the command again, which begins another move")
	}
	if err := format.ValidText(d.Target, maxTarget); err != nil || d.Target == "" {
		return nil, hint.Errorf("invalid place for a ledger %.64q", d.Target).WithHint("name a file or a database without odd characters")
	}
	return &Step{Event: ledger.Event{Action: ledger.ActionFreeze, Detail: d}}, nil
}

// Thaw lets a ledger go on where it was. Who asks has made sure that the place of the move
// is never opened.
func Thaw(f *Facts, move ledger.MoveID) (*Step, error) {
	if err := f.movesBy(move); err != nil {
		return nil, err
	}
	return &Step{Event: ledger.Event{Action: ledger.ActionThaw, Detail: ledger.Thawed{Move: move}}}, nil
}

// Open lets a ledger go on in the place of the move. Who asks has made sure that this is
// that place.
func Open(f *Facts, move ledger.MoveID) (*Step, error) {
	if err := f.movesBy(move); err != nil {
		return nil, err
	}
	return &Step{Event: ledger.Event{Action: ledger.ActionOpen, Detail: ledger.Opened{Move: move}}}, nil
}

// movesBy wants that the ledger is frozen for a move.
func (f *Facts) movesBy(move ledger.MoveID) error {
	if f.Frozen == nil || f.Frozen.Move != move {
		return hint.Errorf("the ledger is not frozen for this move").WithHint("it goes on where it is: there is nothing to undo")
	}
	return nil
}
