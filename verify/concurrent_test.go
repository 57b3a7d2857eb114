package verify_test

import (
	"errors"
	"sync"
	"testing"

	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/verify"
)

// TestConcurrentChecks: a server asks from many goroutines, with more delegations than
// the verifier remembers. Meant for -race.
func TestConcurrentChecks(t *testing.T) {
	const delegations = 100
	v, facts := testVerifier(t), testFacts(t)
	var texts [][]byte
	for i := range delegations {
		d := testDelegation(t)
		d.ID = format.ID{byte(i), 1}
		if i%2 == 1 {
			d.Scope.Products = nil
		}
		texts = append(texts, textOf(t, d, testLicense(t)))
	}
	var wg sync.WaitGroup
	for worker := range 8 {
		wg.Go(func() {
			for i := range delegations {
				i = (i*7 + worker*13) % delegations
				l, err := v.Check(texts[i], facts)
				if i%2 == 0 && (err != nil || l.SignedBy != "anna") || i%2 == 1 && (l != nil || !errors.Is(err, verify.OutOfScope)) {
					t.Errorf("license %d: got %+v, %v", i, l, err)
				}
			}
		})
	}
	wg.Wait()
}

// TestBadDelegationIsNotRemembered: neither one that was refused, nor a good one for a
// verifier with other roots.
func TestBadDelegationIsNotRemembered(t *testing.T) {
	s := newScenario(t)
	text := textOf(t, s.delegation, s.license)
	other, err := verify.New(strangerKey(t).Public())
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if _, err := testVerifier(t).Check(text, s.facts); err != nil {
			t.Error(err)
		}
		if l, err := other.Check(text, s.facts); l != nil || !errors.Is(err, verify.UnknownKey) {
			t.Errorf("other roots: got %v, %v", l, err)
		}
	}
}
