package common

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/service"
	"github.com/offlicense/offlicense/format"
	"github.com/spf13/pflag"
)

// TermOptions are an option for each term of an entitlement. What they say is applied to
// an entitlement as often as wanted, and makes the same of it each time.
type TermOptions struct {
	says    map[string]bool // terms, by their names
	changes []func(e *ledger.Entitlement, at time.Time) error
	taken   []func(e *ledger.Entitlement) error // puts an item back that an option takes away
}

// AddAll adds the options of a sale.
func (o *TermOptions) AddAll(flags *pflag.FlagSet) {
	for i := range ledger.Terms {
		o.addBoth(flags, &ledger.Terms[i])
	}
}

// addBoth adds the option of a term, and of a list the one that takes an item off.
func (o *TermOptions) addBoth(flags *pflag.FlagSet, t *ledger.Term) {
	given := o.addTerm(flags, t)
	if t.Remove != nil {
		o.add(flags, t, "no-"+t.OptionName(), given, func(e *ledger.Entitlement, name string, _ time.Time) error {
			t.Remove(e, name)
			return nil
		})
	}
}

// AddChangeable adds the options of what an amendment changes: of a list there is one
// more, which takes an item off.
func (o *TermOptions) AddChangeable(flags *pflag.FlagSet) { o.addChanges(flags, false) }

// AddCorrectable is AddChangeable with what no amendment changes.
func (o *TermOptions) AddCorrectable(flags *pflag.FlagSet) { o.addChanges(flags, true) }

func (o *TermOptions) addChanges(flags *pflag.FlagSet, fixed bool) {
	for i := range ledger.Terms {
		t := &ledger.Terms[i]
		if t.Fixed && !fixed {
			continue
		}
		o.addBoth(flags, t)
	}
}

// addTerm adds the option of a term, and returns what is given with it.
func (o *TermOptions) addTerm(flags *pflag.FlagSet, t *ledger.Term) (given map[string]string) {
	given = make(map[string]string)
	set := t.Set
	if t.Add != nil {
		set = func(e *ledger.Entitlement, item string, _ time.Time) error { return t.Add(e, item) }
	}
	o.add(flags, t, t.OptionName(), given, set)
	return given
}

// add adds an option of a term. An item of a list is given once, or taken away: given says
// by which option.
func (o *TermOptions) add(flags *pflag.FlagSet, t *ledger.Term, option string, given map[string]string, set func(*ledger.Entitlement, string, time.Time) error) {
	flags.Func(option, "", func(text string) error {
		name, _, _ := strings.Cut(text, "=")
		switch other := given[name]; {
		case t.Add != nil && other == option:
			return fmt.Errorf("%s is given twice", cli.Quote(name))
		case t.Add != nil && other != "":
			return fmt.Errorf("%s is named with --%s, too", cli.Quote(name), other)
		}
		given[name] = option
		if o.says == nil {
			o.says = make(map[string]bool)
		}
		o.says[t.Name] = true
		if item := name; option != t.OptionName() {
			if t.Name != "features" { // a name with a value
				item += "=0"
			}
			o.taken = append(o.taken, func(e *ledger.Entitlement) error { return t.Add(e, item) })
		}
		o.changes = append(o.changes, func(e *ledger.Entitlement, at time.Time) error { return set(e, text, at) })
		return set(new(ledger.Entitlement), text, time.Time{})
	})
	switch option {
	case "type":
		cli.Choices(flags, option, format.Types()...)
	case "binding":
		cli.Choices(flags, option, Bindings()...)
	case "demand":
		cli.Choices(flags, option, format.LabelProductUUID)
	}
}

// Bindings are the strengths of a binding, the strongest first.
func Bindings() (names []string) {
	for _, s := range []format.Strength{format.StrengthMachine, format.StrengthOperator, format.StrengthKey, format.StrengthAny} {
		names = append(names, s.String())
	}
	return names
}

// Says tells whether an option names a term. An option of a list names an item, and leaves
// the rest of the list to a plan.
func (o *TermOptions) Says(term string) bool {
	return o.says[term] && ledger.TermNamed(term).Add == nil
}

// Given reports whether any option was given.
func (o *TermOptions) Given() bool { return len(o.changes) > 0 }

// Apply makes an entitlement what the options say at a time.
func (o *TermOptions) Apply(e *ledger.Entitlement, at time.Time) error {
	for _, change := range o.changes {
		if err := change(e, at); err != nil {
			return err
		}
	}
	e.OneEnd(o.says["expires"], o.says["term"])
	return nil
}

// Named returns a sale with the names that options take away, too.
func (o *TermOptions) Named(sale *ledger.Entitlement) (*ledger.Entitlement, error) {
	named := sale.Clone()
	for _, put := range o.taken {
		if err := put(named); err != nil {
			return nil, err
		}
	}
	return named, nil
}

// wrap returns the lines of a text, none for no text. A list goes over as many as it
// takes: what is signed is never cut.
func wrap(text string, list bool) []string {
	const width = 40
	if text == "" {
		return nil
	}
	if !list {
		return []string{text}
	}
	var lines []string
	line := ""
	for _, word := range strings.Split(text, ", ") {
		switch {
		case line == "":
			line = word
		case len(line)+len(word) < width:
			line += ", " + word
		default:
			lines, line = append(lines, line), word
		}
	}
	return append(lines, line)
}

// AddEntitlement adds all that an entitlement says, but for what the given labels stand
// for.
func AddEntitlement(t *cli.Table, e *ledger.Entitlement, but ...string) {
	AddRows(t, service.EntitlementRows(e, but...))
}

// AddRows adds rows, a list over as many lines as it takes.
func AddRows(t *cli.Table, rows []service.Row) {
	for _, row := range rows {
		list := slices.ContainsFunc(ledger.Terms, func(t ledger.Term) bool { return t.Label == row.Label && t.Add != nil })
		for _, line := range wrap(row.Text, list) {
			t.Row(row.Label, line)
			row.Label = ""
		}
	}
}

// Warn warns of each.
func Warn(env *cli.Env, warnings []string) {
	for _, warning := range warnings {
		env.Warnf("%s", warning)
	}
}
