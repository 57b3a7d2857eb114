package service

import (
	"cmp"
	"slices"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
)

// Row is a row that shows something to people.
type Row struct{ Label, Text string }

// EntitlementRows returns what an entitlement says, but for what the given labels stand for.
func EntitlementRows(e *ledger.Entitlement, but ...string) []Row {
	var rows []Row
	for i := range ledger.Terms {
		t := &ledger.Terms[i]
		if t.Show == nil || slices.Contains(but, t.Label) {
			continue
		}
		if text := t.Show(e); text != "" {
			rows = append(rows, Row{t.Label, text})
		}
	}
	if e.Waived {
		rows = append(rows, Row{"requires", "no production license: waived"})
	}
	return rows
}

// Changes returns what is different between two states of an entitlement, a row each: as
// people are shown it, or where that is the same, as it is written.
func Changes(before, after *ledger.Entitlement) []Row {
	var rows []Row
	add := func(label, was, is string) {
		row := Row{label, cmp.Or(was, ledger.None) + " -> " + cmp.Or(is, ledger.None)}
		if was != is && !slices.Contains(rows, row) {
			rows = append(rows, row)
		}
	}
	for i := range ledger.Terms {
		t := &ledger.Terms[i]
		if t.Get(before) == t.Get(after) {
			continue
		}
		if was, is := Told(t.Label, before), Told(t.Label, after); was != is {
			add(t.Label, was, is)
		} else {
			add(t.OptionName(), t.Get(before), t.Get(after))
		}
	}
	if before.Waived != after.Waived {
		add("requires", "an active production license", "no production license: waived")
	}
	if after.Due != 0 && before.Due != after.Due {
		rows = append(rows, Row{"licenses", "each is signed when its request comes again"})
	}
	return rows
}

// Told returns how a term is shown to people.
func Told(label string, e *ledger.Entitlement) string {
	i := slices.IndexFunc(ledger.Terms, func(t ledger.Term) bool { return t.Label == label && t.Show != nil })
	return ledger.Terms[i].Show(e)
}

// Term says how long an entitlement lasts.
func Term(e *ledger.Entitlement) string { return Told("term", e) }

// Address returns the e-mail address of an entitlement, or says that it was removed.
func Address(e *ledger.Entitlement) string { return cmp.Or(e.Email, "removed") }

// Ends returns the last days of an entitlement and of its updates, as they are written.
func Ends(e *ledger.Entitlement) (expires, updates string) {
	return ledger.TermNamed("expires").Get(e), ledger.TermNamed("updates_until").Get(e)
}

// RenewedEnds says what a renewal makes of both, in a cell each.
func RenewedEnds(before, after *ledger.Entitlement) (term, updates string) {
	change := func(was, is, none string) string {
		if was == is {
			return cmp.Or(is, none)
		}
		return cmp.Or(was, none) + " -> " + cmp.Or(is, none)
	}
	wasExpires, wasUpdates := Ends(before)
	isExpires, isUpdates := Ends(after)
	return change(wasExpires, isExpires, "perpetual"), change(wasUpdates, isUpdates, "all")
}
