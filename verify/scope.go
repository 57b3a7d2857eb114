package verify

import (
	"fmt"
	"slices"
	"strings"

	"github.com/offlicense/offlicense/format"
)

// dimensionLists names what a key signs: revocation lists, and then nothing else.
const dimensionLists = "revocation lists"

// CheckScope returns a *Refusal with [OutOfScope], naming the dimension, if the
// delegation does not cover the license. A signer asks it before it signs and every
// verifier asks it again.
func CheckScope(d *format.DelegationClaims, l *format.LicenseClaims) error {
	out := func(dimension, expected, found string) error {
		return &Refusal{
			Reason:   OutOfScope,
			Message:  fmt.Sprintf("the key %q was not allowed to sign this license: %s", d.Name, dimension),
			Expected: expected,
			Found:    found,
			hint:     "ask the vendor to have the license signed by a key that may",
		}
	}
	s := &d.Scope
	switch {
	case l.Issuer != d.Issuer:
		return out("vendor", d.Issuer, l.Issuer)
	case l.IssuedAt < d.NotBefore || l.IssuedAt >= d.Expires:
		return out("time of issue", fmt.Sprintf("%s to %s", clock(format.Time(d.NotBefore)), clock(format.Time(d.Expires))), clock(format.Time(l.IssuedAt)))
	case s.Revocations:
		return out(dimensionLists, "a revocation list", "a license")
	case !allows(s.Products, l.Product):
		return out("product", list(s.Products), l.Product)
	case !allows(s.Types, l.Terms.Type):
		return out("type", list(s.Types), l.Terms.Type)
	case l.Terms.Seats > s.MaxSeats:
		return out("seats", fmt.Sprintf("at most %d", s.MaxSeats), fmt.Sprint(l.Terms.Seats))
	case !namesMachine(l.Binding) && !s.Unbound:
		return out("binding", "a license bound to a machine", "a license for any machine")
	case l.Expires == 0 && !s.Perpetual:
		return out("term", "a license with an end", "a perpetual license")
	case l.Expires != 0 && l.Expires-l.IssuedAt > s.MaxTerm:
		return out("term", "at most "+days(s.MaxTerm), days(l.Expires-l.IssuedAt))
	}
	return nil
}

// namesMachine reports whether a license holds on one machine alone. One that is bound
// to a machine key without a component runs wherever the state directory is copied to.
func namesMachine(b *format.Binding) bool { return b != nil && b.Need > 0 }

// allows reports whether an allow-list names a value. An empty list allows nothing.
func allows(allowed []string, value string) bool {
	return slices.Contains(allowed, value) || slices.Contains(allowed, format.Any)
}

func list(words []string) string {
	if len(words) == 0 {
		return "nothing"
	}
	return strings.Join(words, ", ")
}

func days(seconds int64) string {
	return fmt.Sprintf("%.1f days", float64(seconds)/(24*60*60))
}
