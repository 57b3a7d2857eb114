package common

import (
	"fmt"
	"slices"
	"strings"

	"github.com/offlicense/offlicense/cmd/internal/cli"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/spf13/pflag"
)

// TermOptions are an option for each term of an entitlement. What they say is applied to
// an entitlement as often as wanted, and makes the same of it each time.
type TermOptions struct {
	changes []func(*ledger.Entitlement) error
}

// AddAll adds the options of a sale.
func (o *TermOptions) AddAll(flags *pflag.FlagSet) {
	for i := range ledger.Terms {
		o.add(flags, &ledger.Terms[i])
	}
}

// AddChangeable adds the options of what an amendment changes: of a list there is one
// more, which takes an item off.
func (o *TermOptions) AddChangeable(flags *pflag.FlagSet) {
	for i := range ledger.Terms {
		t := &ledger.Terms[i]
		if t.Fixed {
			continue
		}
		o.add(flags, t)
		if t.Remove != nil {
			flags.Var(&termValue{t, o, nil, func(e *ledger.Entitlement, name string) error {
				t.Remove(e, name)
				return nil
			}}, "no-"+t.OptionName(), "")
		}
	}
}

func (o *TermOptions) add(flags *pflag.FlagSet, t *ledger.Term) {
	set := t.Set
	if t.Add != nil {
		set = t.Add
	}
	flags.Var(&termValue{t, o, nil, set}, t.OptionName(), "")
}

// Given reports whether any option was given.
func (o *TermOptions) Given() bool { return len(o.changes) > 0 }

// Apply makes an entitlement what the options say.
func (o *TermOptions) Apply(e *ledger.Entitlement) error {
	for _, change := range o.changes {
		if err := change(e); err != nil {
			return err
		}
	}
	return nil
}

// termValue is the option of a term.
type termValue struct {
	term  *ledger.Term
	of    *TermOptions
	given []string // names of a list, or what was given
	set   func(*ledger.Entitlement, string) error
}

func (v *termValue) Type() string { return v.term.OptionName() }

func (v *termValue) String() string {
	if v.term == nil { // pflag asks a zero value
		return ""
	}
	return strings.Join(v.given, " ")
}

func (v *termValue) Set(text string) error {
	name, _, _ := strings.Cut(text, "=")
	if v.term.Add == nil {
		name = text
	} else if slices.Contains(v.given, name) {
		return fmt.Errorf("%s is given twice", cli.Quote(name))
	}
	change := func(e *ledger.Entitlement) error { return v.set(e, text) }
	if err := change(new(ledger.Entitlement)); err != nil {
		return err
	}
	v.given = append(v.given, name)
	v.of.changes = append(v.of.changes, change)
	return nil
}

// TermRow is a row that shows terms to people.
type TermRow struct{ Label, Text string }

// TermRows returns what an entitlement says, but for what the given labels stand for.
func TermRows(e *ledger.Entitlement, but ...string) []TermRow {
	var rows []TermRow
	for i := range ledger.Terms {
		t := &ledger.Terms[i]
		if t.Show == nil || slices.Contains(but, t.Label) {
			continue
		}
		label := t.Label
		for _, line := range wrap(t.Show(e), t.Add != nil) {
			rows = append(rows, TermRow{label, line})
			label = ""
		}
	}
	if e.Waived {
		rows = append(rows, TermRow{"requires", "no production license: waived"})
	}
	return rows
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
	for _, row := range TermRows(e, but...) {
		t.Row(row.Label, row.Text)
	}
}

// Changes returns what is different between two states of an entitlement, a row each: as
// people are shown it, or where that is the same, as it is written.
func Changes(before, after *ledger.Entitlement) []TermRow {
	var rows []TermRow
	add := func(label, was, is string) {
		row := TermRow{label, Or(was, ledger.None) + " -> " + Or(is, ledger.None)}
		if was != is && !slices.Contains(rows, row) {
			rows = append(rows, row)
		}
	}
	for i := range ledger.Terms {
		t := &ledger.Terms[i]
		if t.Get(before) == t.Get(after) {
			continue
		}
		if was, is := show(t.Label, before), show(t.Label, after); was != is {
			add(t.Label, was, is)
		} else {
			add(t.OptionName(), t.Get(before), t.Get(after))
		}
	}
	if before.Waived != after.Waived {
		add("requires", "an active production license", "no production license: waived")
	}
	return rows
}

// show returns how a term is shown to people.
func show(label string, e *ledger.Entitlement) string {
	i := slices.IndexFunc(ledger.Terms, func(t ledger.Term) bool { return t.Label == label && t.Show != nil })
	return ledger.Terms[i].Show(e)
}

// Term says how long an entitlement lasts.
func Term(e *ledger.Entitlement) string { return show("term", e) }
