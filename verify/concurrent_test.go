package verify_test

import (
	"bytes"
	"errors"
	"reflect"
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

// TestConcurrentLists: many goroutines judge by lists that they share, and by more attached
// ones than the verifier remembers, of which every other revokes the license.
func TestConcurrentLists(t *testing.T) {
	const lists = 100
	v, s := twoRoots(t), newScenario(t)
	s.facts.Revocations = []*verify.RevocationList{openList(t, v, staffList(t, testList(huge))), openList(t, v, rootList(t, revokingKey(1, listKey(t)), rootKey(t)))}
	s.facts.MinRevocation = 2
	var texts [][]byte
	for i := range lists {
		list := testList(uint64(i) + 2)
		if i%2 == 1 {
			list.Licenses = format.NewSet(s.license.ID)
		}
		texts = append(texts, withList(t, s, rootList(t, list, standbyKey(t))))
	}
	var wg sync.WaitGroup
	for worker := range 8 {
		wg.Go(func() {
			for i := range 2 * lists {
				i = (i*7 + worker*13) % lists
				l, err := v.Check(texts[i], s.facts)
				if i%2 == 0 && (err != nil || l.RevocationList.Number != uint64(i)+2) || i%2 == 1 && (l != nil || !errors.Is(err, verify.Revoked)) {
					t.Errorf("list %d: got %+v, %v", i+2, l, err)
				}
				if n := verify.Newest(s.facts.Revocations...); n == nil || n.Number != 1 {
					t.Errorf("newest of the shared: got %+v", n)
				}
			}
		})
	}
	wg.Wait()
}

// TestNothingSharesTheCallersMemory: a program may use its buffers again once it has an answer.
func TestNothingSharesTheCallersMemory(t *testing.T) {
	s, v := newScenario(t), twoRoots(t)
	listText := listText(staffList(t, revokingKey(3, staffKey(t), licenseDigest(t, s.license))))
	list, err := v.OpenRevocationList(listText)
	if err != nil {
		t.Fatal(err)
	}
	s.facts.Revocations = []*verify.RevocationList{list}
	raw := staffList(t, revokingKey(1, staffKey(t)))
	if _, err := v.OpenRawRevocationList(raw); err != nil {
		t.Fatal(err)
	}
	text := withList(t, s, rootList(t, testList(2), rootKey(t)))
	again := bytes.Clone(text)
	first, err := v.Check(text, s.facts)
	if err != nil {
		t.Fatal(err)
	}
	clear(text)
	clear(listText)
	remembered := bytes.Clone(raw)
	clear(raw)
	if l, err := v.OpenRawRevocationList(remembered); err != nil || len(l.Keys) != 1 || l.Keys[0].Thumbprint != staffKey(t).Public().Thumbprint() || !bytes.Equal(l.Raw, remembered) {
		t.Errorf("got %+v, %v", l, err)
	}
	second, err := v.Check(again, s.facts)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(first, second) || first.RevocationList.Number != 3 {
		t.Errorf("got  %+v\nthen %+v", first, second)
	}
	first.Features[0], first.Limits["cores"] = "changed", 1 // the caller's own
	if third, err := v.Check(again, s.facts); err != nil || !reflect.DeepEqual(third, second) {
		t.Errorf("got %+v, %v", third, err)
	}
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
