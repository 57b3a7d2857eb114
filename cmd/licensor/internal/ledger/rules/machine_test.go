package rules_test

import (
	"slices"
	"testing"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/verify"
)

// A site that comes back is judged by every good license of it: where it was, it gets the
// next license; elsewhere that is a change of machine.
func TestSiteThatComesBack(t *testing.T) {
	for name, test := range map[string]struct {
		first, second string
		another       bool
	}{
		"the same":                      {"m1 u1 r1", "m1 u1 r1", false},
		"a new disk":                    {"m1 u1 r1", "m1 u1 r2", false},
		"a card more":                   {"m1 u1 r1", "m1 u1 r1 x1", false},
		"what the operator says":        {"m1 u1 r1", "m1 u1 r1 c1", false},
		"root does not ask any more":    {"m1 u1 r1", "m1 r1", false},
		"one thing is known":            {"m1", "m1", false},
		"the operator's value alone":    {"c1", "c1", false},
		"what all of an image have":     {"r1 x1", "r1 x1", false},
		"nothing was known":             {"", "m1 u1 r1", false},
		"nothing is known":              {"", "", false},
		"another":                       {"m1 u1 r1", "m2 u2 r2", true},
		"another from one image":        {"m1 u1 r1", "m2 u2 r1", true},
		"another that borrows a name":   {"m1 u1 r1", "m1 u2 r1", true}, // it holds on the one with u2 and r1
		"the other name":                {"m1 u1 r1", "m2 u1 r1", true},
		"an image for a name":           {"m1 r1", "m1 u2 r1", true},
		"more of another than of this":  {"m1", "m1 u2 r2", true},
		"an operator's values, 4 of 6":  {"m1 u1 r1", "m1 u1 c1 d1 e1 f1", true},
		"another operator's value":      {"c1", "c2", true},
		"no component is known now":     {"m1 u1 r1", "", true},
		"one of three is known now":     {"m1 u1 r1", "m1", true},
		"a license that wants 3 of 4":   {"m1 u1 r1 x1", "m1 u1 r2 x2", true},
		"a license that wants 3 of 4,":  {"m1 u1 r1 x1", "m1 u1 r2 x1", false},
		"a license that wants 2 of 3, ": {"m1 u1 r1", "m1 u1 r2 x2", false},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRecord(t, entitlement())
			first := r.signed(request(t, 1, on(test.first)))
			if !test.another {
				second := r.signed(request(t, 1, later, on(test.second)))
				if second.Activation != first.Activation || second.Epoch != 2 || len(r.revoked)+len(r.moved[inv]) != 0 {
					t.Errorf("got %+v; revoked: %v, moved: %v", second, r.revoked, r.moved)
				}
				return
			}
			q := request(t, 1, later, on(test.second))
			r.refused(q, ledger.RuleMachine, first.Activation, "1 of its licenses", "not signed")
			_, err := r.sign(q)
			wantHint(t, err, `"offlicense request"`, ledger.LiftOverride)
			second := r.signed(signing(t, 1, later, on(test.second), replacing(first)))
			if second.Activation != first.Activation || second.Epoch != 2 || r.revoked[first.ID] == nil || len(r.revoked) != 1 || len(r.moved[inv]) != 1 {
				t.Errorf("signed it got %+v; revoked: %v, moved: %v", second, r.revoked, r.moved)
			}
			r.using(1, 1)
		})
	}
}

// The attack of drift: each request agrees with the one before it, and after three of them
// nothing is the same. It gets no more than its first machine.
func TestDrift(t *testing.T) {
	for name, steps := range map[string][]string{
		"step by step": {"m1 u1 r1", "m1 u1 r2", "m1 u2 r2", "m2 u2 r2"},
		"of one image": {"m1 u1 r1", "m1 u2 r1", "m1 u3 r1", "m1 u4 r1"},
		"names first":  {"m1 u1 r1", "m2 u1 r1", "m2 u2 r1", "m2 u2 r2"},
		"disks alone":  {"m1 u1 r1", "m1 u1 r2", "m1 u1 r3", "m1 u1 r4"},
	} {
		signed := map[string]int{"step by step": 2, "of one image": 1, "names first": 1, "disks alone": 4}[name]
		for how, together := range map[string]bool{"one by one": false, "in one batch": true} {
			r := newRecord(t, entitlement(seats(2)))
			var all []outcome
			var requests []*verify.Request
			for _, components := range steps {
				requests = append(requests, request(t, 1, on(components)))
			}
			if together {
				all = r.batch(by(), requests...)
			} else {
				for _, q := range requests {
					all = append(all, r.batch(by(), q)...)
				}
			}
			for i, o := range all {
				if i < signed {
					if o.err != nil || o.license.Epoch != uint64(i+1) {
						t.Errorf("%s, %s: request %d: %+v", name, how, i+1, o)
					}
					continue
				}
				wantRefusal(t, o.err, ledger.RuleMachine)
			}
			r.using(1, 1)
		}
	}
}

// 28 machines under one machine key, that differ from one to the next by one thing.
func Test28MachinesUnderOneKey(t *testing.T) {
	r := newRecord(t, entitlement())
	name := func(i int) string { return string("abcdefghijklmnop"[i]) }
	var requests []*verify.Request
	for i := range 28 {
		m, u, n := name((i+2)/3), name((i+1)/3), name(i/3)
		requests = append(requests, request(t, 1, on("m"+m+" u"+u+" r"+n)))
	}
	held := 0
	for _, o := range r.batch(by(), requests...) {
		if o.err == nil {
			held++
		} else {
			wantRefusal(t, o.err, ledger.RuleMachine)
		}
	}
	if held != 1 {
		t.Errorf("%d of 28 requests were signed, want the first alone", held)
	}
}

// What a change of machine has to say: it is signed, and names a good license of its
// activation.
func TestRebind(t *testing.T) {
	other := on("m2 u2 r2")
	for name, test := range map[string]struct {
		q    func(r *record, first, second, stranger *ledger.License) *verify.Request
		says string // empty: it is signed
	}{
		"signed, names the newest": {func(r *record, _, second, _ *ledger.License) *verify.Request {
			return signing(r, 1, other, replacing(second))
		}, ""},
		"signed, names an older one": {func(r *record, first, _, _ *ledger.License) *verify.Request {
			return signing(r, 1, other, replacing(first))
		}, ""},
		"not signed": {func(r *record, _, second, _ *ledger.License) *verify.Request {
			return request(r, 1, other, replacing(second))
		}, "not signed"},
		"names none": {func(r *record, _, _, _ *ledger.License) *verify.Request { return signing(r, 1, other) }, "names no good one"},
		"names another's": {func(r *record, _, _, stranger *ledger.License) *verify.Request {
			return signing(r, 1, other, replacing(stranger))
		}, "names no good one"},
		"names what nobody has": {func(r *record, _, _, _ *ledger.License) *verify.Request {
			return signing(r, 1, other, replacing(&ledger.License{ID: format.ID{9}}))
		}, "names no good one"},
		"names a license of no id": {func(r *record, _, _, _ *ledger.License) *verify.Request {
			return signing(r, 1, other, replacing(new(ledger.License)))
		}, "names no good one"},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRecord(t, entitlement(seats(2)))
			first := r.signed(request(t, 1, on("m1 u1 r1")))
			second := r.signed(request(t, 1, on("m1 u1 r3")))
			stranger := r.signed(request(t, 2, on("m5 u5 r5")))
			q := test.q(r, first, second, stranger)
			if test.says != "" {
				r.refused(q, ledger.RuleMachine, "2 of its licenses", test.says)
				// Staff who know better say why, and it is the same change of machine.
				if _, err := r.signAs(override("they were here with it"), q); err != nil || !slices.Equal(r.last().Lifted, []ledger.Rule{ledger.RuleMachine}) {
					t.Errorf("with a reason: %v; lifted: %v", err, r.last().Lifted)
				}
			} else if r.signed(q); r.last().Lifted != nil {
				t.Errorf("lifted: %v", r.last().Lifted)
			}
			rebound := r.events[len(r.events)-2]
			detail, _ := rebound.Detail.(ledger.Rebound)
			if rebound.Action != ledger.ActionRebind || !slices.Equal(detail.Revoke, []format.ID{first.ID, second.ID}) || q.Prior != nil && detail.Replaces != *q.Prior {
				t.Errorf("on record: %+v", rebound)
			}
			if r.revoked[first.ID] == nil || r.revoked[second.ID] == nil || len(r.revoked) != 2 || len(r.moved[inv]) != 1 {
				t.Errorf("revoked: %v, moved: %v", r.revoked, r.moved)
			}
			r.using(2, 2)
			// What was left behind is revoked: its site is on the new machine now.
			if got := r.signed(request(t, 1, later, on("m2 u2 r7"))); got.Epoch != 4 || len(r.moved[inv]) != 1 {
				t.Errorf("the next request of its machine: %+v, moved %v", got, r.moved)
			}
		})
	}
}

// The copy that was left behind holds the machine key, too. It does not get the seat back:
// it knows no license that is good.
func TestRebindOfWhatWasLeftBehind(t *testing.T) {
	r := newRecord(t, entitlement())
	q := request(t, 1, on("m1 u1 r1"))
	first := r.signed(q)
	r.signed(signing(t, 1, on("m2 u2 r2"), replacing(first)))
	r.refused(q, ledger.RuleRevoked, first.ID.String())
	r.refused(signing(t, 1, later, on("m1 u1 r1"), replacing(first)), ledger.RuleMachine, "names no good one")
	_, err := r.release(by(), first, 1, 0)
	wantRefusal(t, err, ledger.RuleRevoked)
	wantHint(t, err, "install the newest license first")
	r.using(1, 1)
}

// A license that has ended or was revoked says nothing of where its site is.
func TestRebindAsksGoodLicensesAlone(t *testing.T) {
	r := newRecord(t, entitlement(func(e *ledger.Entitlement) { e.Expires = now.Add(5 * day) }))
	r.signed(request(t, 1, on("m1 u1 r1")))
	if _, err := r.amend(by(), func(e *ledger.Entitlement) { e.Expires = now.Add(4 * day) }); err != nil {
		t.Fatal(err)
	}
	at := byAt(now.Add(5 * day))
	r.sales[inv].Expires = now.Add(99 * day)
	if got, err := r.signAs(at, request(t, 1, on("m2 u2 r2"))); err != nil || len(r.revoked)+len(r.moved[inv]) != 0 {
		t.Errorf("%v, %v, moved %v", got, err, r.moved)
	}
	r = newRecord(t, entitlement())
	first := r.signed(request(t, 1, on("m1 u1 r1")))
	r.signed(request(t, 1, on("m1 u1 r2")))
	r.mustRevoke(first)
	r.signed(request(t, 1, on("m1 u1 r3")))
	r.refused(request(t, 1, on("m1 u3 r3")), ledger.RuleMachine, "2 of its licenses")
}

// In one batch: the change of machine is on record for those that come after it.
func TestRebindInABatch(t *testing.T) {
	r := newRecord(t, entitlement())
	first := r.signed(request(t, 1, on("m1 u1 r1")))
	moved := signing(t, 1, on("m2 u2 r2"), replacing(first))
	got := r.batch(by(), moved, request(t, 1, on("m2 u2 r3")), request(t, 1, on("m1 u1 r1"), later), moved, signing(t, 1, on("m3 u3 r3"), replacing(first)))
	for i, epoch := range map[int]uint64{0: 2, 1: 3, 3: 2} {
		if o := got[i]; o.err != nil || o.license.Epoch != epoch || o.again != (i == 3) {
			t.Errorf("request %d: %+v", i, o)
		}
	}
	for _, i := range []int{2, 4} {
		wantRefusal(t, got[i].err, ledger.RuleMachine, "in one batch")
		wantHint(t, got[i].err, "in a run of its own")
	}
	if len(r.revoked) != 1 || len(r.moved[inv]) != 1 {
		t.Errorf("revoked: %v, moved: %v", r.revoked, r.moved)
	}
	r.using(1, 1)
}

// The rules say beforehand how many licenses a request leaves behind.
func TestOfferOfARebind(t *testing.T) {
	r := newRecord(t, entitlement())
	first := r.signed(request(t, 1, on("m1 u1 r1")))
	r.signed(request(t, 1, on("m1 u1 r2")))
	if offer := r.offered(signing(t, 1, on("m2 u2 r2"), replacing(first))); offer.Rebinds != 2 || offer.Epoch != 3 || offer.Activation.ID != first.Activation {
		t.Errorf("the offer: %+v", offer)
	}
	if offer := r.offered(request(t, 1, on("m1 u1 r3"))); offer.Rebinds != 0 || offer.Epoch != 3 {
		t.Errorf("the offer: %+v", offer)
	}
}

// Nor does a copy get a license by a move: the site that asks is active elsewhere.
func TestMoveToACopyOfAnActiveSite(t *testing.T) {
	r := newRecord(t, entitlement(seats(2)))
	one := r.signed(request(t, 1, on("m1 u1 r1")))
	two := r.signed(request(t, 2, on("m2 u2 r2")))
	_, err := r.move(because("new hardware"), one.Activation, day, request(t, 2, on("m3 u3 r3")))
	wantRefusal(t, err, ledger.RuleMachine)
	_, err = r.move(because("new hardware"), one.Activation, day, signing(t, 2, on("m3 u3 r3"), replacing(two)))
	wantRefusal(t, err, ledger.RuleMove, "has its seat already")
}
