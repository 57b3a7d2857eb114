package site

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/offlicense/offlicense/verify"
)

// Event is a change of what [Gate.Current] answers, or of what it warns of.
type Event struct {
	Kind    EventKind
	License *verify.License // that holds now; nil: none does, or with Unchecked it is not known
	Warning verify.Warning  // of Warned
	Days    int             // of Warned: days until the date of the warning, 1 on the last one; 0: it has none, or it has passed
	Err     error           // of Refused a *[verify.Refusal]; of Unchecked what hindered
}

// EventKind is one word for what has happened.
type EventKind string

const (
	// Renewed: another license holds than before, or one holds again.
	Renewed EventKind = "renewed"

	// Warned: there is a new warning, such as that the license ends soon, that it is in grace, or that one more
	// change of the machine would stop it. While it stands, one with a date ahead is told again
	// each day: the license ends in N days.
	Warned EventKind = "warned"

	// Refused: no license holds any more, or for another reason than before: revoked, expired,
	// released, another machine.
	Refused EventKind = "refused"

	// Unchecked: the license could not be checked. What was found before still counts, judged by the
	// time. Checked: it can be again.
	Unchecked EventKind = "unchecked"
	Checked   EventKind = "checked"
)

// String says in one line what has happened, in English.
func (e Event) String() string {
	switch e.Kind {
	case Renewed:
		return fmt.Sprintf("there is a license for %s, %s", e.License.Product, e.License.ID)
	case Warned:
		return e.Warning.Text
	case Refused:
		return "there is no license: " + e.Err.Error()
	case Checked:
		return "the license can be checked again"
	}
	return "the license could not be checked: " + e.Err.Error()
}

// WatchOptions say how to watch.
type WatchOptions struct {
	Now      func() time.Time // required: time.Now, or a clock that a test sets
	Tell     func(Event)      // required; called by Watch itself, one event at a time
	Interval time.Duration    // between two checks; 0: a minute
}

// ErrNotAnswered is the error of an event: a check has taken longer than an interval, as on a
// network file system whose server is gone.
var ErrNotAnswered = errors.New("the state directory does not answer")

// Watch checks at once and then at each interval, and tells what has changed since the check
// before, until the context is done. A check reads the whole directory and the machine, so no change
// goes unseen, whatever a file's date says. A license file that is gone or damaged, as while somebody
// copies another one, and a machine that no longer matches are read again a second later before that counts.
//
// A read that hangs, as on NFS, hangs in a goroutine of its own, never more than one: Watch tells
// Unchecked once, goes on when it returns, and Current answers all the while.
func (g *Gate) Watch(ctx context.Context, o WatchOptions) error {
	if o.Now == nil || o.Tell == nil || o.Interval < 0 {
		return errors.New("watch: Now or Tell is not set, or Interval is negative")
	}
	o.Interval = cmp.Or(o.Interval, time.Minute)
	ticker := time.NewTicker(o.Interval)
	defer ticker.Stop()
	var looking chan []Event
	look := func() {
		looking = make(chan []Event, 1)
		go func(told chan<- []Event) {
			events, again := g.look(o.Now(), true)
			if again {
				time.Sleep(min(o.Interval/2, time.Second))
				events, _ = g.look(o.Now(), false)
			}
			told <- events
		}(looking)
	}
	look()
	late := false
	for {
		select {
		case events := <-looking:
			if late {
				o.Tell(Event{Kind: Checked})
			}
			looking, late = nil, false
			for _, e := range events {
				o.Tell(e)
			}
		case <-ticker.C:
			switch {
			case looking == nil:
				look()
			case !late:
				late = true
				o.Tell(Event{Kind: Unchecked, Err: ErrNotAnswered})
			}
		case <-ctx.Done():
			if looking != nil {
				select { // so that nothing is read or written after Watch, unless it hangs
				case <-looking:
				case <-time.After(time.Second):
				}
			}
			return ctx.Err()
		}
	}
}

// Look is one step of [Gate.Watch], for a program with a schedule of its own: it checks, and
// returns what has changed since the check before.
func (g *Gate) Look(now time.Time) []Event {
	events, _ := g.look(now, false)
	return events
}

func (g *Gate) look(now time.Time, patience bool) (events []Event, again bool) {
	g.checking.Lock()
	defer g.checking.Unlock()
	before := g.found
	again = g.check(now, patience)
	return changes(before, g.found), again
}

// changes tells one finding from the one before it.
func changes(before, after finding) (events []Event) {
	if after.failed != nil {
		if before.failed == nil || before.failed.Error() != after.failed.Error() {
			events = append(events, Event{Kind: Unchecked, Err: after.failed})
		}
		return events
	}
	if before.failed != nil {
		events = append(events, Event{Kind: Checked})
	}
	switch {
	case after.err != nil:
		if before.err == nil || reasonOf(before.err) != reasonOf(after.err) {
			events = append(events, Event{Kind: Refused, Err: after.err})
		}
		return events
	case before.license == nil || before.license.ID != after.license.ID:
		events = append(events, Event{Kind: Renewed, License: after.license})
	}
	for _, w := range after.license.Warnings {
		if days := w.Days(after.at); days < toldDays(before, w) {
			events = append(events, Event{Kind: Warned, License: after.license, Warning: w, Days: days})
		}
	}
	return events
}

// toldDays returns how many days were left when a warning was told before, more than there can be if
// it was not.
func toldDays(before finding, w verify.Warning) int {
	if before.license != nil {
		for _, told := range before.license.Warnings {
			if told.Text = w.Text; told == w {
				return w.Days(before.at)
			}
		}
	}
	return math.MaxInt
}

func reasonOf(err error) (r verify.Reason) {
	errors.As(err, &r)
	return r
}
