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
		return out("time of issue", fmt.Sprintf("%s to %s", clock(format.Instant(d.NotBefore)), clock(format.Instant(d.Expires))), clock(format.Instant(l.IssuedAt)))
	case s.Revocations:
		return out(dimensionLists, "a revocation list", "a license")
	case !allows(s.Products, l.Product):
		return out("product", list(s.Products), l.Product)
	case !allows(s.Types, l.Terms.Type):
		return out("type", list(s.Types), l.Terms.Type)
	case l.Terms.Seats > s.MaxSeats:
		return out("seats", "at most "+seats(s.MaxSeats), seats(l.Terms.Seats))
	case l.Strength() > s.Weakest:
		return out("binding", bindingNames(s.Weakest), l.Strength().String())
	case l.Expires == 0 && !s.Perpetual:
		return out("term", "a license with an end", "a perpetual license")
	case l.Expires != 0 && l.Expires-l.IssuedAt > s.MaxTerm:
		return out("term", "at most "+days(s.MaxTerm), days(l.Expires-l.IssuedAt))
	}
	return nil
}

// bindingNames lists the weakest binding that is allowed, and all stronger ones.
func bindingNames(weakest format.Strength) string {
	names := weakest.String()
	for s := weakest; s > format.StrengthMachine; s-- {
		names = (s - 1).String() + " or " + names
	}
	return names
}

// allows reports whether an allow-list names a value. An empty list allows nothing, and Any
// stands alone: package format refuses it beside others.
func allows(allowed []string, value string) bool {
	return slices.Contains(allowed, value) || slices.Contains(allowed, format.Any)
}

func list(words []string) string {
	if len(words) == 0 {
		return "nothing"
	}
	return strings.Join(words, ", ")
}

func seats(n uint64) string {
	if n == 1 {
		return "1 seat"
	}
	return fmt.Sprintf("%d seats", n)
}

func days(seconds int64) string {
	return fmt.Sprintf("%.1f days", float64(seconds)/(24*60*60))
}
