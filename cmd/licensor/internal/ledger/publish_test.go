package ledger_test

import (
	"crypto/rand"
	"strings"
	"testing"
	"time"

	"github.com/offlicense/offlicense/cmd/licensor/internal/issuer"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/verify"
)

func nextList(t testing.TB, l *ledger.Ledger) *format.RevocationClaims {
	t.Helper()
	next, err := l.NextList(ctx, now)
	if err != nil {
		t.Fatal(err)
	}
	return next
}

func signedList(t testing.TB, claims *format.RevocationClaims, seed byte) []byte {
	t.Helper()
	text, err := issuer.SignList(key(t, seed), nil, *claims, staff(t).Verifier, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// publish signs and records the next list.
func publish(t testing.TB, l *ledger.Ledger, seed byte) *verify.RevocationList {
	t.Helper()
	list, err := l.RecordList(ctx, operation(), staff(t).Verifier, signedList(t, nextList(t, l), seed))
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func TestPublish(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger, _ string) {
		if file, err := l.NewestList(ctx); err != nil || file != nil {
			t.Fatalf("a new ledger has the list %x, %v", file, err)
		}
		sold(t, l, func(e *ledger.Entitlement) { e.Seats = 3 })
		first, second := signed(t, l, request(t, 1, nil)), signed(t, l, request(t, 2, nil))
		if _, err := l.RevokeLicense(ctx, because("leaked"), first.ID); err != nil {
			t.Fatal(err)
		}
		early := nextList(t, l)
		if _, err := l.RevokeLicense(ctx, because("leaked too"), second.ID); err != nil {
			t.Fatal(err)
		}
		// A list that was signed elsewhere before the second one was revoked.
		text := signedList(t, early, 101)
		list, err := l.RecordList(ctx, operation(), staff(t).Verifier, text)
		if err != nil || list.Number != 1 || list.Licenses.Len() != 1 {
			t.Fatalf("recorded: %+v, %v", list, err)
		}
		if again, err := l.RecordList(ctx, operation(), staff(t).Verifier, text); err != nil || again.Number != 1 {
			t.Errorf("the same list again: %+v, %v", again, err)
		}
		all, err := l.Revocations(ctx)
		if err != nil || len(all) != 2 {
			t.Fatalf("revocations: %+v, %v", all, err)
		}
		for _, r := range all {
			if want := map[format.ID]uint64{first.ID: 1, second.ID: 0}[r.License]; r.List != want {
				t.Errorf("license %s is on list %d, want %d", r.License, r.List, want)
			}
		}
		if file, err := l.NewestList(ctx); err != nil || string(file) != string(list.Raw) {
			t.Errorf("the newest list: %x, %v", file, err)
		}
		if second := publish(t, l, 101); second.Number != 2 || second.Licenses.Len() != 2 {
			t.Errorf("the second list: %+v", second)
		}
		wantClean(t, l, nil)
	})
}

// What does not follow from the ledger is no list of this vendor.
func TestRecordListRefuses(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger, _ string) {
		sold(t, l, func(e *ledger.Entitlement) { e.Seats = 3 })
		license := signed(t, l, request(t, 1, nil))
		onRecord := signed(t, l, request(t, 2, nil))
		if _, err := l.RevokeLicense(ctx, because("leaked"), license.ID); err != nil {
			t.Fatal(err)
		}
		revokeKey(t, l, "anna", 102, false)
		publish(t, l, 101)
		for name, c := range map[string]struct {
			change func(*format.RevocationClaims)
			want   string
		}{
			"issued in the future":    {func(c *format.RevocationClaims) { c.IssuedAt += 2 * 60 * 60 }, "servers would take that for the time"},
			"number too low":          {func(c *format.RevocationClaims) { c.Number = 1 }, "the next one has the number 2"},
			"number too high":         {func(c *format.RevocationClaims) { c.Number = 1 << 40 }, "the next one has the number 2"},
			"another vendor":          {func(c *format.RevocationClaims) { c.Issuer = "evil.example" }, "it is that of evil.example"},
			"license revoked nowhere": {func(c *format.RevocationClaims) { c.Licenses = format.NewSet(license.ID, onRecord.ID) }, onRecord.ID.String()},
			"license left out":        {func(c *format.RevocationClaims) { c.Licenses = format.Set{} }, "it leaves out the license"},
			"key revoked nowhere": {func(c *format.RevocationClaims) {
				c.Keys = []format.RevokedKey{{Thumbprint: public(t, 103).Thumbprint()}}
			}, "which nobody has revoked here"},
			"key left out":           {func(c *format.RevocationClaims) { c.Keys = nil }, "it leaves out the key"},
			"nothing is kept":        {func(c *format.RevocationClaims) { c.Keys[0].Keep = format.Set{} }, "keeps 0 licenses"},
			"more is kept":           {func(c *format.RevocationClaims) { c.Keys[0].Keep = format.NewSet(c.Keys[0].Keep.At(0), [16]byte{9}) }, "keeps 2 licenses"},
			"something else is kept": {func(c *format.RevocationClaims) { c.Keys[0].Keep = format.NewSet([16]byte{9}) }, "and those on record are 1 others"},
			"signed before list 1":   {func(c *format.RevocationClaims) { c.IssuedAt -= 2 * 60 * 60 }, "and list 1 on"},
		} {
			claims := nextList(t, l)
			c.change(claims)
			_, err := l.RecordList(ctx, operation(), staff(t).Verifier, signedList(t, claims, 101))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%s: got %v, want %q", name, err, c.want)
			}
		}
		stranger, err := verify.New(public(t, 99))
		if err != nil {
			t.Fatal(err)
		}
		text, err := issuer.SignList(key(t, 99), nil, *nextList(t, l), stranger, rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := l.RecordList(ctx, operation(), staff(t).Verifier, text); err == nil {
			t.Error("a stranger's list was recorded")
		}
		wantClean(t, l, nil)
	})
}

// A list is not older than what it says: the clock of the machine with the root key is
// behind. A clock that was ahead, and was set right since, holds nothing up.
func TestRecordListFromAClockThatIsBehind(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger, _ string) {
		sold(t, l, func(e *ledger.Entitlement) { e.Seats = 3 })
		record := func(by ledger.Operation, issued time.Time) error {
			next, err := l.NextList(ctx, issued)
			if err != nil {
				t.Fatal(err)
			}
			_, err = l.RecordList(ctx, by, staff(t).Verifier, signedList(t, next, 101))
			return err
		}
		want := func(err error, what string) {
			t.Helper()
			if err == nil || !strings.Contains(err.Error(), what) || !strings.Contains(err.Error(), "set the clock") {
				t.Errorf("got %v, want %q", err, what)
			}
		}
		license, later := signed(t, l, request(t, 1, nil)), signed(t, l, request(t, 2, nil))
		if _, err := l.RevokeLicense(ctx, because("leaked"), license.ID); err != nil {
			t.Fatal(err)
		}
		want(record(operation(), now.Add(-2*time.Hour)), "the license "+license.ID.String()+" was revoked")
		if err := record(operation(), now.Add(-time.Hour/2)); err != nil {
			t.Error(err)
		}
		by := because("stolen")
		by.Now = now.Add(day)
		if err := l.RevokeKey(ctx, by, ledger.RevokedKey{Name: "anna", Public: public(t, 102).Bytes()}); err != nil {
			t.Fatal(err)
		}
		want(record(by, now), `the key "anna" was revoked`)

		by.Now = now.Add(365 * day)
		if _, err := l.RevokeLicense(ctx, by, later.ID); err != nil {
			t.Fatal(err)
		}
		right := override("that clock was wrong")
		right.Now = now.Add(2 * day)
		if err := record(right, right.Now); err != nil {
			t.Errorf("after a clock was wrong: %v", err)
		}
	})
}

// listKey returns a key that a root has delegated for revocation lists alone.
func listKey(t testing.TB, seed byte) *issuer.Issuer {
	t.Helper()
	claims := *staff(t).Delegation
	claims.Scope = format.Scope{Revocations: true}
	return delegatedAs(t, 101, seed, claims)
}

// Once a list key was revoked, no other one signs lists: servers would stay with those of
// the thief, whatever their numbers.
func TestRecordListByADelegatedKey(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger, _ string) {
		list := func(seed byte) []byte {
			by := listKey(t, seed)
			text, err := issuer.SignList(by.Key, by.RawDelegation, *nextList(t, l), by.Verifier, rand.Reader)
			if err != nil {
				t.Fatal(err)
			}
			return text
		}
		record := func(text []byte) error {
			_, err := l.RecordList(ctx, operation(), staff(t).Verifier, text)
			return err
		}
		if err := record(list(104)); err != nil {
			t.Fatal(err)
		}
		publish(t, l, 101)
		signers, err := l.ListSigners(ctx)
		if err != nil || len(signers) != 1 || signers[0].Name != "anna" || signers[0].Key != public(t, 104) {
			t.Errorf("delegated keys that have signed lists: %v, %v", signers, err)
		}
		if err := l.RefuseListKey(ctx); err != nil {
			t.Error(err)
		}
		revokeKey(t, l, "bert", 103, false)
		if err := record(list(105)); err != nil {
			t.Errorf("after another staff key was revoked: %v", err)
		}
		if err := l.RevokeKey(ctx, because("stolen"), ledger.RevokedKey{Name: "anna", Public: public(t, 104).Bytes(), Lists: true}); err != nil {
			t.Fatal(err)
		}
		wantRefusal(t, record(list(105)), ledger.RuleRevoked, "revocation lists")
		wantRefusal(t, l.RefuseListKey(ctx), ledger.RuleRevoked)
		publish(t, l, 101)
		wantClean(t, l, nil)
	})
}

func TestNewestListUpTo(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger, _ string) {
		entitle(t, l, entitlement())
		license := signed(t, l, request(t, 1, nil))
		first := publish(t, l, 101)
		if _, err := l.RevokeLicense(ctx, because("leaked"), license.ID); err != nil {
			t.Fatal(err)
		}
		second := publish(t, l, 101)
		for _, c := range []struct {
			most int
			want []byte
		}{{len(first.Raw) - 1, nil}, {len(first.Raw), first.Raw}, {len(second.Raw) - 1, first.Raw}, {len(second.Raw), second.Raw}} {
			if got, err := l.NewestListUpTo(ctx, c.most); err != nil || string(got) != string(c.want) {
				t.Errorf("the newest of at most %d bytes: %x, %v", c.most, got, err)
			}
		}
	})
}

// What has ended by itself leaves the list, and what is kept stays: whether it ended is
// not for the list to say.
func TestNextListForgetsWhatHasEnded(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger, _ string) {
		sold(t, l, func(e *ledger.Entitlement) { e.Seats, e.Expires, e.GraceDays = 3, now.Add(day), 0 })
		license := signed(t, l, request(t, 1, nil))
		signed(t, l, request(t, 2, nil))
		if _, err := l.RevokeLicense(ctx, because("leaked"), license.ID); err != nil {
			t.Fatal(err)
		}
		revokeKey(t, l, "anna", 102, false)
		publish(t, l, 101)
		for _, c := range []struct {
			after    time.Duration
			licenses int
		}{{0, 1}, {2 * day, 0}, {400 * day, 0}} {
			next, err := l.NextList(ctx, now.Add(c.after))
			if err != nil || next.Licenses.Len() != c.licenses || next.Keys[0].Keep.Len() != 1 {
				t.Errorf("after %s: %d licenses, %d kept, %v", c.after, next.Licenses.Len(), next.Keys[0].Keep.Len(), err)
			}
			if _, err := l.RecordList(ctx, operationAt(now.Add(c.after)), staff(t).Verifier, signedList(t, next, 101)); err != nil {
				t.Errorf("after %s: %v", c.after, err)
			}
		}
	})
}
