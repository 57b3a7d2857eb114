package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/verify"
)

// How entitlements and requests are shown to people.

func addEntitlement(t *cli.Table, e *ledger.Entitlement) {
	t.Row("invoice", e.Invoice)
	t.Row("customer", fmt.Sprintf("%s <%s>", e.Customer, e.Email))
	t.Row("product", productName(e))
	t.Row("type", e.Type)
	t.Row("seats", fmt.Sprint(e.Seats))
	t.Row("term", term(e))
	t.Row("updates", updates(e))
	if e.MaxVersion != "" {
		t.Row("versions", "up to "+e.MaxVersion)
	}
	if len(e.Features) > 0 {
		t.Row("features", strings.Join(e.Features, ", "))
	}
	if len(e.Limits) > 0 {
		t.Row("limits", limits(e.Limits))
	}
}

func productName(e *ledger.Entitlement) string {
	return strings.TrimSpace(e.Product + " " + e.Edition)
}

func term(e *ledger.Entitlement) string {
	switch {
	case e.Expires.IsZero():
		return "perpetual"
	case e.GraceDays > 0:
		return fmt.Sprintf("until %s, then %d days of grace", date(e.Expires), e.GraceDays)
	}
	return "until " + date(e.Expires)
}

func updates(e *ledger.Entitlement) string {
	if e.UpdatesUntil.IsZero() {
		return "all"
	}
	return "until " + date(e.UpdatesUntil)
}

func limits(m map[string]uint64) string {
	var words []string
	for name, n := range m {
		words = append(words, fmt.Sprintf("%s=%d", name, n))
	}
	slices.Sort(words)
	return strings.Join(words, ", ")
}

func machineOf(q *verify.Request) string {
	if len(q.Components) == 0 {
		return "nothing that identifies it; bound to its state folder alone"
	}
	names := make([]string, len(q.Components))
	for i, c := range q.Components {
		names[i] = c.Label
	}
	return strings.Join(names, ", ")
}

func date(t time.Time) string {
	if t.IsZero() {
		return "never"
	}
	return t.Format(time.DateOnly)
}

func minute(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 UTC") }
