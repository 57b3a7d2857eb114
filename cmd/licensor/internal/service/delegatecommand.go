package service

import (
	"fmt"
	"strings"

	"github.com/offlicense/offlicense/cmd/internal/text"
	"github.com/offlicense/offlicense/format"
)

// SecondsPerDay are those of a day in a scope's longest term.
const SecondsPerDay = 24 * 60 * 60

// DelegateCommand is the command that makes a delegation like this one, with a later
// end: who needs it can send it to the holder of the root key.
func DelegateCommand(name string, d *format.DelegationClaims) string {
	words := []string{"licensor", "delegate", "--root-key", "ROOT", "--public", text.ShellPath(name + ".pub"), "--name", text.ShellWord(d.Name)}
	s := &d.Scope
	if s.Revocations {
		words = append(words, "--revocations")
	} else {
		words = append(words, "--products", text.ShellWord(strings.Join(s.Products, ",")), "--types", text.ShellWord(strings.Join(s.Types, ",")),
			"--max-term", fmt.Sprintf("%dd", s.MaxTerm/SecondsPerDay), "--max-seats", fmt.Sprint(s.MaxSeats))
		if s.Weakest > format.StrengthMachine {
			words = append(words, "--binding", s.Weakest.String())
		}
		if s.Perpetual {
			words = append(words, "--perpetual")
		}
	}
	return strings.Join(append(words, "--until", "DATE", "--out", text.ShellPath(name+".old")), " ")
}
