package form

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/offlicense/offlicense/cmd/internal/hint"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/web/page"
	"github.com/offlicense/offlicense/format"
)

// termForm are the fields of a form that names terms of a sale: one for each of the table of
// terms, in the order in which people think of them.
type termForm struct {
	fields []*field
	was    *field // the terms as they were when the form was opened; nil: there were none
}

// asked says how a form asks for a term, where its label alone does not.
var asked = map[string]struct {
	label, help string
	options     []string
	more        bool
}{
	"invoice":        {help: "The invoice line, such as INV0042-1."},
	"customer":       {help: "As licenses show it."},
	"email":          {label: "E-mail", help: "The customer's account: requests name it."},
	"edition":        {help: "Its variant, if it has any."},
	"type":           {options: format.Types()},
	"seats":          {help: "How many may be active at once."},
	"expires":        {help: "The last day, or 1y, 12m or 30d from today; empty is perpetual."},
	"term":           {label: "Term from the first activation", help: "In place of an end, such as 30d or 12m.", more: true},
	"grace":          {help: "Days that licenses run on after the end, such as 14d."},
	"updates_until":  {help: "Builds made later are not covered; empty covers all."},
	"features":       {help: "Names with ; between them."},
	"limits":         {help: "Such as cores=16, with ; between them."},
	"max_version":    {label: "Highest version", help: "Such as 2.x; empty covers all.", more: true},
	"moves":          {help: "How often a seat may change its machine in 365 days; empty is 2.", more: true},
	"allowance":      {help: "Type development: how many activations at most.", more: true},
	"binding":        {help: "What holds licenses to their place at least.", options: []string{"machine", "operator", "key", "any"}, more: true},
	"emergency_days": {label: "Emergency days", help: "Type failover: days of each license, such as 30d.", more: true},
	"bridge":         {help: "How long both servers of a move may run, such as 14d.", more: true},
	"demand":         {help: "What each request must name of its machine.", options: []string{"", format.LabelProductUUID}, more: true},
	"automatic":      {help: "What the service signs by itself, such as activation,renewal, or none; empty is all.", more: true},
	"ext":            {label: "Own data", help: "Such as region=eu, with ; between them.", more: true},
}

// order is in which people think of terms; the rest follows as the table has it.
var order = []string{"invoice", "customer", "email", "product", "edition", "type", "seats", "expires", "grace", "updates_until", "features", "limits"}

// newTermForm asks for the terms that a form has, with values to begin with.
func newTermForm(has func(*ledger.Term) bool, value func(*ledger.Term) string) *termForm {
	f := new(termForm)
	var terms []*ledger.Term
	for _, name := range order {
		terms = append(terms, ledger.TermNamed(name))
	}
	for i := range ledger.Terms {
		if t := &ledger.Terms[i]; !slices.Contains(terms, t) {
			terms = append(terms, t)
		}
	}
	for _, t := range terms {
		if !has(t) {
			continue
		}
		how := asked[t.Name]
		label := cmp.Or(how.label, strings.ToUpper(t.Name[:1])+strings.ReplaceAll(t.Name[1:], "_", " "))
		one := &field{Name: t.Name, Label: label, Help: how.help, Value: value(t), Required: t.Required, More: how.more}
		if how.options != nil {
			one.Kind = kindSelect
			for _, o := range how.options {
				one.Options = append(one.Options, option{o, cmp.Or(o, "nothing")})
			}
			if t.Name == "binding" {
				one.Value = cmp.Or(one.Value, format.StrengthMachine.String())
			}
		}
		f.fields = append(f.fields, one)
	}
	return f
}

// of has the form remember what it was opened with.
func (f *termForm) of(e *ledger.Entitlement) *termForm {
	f.was = &field{Name: "was", Kind: kindHidden, Value: valuesOf(e)}
	f.fields = append(f.fields, f.was)
	return f
}

// valuesOf writes the terms of a sale as its form begins with them.
func valuesOf(e *ledger.Entitlement) string {
	all := make(map[string]string)
	for i := range ledger.Terms {
		all[ledger.Terms[i].Name] = ledger.Terms[i].Get(e)
	}
	text, err := json.Marshal(all)
	if err != nil {
		panic(err) // texts
	}
	return string(text)
}

// said are the terms that somebody has changed on the form: it marks the fields that say what
// the terms do not take.
func (f *termForm) said() (said []saidTerm, err error) {
	was := make(map[string]string)
	if f.was != nil && json.Unmarshal([]byte(f.was.Value), &was) != nil {
		return nil, hint.Errorf("this is no form of this page").WithHint("open the form again")
	}
	for _, one := range f.fields {
		t := ledger.TermNamed(one.Name)
		if t == nil {
			continue
		}
		before := was[t.Name]
		if t.Name == "binding" {
			before = cmp.Or(before, format.StrengthMachine.String())
		}
		if one.Value == before && f.was != nil {
			continue
		}
		text := one.Value
		if text == "" {
			if t.Required {
				one.Error = "This is missing."
				continue
			}
			text = cmp.Or(t.Unset, ledger.None)
			if t.Unset == format.StrengthMachine.String() {
				text = t.Unset
			}
		}
		if wrong := t.Set(new(ledger.Entitlement), text, time.Time{}); wrong != nil {
			one.Error = page.Sentence(wrong.Error())
			continue
		}
		said = append(said, saidTerm{t, text, one})
	}
	for _, one := range f.fields {
		if one.Error != "" {
			return nil, hint.Errorf("something cannot be recorded as it is").WithHint("it says below what")
		}
	}
	return said, nil
}

// check marks what is wrong, all at once.
func (f *termForm) check() { f.said() }

// saidTerm is a term that a form says.
type saidTerm struct {
	term  *ledger.Term
	text  string
	field *field
}

// apply makes a sale what a form says.
func apply(said []saidTerm, e *ledger.Entitlement, at time.Time) error {
	gives := func(name string) bool {
		return slices.ContainsFunc(said, func(s saidTerm) bool { return s.term.Name == name && s.text != ledger.None })
	}
	for _, s := range said {
		if err := s.term.Set(e, s.text, at); err != nil {
			return err
		}
	}
	e.OneEnd(gives("expires"), gives("term"))
	return nil
}

// fix writes what counts from today as a day: so it is the same one if it is sent again later.
func fix(said []saidTerm, after *ledger.Entitlement) {
	for _, s := range said {
		if s.term.Date && s.text != ledger.None {
			s.field.Value = s.term.Get(after)
		}
	}
}

// stale reports whether a sale is another one than the form was opened with. The fields that
// nobody has touched are as it is then.
func (f *termForm) stale(e *ledger.Entitlement) bool {
	now := valuesOf(e)
	if now == f.was.Value {
		return false
	}
	var before, is map[string]string
	if json.Unmarshal([]byte(f.was.Value), &before) != nil || json.Unmarshal([]byte(now), &is) != nil {
		return true
	}
	for _, one := range f.fields {
		if ledger.TermNamed(one.Name) != nil && one.Value == before[one.Name] {
			one.Value = is[one.Name]
		}
	}
	f.was.Value = now
	return true
}
