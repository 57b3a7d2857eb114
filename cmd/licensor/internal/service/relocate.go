package service

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/big"
	"os"
	"slices"

	"github.com/offlicense/offlicense/cmd/internal/hint"
	"github.com/offlicense/offlicense/cmd/internal/text"
	"github.com/offlicense/offlicense/cmd/licensor/internal/home"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/audit"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/book"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/store"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/store/database"
)

// Relocation moves a ledger, once an audit finds nothing, to another place, step by step:
//
//	claim   a draft is made in the new place; its number is that of the move
//	freeze  the old ledger is frozen for that move and no other
//	copy    the events and addresses are recorded again in the draft
//	judge   the draft is audited and compared with the old ledger
//	open    the draft becomes the ledger
//
// What ends it in between leaves a frozen ledger, or one that goes on as before. The same
// Run goes on where the last one ended; Abort thaws the old ledger, unless the new one is
// open. Two that sign there are never: see package store.
type Relocation struct {
	Home     home.Home // whose roots judge
	Vendor   string    // whose ledger it is
	From, To string    // places, as for Open; a file to move is that of the home

	// Progress, if not nil, is told now and then what is done, and how much of that; total
	// is 0 where it is not known.
	Progress func(step string, done, total int64)

	// before, if not nil, is called before each step, by its name above. Tests end it there.
	before func(step string) error
}

// Relocated is what a move has brought to the new place.
type Relocated struct {
	Events, Licenses int64
	Head             string // of the log when it was copied
	Already          bool   // the new ledger was open before
}

// relocating is a Relocation at work.
type relocating struct {
	*Relocation
	old *book.Book
	new *store.Store
}

// with opens both places for as long as f runs.
func (r *Relocation) with(ctx context.Context, make bool, f func(*relocating) error) error {
	if err := r.Home.Closed(); err != nil {
		return err
	}
	if err := r.checkFile(); err != nil {
		return err
	}
	old, err := book.Open(ctx, r.From)
	if err != nil {
		return err
	}
	defer old.Close()
	if old.Vendor() != r.Vendor {
		return hint.Errorf("the ledger is that of %s, and the home that of %s; nothing was changed", text.Quote(old.Vendor()), r.Vendor).
			WithHint("name the home of that vendor with --home")
	}
	frozen, err := old.Frozen(ctx)
	if err != nil {
		return err
	}
	if _, err := os.Stat(r.To); frozen != nil && !database.IsPostgres(r.To) && errors.Is(err, fs.ErrNotExist) {
		return elsewhere(frozen)
	}
	place, err := store.OpenPlace(ctx, r.To, make && frozen == nil)
	if err != nil {
		return err
	}
	defer place.Close()
	return f(&relocating{r, old, place})
}

// checkFile refuses a file that is not the ledger of the home: once a copy, such as a backup,
// had moved, both would sign.
func (r *Relocation) checkFile() error {
	at := r.Home.LedgerFile()
	if database.IsPostgres(r.From) || sameFile(r.From, at) {
		return nil
	}
	return hint.Errorf("%s is not the ledger file of the home, and a copy does not move: two would sign; nothing was changed", text.ShellPath(r.From)).
		WithHint("name its home with --home; a backup of a lost ledger is first put there, as %s", text.ShellPath(at))
}

func sameFile(a, b string) bool {
	x, err := os.Stat(a)
	y, errY := os.Stat(b)
	return err == nil && errY == nil && os.SameFile(x, y)
}

// Run moves the ledger, or goes on with a move that was interrupted.
func (r *Relocation) Run(ctx context.Context, by ledger.Operation) (result *Relocated, err error) {
	err = r.with(ctx, true, func(m *relocating) error {
		result, err = m.run(ctx, by)
		return err
	})
	return result, err
}

func (m *relocating) run(ctx context.Context, by ledger.Operation) (*Relocated, error) {
	move, open, err := m.look(ctx)
	if err != nil {
		return nil, err
	}
	if open {
		return &Relocated{Already: true}, nil
	}
	if move == 0 {
		if move, err = m.begin(ctx, by); err != nil {
			return nil, err
		}
	}
	if err := m.step("copy"); err != nil {
		return nil, err
	}
	if err := m.copy(ctx, move); err != nil {
		return nil, err
	}
	if err := m.step("judge"); err != nil {
		return nil, err
	}
	result, err := m.judge(ctx, move)
	if err != nil {
		return nil, err
	}
	if err := m.step("open"); err != nil {
		return nil, err
	}
	return result, book.OpenDraft(ctx, m.new, by, move)
}

func (r *Relocation) step(name string) error {
	if r.before == nil {
		return nil
	}
	return r.before(name)
}

// progress counts what a step does.
func (r *Relocation) progress(step string, total int64) func() {
	done := int64(0)
	return func() {
		if done++; r.Progress != nil && (done%1000 == 0 || done == total) {
			r.Progress(step, done, total)
		}
	}
}

// look says for which move the old ledger is frozen, 0 for none, and whether that move has
// come to its end. It refuses a place where this ledger cannot go.
func (m *relocating) look(ctx context.Context) (move ledger.MoveID, open bool, err error) {
	frozen, err := m.old.Frozen(ctx)
	if err != nil {
		return 0, false, err
	}
	place, err := m.new.Place(ctx)
	switch {
	case err != nil:
	case place.GivenUp:
		if err = m.clear(ctx, place.Draft); err == nil {
			return m.look(ctx)
		}
	case place.Open:
		switch open, err = m.continues(ctx); {
		case err != nil || open && frozen != nil:
		case frozen != nil:
			err = elsewhere(frozen)
		default:
			err = hint.Errorf("there is a ledger already in %s; nothing was changed", m.new.Name()).
				WithHint("use it as it is, or name another place with --ledger; a file can be moved away")
		}
		return 0, open, err
	case frozen != nil && place.Draft != frozen.Move:
		err = elsewhere(frozen)
	case frozen != nil:
		return frozen.Move, false, nil
	}
	return 0, false, err
}

// begin judges the old ledger, makes a draft in the new place, and freezes the old ledger.
func (m *relocating) begin(ctx context.Context, by ledger.Operation) (ledger.MoveID, error) {
	if _, err := m.audit(ctx, m.old.Store(), 0, "nothing was changed"); err != nil {
		return 0, err
	}
	if err := m.step("claim"); err != nil {
		return 0, err
	}
	move, err := m.draft(ctx, by.Random)
	if err != nil {
		return 0, err
	}
	if err := m.step("freeze"); err != nil {
		return 0, err
	}
	return move, m.old.Freeze(ctx, by, ledger.Frozen{Move: move, Target: m.new.Name()})
}

// elsewhere says that the move is to another place.
func elsewhere(frozen *ledger.Frozen) error {
	return hint.Errorf("the ledger is frozen for its move to %s, and that is not what --ledger names; nothing was changed", frozen.Target).
		WithHint("name that place with --ledger, on the workstation where the move began")
}

// draft makes a draft, or finds that of a move which ended before the ledger was frozen.
func (m *relocating) draft(ctx context.Context, random io.Reader) (move ledger.MoveID, err error) {
	n, err := randomNumber(random)
	if err != nil {
		return 0, err
	}
	err = m.old.Store().Read(ctx, func(t *store.Tx) error {
		place, err := m.new.Claim(ctx, n, t)
		if move = place.Draft; err != nil {
			return err
		}
		return m.new.Read(ctx, func(drafted *store.Tx) error {
			ours, err := t.Continues(drafted)
			if err == nil && (!ours || place != store.Place{Draft: move}) {
				err = hint.Errorf("another ledger is being moved to %s; nothing was changed", m.new.Name()).
					WithHint("name another place with --ledger")
			}
			return err
		})
	})
	return move, err
}

func randomNumber(random io.Reader) (ledger.MoveID, error) {
	var raw [8]byte
	if _, err := io.ReadFull(random, raw[:]); err != nil {
		return 0, err
	}
	n := new(big.Int).SetBytes(raw[:])
	return ledger.MoveID(n.Mod(n, big.NewInt(ledger.MaxMoveID)).Int64() + 1), nil
}

// clear removes a draft that was given up, once the ledger was thawed.
func (m *relocating) clear(ctx context.Context, move ledger.MoveID) error {
	thawed := false
	err := m.old.Store().Read(ctx, func(t *store.Tx) error {
		moves, err := t.GivenUp()
		thawed = slices.Contains(moves, move)
		return err
	})
	if err == nil && !thawed {
		err = hint.Errorf("a move to %s was given up, and its ledger is not thawed yet; nothing was changed", m.new.Name()).
			WithHint("run that move's command with --abort to its end, or name another place")
	}
	if err != nil {
		return err
	}
	return m.new.Clear(ctx, move)
}

// continues reports whether the ledger in the new place goes on from this one, and is
// neither it nor a copy: that it was opened there is one event more.
func (m *relocating) continues(ctx context.Context) (goesOn bool, err error) {
	err = m.compare(ctx, func(old, new *store.Tx) error {
		size, _, err := old.Size()
		if err != nil {
			return err
		}
		more, _, err := new.Size()
		if err != nil || more <= size {
			return err
		}
		goesOn, err = new.Continues(old)
		return err
	})
	return goesOn, err
}

func (m *relocating) isOpen(ctx context.Context, place store.Place) (bool, error) {
	if !place.Open {
		return false, nil
	}
	return m.continues(ctx)
}

// compare reads both ledgers.
func (m *relocating) compare(ctx context.Context, f func(old, new *store.Tx) error) error {
	return m.old.Store().Read(ctx, func(old *store.Tx) error {
		return m.new.Read(ctx, func(new *store.Tx) error { return f(old, new) })
	})
}

func (m *relocating) audit(ctx context.Context, s *store.Store, draft ledger.MoveID, after string) (*audit.Report, error) {
	v, err := m.Home.Verifier()
	if err != nil {
		return nil, err
	}
	report, err := audit.Run(ctx, s, audit.Against{Verifier: v, Draft: draft, Progress: m.Progress})
	if err == nil && !report.OK() {
		err = hint.Errorf("an audit of %s finds %s, the first in %v; %s", s.Name(),
			text.Plural(len(report.Findings)+report.More, "fault", "faults"), report.Findings[0], after).
			WithHint(`"licensor audit" of the old ledger shows them all; a ledger moves once they are mended`)
	}
	return report, err
}

// copy fills the draft.
func (m *relocating) copy(ctx context.Context, move ledger.MoveID) error {
	return m.old.Store().Read(ctx, func(t *store.Tx) error {
		size, _, err := t.Size()
		if err != nil {
			return err
		}
		return m.new.Copy(ctx, move, t, m.progress("copying events", size-1))
	})
}

const staysFrozen = "the old ledger stays frozen"

// judge audits the draft, and compares it with the old ledger.
func (m *relocating) judge(ctx context.Context, move ledger.MoveID) (*Relocated, error) {
	report, err := m.audit(ctx, m.new, move, staysFrozen)
	if err != nil {
		return nil, err
	}
	err = m.compare(ctx, func(old, new *store.Tx) error {
		same, err := new.Continues(old)
		if err != nil {
			return err
		}
		var emails [2][32]byte
		for i, t := range [...]*store.Tx{old, new} {
			if emails[i], err = t.EmailsDigest(); err != nil {
				return err
			}
		}
		if !same || emails[0] != emails[1] {
			return fmt.Errorf("the copy in %s is not what the old ledger holds; %s", m.new.Name(), staysFrozen)
		}
		return nil
	})
	return &Relocated{Events: report.Events, Licenses: report.Licenses, Head: report.Head}, err
}

// Abort lets the old ledger go on where it is. It is refused once the new one is open, and
// where it cannot be known whether it is.
func (r *Relocation) Abort(ctx context.Context, by ledger.Operation) error {
	return r.with(ctx, false, func(m *relocating) error { return m.abort(ctx, by) })
}

func (m *relocating) abort(ctx context.Context, by ledger.Operation) error {
	frozen, err := m.old.Frozen(ctx)
	if err != nil {
		return err
	}
	if frozen == nil {
		place, err := m.new.Place(ctx)
		if err == nil && place.GivenUp { // an abort that ended after it had thawed the ledger
			err = m.clear(ctx, place.Draft)
		}
		if err == nil {
			err = hint.Errorf("the ledger is not frozen: no move of it has begun, or it was given up").WithHint("go on with it as before")
		}
		return err
	}
	if err := m.step("give up"); err != nil {
		return err
	}
	place, err := m.new.GiveUp(ctx, frozen.Move)
	if err != nil {
		return err
	}
	if place != (store.Place{Draft: frozen.Move, GivenUp: true}) {
		if open, err := m.isOpen(ctx, place); err != nil {
			return err
		} else if open {
			return hint.Errorf("the ledger is open in %s, and this one stays frozen; nothing was changed", m.new.Name()).
				WithHint("go on there; to come back, move that one with --from")
		}
		return elsewhere(frozen)
	}
	if err := m.step("thaw"); err != nil {
		return err
	}
	if err := m.old.Thaw(ctx, by, frozen.Move); err != nil {
		return err
	}
	if err := m.step("clear"); err != nil {
		return err
	}
	return m.new.Clear(ctx, frozen.Move)
}
