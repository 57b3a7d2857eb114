package scopetest

import (
	"strings"

	"github.com/offlicense/offlicense/format"
)

const day = 24 * 60 * 60

// Cases returns the matrix: every dimension of a delegation, by every step over its bound.
func Cases() []Case {
	cases := []Case{
		{
			Name: "vendor", Dimension: "vendor",
			Inside:  func(d *format.DelegationClaims, l *format.LicenseClaims) { d.Issuer = l.Issuer },
			Outside: func(d *format.DelegationClaims, l *format.LicenseClaims) { d.Issuer = "other.example" },
		},
		{
			Name: "vendor, a domain below", Dimension: "vendor",
			Inside:  func(d *format.DelegationClaims, l *format.LicenseClaims) { d.Issuer = l.Issuer },
			Outside: func(d *format.DelegationClaims, l *format.LicenseClaims) { d.Issuer = "eu." + l.Issuer },
		},
		{
			Name: "time of issue, as the delegation begins", Dimension: "time of issue",
			Inside:  func(d *format.DelegationClaims, l *format.LicenseClaims) { d.NotBefore = l.IssuedAt },
			Outside: func(d *format.DelegationClaims, l *format.LicenseClaims) { d.NotBefore = l.IssuedAt + 1 },
		},
		{
			Name: "time of issue, as the delegation ends", Dimension: "time of issue",
			Inside: func(d *format.DelegationClaims, l *format.LicenseClaims) {
				d.NotBefore, d.Expires = l.IssuedAt-day, l.IssuedAt+1
			},
			Outside: func(d *format.DelegationClaims, l *format.LicenseClaims) {
				d.NotBefore, d.Expires = l.IssuedAt-day, l.IssuedAt
			},
		},
		{
			// No key signs both: the holder of the one that signs lists can sell nothing.
			Name: "revocation lists", Dimension: "revocation lists",
			Inside:  func(d *format.DelegationClaims, l *format.LicenseClaims) {},
			Outside: func(d *format.DelegationClaims, l *format.LicenseClaims) { d.Scope = format.Scope{Revocations: true} },
		},
	}
	cases = append(cases, listCases("product", func(s *format.Scope) *[]string { return &s.Products },
		func(l *format.LicenseClaims) string { return l.Product })...)
	cases = append(cases, listCases("type", func(s *format.Scope) *[]string { return &s.Types },
		func(l *format.LicenseClaims) string { return l.Terms.Type })...)
	cases = append(cases, numberCases()...)
	cases = append(cases, flagCases()...)
	for i := range cases {
		if cases[i].License == nil {
			cases[i].License = func(*format.LicenseClaims) {}
		}
	}
	return cases
}

// listCases are those of an allow-list.
func listCases(dimension string, list func(*format.Scope) *[]string, of func(*format.LicenseClaims) string) []Case {
	allow := func(words func(value string) []string) func(*format.DelegationClaims, *format.LicenseClaims) {
		return func(d *format.DelegationClaims, l *format.LicenseClaims) { *list(&d.Scope) = words(of(l)) }
	}
	named := allow(func(value string) []string { return []string{"another", value} })
	every := allow(func(string) []string { return []string{format.Any} })
	return []Case{
		{
			Name: dimension + ", named", Dimension: dimension, Inside: named,
			Outside: allow(func(string) []string { return []string{"another"} }),
		},
		{
			Name: dimension + ", an absent list means none", Dimension: dimension, Inside: every,
			Outside: allow(func(string) []string { return nil }),
		},
		{
			Name: dimension + ", an empty list means none", Dimension: dimension, Inside: every,
			Outside: allow(func(string) []string { return []string{} }),
		},
		{
			Name: dimension + ", no pattern", Dimension: dimension, Inside: every,
			Outside: allow(func(value string) []string {
				return []string{value[:1] + "*", "*" + value[1:], "**", value[:1] + strings.Repeat("?", len(value)-1)}
			}),
		},
		{
			Name: dimension + ", no part and no other spelling", Dimension: dimension, Inside: named,
			Outside: allow(func(value string) []string {
				return []string{value[:len(value)-1], value + "2", strings.ToUpper(value), value + "," + value}
			}),
		},
	}
}

func numberCases() []Case {
	seats := func(l *format.LicenseClaims) { l.Terms.Seats = 3 }
	maxSeats := func(step int) func(*format.DelegationClaims, *format.LicenseClaims) {
		return func(d *format.DelegationClaims, l *format.LicenseClaims) {
			d.Scope.MaxSeats = uint64(int(l.Terms.Seats) + step)
		}
	}
	maxTerm := func(step int64) func(*format.DelegationClaims, *format.LicenseClaims) {
		return func(d *format.DelegationClaims, l *format.LicenseClaims) {
			d.Scope.MaxTerm = l.Expires - l.IssuedAt + step
			d.Scope.Weakest, d.Scope.Perpetual = l.Strength(), false // what is bound so and ends needs no more leave
		}
	}
	grace := func(l *format.LicenseClaims) { l.Terms.GraceDays = 14 }
	return []Case{
		{Name: "seats, the most", Dimension: "seats", License: seats, Inside: maxSeats(0), Outside: maxSeats(-1)},
		{
			Name: "seats, an absent number means none", Dimension: "seats", Inside: maxSeats(0),
			Outside: func(d *format.DelegationClaims, l *format.LicenseClaims) { d.Scope.MaxSeats = 0 },
		},
		{Name: "term, the longest", Dimension: "term", Inside: maxTerm(0), Outside: maxTerm(-1)},
		{Name: "term, its grace counts", Dimension: "term", License: grace, Inside: maxTerm(0), Outside: maxTerm(-14 * day)},
		{
			Name: "term, an absent number means none", Dimension: "term", Inside: maxTerm(0),
			Outside: func(d *format.DelegationClaims, l *format.LicenseClaims) { d.Scope.MaxTerm = 0 },
		},
	}
}

func flagCases() []Case {
	perpetual := func(l *format.LicenseClaims) { l.Expires, l.Terms.GraceDays = 0, 0 }
	anyMachine := func(l *format.LicenseClaims) { l.Binding = nil }
	keyAlone := func(l *format.LicenseClaims) { l.Binding.Need, l.Binding.Components = 0, nil }
	operators := func(l *format.LicenseClaims) {
		l.Binding.Need = 1
		l.Binding.Components = append(l.Binding.Components, format.Component{Label: "rack", Hash: []byte("rack1234")})
	}
	weakest := func(s format.Strength) func(*format.DelegationClaims, *format.LicenseClaims) {
		return func(d *format.DelegationClaims, l *format.LicenseClaims) { d.Scope.Weakest = s }
	}
	binding := func(what string, license func(*format.LicenseClaims), is format.Strength) Case {
		return Case{Name: "binding, " + what, Dimension: "binding", License: license, Inside: weakest(is), Outside: weakest(is - 1)}
	}
	return []Case{
		{
			// The longest term does not bound what has no end, and does not replace the leave.
			Name: "term, perpetual", Dimension: "term", License: perpetual,
			Inside: func(d *format.DelegationClaims, l *format.LicenseClaims) {
				d.Scope.Perpetual, d.Scope.MaxTerm = true, 0
			},
			Outside: func(d *format.DelegationClaims, l *format.LicenseClaims) {
				d.Scope.Perpetual, d.Scope.MaxTerm = false, 100*366*day
			},
		},
		binding("any machine", anyMachine, format.StrengthAny),
		binding("a key alone", keyAlone, format.StrengthKey),
		binding("values of the operator", operators, format.StrengthOperator),
	}
}
