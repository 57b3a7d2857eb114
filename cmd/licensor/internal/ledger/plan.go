package ledger

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"
)

// Plan has terms of a sale by their names, as they are written in a CSV file. Of expires
// and term, one is there in the plan of an edition; None for expires is perpetual.
type Plan map[string]string

// TermSet is a set of terms, such as those that a line of a file names.
type TermSet uint64

// Add adds the term of a name.
func (s *TermSet) Add(name string) { *s |= 1 << termIndex(name) }

// Has reports whether it has the term of a name.
func (s TermSet) Has(name string) bool { return s&(1<<termIndex(name)) != 0 }

func termIndex(name string) int {
	return slices.IndexFunc(Terms, func(t Term) bool { return t.Name == name })
}

// Fill gives a sale what the plan of its product, edition and type grants, but for the
// terms that it says itself. A product of one edition needs no name of it. planned says
// that there is such an edition; if there is none, the sale stays as it is.
func Fill(products map[string]*Product, sale *Entitlement, at time.Time, says func(term string) bool) (planned bool, err error) {
	p := products[sale.Product]
	if p == nil {
		return false, nil
	}
	name := sale.Edition
	if name == "" && len(p.Editions) == 1 && (says == nil || !says("edition")) {
		name = p.Editions[0].Name
	}
	edition := p.Edition(name)
	if edition == nil {
		return false, nil
	}
	sale.Edition = name
	return true, edition.Fill(sale, at, says)
}

// PlanFor returns what a sale of a type grants.
func (e *Edition) PlanFor(licenseType string) Plan {
	plan, other := maps.Clone(e.Plan), e.Types[licenseType]
	if plan == nil {
		plan = make(Plan)
	}
	for name, instead := range map[string]string{"expires": "term", "term": "expires"} {
		if other[name] != "" {
			delete(plan, instead)
		}
	}
	maps.Copy(plan, other)
	return plan
}

// Fill gives a sale what its edition grants: its type, if it has none, and all terms but
// those that the sale says itself. One that says it has no end gets no grace.
func (e *Edition) Fill(sale *Entitlement, at time.Time, says func(term string) bool) error {
	sale.Type = cmp.Or(sale.Type, e.Type)
	said := func(name string) bool {
		if says == nil {
			return false
		}
		return says(name) || name == "expires" && says("term") || name == "term" && says("expires")
	}
	plan := e.PlanFor(sale.Type)
	for i := range Terms {
		t := &Terms[i]
		if text, planned := plan[t.Name]; planned && !said(t.Name) {
			if err := t.Set(sale, text, at); err != nil {
				return fmt.Errorf("%s does not take %.64q: %w", t.Name, text, err)
			}
		}
	}
	if said("expires") && !sale.Ends() && !said("grace") { // an end that the plan had
		sale.GraceDays = 0
	}
	return nil
}

// Line returns the terms of a sale as a line of a file says them, in the order of Terms.
// Where one is empty that Fill would fill, the line says that there is none.
func Line(products map[string]*Product, sale *Entitlement) ([]string, error) {
	line := make([]string, len(Terms))
	var said TermSet
	for i := range Terms {
		if line[i] = Terms[i].Get(sale); line[i] != "" {
			said.Add(Terms[i].Name)
		}
	}
	filled := sale.Clone()
	if _, err := Fill(products, filled, time.Time{}, said.Has); err != nil {
		return nil, err
	}
	for i := range Terms {
		if t := &Terms[i]; line[i] == "" && t.Get(filled) != "" {
			line[i] = cmp.Or(t.Unset, None)
		}
	}
	return line, nil
}
