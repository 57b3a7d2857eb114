package format

import "fmt"

// Strength is how firmly a license is held to its place. It follows from the license
// alone ([LicenseClaims.Strength]); a delegation's scope says the weakest that it allows.
// The lower, the stronger, so that what is not set asks for the strongest.
type Strength uint8

// The strengths, from the strongest. SPEC.md, section "Binding".
const (
	StrengthMachine  Strength = iota // components that no operator chose and no image brings
	StrengthOperator                 // components, but values that an operator gave, or that are copied along, may do
	StrengthKey                      // the site's machine key alone
	StrengthAny                      // nothing
)

var strengths = [...]string{StrengthMachine: "machine", StrengthOperator: "operator", StrengthKey: "key", StrengthAny: "any"}

// String returns the strength's word: "machine", "operator", "key" or "any".
func (s Strength) String() string {
	if int(s) >= len(strengths) {
		return "unknown strength"
	}
	return strengths[s]
}

// ParseStrength reads what String returns.
func ParseStrength(word string) (Strength, error) {
	for s, known := range strengths {
		if known == word {
			return Strength(s), nil
		}
	}
	return 0, fmt.Errorf("unknown binding %.64q: want machine, operator, key or any", word)
}

// Strength returns what holds the license to its place. Of the components that it names,
// o have labels of the operator's own, and w are those that images and users copy easily
// (root-fs and mac). It is bound to a machine if so many must match that those alone do
// not suffice.
func (l *LicenseClaims) Strength() Strength {
	switch {
	case l.Binding == nil:
		return StrengthAny
	case len(l.Binding.Components) == 0:
		return StrengthKey
	}
	weak := uint64(0)
	for _, c := range l.Binding.Components {
		if c.Label != LabelMachineID && c.Label != LabelProductUUID {
			weak++
		}
	}
	if l.Binding.Need > weak {
		return StrengthMachine
	}
	return StrengthOperator
}

func (r *reader) strength() Strength { return Strength(r.positive(uint64(StrengthAny))) }

func (w *writer) strength(s Strength) { w.uint(uint64(s)) }
