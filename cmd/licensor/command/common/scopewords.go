package common

import (
	"strings"
	"time"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/cmd/internal/text"
	"github.com/offlicense/offlicense/cmd/licensor/internal/service"
	"github.com/offlicense/offlicense/format"
)

// ScopeLine is a scope in one line, without what it does not allow.
func ScopeLine(s *format.Scope) string {
	var all []string
	for _, t := range service.ScopeTerms {
		if allowed := t.Show(s); allowed != "" {
			all = append(all, t.Label+" "+allowed)
		}
	}
	return Or(strings.Join(all, "; "), "nothing")
}

// DelegationRows says all that a delegation says, and of what it does not allow that it is
// nothing. The rows of two delegations are the same ones.
func DelegationRows(d *format.DelegationClaims) []Row {
	rows := []Row{{"vendor", d.Issuer}, {"name", d.Name}}
	for _, t := range service.ScopeTerms {
		rows = append(rows, Row{t.Label, Or(t.Show(&d.Scope), "nothing")})
	}
	return append(rows,
		Row{"from", text.Minute(time.Unix(d.NotBefore, 0))},
		Row{"until", text.Minute(time.Unix(d.Expires, 0))})
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
