package service

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
)

// PlanText says a plan in one line, in the order of the terms.
func PlanText(plan ledger.Plan) string {
	var all []string
	for i := range ledger.Terms {
		t := &ledger.Terms[i]
		switch text := plan[t.Name]; {
		case text == "":
		case t.Name == "expires" && text == ledger.None:
			all = append(all, "perpetual")
		default:
			all = append(all, strings.ReplaceAll(t.Name, "_", " ")+" "+strings.ReplaceAll(text, ";", " "))
		}
	}
	return strings.Join(all, ", ")
}

// ProductChanges returns what is different between two states of a product.
func ProductChanges(before, after *ledger.Product) (changes []Row) {
	was, is := productRows(before), productRows(after)
	both := maps.Clone(was)
	maps.Copy(both, is)
	for _, name := range slices.Sorted(maps.Keys(both)) {
		if was[name] != is[name] {
			changes = append(changes, Row{Label: name, Text: cmp.Or(was[name], ledger.None) + " -> " + cmp.Or(is[name], ledger.None)})
		}
	}
	return changes
}

// productRows says what each edition of a product grants, and each type of it.
func productRows(p *ledger.Product) map[string]string {
	all := make(map[string]string)
	for i := range p.Editions {
		e := &p.Editions[i]
		name := strings.TrimSpace(p.Name + " " + e.Name)
		all[name] = e.Type + ", " + PlanText(e.Plan)
		for other, plan := range e.Types {
			all[name+", "+other] = cmp.Or(PlanText(plan), "the same")
		}
		all[name+", optional"] = strings.Join(append(slices.Clone(e.Features), e.Limits...), ", ")
	}
	return all
}

// productSentence says what an event has made of a product; before is nil for a new one.
func productSentence(before, after *ledger.Product) string {
	if before == nil {
		var editions []string
		for i := range after.Editions {
			editions = append(editions, cmp.Or(after.Editions[i].Name, after.Editions[i].Type))
		}
		return fmt.Sprintf("product %s: %s", after.Name, strings.Join(editions, ", "))
	}
	var changes []string
	for _, row := range ProductChanges(before, after) {
		changes = append(changes, row.Label+": "+row.Text)
	}
	return "changed: " + strings.Join(changes, "; ")
}
