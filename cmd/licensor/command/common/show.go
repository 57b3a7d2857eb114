package common

import (
	"fmt"
	"slices"
	"strings"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/cmd/internal/text"
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
	case h.Type != typeDevelopment:
		return fmt.Sprintf("%d/%d", h.Usage.Seats, h.Entitlement.Seats)
	case h.Allowance > 0:
		return fmt.Sprintf("%d/%d", h.Usage.Seats, h.Allowance)
	}
	return fmt.Sprintf("%d/any", h.Usage.Seats)
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

// How entitlements and requests are shown to people.

// AddEntitlement adds all that was sold.
func AddEntitlement(t *cli.Table, e *ledger.Entitlement) {
	t.Row("invoice", e.Invoice)
	t.Row("customer", fmt.Sprintf("%s <%s>", e.Customer, e.Email))
	t.Row("product", ProductName(e))
	t.Row("type", e.Type)
	t.Row("seats", Seats(e))
	if e.Unbound {
		t.Row("binding", "licenses for any machine may be given out")
	}
	AddTerms(t, e)
	if e.EmergencyDays > 0 {
		t.Row("emergency", Emergency(e))
	}
	if e.Excused {
		t.Row("requires", Requires(e))
	}
}

// Requires says whether an entitlement needs a production license, if its type does.
func Requires(e *ledger.Entitlement) string {
	if e.Excused {
		return "no production license: waived"
	}
	return "an active production license"
}

// RuleLifted says that an entitlement needs no production license.
const RuleLifted = "a rule was lifted for it, for good (production)"

// typeDevelopment is the type whose activations only an allowance limits.
const typeDevelopment = "development"

// Seats says how many may be active and what counts as one.
func Seats(e *ledger.Entitlement) string {
	text := fmt.Sprint(e.Seats)
	switch {
	case e.Type == typeDevelopment && e.Allowance > 0:
		text = cli.Plural(int(e.Allowance), "activation", "activations") + " at most"
	case e.Type == typeDevelopment:
		text = "as many activations as needed"
	}
	if e.CountBy == ledger.ByMachine {
		text += ", one for each machine"
	}
	return text
}

// SeatsInUse says how many may be active, and how many are.
func SeatsInUse(e *ledger.Entitlement, used uint64) string {
	switch {
	case e.Type != typeDevelopment:
		return fmt.Sprintf("%d, %d in use", e.Seats, used)
	case e.Allowance > 0:
		return fmt.Sprintf("%d allowed, %d in use", e.Allowance, used)
	}
	return fmt.Sprintf("as many as needed, %d in use", used)
}

// Emergency says how many emergency days were sold.
func Emergency(e *ledger.Entitlement) string {
	if e.Type != format.TypeFailover {
		return "none"
	}
	text := cli.Plural(int(e.EmergencyDays), "day", "days")
	if e.Seats > 1 {
		text += " for each seat"
	}
	return text
}

// AddTerms adds what every license under the entitlement grants.
func AddTerms(t *cli.Table, e *ledger.Entitlement) {
	t.Row("term", Term(e))
	t.Row("updates", Updates(e))
	if e.MaxVersion != "" {
		t.Row("versions", "up to "+e.MaxVersion)
	}
	addWords(t, "features", e.Features)
	addWords(t, "limits", Limits(e.Limits))
}

// addWords adds a list over as many rows as it takes: what is signed is never cut.
func addWords(t *cli.Table, name string, words []string) {
	const width = 40
	for len(words) > 0 {
		line := words[0]
		words = words[1:]
		for len(words) > 0 && len(line)+len(words[0]) < width {
			line += ", " + words[0]
			words = words[1:]
		}
		t.Row(name, line)
		name = ""
	}
}

// ProductName is the product with its edition.
func ProductName(e *ledger.Entitlement) string {
	return strings.TrimSpace(e.Product + " " + e.Edition)
}

// Term says when an entitlement ends.
func Term(e *ledger.Entitlement) string {
	switch {
	case e.Expires.IsZero():
		return "perpetual"
	case e.GraceDays > 0:
		return fmt.Sprintf("until %s, then %s of grace", text.Date(e.Expires), cli.Plural(int(e.GraceDays), "day", "days"))
	}
	return "until " + text.Date(e.Expires)
}

// Updates says until when there are updates.
func Updates(e *ledger.Entitlement) string {
	if e.UpdatesUntil.IsZero() {
		return "all"
	}
	return "until " + text.Date(e.UpdatesUntil)
}

// Limits are the limits as words, in order.
func Limits(m map[string]uint64) []string {
	var words []string
	for name, n := range m {
		words = append(words, fmt.Sprintf("%s=%d", name, n))
	}
	slices.Sort(words)
	return words
}

// MachineOf says by what a request identifies its machine.
func MachineOf(q *verify.Request) string {
	if len(q.Components) == 0 {
		return "nothing that identifies it; bound to its state directory alone"
	}
	names := make([]string, len(q.Components))
	for i, c := range q.Components {
		names[i] = c.Label
	}
	return strings.Join(names, ", ")
}

// AddLicense adds what identifies a license.
func AddLicense(t *cli.Table, license *ledger.License) {
	t.Row("license", license.ID.String())
	t.Row("activation", license.Activation)
	t.Row("signed by", license.Signer)
}
