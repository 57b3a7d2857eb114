package issuer

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/verify"
)

// Other is another staff key of the same vendor.
type Other struct {
	Name       string
	Delegation *format.DelegationClaims
}

// checkScope refuses what every verifier would refuse, and names who may sign it.
func (i *Issuer) checkScope(claims *format.LicenseClaims) error {
	err := verify.CheckScope(i.Delegation, claims)
	var refusal *verify.Refusal
	if !errors.As(err, &refusal) {
		return err
	}
	next := "ask the holder of the root key for a wider delegation"
	var may []string
	for _, other := range i.Others {
		if verify.CheckScope(other.Delegation, claims) == nil {
			may = append(may, other.Name)
		}
	}
	if len(may) > 0 {
		next += fmt.Sprintf(", or use --key %s, who may", sentence(may, "or"))
	}
	return &Error{
		Message: fmt.Sprintf("the delegation of %q allows %s; this is %s", i.Delegation.Name, Allowed(i.Delegation, refusal), refusal.Found),
		Next:    next,
		Err:     refusal,
	}
}

// Allowed says what a delegation allows where it was found too narrow.
func Allowed(d *format.DelegationClaims, refusal *verify.Refusal) string {
	for _, words := range [][]string{d.Scope.Products, d.Scope.Types} {
		if refusal.Expected == strings.Join(words, ", ") {
			return sentence(words, "and")
		}
	}
	switch seats := fmt.Sprintf("at most %d", d.Scope.MaxSeats); {
	case refusal.Expected == seats && d.Scope.MaxSeats == 1:
		return seats + " seat"
	case refusal.Expected == seats:
		return seats + " seats"
	}
	return refusal.Expected
}

// sentence lists words as people do: "a, b and c".
func sentence(words []string, last string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	end := len(words) - 1
	return strings.Join(slices.Clone(words[:end]), ", ") + " " + last + " " + words[end]
}
