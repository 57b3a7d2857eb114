package ledger_test

import (
	"crypto/rand"
	"testing"

	"github.com/offlicense/offlicense/cmd/licensor/internal/issuer"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/keys"
	"github.com/offlicense/offlicense/verify"
)

func revokeKey(t testing.TB, l *ledger.Ledger, name string, seed byte, root bool) {
	t.Helper()
	err := l.RevokeKey(ctx, because("stolen"), ledger.RevokedKey{Name: name, Public: key(t, seed).Public().Bytes(), Root: root})
	if err != nil {
		t.Fatal(err)
	}
}

// A site whose newest license was revoked gets no other, by whatever way, until it is
// reactivated; its seat stays taken, for the server may still run.
func TestRevokedLicense(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger, _ string) {
		entitle(t, l, entitlement())
		q := request(t, 1, nil)
		license := signed(t, l, q)
		_, err := l.RevokeLicense(ctx, operation(), license.ID)
		wantRefusal(t, err, ledger.RuleReason)
		_, err = l.RevokeLicense(ctx, because("leaked"), format.ID{9})
		wantRefusal(t, err, ledger.RuleRevoked, format.ID{9}.String())
		r, err := l.RevokeLicense(ctx, because("leaked"), license.ID)
		if err != nil || r.License != license.ID || r.Activation != license.Activation || r.Why != "leaked" {
			t.Fatalf("revoked: %+v, %v", r, err)
		}
		_, err = l.RevokeLicense(ctx, because("twice"), license.ID)
		wantRefusal(t, err, ledger.RuleRevoked, "leaked")
		_, err = sign(t, l, q)
		wantRefusal(t, err, ledger.RuleRevoked, license.ID.String())
		_, err = sign(t, l, request(t, 1, func(q *format.Request) { q.Time++ }))
		wantRefusal(t, err, ledger.RuleRevoked)
		_, err = sign(t, l, request(t, 2, nil))
		wantRefusal(t, err, ledger.RuleSeats)
		_, err = l.Move(ctx, because("new hardware"), "INV0042-1", license.Activation, day, request(t, 2, nil), issue(t, now))
		wantRefusal(t, err, ledger.RuleRevoked)
		by := operation()
		renewed, err := l.Renew(ctx, by, "INV0042-1", ledger.Renewal{Expires: entitlement().Expires.Add(day)}, issue(t, now))
		if err != nil || len(renewed) != 0 {
			t.Errorf("a renewal signed %d licenses, %v", len(renewed), err)
		}
		if again, err := l.Renew(ctx, by, "INV0042-1", ledger.Renewal{Expires: entitlement().Expires.Add(day)}, issue(t, now)); err != nil || len(again) != 0 {
			t.Errorf("the same renewal again: %d licenses, %v", len(again), err)
		}
		if revoked, err := l.Reactivate(ctx, because("a new server"), "INV0042-1", license.Activation); err != nil || len(revoked) != 0 {
			t.Errorf("reactivated: %v, %v; the license was revoked before", revoked, err)
		}
		signed(t, l, request(t, 2, nil))
	})
}

// A revoked older license leaves its activation alone.
func TestRevokedOlderLicense(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger, _ string) {
		entitle(t, l, entitlement())
		older := signed(t, l, request(t, 1, nil))
		signed(t, l, request(t, 1, func(q *format.Request) { q.Time++ }))
		if _, err := l.RevokeLicense(ctx, because("leaked"), older.ID); err != nil {
			t.Fatal(err)
		}
		signed(t, l, request(t, 1, func(q *format.Request) { q.Time += 2 }))
		if next := nextList(t, l); next.Licenses.Len() != 1 || !next.Licenses.Has(older.ID) {
			t.Errorf("the next list has %d licenses", next.Licenses.Len())
		}
	})
}

func TestRevokedActivation(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger, _ string) {
		entitle(t, l, entitlement())
		first := signed(t, l, request(t, 1, nil))
		signed(t, l, request(t, 1, func(q *format.Request) { q.Time++ }))
		_, err := l.RevokeActivation(ctx, because("x"), "NOSUCHONE")
		wantRefusal(t, err, ledger.RuleActive)
		all, err := l.RevokeActivation(ctx, because("never paid"), first.Activation)
		if err != nil || len(all) != 2 {
			t.Fatalf("revoked: %+v, %v, want both licenses", all, err)
		}
		_, err = l.RevokeActivation(ctx, because("x"), first.Activation)
		wantRefusal(t, err, ledger.RuleRevoked)
		wantClean(t, l, nil)
	})
}

// A revoked key signs nothing more, whoever holds it; another one does.
func TestRevokedKeySignsNothing(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger, _ string) {
		sold(t, l, func(e *ledger.Entitlement) { e.Seats = 3 })
		signed(t, l, request(t, 1, nil))
		wantRefusal(t, l.RevokeKey(ctx, operation(), ledger.RevokedKey{Name: "anna", Public: key(t, 102).Public().Bytes()}), ledger.RuleReason)
		revokeKey(t, l, "anna", 102, false)
		wantRefusal(t, l.RevokeKey(ctx, because("again"), ledger.RevokedKey{Name: "anna", Public: key(t, 102).Public().Bytes()}), ledger.RuleRevoked, "stolen")
		_, err := sign(t, l, request(t, 2, nil))
		wantRefusal(t, err, ledger.RuleRevoked, "anna")
		wantRefusal(t, l.RefuseRevokedKey(ctx, key(t, 102).Public()), ledger.RuleRevoked)
		if err := l.RefuseRevokedKey(ctx, key(t, 103).Public()); err != nil {
			t.Error(err)
		}
		bert := *staff(t)
		bert.Key = key(t, 103)
		var text []byte
		if bert.Delegation, text, err = issuer.Delegate(key(t, 101), key(t, 103).Public(), *staff(t).Delegation, rand.Reader); err != nil {
			t.Fatal(err)
		}
		if bert.RawDelegation, err = format.DecodeTextAs(text, format.Delegation); err != nil {
			t.Fatal(err)
		}
		// Of the same name, too: keys are told apart by themselves.
		if _, err := l.Sign(ctx, operation(), request(t, 2, nil), issueBy(&bert, now)); err != nil {
			t.Error(err)
		}
		wantClean(t, l, nil)
	})
}

// The keep list has what is on record, and nothing that a thief signs: not under an old
// date, and not under the id of a license that is kept.
func TestKeepList(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger, _ string) {
		sold(t, l, func(e *ledger.Entitlement) { e.Seats = 3 })
		kept, revoked := signed(t, l, request(t, 1, nil)), signed(t, l, request(t, 2, nil))
		if _, err := l.RevokeLicense(ctx, because("leaked"), revoked.ID); err != nil {
			t.Fatal(err)
		}
		revokeKey(t, l, "anna", 102, false)
		v := staff(t).Verifier
		list, err := v.OpenRevocationList([]byte(format.EncodeText(format.RevocationFile, publish(t, l, 101).Raw)))
		if err != nil {
			t.Fatal(err)
		}
		check := func(file []byte) error {
			_, err := v.Check([]byte(format.EncodeText(format.LicenseFile, file)),
				verify.Facts{Now: now, Product: "evoq", AnyMachine: true, Revocations: []*verify.RevocationList{list}})
			return err
		}
		if err := check(kept.File); err != nil {
			t.Errorf("a license on record: %v", err)
		}
		if err := check(revoked.File); err == nil {
			t.Error("the revoked license is good")
		}
		thief := *staff(t)
		thief.Random = &sameID{kept.ID}
		h := holding(t, l, "INV0042-1")
		_, stolen, err := thief.Issue(ledger.Grant{Entitlement: &h.Entitlement, Activation: kept.Activation, Epoch: 2, Request: request(t, 3, nil)}, now)
		if err != nil {
			t.Fatal(err)
		}
		if err := check(stolen); err == nil {
			t.Error("a license that a thief has signed under a kept id is good")
		}
	})
}

// sameID gives out one id as if it were random.
type sameID struct{ id format.ID }

func (s *sameID) Read(p []byte) (int, error) { return copy(p, s.id[:]), nil }

// A revoked root keeps the delegations on record, so that all their licenses stay good.
func TestKeepListOfARoot(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger, _ string) {
		entitle(t, l, entitlement())
		license := signed(t, l, request(t, 1, nil))
		revokeKey(t, l, "root", 101, true)
		next := nextList(t, l)
		if len(next.Keys) != 1 || next.Keys[0].Keep.Len() != 1 {
			t.Fatalf("the next list: %+v", next.Keys)
		}
		v, err := verify.New(key(t, 101).Public(), key(t, 100).Public()) // the standby comes last
		if err != nil {
			t.Fatal(err)
		}
		text, err := issuer.SignList(key(t, 100), nil, *next, v, rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := issuer.SignList(key(t, 101), nil, *next, v, rand.Reader); err == nil {
			t.Error("the active root has revoked itself")
		}
		list, err := l.RecordList(ctx, operation(), v, text)
		if err != nil {
			t.Fatal(err)
		}
		_, err = v.Check([]byte(format.EncodeText(format.LicenseFile, license.File)),
			verify.Facts{Now: now, Product: "evoq", AnyMachine: true, Revocations: []*verify.RevocationList{list}})
		if err != nil {
			t.Errorf("a license under a kept delegation: %v", err)
		}
	})
}

func public(t testing.TB, seed byte) keys.PublicKey { return key(t, seed).Public() }
