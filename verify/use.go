package verify

import (
	"fmt"
	"maps"
	"slices"
)

// limits refuses a program that uses more than the license grants.
func (j *judgement) limits() error {
	if len(j.facts.Use) == 0 {
		return nil // an empty loop would cost memory all the same
	}
	for _, name := range slices.Sorted(maps.Keys(j.facts.Use)) {
		used := j.facts.Use[name]
		most, limited := j.license.Limit(Limit(name))
		if !limited {
			// A misspelled name must not pass for a check.
			j.warn(Warning{Code: UnknownLimit, Value: name}, "the license sets no limit on %s; what is in use of it was not checked", quote(name))
			continue
		}
		if used > most {
			return &Refusal{
				Reason:   OverLimit,
				Message:  fmt.Sprintf("more %s are in use than the license grants", name),
				Expected: fmt.Sprintf("at most %d %s", most, name),
				Found:    fmt.Sprintf("%d %s", used, name),
				hint:     "use fewer, or ask the vendor for more",
			}
		}
	}
	return nil
}
