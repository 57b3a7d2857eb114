package rules

import (
	"bytes"
	"fmt"
	"slices"
	"time"

	"github.com/offlicense/offlicense/cmd/internal/text"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/keys"
	"github.com/offlicense/offlicense/verify"
)

// Releasing is what a site's signed release says. The caller has checked its signature;
// whether it belongs to what is on record is decided here.
type Releasing struct {
	License       format.ID      // which its site gave up
	Key           keys.PublicKey // the machine key that signed the release
	EmergencyDays uint64         // used of a failover license, as the site reports them
	Raw           []byte         // the release as it came
}

// Released is what came of a release.
type Released struct {
	Invoice    string
	Activation string
	Already    bool            // the release was recorded before
	Successor  string          // the activation that took over, if the site was moving
	License    *ledger.License // its final license, if that is on record already
	Final      *Step           // the step that signs it, if it is not
	Waits      *verify.Request // the new server's, for which the seat waits: it asks for its license
	Refusal    error           // why the new server of a move got none: its move is canceled, and it asks again
	Steps      []*Step
}

// Release frees the seat of a site that gave up its license. If the site was moving,
// its successor takes the seat and gets its final license. The same release again
// changes nothing and returns the same.
func Release(f *Facts, by *ledger.Operation, r Releasing) (*Released, error) {
	j := &judgement{Facts: f, by: by}
	license := f.Licenses[r.License]
	if license == nil {
		return nil, UnknownLicense(r.License)
	}
	a, err := f.activation(license.Activation)
	if err != nil {
		return nil, err
	}
	if !bytes.Equal(a.MachineKey, r.Key.Bytes()) || r.Key.IsZero() {
		return nil, ledger.Refuse(ledger.RuleRelease, ledger.LiftNobody, "ask for the release that the server itself wrote",
			"the release is signed by another machine than the one of activation %s", a.Name())
	}
	result := &Released{Invoice: a.Invoice, Activation: a.ID}
	switch a.State {
	case ledger.StateReleased:
		result.Already = true
		return result, tookOver(f, a, result)
	case ledger.StateDeactivated, ledger.StateVoid:
		return nil, ledger.Refuse(ledger.RuleActive, ledger.LiftNobody, fmt.Sprintf(`nothing is left to do; "licensor history %s" says what happened`, a.ID),
			"activation %s was closed before (%s)", a.Name(), a.State)
	}
	// Revoked is revoked: it would get another license by a new request, or hand its seat to
	// the new server of a move. Staff decide about that: Deactivate.
	if err := refuseRevoked(a); err != nil {
		return nil, err
	}
	if l := a.issued(r.License); l != nil && l.Revoked != nil {
		return nil, ledger.Refuse(ledger.RuleRevoked, ledger.LiftNobody, "have the server install the newest license first, and release that",
			"the release gives up the license %s, which was revoked on %s: %s", r.License, l.Revoked.Since.Format(time.DateOnly), l.Revoked.Why)
	}
	closed := ledger.Closed{Release: r.Raw, EmergencyDays: r.EmergencyDays}
	bridge := a.State == ledger.StateBridge // the new server of a move gives up: the move is canceled
	if !bridge {
		// A license that was signed after the one given up may be on its way to the server.
		closed.Revoke = a.stillGood(license.Epoch, by.Now)
	}
	result.Steps = []*Step{{Event: ledger.Event{Action: ledger.ActionRelease, Invoice: a.Invoice, Activation: a.ID, Detail: closed}}}
	if bridge {
		return result, nil
	}
	ended, err := j.endMove(a, result)
	result.Steps = j.done(append(result.Steps, ended...))
	return result, err
}

// UnknownLicense refuses a release of a license that is not on record.
func UnknownLicense(id format.ID) error {
	return ledger.Refuse(ledger.RuleRelease, ledger.LiftNobody, "find out which vendor the release is for, and whether this is the right ledger",
		"the release is for the license %s, which is not on record", id)
}

// tookOver finds what a release that was recorded before has led to.
func tookOver(f *Facts, a *Activation, result *Released) error {
	for _, m := range a.Moves {
		if m.State != MoveDone && m.State != MoveWaiting {
			continue
		}
		successor, err := f.activation(m.Successor)
		if err != nil {
			return err
		}
		if result.Successor = successor.ID; m.State == MoveDone {
			result.License = successor.Newest
		} else if result.Waits, err = successor.Newest.OpenRequest(); err != nil {
			return err
		}
	}
	return nil
}

// Deactivate closes an activation whose server is gone: its seat is free, and its
// licenses, and that of the bridge if it was moving, wait for the next revocation list.
// If it is a bridge, to a wrong server or one that is gone, its move is canceled.
func Deactivate(f *Facts, by *ledger.Operation, invoice, activation string) ([]*Step, error) {
	if err := by.NeedWhy("deactivating a server that is gone"); err != nil {
		return nil, err
	}
	a, err := mustBe(f, invoice, activation, ledger.StateActive, ledger.StateBridge)
	if err != nil {
		return nil, err
	}
	if a.State == ledger.StateBridge {
		return []*Step{void(by, a)}, nil
	}
	// A move that was to follow has nobody left to release: the new server asks for the
	// seat that is free now.
	steps, err := voidMoves(f, by, a)
	if err != nil {
		return nil, err
	}
	return append(steps, &Step{Event: ledger.Event{Action: ledger.ActionDeactivate, Invoice: a.Invoice, Activation: a.ID,
		Detail: ledger.Closed{Revoke: a.stillGood(0, by.Now)}}}), nil
}

// Reactivate is Deactivate and Sign in one: the site that made the request gets the seat
// of an activation whose server is gone. If the request gets no license, nothing is
// closed. Run again it changes nothing and returns the same license.
func Reactivate(f *Facts, by *ledger.Operation, activation string, q *verify.Request, newID string) (Outcome, []*Step, error) {
	var steps []*Step
	if !doneBefore(f, activation, q) {
		if answer := f.Answers[q.Hash]; answer != nil && answer.Activation.ID == activation && answer.Activation.State == ledger.StateActive {
			return Outcome{}, nil, ledger.Refuse(ledger.RuleRequest, ledger.LiftNobody, "name the request of its successor; nothing was changed",
				"the request is the one of activation %s itself, the server that is gone", activation)
		}
		var err error
		if steps, err = Deactivate(f, by, q.Invoice, activation); err != nil {
			return Outcome{}, nil, err
		}
		f.closed(steps)
	}
	outcome, signed, err := Sign(f, by, q, newID)
	if err == nil {
		err = outcome.Err
	}
	if err != nil {
		return Outcome{}, nil, err
	}
	return outcome, append(steps, signed...), nil
}

// doneBefore reports whether an activation was closed and a request has its seat. One
// that is still active is closed, whatever the request has: staff may have signed it
// first.
func doneBefore(f *Facts, activation string, q *verify.Request) bool {
	a, answer := f.Activations[activation], f.Answers[q.Hash]
	return a != nil && a.Invoice == q.Invoice && (a.State == ledger.StateDeactivated || a.State == ledger.StateVoid) &&
		answer != nil && answer.Activation.State == ledger.StateActive
}

// closed notes the effect of steps that close activations: their seats are free, and
// their sites have none.
func (f *Facts) closed(steps []*Step) {
	for _, step := range steps {
		a, s := f.Activations[step.Event.Activation], f.Sales[step.Event.Invoice]
		if a.State == ledger.StateActive {
			s.Used--
		}
		s.Left = append(s.Left, LeftMachine{a.MachineKey, a.machine()})
		if a.State = ledger.StateDeactivated; step.Event.Action == ledger.ActionVoid {
			a.State = ledger.StateVoid
		}
		delete(f.Sites, SiteKey{a.Invoice, string(a.MachineKey)})
	}
}

// Revoked returns the licenses that steps revoke.
func Revoked(steps []*Step) (all []format.ID) {
	for _, s := range steps {
		switch d := s.Event.Detail.(type) {
		case ledger.Closed:
			all = append(all, d.Revoke...)
		case ledger.Rebound:
			all = append(all, d.Revoke...)
		case ledger.Revoked:
			all = append(all, d.Licenses...)
		}
	}
	return all
}

// mustBe returns an activation that is in one of the states.
func mustBe(f *Facts, invoice, activation string, states ...ledger.State) (*Activation, error) {
	a := f.Activations[activation]
	switch {
	case a == nil || a.Invoice != invoice:
		return nil, ledger.Refuse(ledger.RuleActive, ledger.LiftNobody, fmt.Sprintf(`"licensor list --invoice %s" shows who is active`, invoice),
			"invoice %.64q has no activation %.64q", invoice, activation)
	case a.State == ledger.StateBridge && !slices.Contains(states, a.State):
		return nil, ledger.Refuse(ledger.RuleActive, ledger.LiftNobody, fmt.Sprintf("release the old server; or to end the move: licensor deactivate %s --activation %s --why TEXT", text.ShellWord(invoice), a.ID),
			"activation %s is the new server of a move that waits for the release of the old one", a.Name())
	case !slices.Contains(states, a.State):
		return nil, ledger.Refuse(ledger.RuleActive, ledger.LiftNobody, fmt.Sprintf(`"licensor history %s" says what happened`, a.ID),
			"activation %s is not active, it is %s", a.Name(), a.State)
	}
	return a, nil
}
