// Package catalogue reads and writes products as TOML files, and has two of them as
// examples. What a product may be, package ledger says.
package catalogue

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/offlicense/offlicense/cmd/internal/hint"
	words "github.com/offlicense/offlicense/cmd/internal/text"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/format"
	"github.com/pelletier/go-toml/v2"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

// MaxFile is the most bytes of a file with a product.
const MaxFile = 64 << 10

type productFile struct {
	Name     string        `toml:"name"`
	Editions []editionFile `toml:"edition"`
}

type editionFile struct {
	Name             string          `toml:"name,omitempty"`
	Type             string          `toml:"type"`
	OptionalFeatures []string        `toml:"optional_features,omitempty"`
	OptionalLimits   []string        `toml:"optional_limits,omitempty"`
	Plan                             // its fields stand among those of the edition
	Types            map[string]Plan `toml:"types,omitempty"`
}

// Plan has the terms of a plan by the names of ledger.Terms. In place of expires = "none"
// there is perpetual = true.
type Plan struct {
	Perpetual     any `toml:"perpetual,omitempty"`
	Expires       any `toml:"expires,omitempty"`
	Term          any `toml:"term,omitempty"`
	Grace         any `toml:"grace,omitempty"`
	UpdatesUntil  any `toml:"updates_until,omitempty"`
	MaxVersion    any `toml:"max_version,omitempty"`
	Seats         any `toml:"seats,omitempty"`
	Allowance     any `toml:"allowance,omitempty"`
	Moves         any `toml:"moves,omitempty"`
	Bridge        any `toml:"bridge,omitempty"`
	Binding       any `toml:"binding,omitempty"`
	Demand        any `toml:"demand,omitempty"`
	EmergencyDays any `toml:"emergency_days,omitempty"`
	Automatic     any `toml:"automatic,omitempty"`
	Features      any `toml:"features,omitempty"`
	Limits        any `toml:"limits,omitempty,inline"`
	Ext           any `toml:"ext,omitempty,inline"`
}

// Parse reads the file of a product. It leaves to the ledger whether the product can be.
func Parse(text []byte) (ledger.Product, error) {
	fail := func(err error) (ledger.Product, error) {
		return ledger.Product{}, hint.Errorf("%w", err).WithHint(`"licensor product add --example cms --print" shows how such a file is written`)
	}
	if len(text) > MaxFile {
		return fail(fmt.Errorf("the file has more than %d KiB", MaxFile>>10))
	}
	// Where the shell is PowerShell, "product show NAME > FILE" is in UTF-16.
	text, _, err := transform.Bytes(unicode.BOMOverride(transform.Nop), text)
	if err != nil {
		return fail(err)
	}
	var f productFile
	if err := toml.NewDecoder(bytes.NewReader(text)).DisallowUnknownFields().Decode(&f); err != nil {
		return fail(explain(err))
	}
	p := ledger.Product{Name: f.Name}
	for _, e := range f.Editions {
		made := ledger.Edition{Name: e.Name, Type: e.Type, Features: e.OptionalFeatures, Limits: e.OptionalLimits}
		var err error
		if made.Plan, err = e.Plan.texts(); err != nil {
			return fail(fmt.Errorf("edition %.64q: %w", e.Name, err))
		}
		for _, name := range slices.Sorted(maps.Keys(e.Types)) {
			plan, err := e.Types[name].texts()
			if err != nil {
				return fail(fmt.Errorf("edition %.64q, type %.64q: %w", e.Name, name, err))
			}
			if made.Types == nil {
				made.Types = make(map[string]ledger.Plan)
			}
			made.Types[name] = plan
		}
		p.Editions = append(p.Editions, made)
	}
	return p, nil
}

// explain says where a file is wrong.
func explain(err error) error {
	var unknown *toml.StrictMissingError
	if errors.As(err, &unknown) && len(unknown.Errors) > 0 {
		row, _ := unknown.Errors[0].Position()
		key := unknown.Errors[0].Key()
		err := fmt.Errorf("line %d: a product has no %.64q", row, strings.Join(key, "."))
		if near := words.Nearest(key[len(key)-1], keys()); near != "" {
			err = fmt.Errorf("%w: did you mean %q?", err, near)
		}
		return err
	}
	if wrong, ok := errors.AsType[*toml.DecodeError](err); ok {
		row, _ := wrong.Position()
		return fmt.Errorf("line %d: %s", row, strings.TrimPrefix(wrong.Error(), "toml: "))
	}
	return err
}

// keys are the names that a file may have.
func keys() (all []string) {
	for _, t := range []reflect.Type{reflect.TypeFor[productFile](), reflect.TypeFor[editionFile](), reflect.TypeFor[Plan]()} {
		for i := range t.NumField() {
			if name := termName(t.Field(i)); name != "" {
				all = append(all, name)
			}
		}
	}
	return all
}

// texts returns the terms as they are written in a CSV file.
func (p Plan) texts() (ledger.Plan, error) {
	plan := make(ledger.Plan)
	v := reflect.ValueOf(p)
	for i := range v.NumField() {
		value := v.Field(i).Interface()
		if value == nil {
			continue
		}
		name := termName(v.Type().Field(i))
		if name == "perpetual" {
			if value != true {
				return nil, errors.New("perpetual takes true; for what ends give expires or term")
			}
			name, value = "expires", ledger.None
			if p.Expires != nil || p.Term != nil {
				return nil, errors.New("what is perpetual has no end: give one of perpetual, expires and term")
			}
		}
		text, err := written(name, value)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		plan[name] = text
	}
	return plan, nil
}

func termName(f reflect.StructField) string {
	name, _, _ := strings.Cut(f.Tag.Get("toml"), ",")
	return name
}

// written returns a value of a file as a CSV file has it.
func written(name string, value any) (string, error) {
	switch v := value.(type) {
	case string:
		return v, nil
	case int64:
		return strconv.FormatInt(v, 10), nil
	case toml.LocalDate:
		return v.String(), nil
	case []any:
		var items []string
		for _, item := range v {
			s, ok := item.(string)
			if !ok || s == "" || strings.ContainsAny(s, " ;") {
				return "", errors.New("want a list of names in quotes")
			}
			items = append(items, s)
		}
		return joined(items), nil
	case map[string]any:
		var items []string
		for _, key := range slices.Sorted(maps.Keys(v)) {
			item := fmt.Sprint(v[key])
			switch value := v[key].(type) {
			case string:
				if ledger.Extension(value) != format.TextScalar(value) {
					return "", fmt.Errorf("write %.64q without quotes", value)
				}
			case int64, bool:
			default:
				return "", fmt.Errorf("%.64q takes no such value", key)
			}
			if strings.ContainsAny(key, " ;=") || strings.Contains(item, ";") {
				return "", fmt.Errorf("%.64q has a character that stands between values", key)
			}
			items = append(items, key+"="+item)
		}
		return joined(items), nil
	}
	return "", errors.New("want a text in quotes, a whole number, a list or a table")
}

func joined(items []string) string {
	if len(items) == 0 {
		return ledger.None
	}
	return strings.Join(items, ";")
}

// Format writes the file of a product: Parse reads the same product from it.
func Format(p *ledger.Product) ([]byte, error) {
	f := productFile{Name: p.Name}
	for i := range p.Editions {
		e := &p.Editions[i]
		made := editionFile{Name: e.Name, Type: e.Type, OptionalFeatures: e.Features, OptionalLimits: e.Limits, Plan: planOf(e.Plan)}
		for name, plan := range e.Types {
			if made.Types == nil {
				made.Types = make(map[string]Plan)
			}
			made.Types[name] = planOf(plan)
		}
		f.Editions = append(f.Editions, made)
	}
	return toml.Marshal(f)
}

func planOf(plan ledger.Plan) (p Plan) {
	v := reflect.ValueOf(&p).Elem()
	for i := range v.NumField() {
		name := termName(v.Type().Field(i))
		if text, there := plan[name]; there {
			v.Field(i).Set(reflect.ValueOf(read(name, text)))
		}
	}
	if p.Expires == ledger.None {
		p.Perpetual, p.Expires = true, nil
	}
	return p
}

// read is the inverse of written.
func read(name, text string) any {
	switch name {
	case "automatic":
		if text == "default" {
			return text
		}
		return read("features", text)
	case "features":
		if text == ledger.None {
			return []string{}
		}
		return strings.Split(text, ";")
	case "limits", "ext":
		table := make(map[string]any)
		for item := range strings.SplitSeq(strings.TrimPrefix(text, ledger.None), ";") {
			if key, value, found := strings.Cut(item, "="); found {
				table[key] = plain(value)
			}
		}
		return table
	case "seats", "allowance", "moves":
		return plain(text)
	}
	return text
}

// plain returns a number or a truth value for what reads as one.
func plain(text string) any {
	switch {
	case text == "true", text == "false":
		return text == "true"
	case ledger.Extension(text) == format.TextScalar(text):
		return text
	}
	n, _ := strconv.ParseInt(text, 10, 64) // as it is one
	return n
}

//go:embed examples
var examples embed.FS

// Examples are the names of the examples.
var Examples = []string{"cms", "framework"}

// Example returns the file of an example.
func Example(name string) ([]byte, error) {
	if !slices.Contains(Examples, name) {
		return nil, hint.Errorf("there is no example %.64q", name).WithHint("the examples are %s", ledger.Join(Examples))
	}
	return examples.ReadFile("examples/" + name + ".toml")
}
