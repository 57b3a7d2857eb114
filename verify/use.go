package verify

import (
	"fmt"
	"maps"
	"slices"
)

// standby refuses to run a failover license as long as no emergency is declared.
func (j *judgement) standby() error {
	if j.claims.Terms.Type != "failover" || j.facts.Emergency {
		return nil
	}
	if j.facts.AnyMachine {
		j.warn("a failover license: whether an emergency is declared was not checked")
		return nil
	}
	return &Refusal{
		Reason:  Standby,
		Message: "a failover license runs while an emergency is declared, and none is",
		Next:    "leave this server on standby; it takes over when an emergency is declared on it",
	}
}

// limits refuses a program that uses more than the license grants.
func (j *judgement) limits() error {
	for _, name := range slices.Sorted(maps.Keys(j.facts.Use)) {
		used := j.facts.Use[name]
		most, limited := j.license.Limit(name)
		if !limited {
			// A misspelled name must not pass for a check.
			j.warn("the license sets no limit on %s; what is in use of it was not checked", quote(name))
			continue
		}
		if used > most {
			return &Refusal{
				Reason:   OverLimit,
				Message:  fmt.Sprintf("more %s are in use than the license grants", name),
				Expected: fmt.Sprintf("at most %d %s", most, name),
				Found:    fmt.Sprintf("%d %s", used, name),
				Next:     "use fewer, or ask the vendor for more",
			}
		}
	}
	return nil
}
