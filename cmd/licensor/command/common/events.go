package common

import (
	"fmt"
	"strings"
	"time"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/cmd/internal/text"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
)

// EventView is an event with the sentence that says what happened.
type EventView struct {
	Seq        int64         `json:"seq"`
	Time       time.Time     `json:"time"`
	Operator   string        `json:"operator"`
	Action     ledger.Action `json:"action"`
	Invoice    string        `json:"invoice,omitempty"`
	Activation string        `json:"activation,omitempty"`
	What       string        `json:"what"`
	Why        string        `json:"why,omitempty"`
	Detail     ledger.Detail `json:"detail"`
}

// ViewEvents says of each event what happened.
func ViewEvents(events []*ledger.Event) []EventView {
	told := make([]EventView, len(events))
	var sold *ledger.Entitlement
	for i, e := range events {
		told[i] = EventView{
			Seq: e.Seq, Time: e.Time, Operator: e.Operator, Action: e.Action, Invoice: e.Invoice, Activation: e.Activation,
			What: sentence(e, sold), Why: e.Why, Detail: e.Detail,
		}
		if after, ok := e.Detail.(*ledger.Entitlement); ok {
			sold = after
		}
	}
	return told
}

// HistoryTable shows events to people.
func HistoryTable(told []EventView) *cli.Table {
	t := &cli.Table{Whole: true}
	t.Row("WHEN", "WHO", "WHAT")
	for _, e := range told {
		t.Row(text.Minute(e.Time), e.Operator, e.What)
		if e.Why != "" {
			t.Row("", "", "why: "+e.Why)
		}
	}
	return t
}

// sentence says what an event did. before is the entitlement as it was sold or last
// changed, nil if that is not known.
func sentence(e *ledger.Event, before *ledger.Entitlement) string {
	switch d := e.Detail.(type) {
	case ledger.Created:
		return "began the ledger of " + d.Vendor
	case ledger.Customer:
		if d.Partner {
			return fmt.Sprintf("marked %q as a partner", d.Name)
		}
		return fmt.Sprintf("marked %q as no partner", d.Name)
	case *ledger.Entitlement:
		return sale(e.Action, d, before)
	case *ledger.Signed:
		return signing(e.Activation, d)
	case ledger.Closed:
		return closing(e, d)
	case ledger.Revoked:
		return revoking(e, d)
	case ledger.Published:
		return fmt.Sprintf("published revocation list %d, signed by %s", d.Number, d.Signer)
	case ledger.Moved:
		return fmt.Sprintf("began to move %s to %s, which runs on a bridge until %s", e.Activation, d.Successor, text.Date(d.Until))
	case ledger.Reseated:
		return fmt.Sprintf("%s left the seat %s for %s: its request names another machine", e.Activation, d.From, d.Seat)
	case ledger.TakenOver:
		return fmt.Sprintf("%s took over the seat of %s", e.Activation, d.Predecessor)
	}
	return string(e.Action)
}

func sale(action ledger.Action, e, before *ledger.Entitlement) string {
	if action != ledger.ActionEntitle && before != nil {
		verb := "changed "
		if action == ledger.ActionRenew {
			verb = "renewed: "
		}
		return verb + differences(before, e)
	}
	text := fmt.Sprintf("sold %s (%s) to %s <%s>; seats: %s; %s", ProductName(e), e.Type, e.Customer, e.Email, Seats(e), Term(e))
	if e.Excused {
		text += "; " + RuleLifted
	}
	return text
}

// differences names what an amendment has changed, from what and to what.
func differences(before, after *ledger.Entitlement) string {
	var all []string
	for _, c := range OrderColumns {
		if was, is := c.Write(before), c.Write(after); was != is {
			all = append(all, fmt.Sprintf("%s from %s to %s", strings.ReplaceAll(c.Name, "_", " "), orNone(was), orNone(is)))
		}
	}
	if after.Excused && !before.Excused {
		all = append(all, RuleLifted)
	}
	if len(all) == 0 {
		return "nothing"
	}
	return strings.Join(all, ", ")
}

func orNone(text string) string {
	if text == "" {
		return "none"
	}
	return text
}

func signing(activation string, s *ledger.Signed) string {
	what := fmt.Sprintf("license %s for %s", s.License.ID, activation)
	if s.Activation != nil {
		what = fmt.Sprintf("license %s for %s", s.License.ID, s.Activation.Name())
	}
	verb := "signed again: "
	switch {
	case s.License.Epoch == 1 && s.Activation != nil && s.Activation.State == ledger.StateBridge:
		verb = "signed a bridge: "
	case s.License.Epoch == 1:
		verb = "activated: "
	}
	end := "perpetual"
	if !s.License.Expires.IsZero() {
		end = "until " + text.Date(s.License.Expires)
	}
	return fmt.Sprintf("%s%s, epoch %d, %s, by the key %s", verb, what, s.License.Epoch, end, s.License.Signer)
}

func revoking(e *ledger.Event, r ledger.Revoked) string {
	if r.Key != nil {
		return fmt.Sprintf("revoked the key %s", r.Key.Name)
	}
	return fmt.Sprintf("revoked of %s: %s", e.Activation, strings.Join(r.Licenses, ", "))
}

func closing(e *ledger.Event, c ledger.Closed) string {
	var text string
	switch e.Action {
	case ledger.ActionRelease:
		text = e.Activation + " was released by its server"
	case ledger.ActionReactivate:
		text = e.Activation + " was closed as lost"
	default:
		text = e.Activation + ", a bridge, was closed: its move is canceled"
	}
	if c.EmergencyDays > 0 {
		text += fmt.Sprintf("; emergency days used: %d", c.EmergencyDays)
	}
	if len(c.Revoke) > 0 {
		text += "; to be revoked: " + strings.Join(c.Revoke, ", ")
	}
	return text
}
