package ledger

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/offlicense/offlicense/cmd/internal/hint"
	"github.com/offlicense/offlicense/format"
)

// Product is what the vendor sells under one name: the names that a sale of it may have,
// and what the sale grants where it says nothing else. What was sold stays what it was,
// whatever becomes of its product.
type Product struct {
	Name     string    `json:"name"`
	Editions []Edition `json:"editions"`
}

// Edition is a variant of a product.
type Edition struct {
	Name  string          `json:"name,omitempty"`  // empty: the product has no variants
	Type  string          `json:"type"`            // of a sale that names none
	Plan  Plan            `json:"plan"`            // what a sale grants
	Types map[string]Plan `json:"types,omitempty"` // what is different in it where another type is sold

	// Features and Limits are names that may be sold, and are in no plan.
	Features []string `json:"optional_features,omitempty"`
	Limits   []string `json:"optional_limits,omitempty"`
}

const (
	maxEditions = 64
	maxNames    = 64 // optional ones of an edition, and types
)

// Planned reports whether a plan may have a term.
func (t *Term) Planned() bool { return !t.Required && !t.Fixed && t.Name != "edition" }

// Normal returns the product as the ledger keeps it, or says what is wrong with it.
func (p Product) Normal(vendor string, now time.Time) (*Product, error) {
	n := &Product{Name: p.Name}
	err := func() error {
		if len(p.Editions) == 0 || len(p.Editions) > maxEditions {
			return fmt.Errorf("%d editions, want 1 to %d", len(p.Editions), maxEditions)
		}
		for i := range p.Editions {
			e, err := p.Editions[i].normal(p.Name, vendor, now)
			if err == nil && n.Edition(e.Name) != nil {
				err = errors.New("duplicate edition")
			}
			if err != nil && p.Editions[i].Name == "" {
				return err
			}
			if err != nil {
				return fmt.Errorf("edition %.64q: %w", p.Editions[i].Name, err)
			}
			n.Editions = append(n.Editions, e)
		}
		return nil
	}()
	if err != nil {
		return nil, hint.Errorf("invalid product %.64q: %w", p.Name, err).WithHint("correct its file and try again; nothing was recorded")
	}
	return n, nil
}

func (e Edition) normal(product, vendor string, now time.Time) (Edition, error) {
	if err := errors.Join(normalNames(&e.Features), normalNames(&e.Limits)); err != nil {
		return e, err
	}
	plans := map[string]Plan{"": e.Plan}
	if len(e.Types) > maxNames {
		return e, fmt.Errorf("more than %d types", maxNames)
	}
	maps.Copy(plans, e.Types)
	e.Types = nil
	for _, name := range slices.Sorted(maps.Keys(plans)) {
		plan, err := plans[name].normal()
		if name == "" {
			if _, ends := plan["expires"]; err == nil && !ends && plan["term"] == "" {
				err = errors.New("it does not say how long it lasts: give expires, term, or perpetual = true")
			}
			e.Plan = plan
		} else if e.Types == nil {
			e.Types = map[string]Plan{name: plan}
		} else {
			e.Types[name] = plan
		}
		if err == nil {
			err = e.checkSample(product, name, vendor, now)
		}
		switch {
		case err != nil && name != "":
			return e, fmt.Errorf("type %.64q: %w", name, err)
		case err != nil:
			return e, err
		}
	}
	return e, nil
}

func normalNames(names *[]string) error {
	if len(*names) > maxNames {
		return fmt.Errorf("more than %d names", maxNames)
	}
	for _, name := range *names {
		if err := format.ValidText(name, 32); err != nil || strings.ContainsAny(name, " ;=") {
			return fmt.Errorf("invalid name %.64q", name)
		}
	}
	if *names = slices.Compact(slices.Sorted(slices.Values(*names))); len(*names) == 0 {
		*names = nil
	}
	return nil
}

// checkSample refuses a plan by which nothing could be sold.
func (e *Edition) checkSample(product, licenseType, vendor string, now time.Time) error {
	sample := &Entitlement{Invoice: "sample", Email: "a@b", Customer: "sample", Product: product, Edition: e.Name, Type: cmp.Or(licenseType, e.Type), Seats: 1}
	if err := format.ValidType(sample.Type); err != nil {
		return err
	}
	if err := e.Fill(sample, now, nil); err != nil {
		return err
	}
	return sample.Normal().checkForm(vendor, now)
}

// normal writes each term in one way.
func (p Plan) normal() (Plan, error) {
	n := make(Plan, len(p))
	for _, name := range slices.Sorted(maps.Keys(p)) {
		t, text := TermNamed(name), p[name]
		if t == nil || !t.Planned() {
			return n, fmt.Errorf("a plan has no %.64q", name)
		}
		probe := new(Entitlement)
		if err := t.Set(probe, text, time.Time{}); err != nil {
			return n, fmt.Errorf("%s does not take %.64q: %w", name, text, err)
		}
		if end, err := ParseEnd(text); (name == "expires" || name == "updates_until") && err == nil {
			n[name] = end.String()
		} else {
			n[name] = cmp.Or(t.Get(probe), text)
		}
	}
	if n["expires"] != "" && n["term"] != "" {
		return n, errors.New("expires and term contradict each other")
	}
	return n, nil
}

// Edition returns an edition by its name, nil for none.
func (p *Product) Edition(name string) *Edition {
	i := slices.IndexFunc(p.Editions, func(e Edition) bool { return e.Name == name })
	if i < 0 {
		return nil
	}
	return &p.Editions[i]
}

// Names of a product that sales may use.
const (
	NameEdition = "edition"
	NameFeature = "feature"
	NameLimit   = "limit"
)

// Has reports whether sales of the product may use a name.
func (p *Product) Has(kind, name string) bool {
	if kind == NameEdition {
		return p.Edition(name) != nil
	}
	return slices.ContainsFunc(p.Editions, func(e Edition) bool { return e.has(kind, name) })
}

func (e *Edition) has(kind, name string) bool {
	term, optional := "features", e.Features
	if kind == NameLimit {
		term, optional = "limits", e.Limits
	}
	if name == "" {
		return false
	}
	in := func(plan Plan) bool {
		for item := range strings.SplitSeq(plan[term], ";") {
			if known, _, _ := strings.Cut(item, "="); known == name {
				return plan[term] != None
			}
		}
		return false
	}
	return slices.Contains(optional, name) || in(e.Plan) || slices.ContainsFunc(slices.Collect(maps.Values(e.Types)), in)
}

// Names returns the names of one kind that sales of the product may use, sorted.
func (p *Product) Names(kind string) []string {
	names := make(map[string]bool)
	for i := range p.Editions {
		e := &p.Editions[i]
		switch kind {
		case NameEdition:
			names[e.Name] = true
		case NameFeature, NameLimit:
			for _, name := range e.names(kind) {
				names[name] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(names))
}

func (e *Edition) names(kind string) []string {
	term, all := "features", slices.Clone(e.Features)
	if kind == NameLimit {
		term, all = "limits", slices.Clone(e.Limits)
	}
	for _, plan := range append(slices.Collect(maps.Values(e.Types)), e.Plan) {
		each(cmp.Or(plan[term], None), func(item string) error {
			name, _, _ := strings.Cut(item, "=")
			all = append(all, name)
			return nil
		})
	}
	return all
}
