package common

import (
	"cmp"
	"strings"
	"time"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/cmd/internal/text"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/service"
	"github.com/offlicense/offlicense/format"
)

// AddPlace adds what a request or an activation calls its site and its server.
func AddPlace(row func(cells ...string), site, host string) {
	if site != "" {
		row("site", site)
	}
	if host != "" {
		row("host", host)
	}
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
func DelegationRows(d *format.DelegationClaims) []service.Row {
	rows := []service.Row{{Label: "vendor", Text: d.Issuer}, {Label: "name", Text: d.Name}}
	for _, t := range service.ScopeTerms {
		rows = append(rows, service.Row{Label: t.Label, Text: cmp.Or(t.Show(&d.Scope), "nothing")})
	}
	return append(rows,
		service.Row{Label: "from", Text: text.Minute(time.Unix(d.NotBefore, 0))},
		service.Row{Label: "until", Text: text.Minute(time.Unix(d.Expires-1, 0))})
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
