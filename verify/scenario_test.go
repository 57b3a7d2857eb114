package verify_test

import (
	"errors"
	"testing"

	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/verify"
)

// scenario is what one judgement is made of. A test changes one thing in it.
type scenario struct {
	delegation *format.DelegationClaims
	license    *format.LicenseClaims
	facts      verify.Facts
}

func newScenario(t testing.TB) *scenario {
	return &scenario{testDelegation(t), testLicense(t), testFacts(t)}
}

func (s *scenario) check(t testing.TB) (*verify.License, error) {
	t.Helper()
	return testVerifier(t).Check(textOf(t, s.delegation, s.license), s.facts)
}

// checkText judges a text by the scenario's facts.
func (s *scenario) checkText(t testing.TB, text []byte) (*verify.License, error) {
	t.Helper()
	return testVerifier(t).Check(text, s.facts)
}

// wantReason judges the outcome of a check, and that a license never comes with an error.
func wantReason(t *testing.T, license *verify.License, err error, want verify.Reason) {
	t.Helper()
	if (license == nil) == (err == nil) {
		t.Errorf("got license %v together with error %v", license, err)
	}
	if want == verify.Valid || want == verify.Grace {
		if err != nil {
			t.Errorf("got %v, want %s", err, want)
		} else if license.Reason != want {
			t.Errorf("got reason %s, want %s", license.Reason, want)
		}
		return
	}
	refusal := new(verify.Refusal)
	if !errors.As(err, &refusal) {
		t.Errorf("got %v of type %T, want a *Refusal with %s", err, err, want)
		return
	}
	if !errors.Is(err, want) {
		t.Errorf("got %v, want %s", err, want)
	}
	if refusal.Message == "" || refusal.Hint() == "" {
		t.Errorf("the refusal does not say what is the matter, or what to do: %+v", refusal)
	}
}
