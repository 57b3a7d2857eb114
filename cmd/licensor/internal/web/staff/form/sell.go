package form

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/offlicense/offlicense/cmd/internal/hint"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/service"
	"github.com/offlicense/offlicense/cmd/licensor/internal/web/page"
)

// plan is what can be sold, as the products have it.
type plan struct {
	Product, Edition, Type string
	Path                   string
	terms                  ledger.Plan
}

func (v *visit) plans() (all []plan, err error) {
	products, err := v.Service.Products(v.R.Context())
	for _, p := range products {
		for i := range p.Editions {
			e := &p.Editions[i]
			types := []string{e.Type}
			for name := range e.Types {
				types = append(types, name)
			}
			slices.Sort(types[1:])
			for _, name := range slices.Compact(types) {
				query := url.Values{"product": {p.Name}, "edition": {e.Name}, "type": {name}}
				all = append(all, plan{p.Name, e.Name, name, "/sell?" + query.Encode(), e.PlanFor(name)})
			}
		}
	}
	return all, err
}

// sell records a sale. Its form begins with what a plan grants.
func (v *visit) sell() error {
	plans, err := v.plans()
	if err != nil {
		return err
	}
	query := v.R.URL.Query()
	if v.R.Method != http.MethodPost && len(plans) > 0 && !query.Has("product") {
		return v.Show("plans", "Sell", plans)
	}
	begins := map[string]string{"seats": "1", "type": ledger.TypeProduction}
	for _, name := range []string{"product", "edition", "type", "customer", "email"} {
		if query.Has(name) {
			begins[name] = query.Get(name)
		}
	}
	for _, p := range plans {
		if p.Product == begins["product"] && p.Edition == begins["edition"] && p.Type == begins["type"] {
			for name, text := range p.terms {
				if begins[name] = text; text == ledger.None {
					begins[name] = ""
				}
			}
		}
	}
	form := newTermForm(func(*ledger.Term) bool { return true }, func(t *ledger.Term) string { return begins[t.Name] })
	c := &change{title: "Sell", path: "/sell", button: "Look at it", fields: append(form.fields, why(false)), back: page.Link{To: "/sell", Text: "Other plans"}}
	if len(plans) == 0 {
		c.back = page.Link{}
	}
	c.check = form.check
	var said []saidTerm
	var names bool // that the products do not have are meant
	orders := func() []service.Order {
		o := service.Order{Line: 1, At: func(at time.Time) ledger.Entitlement {
			var e ledger.Entitlement
			apply(said, &e, at) // what it takes was seen before
			return e
		}}
		o.Entitlement = o.At(v.by.Now)
		for i := range ledger.Terms {
			o.Said.Add(ledger.Terms[i].Name)
		}
		return []service.Order{o}
	}
	c.look = func() (*looked, error) {
		ctx := v.R.Context()
		var err error
		if said, err = form.said(); err != nil {
			return nil, err
		}
		v.by.Why, v.by.NewNames, names = c.value("why"), false, false
		o := orders()
		l := &looked{button: "Record this sale"}
		err = firstOf(v.Service.CheckImport(ctx, v.by, o))
		if unknown := service.NamesRefused(err); unknown != "" {
			l.warnings = append(l.warnings, page.Sentence(unknown), "It is sold as it is typed, if you go on.")
			v.by.NewNames, names = true, true
			err = firstOf(v.Service.CheckImport(ctx, v.by, o))
		}
		if err != nil {
			return nil, err
		}
		sale := &o[0].Entitlement
		if o[0].Known {
			l.already = page.Path("entitlements", sale.Invoice)
			return l, nil
		}
		fix(said, sale)
		l.facts = []facts{factsOf("What is sold", service.EntitlementRows(sale))}
		if beyond := v.Service.BeyondKeys(v.by.Now, sale); beyond != "" {
			l.warnings = append(l.warnings, page.Sentence(beyond))
		}
		if free, err := v.Service.NamesAreFree(ctx); err != nil {
			return nil, err
		} else if free {
			l.warnings = append(l.warnings, "There are no products, so no name is checked: licensor help product.")
		}
		return l, nil
	}
	c.do = func() (string, string, error) {
		o := orders()
		v.by.NewNames = names
		err := firstOf(v.Service.Import(v.R.Context(), v.by, o, nil))
		word := "sold"
		if o[0].Known { // somebody was faster
			word = "already"
		}
		return page.Path("entitlements", o[0].Invoice), word, err
	}
	return v.ask(c)
}

// firstOf returns what is wrong with the one order of an import.
func firstOf(err error) error {
	var many *service.ImportError
	if errors.As(err, &many) && len(many.Lines) > 0 {
		return many.Lines[0].Err
	}
	return err
}

// revising is a form that changes the terms of a sale that is on record.
func (v *visit) revising(title, verb string, has func(*ledger.Term) bool) (*change, *termForm, *ledger.Holding, error) {
	h, err := v.Service.Holding(v.R.Context(), v.Named("invoice"))
	if err != nil {
		return nil, nil, nil, err
	}
	form := newTermForm(has, func(t *ledger.Term) string { return t.Get(&h.Entitlement) }).of(&h.Entitlement)
	return &change{title: title + " " + h.Invoice, path: page.Path("entitlements", h.Invoice, verb), button: "Look at it",
		back: page.Link{To: page.Path("entitlements", h.Invoice), Text: "Back to the sale"}}, form, h, nil
}

// previewed is what a preview of a change says, for a person to agree to.
func (v *visit) previewed(r *service.RevisionPreview) (*looked, error) {
	made, err := v.Service.RevisingOf(v.R.Context(), r, v.by.Now)
	if err != nil {
		return nil, err
	}
	l := &looked{facts: []facts{factsOf("What changes", made.Rows)}, warnings: sentences(made.Warnings)}
	if narrows := service.NarrowerWarning(r); narrows != "" {
		l.warnings = append(l.warnings, page.Sentence(narrows))
	}
	return l, nil
}

// withNames tries something that names what is sold; where the products do not have the names,
// a person is asked whether they are meant.
func (v *visit) withNames(try func() (*service.RevisionPreview, error)) (r *service.RevisionPreview, warnings []string, err error) {
	v.by.NewNames = false
	r, err = try()
	if unknown := service.NamesRefused(err); unknown != "" {
		warnings = []string{page.Sentence(unknown), "It is sold as it is typed, if you go on."}
		v.by.NewNames = true
		r, err = try()
	}
	return r, warnings, err
}

var errNothing = hint.Errorf("nothing is different from what is on record").WithHint("change a field first")

// correct changes a sale that was recorded wrong.
func (v *visit) correct() error {
	c, form, h, err := v.revising("Correct", "correct", func(*ledger.Term) bool { return true })
	if err != nil {
		return err
	}
	c.lead = "For what was recorded wrong. What a customer has bought since is changed by Amend."
	c.fields, c.check = append(form.fields, why(true)), form.check
	var said []saidTerm
	revision := service.NewCorrection(func(e *ledger.Entitlement) error { return apply(said, e, v.by.Now) })
	c.look = func() (l *looked, err error) {
		if said, err = form.said(); err != nil {
			return nil, err
		}
		v.by.Why = c.value("why")
		r, warnings, err := v.withNames(func() (*service.RevisionPreview, error) {
			return v.Service.PreviewCorrection(v.R.Context(), v.by, h.Invoice, revision)
		})
		return v.revised(form, h, said, r, warnings, err, "Correct it")
	}
	c.do = func() (string, string, error) {
		r, err := v.Service.Correct(v.R.Context(), v.by, h.Invoice, v.unchanged(h, said, ledger.ActionCorrect))
		if err != nil {
			return "", "", err
		}
		return page.Path("entitlements", r.After.Invoice), "corrected", nil
	}
	return v.ask(c)
}

// revised judges the preview of a change of terms.
func (v *visit) revised(form *termForm, h *ledger.Holding, said []saidTerm, r *service.RevisionPreview, warnings []string, err error, button string) (*looked, error) {
	switch {
	case len(said) == 0 && form.stale(&h.Entitlement):
		return nil, errStale
	case len(said) == 0:
		return nil, errNothing
	case err == nil && len(r.Steps) == 0:
		return &looked{already: page.Path("entitlements", h.Invoice)}, nil
	case form.stale(&h.Entitlement):
		return nil, errStale
	case err != nil:
		return nil, err
	}
	fix(said, r.After)
	l, err := v.previewed(r)
	if err != nil {
		return nil, err
	}
	l.warnings, l.button = append(warnings, l.warnings...), button
	return l, nil
}

// unchanged is a change of terms that is refused where the sale is another one by now.
func (v *visit) unchanged(h *ledger.Holding, said []saidTerm, action ledger.Action) service.Revision {
	was := valuesOf(&h.Entitlement)
	change := func(e *ledger.Entitlement) error {
		before := valuesOf(e)
		if err := apply(said, e, v.by.Now); err != nil {
			return err
		}
		if before != was && before != valuesOf(e) {
			return errSeen
		}
		return nil
	}
	if action == ledger.ActionCorrect {
		return service.NewCorrection(change)
	}
	return service.NewAmendment(change)
}
