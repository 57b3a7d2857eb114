package verify_test

import (
	"errors"
	"runtime"
	"slices"
	"testing"

	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/verify"
)

// opener opens lists as they travel. Who gets the very list that he got before did not
// pay for opening it again.
func opener(t *testing.T, v *verify.Verifier) func(raw []byte) *verify.RevocationList {
	return func(raw []byte) *verify.RevocationList {
		t.Helper()
		l, err := v.OpenRawRevocationList(raw)
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
}

// largeLists are lists of nearly 1 MiB, of one rank and with numbers from 1 on.
func largeLists(t *testing.T, n int) [][]byte {
	t.Helper()
	names := manyNames(60_000)
	var all [][]byte
	for number := range n {
		list := testList(uint64(number) + 1)
		list.Licenses = names
		all = append(all, rootList(t, list, rootKey(t)))
	}
	return all
}

// TestListIsOpenedOnce: by whatever door it comes.
func TestListIsOpenedOnce(t *testing.T) {
	v, s := twoRoots(t), newScenario(t)
	open := opener(t, v)
	raw := staffList(t, testList(7))
	s.facts.MinRevocation = 7
	if l, err := v.Check(withList(t, s, raw), s.facts); err != nil || l.RevocationList.Number != 7 {
		t.Fatalf("attached: got %+v, %v", l, err)
	}
	l := open(raw)
	if openList(t, v, raw) != l || open(slices.Clone(raw)) != l {
		t.Error("a list was opened again")
	}
	if other := opener(t, twoRoots(t))(raw); other == l {
		t.Error("a verifier remembers what another has opened")
	}
}

// TestBadListIsNotRemembered: neither one that was refused, nor a good one for a verifier
// with other roots, nor does a bad one take the place of a good one.
func TestBadListIsNotRemembered(t *testing.T) {
	s, v, one := newScenario(t), twoRoots(t), testVerifier(t)
	good := rootList(t, testList(1), standbyKey(t))
	remembered := opener(t, v)(good)
	for number := range uint64(100) { // more than are remembered
		bad := rootList(t, testList(number+1), strangerKey(t))
		for range 2 {
			if l, err := v.OpenRawRevocationList(bad); l != nil || !errors.Is(err, verify.UnknownKey) {
				t.Fatalf("by a stranger: got %v, %v", l, err)
			}
			if l, err := v.Check(withList(t, s, bad), s.facts); l != nil || !errors.Is(err, verify.UnknownKey) {
				t.Fatalf("by a stranger, attached: got %v, %v", l, err)
			}
		}
	}
	if opener(t, v)(good) != remembered {
		t.Error("bad lists have taken the place of a good one")
	}
	for range 2 {
		if l, err := one.OpenRawRevocationList(good); l != nil || !errors.Is(err, verify.UnknownKey) {
			t.Errorf("by a root that is not trusted here: got %v, %v", l, err)
		}
	}
}

// TestLargestListsAreRemembered: a site asks about a few at each check, and none of them
// may push another out.
func TestLargestListsAreRemembered(t *testing.T) {
	open := opener(t, twoRoots(t))
	var first []*verify.RevocationList
	lists := largeLists(t, 4)
	for _, raw := range lists {
		first = append(first, open(raw))
	}
	for i, raw := range lists {
		if open(raw) != first[i] {
			t.Errorf("list %d was opened again", i+1)
		}
	}
}

// TestRawList: the bytes without the text form are held to the same form.
func TestRawList(t *testing.T) {
	v, good := twoRoots(t), rootList(t, testList(7), rootKey(t))
	if l := opener(t, v)(good); l.Number != 7 || !slices.Equal(l.Raw, good) {
		t.Errorf("got %+v", l)
	}
	for name, raw := range map[string][]byte{
		"none":      nil,
		"its text":  listText(good),
		"too large": make([]byte, format.MaxRevocation+1),
		"one more":  append(slices.Clone(good), 0),
		"one less":  good[:len(good)-1],
	} {
		l, err := v.OpenRawRevocationList(raw)
		if wantList(t, l, err, verify.Malformed); t.Failed() {
			t.Fatal(name)
		}
	}
}

// TestManyLargeLists: a tool that is fed lists as large as may be keeps few of them, and
// judges each by what stands in it.
func TestManyLargeLists(t *testing.T) {
	const lists = 32
	v := twoRoots(t)
	open := opener(t, v)
	all := largeLists(t, lists)
	heap := func() uint64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before := heap()
	for i, raw := range all {
		if l := open(raw); l.Number != uint64(i)+1 || !l.Licenses.Has(format.ID{1}) {
			t.Fatalf("got list %d with %d licenses, want %d", l.Number, l.Licenses.Len(), i+1)
		}
	}
	if after := heap(); after > before+10<<20 {
		t.Errorf("the verifier keeps %d MiB of %d MiB", (after-before)>>20, lists)
	}
	runtime.KeepAlive(all)

	// Nor does it forget the small ones from then on.
	one, two := rootList(t, testList(1), standbyKey(t)), rootList(t, testList(2), standbyKey(t))
	first, second := open(one), open(two)
	if open(one) != first || open(two) != second {
		t.Error("after many large lists none is remembered")
	}
}
