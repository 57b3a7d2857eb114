package ledger

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	words "github.com/offlicense/offlicense/cmd/internal/text"
	"github.com/offlicense/offlicense/format"
)

// Term is one thing that an entitlement says. The table Terms is where a command's
// options, the columns of a CSV file, a table on a screen and a sentence of the history
// come from.
type Term struct {
	Name   string // the column of a CSV file
	Option string // of a command, where it is not Name with - for _
	Label  string // of the row that shows it to people; terms of one label share the row

	Required bool // a sale names it
	Fixed    bool // an amendment does not change it
	Date     bool // Set reads a date, or a span from now on

	Unset string // how no value of it is written where "" means another one; empty: None

	// Set reads the term as Get writes it, as said at a time; Unset means that there is none,
	// where it is not required. Get writes "" for none.
	Set func(e *Entitlement, text string, at time.Time) error
	Get func(e *Entitlement) string

	// Show says it to people; "" for nothing to say. Nil where another term of the label
	// says it too.
	Show func(e *Entitlement) string

	// Add and Remove are there for a term that is a list: an option names one item. Remove
	// takes the name alone.
	Add    func(e *Entitlement, item string) error
	Remove func(e *Entitlement, name string)
}

// None is how no value of a term is written where a text is wanted.
const None = "none"

// OptionName returns what the term's option is called.
func (t *Term) OptionName() string {
	if t.Option != "" {
		return t.Option
	}
	return strings.ReplaceAll(t.Name, "_", "-")
}

// Asked reports whether each sale says the term itself: no plan has it.
func (t *Term) Asked() bool { return t.Required && t.Name != "type" }

// Terms are all terms, in the order of the columns.
var Terms = []Term{
	{Name: "invoice", Label: "invoice", Required: true, Fixed: true,
		Set: func(e *Entitlement, text string, _ time.Time) (err error) {
			e.Invoice, err = format.ParseInvoice(text)
			return err
		},
		Get:  func(e *Entitlement) string { return e.Invoice },
		Show: func(e *Entitlement) string { return e.Invoice }},
	{Name: "email", Label: "customer", Required: true, Set: setEmail, Get: func(e *Entitlement) string { return e.Email }},
	{Name: "customer", Label: "customer", Required: true,
		Set: func(e *Entitlement, text string, _ time.Time) error { e.Customer = text; return nil },
		Get: func(e *Entitlement) string { return e.Customer },
		Show: func(e *Entitlement) string {
			if e.Email == "" && !e.Forgotten { // of an event, which has none
				return e.Customer
			}
			return fmt.Sprintf("%s <%s>", e.Customer, cmp.Or(e.Email, "removed"))
		}},
	text("product", "product", func(e *Entitlement) *string { return &e.Product }).required().fixed().shown((*Entitlement).ProductName),
	text("edition", "product", func(e *Entitlement) *string { return &e.Edition }).shown(nil),
	{Name: "type", Label: "type", Required: true, Fixed: true,
		Set:  func(e *Entitlement, text string, _ time.Time) error { e.Type = text; return format.ValidType(text) },
		Get:  func(e *Entitlement) string { return e.Type },
		Show: func(e *Entitlement) string { return e.Type }},
	count("seats", "seats", "0", func(e *Entitlement) *uint64 { return &e.Seats }).shown(showSeats),
	end("expires", "term", false, func(e *Entitlement) *time.Time { return &e.Expires }).shown(showTerm),
	{Name: "term", Label: "term",
		Set: func(e *Entitlement, text string, _ time.Time) (err error) {
			if text == None {
				e.Term = Span{}
				return nil
			}
			e.Term, err = ParseSpan(text)
			return err
		},
		Get: func(e *Entitlement) string { return e.Term.String() }},
	days("grace", "term", func(e *Entitlement) *uint64 { return &e.GraceDays }),
	end("updates_until", "updates", true, func(e *Entitlement) *time.Time { return &e.UpdatesUntil }).shown(func(e *Entitlement) string {
		if e.UpdatesUntil.IsZero() {
			return "all"
		}
		return "until " + FormatDate(e.UpdatesUntil)
	}),
	text("max_version", "versions", func(e *Entitlement) *string { return &e.MaxVersion }).shown(func(e *Entitlement) string {
		if e.MaxVersion == "" {
			return "all"
		}
		return "up to " + e.MaxVersion
	}),
	{Name: "features", Option: "feature", Label: "features", Add: addFeature,
		Set: func(e *Entitlement, text string, _ time.Time) error {
			e.Features = nil
			return each(text, func(item string) error { return addFeature(e, item) })
		},
		Get:  func(e *Entitlement) string { return strings.Join(e.Features, ";") },
		Show: func(e *Entitlement) string { return strings.Join(e.Features, ", ") },
		Remove: func(e *Entitlement, name string) {
			e.Features = slices.DeleteFunc(e.Features, func(f string) bool { return f == name })
		}},
	{Name: "limits", Option: "limit", Label: "limits", Add: addLimit,
		Set: func(e *Entitlement, text string, _ time.Time) error {
			e.Limits = nil
			return each(text, func(item string) error {
				if name, _, _ := strings.Cut(item, "="); e.hasLimit(name) {
					return fmt.Errorf("duplicate limit %.64q", name)
				}
				return addLimit(e, item)
			})
		},
		Get:    func(e *Entitlement) string { return strings.Join(e.limits(), ";") },
		Show:   func(e *Entitlement) string { return strings.Join(e.limits(), ", ") },
		Remove: func(e *Entitlement, name string) { delete(e.Limits, name) }},
	{Name: "moves", Label: "moves", Unset: "default",
		Set: func(e *Entitlement, text string, _ time.Time) error {
			if text == "default" {
				e.Moves = nil
				return nil
			}
			n, err := strconv.ParseUint(text, 10, 63)
			if err != nil {
				return fmt.Errorf("want a whole number, or default, which is %d", DefaultMoves)
			}
			e.Moves = &n
			return nil
		},
		Get: func(e *Entitlement) string {
			if e.Moves == nil {
				return ""
			}
			return strconv.FormatUint(*e.Moves, 10)
		},
		Show: func(e *Entitlement) string {
			if e.Moves == nil {
				return ""
			}
			return fmt.Sprintf("%d a seat in 365 days", *e.Moves)
		}},
	count("allowance", "seats", "", func(e *Entitlement) *uint64 { return &e.Allowance }),
	{Name: "binding", Label: "binding", Unset: format.StrengthMachine.String(),
		Set: func(e *Entitlement, text string, _ time.Time) error {
			_, err := format.ParseStrength(text)
			if e.Binding = text; text == format.StrengthMachine.String() {
				e.Binding = ""
			}
			return err
		},
		Get:  func(e *Entitlement) string { return e.Binding },
		Show: func(e *Entitlement) string { return e.Weakest().String() }},
	days("emergency_days", "emergency", func(e *Entitlement) *uint64 { return &e.EmergencyDays }).shown(func(e *Entitlement) string {
		if e.EmergencyDays == 0 {
			return ""
		}
		return words.Plural(e.EmergencyDays, "emergency day", "emergency days") + " from " + FormatDate(e.EmergencyFrom)
	}),
	days("bridge", "bridge", func(e *Entitlement) *uint64 { return &e.BridgeDays }).shown(func(e *Entitlement) string {
		if e.BridgeDays == 0 {
			return ""
		}
		return words.Plural(e.BridgeDays, "day", "days") + " for a move"
	}),
	{Name: "demand", Label: "demands",
		Set: func(e *Entitlement, text string, _ time.Time) error {
			if e.Demand = text; text == None {
				e.Demand = ""
			}
			if e.Demand != "" && e.Demand != format.LabelProductUUID {
				return fmt.Errorf("want %s or none", format.LabelProductUUID)
			}
			return nil
		},
		Get:  func(e *Entitlement) string { return e.Demand },
		Show: func(e *Entitlement) string { return e.Demand }},
	automaticTerm(),
	extTerm(),
}

func (t Term) required() Term { t.Required = true; return t }
func (t Term) fixed() Term    { t.Fixed = true; return t }

func (t Term) shown(show func(*Entitlement) string) Term {
	t.Show = show
	return t
}

func text(name, label string, field func(*Entitlement) *string) Term {
	get := func(e *Entitlement) string { return *field(e) }
	return Term{Name: name, Label: label, Get: get, Show: get,
		Set: func(e *Entitlement, text string, _ time.Time) error {
			if *field(e) = text; text == None {
				*field(e) = ""
			}
			return nil
		}}
}

// count is a number; zero is how 0 is written.
func count(name, label, zero string, field func(*Entitlement) *uint64) Term {
	return Term{Name: name, Label: label,
		Set: func(e *Entitlement, text string, _ time.Time) error {
			if text == None {
				text = "0"
			}
			n, err := strconv.ParseUint(text, 10, 63)
			if err != nil {
				return errors.New("want a whole number like 16")
			}
			*field(e) = n
			return nil
		},
		Get: func(e *Entitlement) string {
			if *field(e) == 0 {
				return zero
			}
			return strconv.FormatUint(*field(e), 10)
		}}
}

// end is an end, or with updates the last second before it.
func end(name, label string, updates bool, field func(*Entitlement) *time.Time) Term {
	return Term{Name: name, Label: label, Date: true,
		Set: func(e *Entitlement, text string, at time.Time) error {
			if text == None {
				*field(e) = time.Time{}
				return nil
			}
			end, err := ParseEnd(text)
			if *field(e) = end.From(at); updates {
				*field(e) = UpdatesUntil(*field(e))
			}
			return err
		},
		Get: func(e *Entitlement) string {
			if updates {
				return FormatDate(*field(e))
			}
			return FormatEnd(*field(e))
		}}
}

func days(name, label string, field func(*Entitlement) *uint64) Term {
	return Term{Name: name, Label: label,
		Set: func(e *Entitlement, text string, _ time.Time) (err error) {
			if text == None {
				text = "0"
			}
			*field(e), err = ParseDays(text)
			return err
		},
		Get: func(e *Entitlement) string {
			if *field(e) == 0 {
				return ""
			}
			return fmt.Sprintf("%dd", *field(e))
		}}
}

// between are what stands between the items of a list, and so in no name.
const between = " ;,"

// each calls f for the items of a list.
func each(list string, f func(item string) error) error {
	if list == None {
		return nil
	}
	for _, item := range strings.FieldsFunc(list, func(r rune) bool { return strings.ContainsRune(between, r) }) {
		if err := f(item); err != nil {
			return err
		}
	}
	return nil
}

func addFeature(e *Entitlement, name string) error {
	if strings.ContainsAny(name, between) {
		return errors.New("want one name, without space, comma or ;")
	}
	if !slices.Contains(e.Features, name) {
		e.Features = append(e.Features, name)
	}
	return nil
}

func addLimit(e *Entitlement, item string) error {
	name, number, found := strings.Cut(item, "=")
	n, err := strconv.ParseUint(number, 10, 63)
	if !found || name == "" || err != nil || strings.ContainsAny(name, between) {
		return errors.New("want NAME=NUMBER like cores=16")
	}
	if e.Limits == nil {
		e.Limits = make(map[string]uint64)
	}
	e.Limits[name] = n
	return nil
}

func (e *Entitlement) hasLimit(name string) bool {
	_, found := e.Limits[name]
	return found
}

// limits returns the limits as they are written, in the order of their names.
func (e *Entitlement) limits() []string {
	var all []string
	for _, name := range slices.Sorted(maps.Keys(e.Limits)) {
		all = append(all, fmt.Sprintf("%s=%d", name, e.Limits[name]))
	}
	return all
}

func setEmail(e *Entitlement, text string, _ time.Time) error {
	e.Email = text
	if !ValidEmail(strings.TrimSpace(text)) {
		return errors.New("want an address like ops@site.example")
	}
	return nil
}

// showSeats says how many may be active.
func showSeats(e *Entitlement) string {
	switch {
	case e.Type == TypeDevelopment && e.Allowance > 0:
		return words.Plural(e.Allowance, "activation", "activations") + " at most"
	case e.Type == TypeDevelopment:
		return "as many activations as needed"
	}
	return fmt.Sprint(e.Seats)
}

func showTerm(e *Entitlement) string {
	text := "perpetual"
	switch {
	case !e.Term.IsZero():
		text = e.Term.Words() + " from the first activation"
	case !e.Expires.IsZero():
		text = "until " + FormatEnd(e.Expires)
	}
	if e.GraceDays > 0 {
		text += ", then " + words.Plural(e.GraceDays, "day", "days") + " of grace"
	}
	return text
}

// ProductName returns the product with its edition.
func (e *Entitlement) ProductName() string { return strings.TrimSpace(e.Product + " " + e.Edition) }

// ParseDays reads a number of days like 14d.
func ParseDays(text string) (uint64, error) {
	days, err := strconv.ParseUint(strings.TrimSuffix(text, "d"), 10, 16)
	if err != nil {
		return 0, errors.New("want a number of days like 14d")
	}
	return days, nil
}

// TermNamed returns the term whose column has a name, nil if there is none.
func TermNamed(name string) *Term {
	if i := slices.IndexFunc(Terms, func(t Term) bool { return t.Name == name }); i >= 0 {
		return &Terms[i]
	}
	return nil
}
