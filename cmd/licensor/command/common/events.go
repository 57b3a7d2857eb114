package common

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/cmd/internal/text"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/format"
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
		return fmt.Sprintf("published revocation list %d, signed by %s", d.Number, d.SignedBy)
	case ledger.Moved:
		return fmt.Sprintf("began to move %s to %s, which runs on a bridge until %s", e.Activation, d.Successor, text.Date(d.Until))
	case ledger.TakenOver:
		return fmt.Sprintf("%s took over the seat of %s", e.Activation, d.Predecessor)
	}
	return string(e.Action)
}

func sale(action ledger.Action, e, before *ledger.Entitlement) string {
	if action != ledger.ActionEntitle && before != nil {
		verb := "changed: "
		if action == ledger.ActionRenew {
			verb = "renewed: "
		}
		return verb + differences(before, e)
	}
	text := fmt.Sprintf("sold %s (%s) to %s <%s>; seats: %s; %s", e.ProductName(), e.Type, e.Customer, e.Email, show("seats", e), Term(e))
	if e.Waived {
		text += "; rule production was waived for good"
	}
	return text
}

// differences names what an amendment has changed, from what and to what.
func differences(before, after *ledger.Entitlement) string {
	var all []string
	for _, row := range Changes(before, after) {
		all = append(all, row.Label+" "+row.Text)
	}
	return cmp.Or(strings.Join(all, "; "), "nothing")
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
	if !s.License.HardEnd.IsZero() {
		end = "until " + text.Date(s.License.HardEnd)
	}
	return fmt.Sprintf("%s%s, epoch %d, %s, by the key %s", verb, what, s.License.Epoch, end, s.License.SignedBy)
}

func revoking(e *ledger.Event, r ledger.Revoked) string {
	if r.Key != nil {
		return fmt.Sprintf("revoked the key %s", r.Key.Name)
	}
	return fmt.Sprintf("revoked of %s: %s", e.Activation, joinIDs(r.Licenses))
}

func closing(e *ledger.Event, c ledger.Closed) string {
	var text string
	switch e.Action {
	case ledger.ActionRelease:
		text = e.Activation + " was released by its server"
	case ledger.ActionDeactivate:
		text = e.Activation + " was deactivated: its server is gone"
	default:
		text = e.Activation + ", a bridge, was closed: its move is canceled"
	}
	if c.EmergencyDays > 0 {
		text += fmt.Sprintf("; emergency days used: %d", c.EmergencyDays)
	}
	if len(c.Revoke) > 0 {
		text += "; to be revoked: " + joinIDs(c.Revoke)
	}
	return text
}

func joinIDs(ids []format.ID) string {
	names := make([]string, len(ids))
	for i, id := range ids {
		names[i] = id.String()
	}
	return strings.Join(names, ", ")
}
