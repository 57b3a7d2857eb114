package rules_test

import (
	"testing"
	"time"

	"github.com/offlicense/offlicense/cmd/licensor/internal/issuer"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/rules"
	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/keys"
)

// revocations returns what is known of them.
func (r *record) revocations() *rules.Revocations {
	all := &rules.Revocations{Vendor: vendor, Keys: r.keys, Next: r.lists + 1, Newest: r.newestList}
	for _, l := range r.licenses { // in the order of signing
		if of := r.revoked[l.ID]; of != nil {
			all.Licenses = append(all.Licenses, rules.RevokedLicense{Revocation: *of, HardEnd: l.HardEnd})
		}
	}
	return all
}

func (r *record) revokeLicense(op *ledger.Operation, id format.ID) ([]ledger.Revocation, error) {
	r.Helper()
	return r.revokeBy(op, func(f *rules.Facts, all *rules.Revocations) (*rules.Step, []ledger.Revocation, error) {
		return rules.RevokeLicense(f, all, op, id)
	})
}

func (r *record) revokeActivation(op *ledger.Operation, activation string) ([]ledger.Revocation, error) {
	r.Helper()
	return r.revokeBy(op, func(f *rules.Facts, all *rules.Revocations) (*rules.Step, []ledger.Revocation, error) {
		return rules.RevokeActivation(f, all, op, activation)
	})
}

func (r *record) revokeBy(op *ledger.Operation, rule func(*rules.Facts, *rules.Revocations) (*rules.Step, []ledger.Revocation, error)) ([]ledger.Revocation, error) {
	r.Helper()
	return ask(r, op, func(f *rules.Facts) ([]ledger.Revocation, []*rules.Step, error) {
		step, revoked, err := rule(f, r.revocations())
		if step == nil {
			return revoked, nil, err
		}
		return revoked, []*rules.Step{step}, err
	})
}

func (r *record) mustRevoke(license *ledger.License) {
	r.Helper()
	if _, err := r.revokeLicense(because("leaked"), license.ID); err != nil {
		r.Fatal(err)
	}
}

func (r *record) revokeKey(op *ledger.Operation, key ledger.RevokedKey) error {
	r.Helper()
	_, err := ask(r, op, func(*rules.Facts) (struct{}, []*rules.Step, error) {
		step, err := rules.RevokeKey(r.revocations(), op, key)
		if step == nil {
			return struct{}{}, nil, err
		}
		return struct{}{}, []*rules.Step{step}, err
	})
	return err
}

// A site whose newest license was revoked gets no other, by whatever way, until it is
// deactivated; its seat stays taken, for the server may still run.
func TestRevokedLicense(t *testing.T) {
	r := newRecord(t, entitlement())
	q := request(t, 1)
	license := r.signed(q)
	_, err := r.revokeLicense(by(), license.ID)
	wantRefusal(t, err, ledger.RuleReason)
	_, err = r.revokeLicense(because("leaked"), format.ID{9})
	wantRefusal(t, err, ledger.RuleRevoked, format.ID{9}.String())
	wantHint(t, err, `"licensor history INVOICE"`)
	all, err := r.revokeLicense(because("leaked"), license.ID)
	if err != nil || len(all) != 1 || all[0] != *r.revoked[license.ID] || all[0].Why != "leaked" || all[0].Activation != license.Activation || !all[0].Since.Equal(now) {
		t.Fatalf("revoked: %+v, %v", all, err)
	}
	_, err = r.revokeLicense(because("twice"), license.ID)
	wantRefusal(t, err, ledger.RuleRevoked, "leaked")
	r.refused(q, ledger.RuleRevoked, license.ID.String(), "leaked")
	r.refused(request(t, 1, later), ledger.RuleRevoked, license.ID.String())
	r.refused(request(t, 2), ledger.RuleSeats)
	_, err = r.move(because("new hardware"), license.Activation, day, request(t, 2))
	wantRefusal(t, err, ledger.RuleRevoked)
	wantHint(t, err, `"licensor history `+license.Activation+`"`, "to free its seat: licensor deactivate INV0042-1 --activation ACTIVATION1 --why TEXT")
	if revoked, err := r.deactivate(because("a new server"), inv, license.Activation); err != nil || len(revoked) != 0 {
		t.Errorf("deactivated: %v, %v; the license was revoked before", revoked, err)
	}
	r.signed(request(t, 2))
}

// A revoked older license leaves its activation alone.
func TestRevokedOlderLicense(t *testing.T) {
	r := newRecord(t, entitlement())
	older := r.signed(request(t, 1))
	r.signed(request(t, 1, later))
	r.mustRevoke(older)
	r.refused(request(t, 1), ledger.RuleRevoked, older.ID.String()) // but it is not given out again
	r.signed(request(t, 1, later, later))
}

// What has ended by itself needs no list.
func TestRevokeWhatHasEnded(t *testing.T) {
	r := newRecord(t, entitlement())
	license := r.signed(request(t, 1))
	after := entitlement().Expires
	_, err := r.revokeLicense(becauseAt(after, "leaked"), license.ID)
	wantRefusal(t, err, ledger.RuleRevoked, "ended by itself", "2027-11-21")
	_, err = r.revokeActivation(becauseAt(after, "leaked"), license.Activation)
	wantRefusal(t, err, ledger.RuleRevoked, license.Activation)
}

func TestRevokedActivation(t *testing.T) {
	r := newRecord(t, entitlement())
	first, second := r.signed(request(t, 1)), r.signed(request(t, 1, later))
	_, err := r.revokeActivation(because("x"), "NOSUCHONE")
	wantRefusal(t, err, ledger.RuleActive, "NOSUCHONE")
	_, err = r.revokeActivation(by(), first.Activation)
	wantRefusal(t, err, ledger.RuleReason)
	all, err := r.revokeActivation(because("never paid"), first.Activation)
	if err != nil || len(all) != 2 || all[0].License != first.ID || all[1].License != second.ID {
		t.Fatalf("revoked: %+v, %v, want both licenses", all, err)
	}
	_, err = r.revokeActivation(because("x"), first.Activation)
	wantRefusal(t, err, ledger.RuleRevoked)
	r.using(1, 1)
}

// Who was revoked does not come back by a release, which would free the seat for a new
// request, nor as the new server of a move.
func TestRevokedActivationIsNotReleased(t *testing.T) {
	r := newRecord(t, entitlement())
	older, newest := r.signed(request(t, 1)), r.signed(request(t, 1, later))
	if _, err := r.revokeActivation(because("never paid"), newest.Activation); err != nil {
		t.Fatal(err)
	}
	for _, given := range []*ledger.License{older, newest} {
		_, err := r.release(by(), given, 1, 0)
		wantRefusal(t, err, ledger.RuleRevoked, newest.ID.String(), "never paid")
	}
	r.using(1, 1)
	if _, err := r.deactivate(because("has paid"), inv, newest.Activation); err != nil {
		t.Fatal(err)
	}
	r.signed(request(t, 1, later, later))
}

// Revoked is revoked: an older license, though it is good, frees no seat, gets no other,
// moves nowhere and is not renewed; nor is it of use that it has ended by then.
func TestRevokedIsRevoked(t *testing.T) {
	r := newRecord(t, entitlement())
	q := request(t, 1)
	first, second := r.signed(q), r.signed(request(t, 1, later))
	r.mustRevoke(second)
	for _, at := range []time.Time{now, entitlement().Expires.Add(-time.Hour)} {
		for _, given := range []*ledger.License{first, second} {
			_, err := r.release(byAt(at), given, 1, 0)
			wantRefusal(t, err, ledger.RuleRevoked, second.ID.String())
			wantHint(t, err, "to free its seat: licensor deactivate")
		}
	}
	r.refused(request(t, 1, later, later), ledger.RuleRevoked)
	r.refused(request(t, 2), ledger.RuleSeats)
	_, err := r.move(because("onwards"), first.Activation, day, request(t, 2))
	wantRefusal(t, err, ledger.RuleRevoked)
	if renewed, err := r.renew(by(), rules.Renewal{Expires: ledger.EndAt(entitlement().Expires.Add(day))}); err != nil || len(renewed) != 0 {
		t.Errorf("renewed: %v, %v", renewed, err)
	}
	if _, err := r.deactivate(because("has paid"), inv, first.Activation); err != nil {
		t.Fatal(err)
	}
	r.signed(request(t, 2))
}

// A release names a license that is good: what was revoked is given up by nobody, though
// the activation is not revoked.
func TestReleaseOfWhatWasRevoked(t *testing.T) {
	r := newRecord(t, entitlement())
	first, second := r.signed(request(t, 1)), r.signed(request(t, 1, later))
	r.mustRevoke(first)
	_, err := r.release(by(), first, 1, 0)
	wantRefusal(t, err, ledger.RuleRevoked, first.ID.String(), "leaked")
	wantHint(t, err, "install the newest license first")
	r.released(second, 1)
	r.signed(request(t, 2))
}

// One that was released before it was revoked stays released.
func TestReleaseAgainAfterARevocation(t *testing.T) {
	r := newRecord(t, entitlement())
	license := r.signed(request(t, 1))
	r.released(license, 1)
	r.mustRevoke(license) // it runs on all the same
	if again := r.released(license, 1); !again.Already {
		t.Errorf("the same release again: %+v", again)
	}
}

func TestRevokedWhileItMoves(t *testing.T) {
	r := newRecord(t, entitlement(seats(2)))
	old, _, _ := r.moving()
	r.mustRevoke(old)
	_, err := r.release(by(), old, 1, 0)
	wantRefusal(t, err, ledger.RuleRevoked, old.ID.String())
	r.using(2, 1)
}

func TestRevokedBridgeTakesNothingOver(t *testing.T) {
	r := newRecord(t, entitlement(seats(2)))
	old, q, bridge := r.moving()
	r.mustRevoke(bridge)
	_, err := r.release(by(), bridge, 2, 0)
	wantRefusal(t, err, ledger.RuleRevoked, bridge.ID.String())
	r.refused(q, ledger.RuleRevoked)
	got := r.released(old, 1)
	if got.License != nil || got.Successor != "" {
		t.Fatalf("the revoked bridge has got %+v", got)
	}
	wantRefusal(t, got.Refusal, ledger.RuleRevoked, bridge.ID.String())
}

func TestRevokeKeyOnce(t *testing.T) {
	r := newRecord(t)
	anna := ledger.RevokedKey{Name: "anna", Public: public(102).Bytes()}
	wantRefusal(t, r.revokeKey(by(), anna), ledger.RuleReason)
	if err := r.revokeKey(because("stolen"), anna); err != nil {
		t.Fatal(err)
	}
	if k := r.last().Detail.(ledger.Revoked).Key; k == nil || k.Name != "anna" || r.last().Why != "stolen" {
		t.Errorf("on record: %+v", r.last())
	}
	r.unchanged(func() {
		// Keys are told apart by themselves, not by their names.
		err := r.revokeKey(because("again"), ledger.RevokedKey{Name: "her other name", Public: public(102).Bytes()})
		wantRefusal(t, err, ledger.RuleRevoked, "anna", "stolen")
		wantHint(t, err, `"licensor revocations"`)
		wantRefusal(t, rules.RefuseRevokedTwice(r.keys, public(102).Bytes()), ledger.RuleRevoked)
	})
	if err := r.revokeKey(because("stolen, too"), ledger.RevokedKey{Name: "anna", Public: public(103).Bytes()}); err != nil {
		t.Error(err)
	}
}

// A revoked key signs nothing more, whoever holds it; nor does one whose delegation is by
// a revoked root, but for those that are kept.
func TestCheckSigner(t *testing.T) {
	anna, bert, carl, dora := staff(t, 101, 102), staff(t, 101, 103), staff(t, 101, 104), staff(t, 100, 105)
	digest := func(i *issuer.Issuer) []byte {
		s, err := format.ParseStatement(i.RawDelegation, format.Delegation)
		if err != nil {
			t.Fatal(err)
		}
		sum := s.Digest()
		return sum[:]
	}
	revoked := func(seed byte, root bool, keep ...*issuer.Issuer) ledger.KeyRevocation {
		var names [][16]byte
		for _, i := range keep {
			names = append(names, [16]byte(digest(i)))
		}
		return ledger.KeyRevocation{RevokedKey: ledger.RevokedKey{Name: "stolen one", Public: public(seed).Bytes(), Root: root, Keep: ledger.JoinSet(format.NewSet(names...))}, Since: now, Why: "by a thief"}
	}
	for name, test := range map[string]struct {
		revoked []ledger.KeyRevocation
		key     keys.PublicKey
		by      *issuer.Issuer // whose delegation; nil: none is known
		want    string         // of the hint; empty: it signs
	}{
		"nothing is revoked":              {nil, public(102), anna, ""},
		"the key itself":                  {[]ledger.KeyRevocation{revoked(102, false)}, public(102), anna, `"licensor key list"`},
		"without a delegation":            {[]ledger.KeyRevocation{revoked(102, false)}, public(102), nil, `"licensor key list"`},
		"another key of the same name":    {[]ledger.KeyRevocation{revoked(102, false)}, public(103), bert, ""},
		"a root itself":                   {[]ledger.KeyRevocation{revoked(101, true)}, public(101), nil, `"licensor key list"`},
		"its root":                        {[]ledger.KeyRevocation{revoked(101, true)}, public(104), carl, `"licensor delegate"`},
		"its root, that keeps it":         {[]ledger.KeyRevocation{revoked(101, true, anna, bert)}, public(103), bert, ""},
		"its root, that keeps others":     {[]ledger.KeyRevocation{revoked(101, true, anna, bert)}, public(104), carl, `"licensor delegate"`},
		"another root":                    {[]ledger.KeyRevocation{revoked(101, true)}, public(105), dora, ""},
		"a staff key, which is no root":   {[]ledger.KeyRevocation{revoked(103, false), revoked(104, false)}, public(102), anna, ""},
		"its root, after others":          {[]ledger.KeyRevocation{revoked(103, false), revoked(100, true, dora), revoked(101, true)}, public(102), anna, `"licensor delegate"`},
		"its root, no delegation is here": {[]ledger.KeyRevocation{revoked(101, true)}, public(104), nil, ""},
	} {
		var raw []byte
		if test.by != nil {
			raw = test.by.RawDelegation
		}
		err := rules.CheckSigner(test.revoked, test.key, raw)
		if test.want == "" {
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		if err == nil {
			t.Errorf("%s: it signs", name)
			continue
		}
		wantRefusal(t, err, ledger.RuleRevoked, "stolen one", "by a thief", "2026-11-21")
		wantHint(t, err, test.want)
	}
	if err := rules.CheckSigner(nil, public(102), []byte("nothing")); err == nil {
		t.Error("what is no delegation was taken for one")
	}
	wrong := revoked(101, true)
	wrong.Keep = []byte("not 16")
	wantDamaged(t, rules.CheckSigner([]ledger.KeyRevocation{wrong}, public(102), anna.RawDelegation))
}

// Once a key that signs lists was revoked, or a root, a root signs them.
func TestCheckListSigner(t *testing.T) {
	staffKey := ledger.KeyRevocation{RevokedKey: ledger.RevokedKey{Name: "bert", Public: public(103).Bytes()}, Since: now}
	lists, root := staffKey, staffKey
	lists.Lists, root.Root = true, true
	if err := rules.CheckListSigner(nil); err != nil {
		t.Error(err)
	}
	if err := rules.CheckListSigner([]ledger.KeyRevocation{staffKey}); err != nil {
		t.Errorf("after a staff key was revoked: %v", err)
	}
	err := rules.CheckListSigner([]ledger.KeyRevocation{staffKey, lists})
	wantRefusal(t, err, ledger.RuleRevoked, "bert", "which signed revocation lists")
	wantHint(t, err, "--root-key FILE")
	err = rules.CheckListSigner([]ledger.KeyRevocation{root, staffKey})
	wantRefusal(t, err, ledger.RuleRevoked, "a root")
	wantHint(t, err, "the root behind it: --root-key FILE")
}
