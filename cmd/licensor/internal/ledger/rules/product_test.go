package rules_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/rules"
)

// evoq is a product of two editions.
func evoq() ledger.Product {
	return ledger.Product{Name: "evoq", Editions: []ledger.Edition{
		{Name: "engage", Type: "production", Plan: ledger.Plan{"expires": "12m", "features": "sso;cdn", "limits": "users=10"},
			Types: map[string]ledger.Plan{"test": {"limits": "cores=2"}}, Limits: []string{"editors"}},
		{Name: "content", Type: "production", Plan: ledger.Plan{"expires": "none"}, Features: []string{"search"}},
	}}
}

func products(all ...ledger.Product) map[string]*ledger.Product {
	m := make(map[string]*ledger.Product)
	for _, p := range all {
		m[p.Name] = &p
	}
	return m
}

// Which names a sale has that the products do not, and what each was meant to be.
func TestUnknownNames(t *testing.T) {
	plain := ledger.Product{Name: "liquid", Editions: []ledger.Edition{{Type: "production", Plan: ledger.Plan{"expires": "1y"}}}}
	both := products(evoq(), plain)
	named := func(product, edition, limits string, features ...string) *ledger.Entitlement {
		e := &ledger.Entitlement{Product: product, Edition: edition, Features: features, Limits: map[string]uint64{}}
		for name := range strings.FieldsSeq(limits) {
			e.Limits[name] = 5
		}
		return e
	}
	for _, test := range []struct {
		what         string
		products     map[string]*ledger.Product
		sale, before *ledger.Entitlement
		want         string
	}{
		{"no products: names are free", nil, named("evok", "any", "usres"), nil, ""},
		{"all known", both, named("evoq", "engage", "users cores editors", "sso", "cdn", "search"), nil, ""},
		{"the limit of the issue", both, named("evoq", "engage", "usres"), nil, `limit usres users`},
		{"a letter too many", both, named("evoqq", "engage", ""), nil, `product evoqq evoq`},
		{"in capitals", both, named("EVOQ", "engage", ""), nil, `product EVOQ evoq`},
		{"a product like no other", both, named("framework", "", ""), nil, `product framework `},
		{"of an unknown product nothing else is known", both, named("evok", "engag", "usres"), nil, `product evok evoq`},
		{"swapped letters", both, named("evoq", "enagge", ""), nil, `edition enagge engage`},
		{"an edition is missing", both, named("evoq", "", ""), nil, `edition  `},
		{"a product without editions", both, named("liquid", "", ""), nil, ""},
		{"an edition of such", both, named("liquid", "pro", ""), nil, `edition pro `},
		{"several at once", both, named("evoq", "engaeg", "user core", "ss0", "video"), nil,
			`edition engaeg engage; feature ss0 sso; feature video ; limit core cores; limit user users`},
		{"names of another product", both, named("liquid", "", "users"), nil, `limit users `},
		{"it had them before", both, named("evoq", "old", "usres", "ssso"), named("evoq", "old", "usres", "ssso"), ""},
		{"one more than before", both, named("evoq", "old", "usres core", "ssso"), named("evoq", "old", "usres", "ssso"), `limit core cores`},
		{"an unknown product that it had", both, named("evok", "", "usres"), named("evok", "", ""), ""},
		{"what another product had counts for nothing", both, named("evoq", "engage", "usres"), named("liquid", "", "usres"), `limit usres users`},
	} {
		var got []string
		for _, n := range rules.UnknownNames(test.products, test.sale, test.before) {
			got = append(got, fmt.Sprintf("%s %s %s", n.Kind, n.Name, n.Nearest))
		}
		if all := strings.Join(got, "; "); all != test.want {
			t.Errorf("%s: %q, want %q", test.what, all, test.want)
		}
	}
}

// A product is added once, amended where there is one, and nothing is recorded where
// nothing is different.
func TestSetProduct(t *testing.T) {
	r := newRecord(t)
	f := r.facts()
	set := func(p ledger.Product, amends bool) (*rules.Step, error) { return rules.SetProduct(f, by(), p, amends) }
	_, err := set(evoq(), true)
	wantHint(t, err, "licensor product list")
	step, err := set(evoq(), false)
	if err != nil || step.Event.Action != ledger.ActionProduct {
		t.Fatalf("%+v, %v", step, err)
	}
	f.Products = products(step.Event.Detail.(ledger.Product))
	_, err = set(evoq(), false)
	wantHint(t, err, "licensor product amend")
	if step, err := set(evoq(), true); step != nil || err != nil {
		t.Errorf("the same: %+v, %v", step, err)
	}
	other := evoq()
	other.Editions = slices.Clone(other.Editions[:1])
	if step, err := set(other, true); step == nil || err != nil {
		t.Errorf("one edition less: %v", err)
	}
	other.Name = "evok"
	_, err = set(other, true)
	wantHint(t, err, `did you mean "evoq"?`)
	other.Editions = nil
	_, err = set(other, false)
	wantHint(t, err, "nothing was recorded")
}

// What an amendment adds is asked for, and what the sale has is not.
func TestAmendNames(t *testing.T) {
	r := newRecord(t, entitlement()) // features sso; limits cores
	revise := func(op *ledger.Operation, change func(e *ledger.Entitlement)) error {
		f := r.facts()
		f.Products = products(evoq())
		_, err := rules.Revise(f, op, inv, rules.NewAmendment(func(e *ledger.Entitlement) error { change(e); return nil }), nil)
		return err
	}
	add := func(e *ledger.Entitlement) { e.Limits["usres"] = 5 }
	wantRefusal(t, revise(by(), add), ledger.RuleNames, `unknown limit "usres": did you mean "users"?`)
	op := by()
	op.NewNames = true
	if err := revise(op, add); err != nil {
		t.Error(err)
	}
	if err := revise(by(), func(e *ledger.Entitlement) { e.Seats++ }); err != nil {
		t.Errorf("another term: %v", err)
	}
}

// sellNamed sells a feature where there are products.
func (r *record) sellNamed(op *ledger.Operation, feature string) error {
	f := r.facts()
	f.Products = products(evoq())
	_, err := rules.Entitle(f, op, entitlement(sold("N-1", "production"), func(e *ledger.Entitlement) { e.Features = []string{feature} }))
	return err
}
