package service

import (
	"fmt"
	"time"

	"github.com/offlicense/offlicense/cmd/internal/text"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/format"
)

// Next is something that can be done next.
type Next struct {
	What    string `json:"what"`
	Command string `json:"command,omitempty"` // without the home; "": there is none
}

// Next says what can be done next with what was looked up.
func (d *Shown) Next(now time.Time) []Next {
	n := &nexts{now: now}
	if d.Request != nil {
		n.asked = true
		n.request(d)
	}
	if d.Dossier == nil {
		return n.all
	}
	n.invoice = text.ShellWord(d.Invoice)
	if n.sale(&d.Holding); d.Standing == ledger.StandingCanceled {
		return n.all
	}
	for i := range d.Activations {
		a := &d.Activations[i]
		switch {
		case a.ID == d.Activation:
			n.activation(d, a)
		case d.Activation == "" && !a.Revoked.IsZero() && a.Ended.IsZero():
			n.add("free the seat of "+a.ID+", which is revoked", "deactivate %s --activation %s --why TEXT", n.invoice, a.ID)
		}
	}
	return n.all
}

// nexts collects them.
type nexts struct {
	now     time.Time
	invoice string // as a word of a command
	asked   bool   // it is a request that was looked up
	all     []Next
}

func (n *nexts) add(what, command string, args ...any) {
	if command != "" {
		command = "licensor " + fmt.Sprintf(command, args...)
	}
	n.all = append(n.all, Next{what, command})
}

func (n *nexts) request(d *Shown) {
	switch {
	case d.Refusal != nil: // its hint says what to do
	case d.Offer.License != nil:
		n.add("write its license again", "sign REQUEST --out FILE")
	default:
		n.add("sign it", "sign REQUEST --out FILE")
	}
}

func (n *nexts) sale(h *ledger.Holding) {
	switch status := h.Entitlement.Status(n.now); status {
	case ledger.StatusCanceled:
		n.add("nothing more is signed under this invoice: a new sale has another", "")
		return
	case ledger.StatusSuspended:
		n.add("sign under it again", "resume %s --why TEXT", n.invoice)
		return
	case ledger.StatusEnded, ledger.StatusGrace:
		n.renew(h)
		return
	}
	if h.Forgotten {
		n.add("let it take new requests", "amend %s --email ADDRESS --out DIR", n.invoice)
	}
	switch free := n.free(h); {
	case free && h.Weakest() == format.StrengthAny:
		n.add("sign a license for any machine", "sign --unbound --invoice %s --name NAME --out FILE", n.invoice)
	case free && n.asked: // it says what to do with that request
	case free:
		n.add("sign a request for a free seat", "sign REQUEST --out FILE")
	case h.Type == ledger.TypeDevelopment:
		n.add("allow more activations", "amend %s --allowance %d --out DIR", n.invoice, h.SeatsUsed+1)
	default:
		n.add("sell more seats", "amend %s --seats %d --out DIR", n.invoice, h.Seats+1)
	}
	n.renew(h)
	n.add("change what was sold", "amend %s --out DIR ...", n.invoice)
}

// free reports whether a new site may have a seat: one that waits for a bridge is taken.
func (n *nexts) free(h *ledger.Holding) bool {
	taken := h.SeatsUsed
	for i := range h.Activations {
		if h.Activations[i].Waits != "" {
			taken++
		}
	}
	if h.Type == ledger.TypeDevelopment {
		return h.Allowance == 0 || taken < h.Allowance
	}
	return taken < h.Seats
}

// renew adds the renewal of what has an end: the license, the updates or both. What would be
// over again already begins today.
func (n *nexts) renew(h *ledger.Holding) {
	year := ledger.Span{Months: 12}
	options, begins := "", h.Expires
	if !h.Expires.IsZero() {
		options = " --expires 1y"
	}
	if until := ledger.EndOfUpdates(h.UpdatesUntil); !until.IsZero() {
		options += " --updates-until 1y"
		if begins.IsZero() || until.Before(begins) {
			begins = until
		}
	}
	if options == "" || !h.Term.IsZero() {
		return
	}
	if !year.From(begins).After(n.now) {
		options += " --from " + ledger.FormatDate(n.now)
	}
	n.add("renew it", "renew %s%s --out DIR", n.invoice, options)
}

func (n *nexts) activation(d *Shown, a *ledger.Held) {
	closing := func(what string) {
		n.add(what, "deactivate %s --activation %s --why TEXT", n.invoice, a.ID)
	}
	switch status := a.Status(&d.Entitlement, n.now); {
	case status.Closed():
		n.add("its server makes a new request, if it is to have a seat again", "")
	case status == ledger.StatusRevoked:
		closing("free its seat, which is revoked")
	case status == ledger.StatusBridge && a.Waits != "":
		n.add("its server makes a request for production, which gets the seat", "")
	case a.State == ledger.StateBridge:
		n.add("record the release of the old server", "release FILE --out FILE")
		closing("cancel its move")
	default:
		n.add("move it to another server", "move %s --activation %s --overlap 14d --why TEXT REQUEST", n.invoice, a.ID)
		closing("free its seat, if its server is gone")
		n.add("revoke its licenses", "revoke --activation %s --why TEXT", a.ID)
	}
	for _, l := range d.Licenses[a.ID] {
		if l.Revoked != nil && l.Revoked.List == 0 {
			n.add("sign the next revocation list, which names it", "revocations --out list.olv")
			return
		}
	}
}
