package ledger

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// What the service may sign of a sale with no person who looks at it.
const (
	AutomaticActivation = "activation" // of a site that has no seat yet
	AutomaticMove       = "move"       // the bridge of one, where one seat was sold, and what follows it
	AutomaticRenewal    = "renewal"    // of a site that has its seat
)

// Automatics are all of them.
var Automatics = []string{AutomaticActivation, AutomaticMove, AutomaticRenewal}

// SignsAutomatically reports whether a sale has one of them. One that says nothing has all.
func (e *Entitlement) SignsAutomatically(kind string) bool {
	return e.Automatic == "" || slices.Contains(strings.Split(e.Automatic, ";"), kind)
}

func automaticTerm() Term {
	return Term{Name: "automatic", Label: "automatic", Unset: "default",
		Set: func(e *Entitlement, text string, _ time.Time) error {
			if text == "default" || text == None {
				e.Automatic = strings.TrimPrefix(text, "default")
				return nil
			}
			given := strings.FieldsFunc(text, func(r rune) bool { return r == ';' || r == ',' })
			for i, kind := range given {
				if !slices.Contains(Automatics, kind) {
					return fmt.Errorf("want one or more of %s, none, or default, which is all of them", Join(Automatics))
				}
				if slices.Contains(given[:i], kind) {
					return fmt.Errorf("%s is named twice", kind)
				}
			}
			if len(given) == 0 {
				return errors.New("it is empty: give none for nothing")
			}
			e.Automatic = strings.Join(slices.DeleteFunc(slices.Clone(Automatics), func(k string) bool { return !slices.Contains(given, k) }), ";")
			if len(given) == len(Automatics) {
				e.Automatic = ""
			}
			return nil
		},
		Get: func(e *Entitlement) string { return e.Automatic },
		Show: func(e *Entitlement) string {
			switch e.Automatic {
			case "":
				return ""
			case None:
				return "nothing: staff sign each request"
			}
			return Join(strings.Split(e.Automatic, ";"))
		}}
}

// checkAutomatic refuses what the term does not write.
func (e *Entitlement) checkAutomatic() error {
	probe := new(Entitlement)
	if e.Automatic == "" {
		return nil
	}
	if err := automaticTerm().Set(probe, e.Automatic, time.Time{}); err != nil || probe.Automatic != e.Automatic {
		return fmt.Errorf("automatic is %.64q", e.Automatic)
	}
	return nil
}
