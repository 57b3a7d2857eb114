package envelope

import (
	"crypto/sha256"
	"fmt"
	"strings"

	"github.com/offlicense/offlicense/format"
)

// Choice is a statement or a public key of which there are others.
type Choice struct {
	Name string // what it says of itself, which nobody has checked
	Text []byte
}

// AmbiguousError says that there are different ones of what only one was wanted of.
type AmbiguousError struct {
	Choices []Choice
	what    string
}

// choiceOf names statements. Those that say the same of themselves have their hash, too.
func choiceOf(all []Statement) *AmbiguousError {
	times := make(map[string]int)
	for _, s := range all {
		times[s.String()]++
	}
	e := &AmbiguousError{what: "statements"}
	for _, s := range all {
		name := s.String()
		if times[name] > 1 {
			name += fmt.Sprintf(", SHA-256 %.4x", sha256.Sum256(s.Raw))
		}
		e.Choices = append(e.Choices, Choice{name, s.Text()})
	}
	return e
}

// What says how many there are of what.
func (e *AmbiguousError) What() string { return fmt.Sprintf("%d different %s", len(e.Choices), e.what) }

func (e *AmbiguousError) Error() string {
	const most = 8
	var names []string
	for _, c := range e.Choices[:min(len(e.Choices), most)] {
		names = append(names, c.Name)
	}
	if more := len(e.Choices) - most; more > 0 {
		names = append(names, fmt.Sprintf("%d more", more))
	}
	return "there are " + e.What() + ": " + strings.Join(names, "; ")
}

// Hint says what to do about it.
func (e *AmbiguousError) Hint() string {
	return "give the one that is meant alone, or copy it into a file of its own"
}

// String names a statement by what it says of itself, which nobody has checked.
func (s Statement) String() string {
	if what := s.describe(); what != "" {
		return s.Kind.String() + " " + what
	}
	return s.Kind.String() + " that cannot be read"
}

func (s Statement) describe() string {
	switch s.Kind {
	case format.RequestBody:
		return describeRequest(s.Raw)
	case format.LicenseFile:
		if f, err := format.ParseFile(s.Raw); err == nil {
			if l, err := format.UnmarshalLicense(f.License.UnverifiedPayload()); err == nil {
				return fmt.Sprintf("%s, of %s for invoice %.40s", l.ID, day(l.IssuedAt), l.Terms.Invoice)
			}
		}
	case format.CarriedLicense:
		if c, err := format.UnmarshalCarried(s.Raw); err == nil {
			mark := c.RequestMark()
			return fmt.Sprintf("for request %s-%s...", mark[:4], mark[4:])
		}
		return ""
	case format.RevocationFile:
		if l, err := format.ParseList(s.Raw); err == nil {
			if r, err := format.UnmarshalRevocation(l.Revocation.UnverifiedPayload()); err == nil {
				return fmt.Sprintf("%d of %s", r.Number, day(r.IssuedAt))
			}
		}
	}
	signed, err := format.ParseStatement(s.Raw, s.Kind)
	if err != nil {
		return ""
	}
	payload := signed.UnverifiedPayload()
	switch s.Kind {
	case format.SignedRequest:
		return describeRequest(payload)
	case format.Delegation:
		if d, err := format.UnmarshalDelegation(payload); err == nil {
			return fmt.Sprintf("to %.40s of %s, of %s until %s", d.Name, d.Issuer, day(d.IssuedAt), day(d.Expires))
		}
	case format.Release:
		if r, err := format.UnmarshalRelease(payload); err == nil {
			return fmt.Sprintf("of license %s, of %s", r.License, day(r.IssuedAt))
		}
	case format.Attestation:
		if a, err := format.UnmarshalAttestation(payload); err == nil {
			return fmt.Sprintf("of license %s, of %s", a.License, day(a.IssuedAt))
		}
	}
	return ""
}

func describeRequest(body []byte) string {
	q, err := format.UnmarshalRequest(body)
	if err != nil {
		return ""
	}
	what := fmt.Sprintf("%s of %s for invoice %.40s", format.ComparisonCode(sha256.Sum256(body)), day(q.Time), q.Invoice)
	if q.Host != "" {
		what += fmt.Sprintf(" (%.40s)", q.Host)
	}
	return what
}

func day(unix int64) string { return format.Time(unix).Format("2006-01-02") }
