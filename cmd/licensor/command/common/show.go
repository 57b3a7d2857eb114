package common

import (
	"fmt"
	"strings"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/verify"
)

// Or returns s, or none for an empty one.
func Or(s, none string) string {
	if s == "" {
		return none
	}
	return s
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

// AddPlace adds what a request or an activation calls its site and its server.
func AddPlace(row func(name, value string), site, host string) {
	if site != "" {
		row("site", site)
	}
	if host != "" {
		row("host", host)
	}
}

// SeatsInUse says how many may be active, and how many are.
func SeatsInUse(e *ledger.Entitlement, used uint64) string {
	switch {
	case e.Type != ledger.TypeDevelopment:
		return fmt.Sprintf("%d, %d in use", e.Seats, used)
	case e.Allowance > 0:
		return fmt.Sprintf("%d allowed, %d in use", e.Allowance, used)
	}
	return fmt.Sprintf("as many as needed, %d in use", used)
}

// MachineOf names what identifies the machine of a request.
func MachineOf(q *verify.Request) string {
	if len(q.Components) == 0 {
		return "nothing that identifies it; bound to its state directory alone"
	}
	return Labels(q.Components)
}

// Labels names components.
func Labels(components []format.Component) string {
	names := make([]string, len(components))
	for i, c := range components {
		names[i] = c.Label
	}
	return strings.Join(names, ", ")
}

// AddLicense adds what identifies a license.
func AddLicense(t *cli.Table, license *ledger.License) {
	t.Row("license", license.ID.String())
	t.Row("activation", license.Activation)
	t.Row("signed by", license.SignedBy)
}
