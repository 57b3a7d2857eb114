package common

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/cmd/internal/text"
	"github.com/offlicense/offlicense/cmd/licensor/internal/service"
	"github.com/offlicense/offlicense/format"
)

// How a delegation is shown to people: before it is signed, when it is added, in lists.

// scopeRow is one dimension of a scope in words.
type scopeRow struct{ Name, Text string }

// scopeRows says all that a scope allows, and of what it does not allow that it is
// nothing.
func scopeRows(s *format.Scope) []scopeRow {
	if s.Revocations {
		return []scopeRow{{"licenses", "nothing"}, {"revocations", "revocation lists"}}
	}
	row := func(allowed bool, yes, no string) string {
		if allowed {
			return yes
		}
		return no
	}
	return []scopeRow{
		{"products", allowed(s.Products)},
		{"types", allowed(s.Types)},
		{"term", row(s.MaxTerm > 0, "at most "+termDays(s.MaxTerm), "nothing")},
		{"seats", row(s.MaxSeats > 0, fmt.Sprintf("at most %d", s.MaxSeats), "nothing")},
		{"perpetual", row(s.Perpetual, "licenses without an end, too", "nothing: every license has an end")},
		{"binding", bindings[s.Weakest]},
		{"revocations", "nothing"},
	}
}

// bindings say what the weakest binding allows.
var bindings = [...]string{
	format.StrengthMachine:  "machine: every license is bound to a machine",
	format.StrengthOperator: "operator: to a machine, or to values that its operator gave",
	format.StrengthKey:      "key: to a machine, to its operator's values, or to the machine key alone",
	format.StrengthAny:      "any: licenses for any machine, too",
}

// allowed says what an allow-list allows.
func allowed(words []string) string {
	switch {
	case slices.Contains(words, format.Any):
		return "everything"
	case len(words) == 0:
		return "nothing"
	}
	return strings.Join(words, ", ")
}

func termDays(seconds int64) string {
	days := seconds / service.SecondsPerDay
	if seconds%service.SecondsPerDay != 0 {
		return fmt.Sprintf("%.1f days", float64(seconds)/service.SecondsPerDay)
	}
	if days == 1 {
		return "1 day"
	}
	return fmt.Sprintf("%d days", days)
}

// ScopeLine is a scope in one line, without what it does not allow.
func ScopeLine(s *format.Scope) string {
	if s.Revocations {
		return "revocation lists, and nothing else"
	}
	if len(s.Products) == 0 || len(s.Types) == 0 || s.MaxSeats == 0 {
		return "nothing"
	}
	term := "no license with an end"
	if s.MaxTerm > 0 {
		term = "at most " + termDays(s.MaxTerm)
	}
	if s.Perpetual {
		term += " or perpetual"
	}
	everything := func(words []string, what string) string {
		if slices.Contains(words, format.Any) {
			return "all " + what
		}
		return strings.Join(words, ", ")
	}
	return strings.Join([]string{
		everything(s.Products, "products"), everything(s.Types, "types"), term,
		"at most " + cli.Plural(int(s.MaxSeats), "seat", "seats"), "binding " + s.Weakest.String(),
	}, "; ")
}

// AddDelegation adds what a delegation says to a table.
func AddDelegation(t *cli.Table, d *format.DelegationClaims) {
	for _, row := range DelegationRows(d) {
		if row.Name == "products" || row.Name == "types" {
			label := row.Name
			for _, line := range wrap(row.Text, true) {
				t.Row(label, line)
				label = ""
			}
			continue
		}
		t.Row(row.Name, row.Text)
	}
}

// DelegationRows says all that a delegation says.
func DelegationRows(d *format.DelegationClaims) []scopeRow {
	rows := []scopeRow{{"vendor", d.Issuer}, {"name", d.Name}}
	rows = append(rows, scopeRows(&d.Scope)...)
	return append(rows,
		scopeRow{"from", text.Minute(time.Unix(d.NotBefore, 0))},
		scopeRow{"until", text.Minute(time.Unix(d.Expires, 0))})
}
