package site

import (
	"errors"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/offlicense/offlicense/verify"
)

// Gate is what a running program asks whether it is licensed. [Gate.Check] reads the state
// directory and the machine; [Gate.Current] answers from memory, as often as a program likes;
// [Gate.Watch] checks again each minute and tells what has changed. A Gate may be used by many
// goroutines at once. It prints nothing, ends no program, and reads no clock but the one that it
// is given.
type Gate struct {
	state    *State
	verifier *verify.Verifier
	program  Program

	current atomic.Pointer[answer]

	checking sync.Mutex
	found    finding
}

// Open returns the Gate of a state directory. Nothing is read yet. What the program does not
// say of its version and its date, the Go command may have built into it: the version of its
// main module, and the time of its commit ([debug.ReadBuildInfo]).
func Open(dir string, v *verify.Verifier, p Program) *Gate {
	if info, ok := debug.ReadBuildInfo(); ok {
		p = p.asBuilt(info)
	}
	return &Gate{state: At(dir), verifier: v, program: p}
}

// State, Verifier and Program return what the Gate was opened with, the version and the date of the
// program filled in.
func (g *Gate) State() *State              { return g.state }
func (g *Gate) Verifier() *verify.Verifier { return g.verifier }
func (g *Gate) Program() Program           { return g.program }

// Check judges the license that is installed in the state directory dir: the one call of a
// program that asks when it starts, and not again. It returns a license or an error, never
// both. The error is a *[verify.Refusal] that says why there is no license, unless the question
// could not be answered at all, as when a file may not be read.
func Check(dir string, v *verify.Verifier, p Program, now time.Time) (*verify.License, error) {
	return Open(dir, v, p).Check(now)
}

// Check judges the installed license anew, as [State.Verify] does: it reads every file of the
// directory that counts, and the machine's components, and takes as long as that. What it finds
// is what [Gate.Current] answers from then on. It returns a license or an error, never both.
//
// An error that is no *[verify.Refusal] says that the question could not be answered: a disk
// fails, or the program has too many files open. Then Current goes on with what was found
// before, if anything was.
func (g *Gate) Check(now time.Time) (*verify.License, error) {
	g.checking.Lock()
	defer g.checking.Unlock()
	g.check(now, false)
	if err := g.found.failed; err != nil {
		return nil, err
	}
	return g.found.license, g.found.err
}

// finding is what the checks have found until now.
type finding struct {
	at      time.Time // of the last check that could judge; zero: none could
	license *verify.License
	err     error
	failed  error // why the last check could not judge; nil: it could
}

// check judges anew. With patience, a license that held is left as it was found if the reason against it
// may pass, and again is true: ask once more in a moment.
func (g *Gate) check(now time.Time, patience bool) (again bool) {
	evidence, license, err := g.state.check(g.verifier, g.program, now)
	if patience && g.found.license != nil && slices.Contains(passing, reasonOf(err)) {
		return true
	}
	g.found.failed = nil
	if err != nil && !errors.As(err, new(*verify.Refusal)) {
		g.found.failed = err
		if !g.found.at.IsZero() {
			return false
		}
	} else {
		g.found = finding{at: now, license: license, err: err}
	}
	a := &answer{evidence: evidence, err: err}
	a.foresee(now)
	g.current.Store(a)
	return false
}

// passing are the reasons that may pass: a file is half written or away for a moment, or a component
// could not be read.
var passing = []verify.Reason{verify.NoLicense, verify.Malformed, verify.BadSignature, verify.WrongMachine}

// ErrNotChecked is what [Gate.Current] says before the first check.
var ErrNotChecked = errors.New("the license was not checked yet")

// Current answers from memory: by what the last check has read, and by the end, the grace and
// the clock as they are now. It costs less than a microsecond, allocates nothing, and waits for
// nothing. The license is shared and must not be changed. It is nil with an error, as of Check.
func (g *Gate) Current(now time.Time) (*verify.License, error) {
	a := g.current.Load()
	if a == nil {
		return nil, ErrNotChecked
	}
	return a.at(now)
}

// answer is what a check has found, for any time.
type answer struct {
	evidence *evidence // nil: err, at any time
	err      error
	outcomes atomic.Pointer[[]outcome] // some of those that were asked for or will be; never changed in place
}

// outcome is what follows from the evidence for a span of time.
type outcome struct {
	from, until time.Time // from is in it, until is not
	license     *verify.License
	err         error
}

// maxOutcomes is how many are remembered. A license has at most five turns, and an emergency one
// each day.
const maxOutcomes = 8

func (a *answer) at(now time.Time) (*verify.License, error) {
	if a.evidence == nil {
		return nil, a.err
	}
	known := a.outcomes.Load()
	if known != nil {
		for i := range *known {
			if o := &(*known)[i]; !now.Before(o.from) && now.Before(o.until) {
				return o.license, o.err
			}
		}
	}
	o := a.evidence.outcome(now)
	next := []outcome{o}
	if known != nil && len(*known) < maxOutcomes {
		next = append(next, *known...)
	}
	a.outcomes.Store(&next) // of two that do this at once one is forgotten
	return o.license, o.err
}

// foresee remembers the outcomes of a time and of the turns after it.
func (a *answer) foresee(now time.Time) {
	if a.evidence == nil {
		return
	}
	a.at(now)
	for _, turn := range a.evidence.turns(now) {
		if turn.After(now) {
			a.at(turn)
		}
	}
}

// outcome judges a time, and says how long the same holds. A refusal names the time, so it is
// good for a second.
func (e *evidence) outcome(now time.Time) (o outcome) {
	o.license, _, o.err = e.judge(now)
	o.from, o.until = now.Truncate(time.Second), now.Truncate(time.Second).Add(time.Second)
	if o.err == nil {
		o.from, o.until = time.Time{}, time.Unix(1<<40, 0)
	}
	for _, turn := range e.turns(now) {
		if !turn.After(now) && turn.After(o.from) {
			o.from = turn
		}
		if turn.After(now) && turn.Before(o.until) {
			o.until = turn
		}
	}
	return o
}

// turns returns the times at which the outcome may turn. In an emergency each day may.
func (e *evidence) turns(now time.Time) []time.Time {
	turns := e.opened.Turns(e.facts)
	if e.emergency.Declared != nil {
		const day = 24 * time.Hour
		midnight := now.UTC().Truncate(day)
		turns = append(turns, midnight, midnight.Add(day))
	}
	return turns
}
