package service

import (
	"fmt"
	"strings"
	"time"

	"github.com/offlicense/offlicense/cmd/internal/text"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/verify"
)

// How people are told of what is on record, by a command as on a page.

// stateNames are the states that people are told by another name.
var stateNames = map[ledger.Status]string{ledger.StatusGrace: "in grace"}

// StateName returns how people are told of a state.
func StateName(s ledger.Status) string {
	if name := stateNames[s]; name != "" {
		return name
	}
	return string(s)
}

// SaleState tells the state of a sale; of a standby with the emergency days that releases
// have reported.
func SaleState(h *ledger.Holding, now time.Time) string {
	s := h.Entitlement.Status(now)
	if s == ledger.StatusStandby && h.DaysUsed > 0 {
		return fmt.Sprintf("%s, %s used", StateName(s), text.Plural(h.DaysUsed, "day", "days"))
	}
	return StateName(s)
}

// HostOf tells where an activation is: by the name of its server, or where it was given
// none, by the comparison code of its request, which the customer's tool shows.
func HostOf(a *ledger.Held) string {
	if a.Host == "" && a.Code != "" {
		return "code " + a.Code
	}
	return a.Host
}

// ActivationState tells the state of an activation of a sale, and since or until when it is
// in it.
func ActivationState(a *ledger.Held, of *ledger.Entitlement, now time.Time) (state, when string) {
	s := a.Status(of, now)
	state = StateName(s)
	switch {
	case s == ledger.StatusRevoked:
		return state, "on " + text.Date(a.Revoked)
	case s == ledger.StatusBridge && a.Waits != "":
		return state + ", seat waits", "until " + text.LastDay(a.License.HardEnd) + ", code " + a.Waits
	case s == ledger.StatusBridge || s == ledger.StatusGrace:
		return state, "until " + text.LastDay(a.License.HardEnd)
	case s == ledger.StatusEnded:
		return state, "on " + text.LastDay(a.License.HardEnd)
	}
	return state, "since " + text.Date(a.Since)
}

// SeatsUsed says how many seats are in use, and of how many.
func SeatsUsed(h *ledger.Holding) string {
	switch {
	case h.Type != ledger.TypeDevelopment:
		return fmt.Sprintf("%d/%d", h.SeatsUsed, h.Seats)
	case h.Allowance > 0:
		return fmt.Sprintf("%d/%d", h.SeatsUsed, h.Allowance)
	}
	return fmt.Sprintf("%d/any", h.SeatsUsed)
}

// SeatsInUse says how many may be active, and how many are.
func SeatsInUse(e *ledger.Entitlement, used uint64) string {
	return fmt.Sprintf("%s, %d in use", Told("seats", e), used)
}

// MachineOf names what identifies the machine of a request.
func MachineOf(q *verify.Request) string {
	if len(q.Components) == 0 {
		return "nothing that identifies it; bound to its state directory alone"
	}
	text := Labels(q.Components)
	if len(q.Unreadable) > 0 {
		text += "; not readable for who checks: " + strings.Join(q.Unreadable, ", ")
	}
	return text
}

// Labels names components.
func Labels(components []format.Component) string {
	names := make([]string, len(components))
	for i, c := range components {
		names[i] = c.Label
	}
	return strings.Join(names, ", ")
}
