package rules_test

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/offlicense/offlicense/cmd/licensor/internal/issuer"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/rules"
	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/keys"
	"github.com/offlicense/offlicense/verify"
)

func (r *record) nextList(at time.Time) *format.RevocationClaims {
	r.Helper()
	next, err := rules.NextList(r.revocations(), at)
	if err != nil {
		r.Fatal(err)
	}
	return next
}

// signedList signs a list with a root.
func (r *record) signedList(claims *format.RevocationClaims, root byte, v *verify.Verifier) *verify.RevocationList {
	r.Helper()
	return r.signedListBy(key(root), nil, claims, v)
}

func (r *record) signedListBy(by keys.Signer, delegation []byte, claims *format.RevocationClaims, v *verify.Verifier) *verify.RevocationList {
	r.Helper()
	text, err := issuer.SignList(by, delegation, *claims, v, rand.NewChaCha8([32]byte{1}))
	if err != nil {
		r.Fatal(err)
	}
	list, err := v.OpenRevocationList(text)
	if err != nil {
		r.Fatal(err)
	}
	return list
}

// publish records a list, if it fits.
func (r *record) publish(at time.Time, v *verify.Verifier, list *verify.RevocationList) error {
	r.Helper()
	if err := rules.CheckList(r.revocations(), v, list, at); err != nil {
		return err
	}
	r.lists, r.newestList = list.Number, list.Raw
	for id, of := range r.revoked {
		if list.Licenses.Has(id) && of.List == 0 {
			of.List = list.Number
		}
	}
	for i := range r.keys {
		k, err := r.keys[i].Key()
		if err != nil {
			r.Fatal(err)
		}
		if rules.FindKey(list.Keys, k.Thumbprint()) != nil && r.keys[i].List == 0 {
			r.keys[i].List = list.Number
		}
	}
	return nil
}

func TestPublish(t *testing.T) {
	r := newRecord(t, entitlement(seats(3)))
	v := r.signer.Verifier
	first, second := r.signed(request(t, 1)), r.signed(request(t, 2))
	r.mustRevoke(first)
	early := r.nextList(now)
	if early.Issuer != vendor || early.Number != 1 || early.IssuedAt != now.Unix() || early.Licenses.Len() != 1 || !early.Licenses.Has(first.ID) {
		t.Errorf("the next list: %+v", early)
	}
	r.mustRevoke(second)
	// A list that was signed elsewhere before the second one was revoked.
	if err := r.publish(now, v, r.signedList(early, 101, v)); err != nil {
		t.Fatal(err)
	}
	if r.revoked[first.ID].List != 1 || r.revoked[second.ID].List != 0 {
		t.Errorf("the licenses are on the lists %d and %d", r.revoked[first.ID].List, r.revoked[second.ID].List)
	}
	next := r.nextList(now)
	if next.Number != 2 || next.Licenses.Len() != 2 {
		t.Errorf("the second list: %+v", next)
	}
	if err := r.publish(now, v, r.signedList(next, 101, v)); err != nil {
		t.Error(err)
	}
}

// The keys of a list are in the order of the format, whenever they were revoked.
func TestNextListHasAllKeys(t *testing.T) {
	r := newRecord(t)
	for seed := byte(1); seed < 20; seed++ {
		keep := [16]byte{seed}
		if err := r.revokeKey(because("stolen"), ledger.RevokedKey{Name: "x", Public: public(seed).Bytes(), Keep: keep[:]}); err != nil {
			t.Fatal(err)
		}
	}
	list := r.signedList(r.nextList(now), 101, r.signer.Verifier)
	for seed := byte(1); seed < 20; seed++ {
		k := rules.FindKey(list.Keys, public(seed).Thumbprint())
		if k == nil || k.Keep.Len() != 1 || !k.Keep.Has([16]byte{seed}) {
			t.Errorf("key %d: %+v", seed, k)
		}
	}
	if rules.FindKey(list.Keys, public(99).Thumbprint()) != nil {
		t.Error("a key is found that nobody has revoked")
	}
}

// What does not follow from the record is no list of this vendor.
func TestListThatDoesNotFit(t *testing.T) {
	r := newRecord(t, entitlement(seats(3)))
	v := r.signer.Verifier
	license, onRecord := r.signed(request(t, 1)), r.signed(request(t, 2))
	r.mustRevoke(license)
	if err := r.revokeKey(because("stolen"), ledger.RevokedKey{Name: "anna", Public: public(102).Bytes(), Keep: make([]byte, 16)}); err != nil {
		t.Fatal(err)
	}
	if err := r.publish(now, v, r.signedList(r.nextList(now), 101, v)); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		change func(*format.RevocationClaims)
		want   string // empty: it fits
	}{
		"the next one":            {func(c *format.RevocationClaims) {}, ""},
		"issued within tolerance": {func(c *format.RevocationClaims) { c.IssuedAt += 60 * 60 }, ""},
		"issued in the future":    {func(c *format.RevocationClaims) { c.IssuedAt += 60*60 + 1 }, "servers would take that for the time"},
		"number too low":          {func(c *format.RevocationClaims) { c.Number = 1 }, "the next one has the number 2"},
		"number too high":         {func(c *format.RevocationClaims) { c.Number = 1 << 40 }, "the next one has the number 2"},
		"another vendor":          {func(c *format.RevocationClaims) { c.Issuer = "evil.example" }, "it is that of evil.example"},
		"license revoked nowhere": {func(c *format.RevocationClaims) { c.Licenses = format.NewSet(license.ID, onRecord.ID) }, onRecord.ID.String()},
		"license left out":        {func(c *format.RevocationClaims) { c.Licenses = format.Set{} }, "it leaves out the license " + license.ID.String()},
		"key revoked nowhere": {func(c *format.RevocationClaims) {
			c.Keys = append(c.Keys, format.RevokedKey{Thumbprint: public(103).Thumbprint()})
			if c.Keys[0].Thumbprint[0] > c.Keys[1].Thumbprint[0] {
				c.Keys[0], c.Keys[1] = c.Keys[1], c.Keys[0]
			}
		}, "which nobody has revoked here"},
		"key left out":           {func(c *format.RevocationClaims) { c.Keys = nil }, `it leaves out the key "anna"`},
		"nothing is kept":        {func(c *format.RevocationClaims) { c.Keys[0].Keep = format.Set{} }, "keeps 0 licenses"},
		"more is kept":           {func(c *format.RevocationClaims) { c.Keys[0].Keep = format.NewSet([16]byte{}, [16]byte{9}) }, "keeps 2 licenses"},
		"something else is kept": {func(c *format.RevocationClaims) { c.Keys[0].Keep = format.NewSet([16]byte{9}) }, "and those on record are 1 others"},
		"signed before list 1":   {func(c *format.RevocationClaims) { c.IssuedAt -= 60*60 + 1 }, "and list 1 on"},
		"signed about then":      {func(c *format.RevocationClaims) { c.IssuedAt -= 60 * 60 }, ""},
	} {
		claims := r.nextList(now)
		c.change(claims)
		err := rules.CheckList(r.revocations(), v, r.signedList(claims, 101, v), now)
		if c.want == "" {
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", name, err, c.want)
			continue
		}
		wantHint(t, err, `"licensor revocations"`)
	}
}

// The same is asked of what no list has yet: it may wait for the next one, but what a
// list says must be on record.
func TestListThatIsEarly(t *testing.T) {
	r := newRecord(t, entitlement())
	v := r.signer.Verifier
	early := r.nextList(now)
	r.mustRevoke(r.signed(request(t, 1)))
	if err := r.revokeKey(because("stolen"), ledger.RevokedKey{Name: "bert", Public: public(103).Bytes()}); err != nil {
		t.Fatal(err)
	}
	if err := r.publish(now, v, r.signedList(early, 101, v)); err != nil {
		t.Error(err)
	}
	if next := r.nextList(now); next.Licenses.Len() != 1 || len(next.Keys) != 1 {
		t.Errorf("the one after it: %+v", next)
	}
}

// A list is not older than what it says: the clock of the machine with the root key is
// behind. A clock that was ahead, and was set right since, holds nothing up.
func TestListFromAClockThatIsBehind(t *testing.T) {
	r := newRecord(t, entitlement(seats(3)))
	v := r.signer.Verifier
	record := func(at, issued time.Time) error { return r.publish(at, v, r.signedList(r.nextList(issued), 101, v)) }
	want := func(err error, what string) {
		t.Helper()
		if err == nil || !strings.Contains(err.Error(), what) || !strings.Contains(err.Error(), "set the clock") {
			t.Errorf("got %v, want %q", err, what)
		}
	}
	license, other := r.signed(request(t, 1)), r.signed(request(t, 2))
	r.mustRevoke(license)
	want(record(now, now.Add(-2*time.Hour)), "the license "+license.ID.String()+" was revoked")
	if err := record(now, now.Add(-time.Hour/2)); err != nil {
		t.Error(err)
	}
	tomorrow := now.Add(day)
	if err := r.revokeKey(becauseAt(tomorrow, "stolen"), ledger.RevokedKey{Name: "anna", Public: public(103).Bytes()}); err != nil {
		t.Fatal(err)
	}
	want(record(tomorrow, now), `the key "anna" was revoked`)
	if _, err := r.revokeLicense(becauseAt(now.Add(300*day), "by a wrong clock"), other.ID); err != nil {
		t.Fatal(err)
	}
	if err := record(now.Add(2*day), now.Add(2*day)); err != nil {
		t.Errorf("after a clock was wrong: %v", err)
	}
}

// What has ended by itself leaves the list, and what is kept stays: whether it ended is
// not for the list to say.
func TestNextListForgetsWhatHasEnded(t *testing.T) {
	r := newRecord(t, entitlement(func(e *ledger.Entitlement) { e.Expires = now.Add(day) }))
	v := r.signer.Verifier
	r.mustRevoke(r.signed(request(t, 1)))
	if err := r.revokeKey(because("stolen"), ledger.RevokedKey{Name: "bert", Public: public(103).Bytes(), Keep: make([]byte, 16)}); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		after    time.Duration
		licenses int
	}{{0, 1}, {day - time.Second, 1}, {day, 0}, {400 * day, 0}} {
		at := now.Add(c.after)
		next := r.nextList(at)
		if next.Licenses.Len() != c.licenses || next.Keys[0].Keep.Len() != 1 {
			t.Errorf("after %s: %d licenses, %d kept", c.after, next.Licenses.Len(), next.Keys[0].Keep.Len())
		}
		if err := r.publish(at, v, r.signedList(next, 101, v)); err != nil {
			t.Errorf("after %s: %v", c.after, err)
		}
	}
}

// A license without an end stays on every list.
func TestNextListKeepsWhatNeverEnds(t *testing.T) {
	r := newRecord(t, entitlement(func(e *ledger.Entitlement) { e.Expires = time.Time{} }))
	v := r.signer.Verifier
	r.mustRevoke(r.signed(request(t, 1)))
	if err := r.publish(now, v, r.signedList(r.nextList(now), 101, v)); err != nil {
		t.Fatal(err)
	}
	next := r.nextList(now.Add(9999 * day))
	if next.Licenses.Len() != 1 {
		t.Error("it has left the list")
	}
	next.Licenses = format.Set{}
	err := rules.CheckList(r.revocations(), v, r.signedList(next, 101, v), now.Add(9999*day))
	if err == nil || !strings.Contains(err.Error(), "leaves out the license") {
		t.Errorf("got %v", err)
	}
}

// A list whose signer an earlier list has revoked is no next one.
func TestListByARevokedSigner(t *testing.T) {
	r := newRecord(t)
	v := trusting(t, 101, 100)
	thief := delegated(t, 100, 104, format.Scope{Revocations: true})
	if err := r.revokeKey(because("stolen"), ledger.RevokedKey{Name: "anna", Public: public(104).Bytes(), Lists: true}); err != nil {
		t.Fatal(err)
	}
	if err := r.publish(now, v, r.signedList(r.nextList(now), 100, v)); err != nil {
		t.Fatal(err)
	}
	list := r.signedListBy(thief.Key, thief.RawDelegation, r.nextList(now), v)
	if err := rules.CheckList(r.revocations(), v, list, now); err == nil || !strings.Contains(err.Error(), `list 1 has revoked its signer, "anna"`) {
		t.Errorf("got %v", err)
	}
}

// kept returns what stays good of a key: n digests.
func kept(n int) []byte {
	keep := make([]byte, 16*n)
	for i := range n {
		binary.BigEndian.PutUint32(keep[16*i:], uint32(i))
	}
	return keep
}

// A revocation that no list could say is not recorded, and all goes on as before.
func TestRevocationsThatNoListHolds(t *testing.T) {
	r := newRecord(t, entitlement())
	license := r.signed(request(t, 1))
	fill := func(n int) {
		r.keys = []ledger.KeyRevocation{{RevokedKey: ledger.RevokedKey{Name: "old", Public: public(103).Bytes(), Keep: kept(n)}, Since: now}}
	}
	refused := func(n int, err error) {
		t.Helper()
		if err == nil || !strings.HasPrefix(err.Error(), "nothing was recorded") || !strings.Contains(err.Error(), fmt.Sprint(n)) {
			t.Errorf("%d would remain valid: got %v", n, err)
		}
		wantHint(t, err, "let its delegation end")
	}
	anna := ledger.RevokedKey{Name: "anna", Public: public(102).Bytes(), Keep: kept(1)}
	r.unchanged(func() {
		// Less than the room for 4,096 licenses is left.
		fill(61_000)
		r.nextList(now)
		refused(61_001, r.revokeKey(because("stolen"), anna))
		// None is left.
		fill(65_008)
		_, err := r.revokeLicense(because("leaked"), license.ID)
		refused(65_008, err)
		_, err = r.revokeActivation(because("leaked"), license.Activation)
		refused(65_008, err)
		fill(70_000)
		if _, err := rules.NextList(r.revocations(), now); err == nil || strings.Contains(err.Error(), "nothing was recorded") {
			t.Errorf("a list that is too long: %v", err)
		}
	})
	fill(60_000)
	if err := r.revokeKey(because("stolen"), anna); err != nil {
		t.Fatal(err)
	}
	r.mustRevoke(license)
	if list := r.signedList(r.nextList(now), 101, r.signer.Verifier); len(list.Raw) > format.MaxRevocation {
		t.Errorf("a list of %d bytes", len(list.Raw))
	}
}
