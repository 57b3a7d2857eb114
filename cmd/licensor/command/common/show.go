package common

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/cmd/internal/text"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/service"
	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/verify"
)

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
func AddPlace(row func(cells ...string), site, host string) {
	if site != "" {
		row("site", site)
	}
	if host != "" {
		row("host", host)
	}
}

// SeatsInUse says how many may be active, and how many are.
func SeatsInUse(e *ledger.Entitlement, used uint64) string {
	return fmt.Sprintf("%s, %d in use", show("seats", e), used)
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

// AddLicense adds what identifies a license.
func AddLicense(t *cli.Table, license *ledger.License) {
	t.Row("license", license.ID.String())
	t.Row("activation", license.Activation)
	t.Row("signed by", license.SignedBy)
}

// ScopeLine is a scope in one line, without what it does not allow.
func ScopeLine(s *format.Scope) string {
	var all []string
	for _, t := range service.ScopeTerms {
		if allowed := t.Show(s); allowed != "" {
			all = append(all, t.Label+" "+allowed)
		}
	}
	return cmp.Or(strings.Join(all, "; "), "nothing")
}

// DelegationRows says all that a delegation says, and of what it does not allow that it is
// nothing. The rows of two delegations are the same ones.
func DelegationRows(d *format.DelegationClaims) []Row {
	rows := []Row{{"vendor", d.Issuer}, {"name", d.Name}}
	for _, t := range service.ScopeTerms {
		rows = append(rows, Row{t.Label, cmp.Or(t.Show(&d.Scope), "nothing")})
	}
	return append(rows,
		Row{"from", text.Minute(time.Unix(d.NotBefore, 0))},
		Row{"until", text.Minute(time.Unix(d.Expires-1, 0))})
}

// AddDelegation adds what a delegation says to a table.
func AddDelegation(t *cli.Table, d *format.DelegationClaims) {
	for _, row := range DelegationRows(d) {
		for i, line := range wrap(row.Text, row.Label != "vendor" && row.Label != "name") {
			if i > 0 {
				row.Label = ""
			}
			t.Row(row.Label, line)
		}
	}
}
