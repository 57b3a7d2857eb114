package service

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/offlicense/offlicense/cmd/internal/text"
	"github.com/offlicense/offlicense/cmd/licensor/internal/issuer"
	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/keys"
)

// ScopeTerm is one thing that the scope of a delegation allows. The table ScopeTerms is
// where the rows that show a scope and the command that asks for it come from.
type ScopeTerm struct {
	Option string // of "licensor delegate"
	Label  string // of the row that shows it to people
	// Show says what is allowed; "" for nothing.
	Show func(*format.Scope) string
	// Value is what the option takes, where it takes a value.
	Value func(*format.Scope) string
}

// ScopeTerms are all terms of a scope.
var ScopeTerms = []ScopeTerm{
	words("products", func(s *format.Scope) []string { return s.Products }),
	words("types", func(s *format.Scope) []string { return s.Types }),
	{"max-term", "term", func(s *format.Scope) string { return most(s.MaxTerm > 0, termDays(s.MaxTerm)) },
		func(s *format.Scope) string { return fmt.Sprintf("%dd", s.MaxTerm/SecondsPerDay) }},
	{"max-seats", "seats", func(s *format.Scope) string { return most(s.MaxSeats > 0, fmt.Sprint(s.MaxSeats)) },
		func(s *format.Scope) string { return fmt.Sprint(s.MaxSeats) }},
	{"binding", "binding", binding, binding},
	flag("perpetual", "perpetual", func(s *format.Scope) bool { return s.Perpetual }),
	flag("revocations", "revocations", func(s *format.Scope) bool { return s.Revocations }),
}

func words(name string, list func(*format.Scope) []string) ScopeTerm {
	value := func(s *format.Scope) string { return strings.Join(list(s), ",") }
	return ScopeTerm{name, name, func(s *format.Scope) string {
		if slices.Contains(list(s), format.Any) {
			return "everything"
		}
		return strings.Join(list(s), ", ")
	}, value}
}

func flag(name, label string, allowed func(*format.Scope) bool) ScopeTerm {
	return ScopeTerm{name, label, func(s *format.Scope) string { return map[bool]string{true: "allowed"}[allowed(s)] }, nil}
}

// binding is the weakest that is allowed. A key for revocation lists signs no license.
func binding(s *format.Scope) string {
	if s.Revocations {
		return ""
	}
	return s.Weakest.String()
}

func most(allowed bool, number string) string {
	if !allowed {
		return ""
	}
	return "at most " + number
}

// SecondsPerDay are those of a day in a scope's longest term.
const SecondsPerDay = 24 * 60 * 60

func termDays(seconds int64) string {
	if seconds%SecondsPerDay != 0 {
		return fmt.Sprintf("%.1f days", float64(seconds)/SecondsPerDay)
	}
	return text.Plural(seconds/SecondsPerDay, "day", "days")
}

// DelegateCommand is the command that makes a delegation like this one, with a later
// end: who needs it can send it to the holder of the root key.
func DelegateCommand(name string, d *format.DelegationClaims) string {
	command := []string{"licensor delegate --root-key ROOT --public", text.ShellPath(name + ".pub"), "--name", text.ShellWord(d.Name)}
	for _, t := range ScopeTerms {
		if t.Show(&d.Scope) == "" {
			continue
		}
		command = append(command, "--"+t.Option)
		if t.Value != nil {
			command = append(command, text.ShellWord(t.Value(&d.Scope)))
		}
	}
	return strings.Join(append(command, "--until", "DATE", "--out", text.ShellPath(name+".old")), " ")
}

// Delegate signs what lets a staff key sign, and returns the text of its file.
func Delegate(root keys.Signer, staff keys.PublicKey, claims format.DelegationClaims, random io.Reader) ([]byte, error) {
	_, file, err := issuer.Delegate(root, staff, claims, random)
	return file, err
}
