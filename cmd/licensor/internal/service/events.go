package service

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"strings"
	"time"

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
	Rules      int           `json:"rules"`            // the version of the rules by which it was judged
	Lifted     []ledger.Rule `json:"lifted,omitempty"` // those that staff lifted for it
	Detail     ledger.Detail `json:"detail"`
}

// ViewEvents says of each event what happened.
func ViewEvents(events []*ledger.Event) []EventView { return ViewLater(events, nil) }

// ViewLater is ViewEvents for events before which there were others: before is what had
// been sold by then, by invoice.
func ViewLater(events []*ledger.Event, before map[string]*ledger.Entitlement) []EventView {
	told := make([]EventView, len(events))
	sold := make(map[string]*ledger.Entitlement)
	products := make(map[string]*ledger.Product)
	maps.Copy(sold, before)
	for i, e := range events {
		told[i] = EventView{
			Seq: e.Seq, Time: e.Time, Operator: e.Operator, Action: e.Action, Invoice: e.Invoice, Activation: e.Activation,
			What: sentence(e, sold[e.Invoice]), Why: e.Why, Rules: e.Rules, Lifted: e.Lifted, Detail: e.Detail,
		}
		switch d := e.Detail.(type) {
		case *ledger.Entitlement:
			sold[e.Invoice] = d
		case ledger.Renumbered:
			if before := sold[d.Was]; before != nil {
				sold[e.Invoice] = before.Clone()
				sold[e.Invoice].Invoice = e.Invoice
			}
		case ledger.Product:
			told[i].What = productSentence(products[d.Name], &d)
			products[d.Name] = &d
		}
	}
	return told
}

// Reasons are the lines that say why staff did it, and past which rules.
func (e *EventView) Reasons() (lines []string) {
	if e.Why != "" {
		lines = append(lines, "why: "+e.Why)
	}
	for _, rule := range e.Lifted {
		lines = append(lines, "lifted: rule "+string(rule))
	}
	return lines
}

// sentence says what an event did. before is the entitlement as it was sold or last
// changed, nil if that is not known.
func sentence(e *ledger.Event, before *ledger.Entitlement) string {
	switch d := e.Detail.(type) {
	case ledger.Created:
		return "began the ledger of " + d.Vendor
	case ledger.Frozen:
		return "froze the ledger, which moves to " + d.Target
	case ledger.Thawed:
		return "thawed the ledger: its move was given up"
	case ledger.Opened:
		return "opened the ledger here, where it has moved to"
	case ledger.Customer:
		if d.Partner {
			return fmt.Sprintf("marked %q as a partner", d.Name)
		}
		return fmt.Sprintf("marked %q as no partner", d.Name)
	case ledger.Forgotten:
		return "removed " + text.Plural(len(d.Accounts), "e-mail address", "e-mail addresses")
	case *ledger.Entitlement:
		return sale(e.Action, d, before)
	case ledger.Addressed:
		if d.Off {
			return "an e-mail address besides its own was taken off"
		}
		return "an e-mail address besides its own was added"
	case ledger.Renumbered:
		return fmt.Sprintf("corrected: invoice %s -> %s", d.Was, e.Invoice)
	case *ledger.Signed:
		return signing(e.Activation, d)
	case ledger.Closed:
		return closing(e, d)
	case ledger.Revoked:
		return revoking(e, d)
	case ledger.Published:
		return fmt.Sprintf("published revocation list %d, signed by %s", d.Number, d.SignedBy)
	case ledger.Moved:
		return fmt.Sprintf("began to move %s to %s, which runs on a bridge until %s", e.Activation, d.Successor, text.LastDay(d.Until))
	case ledger.Waiting:
		return fmt.Sprintf("the seat of %s waits for %s", d.Predecessor, e.Activation)
	case ledger.Rebound:
		return fmt.Sprintf("%s is on another machine; to be revoked: %s", e.Activation, joinIDs(d.Revoke))
	case ledger.TakenOver:
		return fmt.Sprintf("%s took over the seat of %s", e.Activation, d.Predecessor)
	}
	return string(e.Action)
}

func sale(action ledger.Action, e, before *ledger.Entitlement) string {
	switch action {
	case ledger.ActionRename:
		if before != nil {
			return fmt.Sprintf("customer renamed: %s -> %s", before.Customer, e.Customer)
		}
		return "customer renamed: " + e.Customer
	case ledger.ActionSuspend:
		return "suspended: nothing new is signed"
	case ledger.ActionResume:
		return "resumed"
	case ledger.ActionCancel:
		return "canceled: nothing is signed any more"
	case ledger.ActionBegin:
		return "its term begins: " + Term(e)
	}
	if action != ledger.ActionEntitle && before != nil {
		verb := "changed: "
		switch action {
		case ledger.ActionRenew:
			verb = "renewed: "
		case ledger.ActionCorrect:
			verb = "corrected: "
		case ledger.ActionTransfer:
			verb = "transferred: "
		}
		return verb + differences(before, e)
	}
	told := fmt.Sprintf("sold %s (%s) to %s; seats: %s; %s", e.ProductName(), e.Type, e.Customer, Told("seats", e), Term(e))
	if e.Waived {
		told += "; rule production was waived for good"
	}
	return told
}

// differences names what an amendment has changed, from what and to what.
func differences(before, after *ledger.Entitlement) string {
	var all []string
	for _, row := range Changes(before, after) {
		all = append(all, row.Label+" "+row.Text)
	}
	if !bytes.Equal(before.Account, after.Account) {
		all = append(all, "e-mail address")
	}
	return cmp.Or(strings.Join(all, "; "), "nothing")
}

func signing(activation string, s *ledger.Signed) string {
	what := fmt.Sprintf("license %s for %s", s.License.ID, activation)
	if s.Activation != nil {
		what = fmt.Sprintf("license %s for %s", s.License.ID, s.Activation.NameWith(s.License))
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
		end = "until " + text.LastDay(s.License.HardEnd)
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
	var told string
	switch e.Action {
	case ledger.ActionRelease:
		told = e.Activation + " was released by its server"
	case ledger.ActionDeactivate:
		told = e.Activation + " was deactivated: its server is gone"
	default:
		told = e.Activation + ", a bridge, was closed: its move is canceled"
	}
	if c.EmergencyDays > 0 {
		told += fmt.Sprintf("; emergency days used: %d", c.EmergencyDays)
	}
	if len(c.Revoke) > 0 {
		told += "; to be revoked: " + joinIDs(c.Revoke)
	}
	return told
}

func joinIDs(ids []format.ID) string {
	names := make([]string, len(ids))
	for i, id := range ids {
		names[i] = id.String()
	}
	return strings.Join(names, ", ")
}
