package ledger_test

import (
	"bytes"
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/offlicense/offlicense/cmd/licensor/internal/issuer"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/verify"
)

// judgedBy returns how a server judges a license file once it has a list.
func judgedBy(t testing.TB, v *verify.Verifier, list *verify.RevocationList, file []byte) error {
	t.Helper()
	_, err := v.Check([]byte(format.EncodeText(format.LicenseFile, file)),
		verify.Facts{Now: now, Product: "evoq", AnyMachine: true, Revocations: []*verify.RevocationList{list}})
	return err
}

// published signs and records the next list, as a verifier has it that others ask.
func published(t testing.TB, l *ledger.Ledger, v *verify.Verifier, root byte) *verify.RevocationList {
	t.Helper()
	text, err := issuer.SignList(key(t, root), nil, *nextList(t, l), v, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	list, err := l.RecordList(ctx, operation(), v, text)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// keptOf returns what the next list keeps of a key.
func keptOf(t testing.TB, l *ledger.Ledger, at time.Time, seed byte) format.Set {
	t.Helper()
	next, err := l.NextList(ctx, at)
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range next.Keys {
		if k.Thumbprint == public(t, seed).Thumbprint() {
			return k.Keep
		}
	}
	t.Fatalf("the next list does not revoke the key %d", seed)
	return format.Set{}
}

// digests returns the digests of licenses.
func digests(t testing.TB, licenses ...*ledger.License) format.Set {
	t.Helper()
	var all [][16]byte
	for _, license := range licenses {
		file, err := format.ParseFile(license.File)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, file.License.Digest())
	}
	return format.NewSet(all...)
}

// delegations returns the digests of the delegations of staff keys.
func delegations(t testing.TB, all ...*issuer.Issuer) format.Set {
	t.Helper()
	var sums [][16]byte
	for _, i := range all {
		s, err := format.ParseStatement(i.RawDelegation, format.Delegation)
		if err != nil {
			t.Fatal(err)
		}
		sums = append(sums, s.Digest())
	}
	return format.NewSet(sums...)
}

func wantSet(t testing.TB, what string, got, want format.Set) {
	t.Helper()
	same := got.Len() == want.Len()
	for i := range want.Len() {
		same = same && got.Has(want.At(i))
	}
	if !same {
		t.Errorf("%s: %d are kept, want %d others", what, got.Len(), want.Len())
	}
}

func signedAs(t testing.TB, l *ledger.Ledger, i *issuer.Issuer, q *verify.Request) *ledger.License {
	t.Helper()
	license, err := l.Sign(ctx, operation(), q, issueBy(i, now))
	if err != nil {
		t.Fatal(err)
	}
	return license
}

// The keep list has what is on record of the key, and nothing that a thief signs: not
// under an old date, and not under the id of a license that is kept.
func TestKeepList(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger, _ string) {
		sold(t, l, func(e *ledger.Entitlement) { e.Seats = 9 })
		kept, revoked := signed(t, l, request(t, 1, nil)), signed(t, l, request(t, 2, nil))
		other := signedAs(t, l, delegated(t, 101, 103), request(t, 3, nil))
		if _, err := l.RevokeLicense(ctx, because("leaked"), revoked.ID); err != nil {
			t.Fatal(err)
		}
		stray := []byte("sixteen bytes...")
		err := l.RevokeKey(ctx, because("stolen"), ledger.RevokedKey{Name: "anna", Public: public(t, 102).Bytes(), Keep: stray}, staff(t).RawDelegation)
		if err != nil {
			t.Fatal(err)
		}
		wantSet(t, "anna", keptOf(t, l, now, 102), digests(t, kept))
		if all, err := l.RevokedKeys(ctx); err != nil || len(all) != 1 || all[0].Kept != 1 {
			t.Errorf("the revoked keys: %+v, %v", all, err)
		}
		v := staff(t).Verifier
		list := published(t, l, v, 101)
		for _, license := range []*ledger.License{kept, other} {
			if err := judgedBy(t, v, list, license.File); err != nil {
				t.Errorf("a license on record: %v", err)
			}
		}
		if err := judgedBy(t, v, list, revoked.File); err == nil {
			t.Error("the revoked license is good")
		}
		thief := *staff(t)
		thief.Random = &sameID{kept.ID}
		h := holding(t, l, "INV0042-1")
		_, stolen, err := thief.Issue(ledger.Grant{Entitlement: &h.Entitlement, Activation: kept.Activation, Epoch: 2, Request: request(t, 3, nil)}, now)
		if err != nil {
			t.Fatal(err)
		}
		if err := judgedBy(t, v, list, stolen); err == nil {
			t.Error("a license that a thief has signed under a kept id is good")
		}
		wantClean(t, l, nil)
	})
}

// sameID gives out one id as if it were random.
type sameID struct{ id format.ID }

func (s *sameID) Read(p []byte) (int, error) { return copy(p, s.id[:]), nil }

// A license that somebody else has signed under the key's name is not kept.
func TestKeepListChecksSignatures(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger, _ string) {
		sold(t, l, func(e *ledger.Entitlement) { e.Seats = 3 })
		good := signed(t, l, request(t, 1, nil))
		sign := issue(t, now)
		_, err := l.Sign(ctx, operation(), request(t, 2, nil), each(func(g ledger.Grant) (format.ID, []byte, string, error) {
			id, file, signer, err := one(sign, g)
			file[len(file)-1] ^= 1
			return id, file, signer, err
		}))
		if err != nil {
			t.Fatal(err)
		}
		revokeKey(t, l, "anna", 102, false)
		wantSet(t, "anna", keptOf(t, l, now, 102), digests(t, good))
	})
}

// A license that ended more than a year before its key was revoked is not kept.
func TestKeepListForgetsWhatEndedLongAgo(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger, _ string) {
		sold(t, l, func(e *ledger.Entitlement) { e.Expires, e.GraceDays = now.Add(day), 0 })
		sold(t, l, func(e *ledger.Entitlement) { e.Invoice, e.Expires, e.GraceDays = "P-2", now.Add(10*day), 0 })
		signed(t, l, request(t, 1, nil))
		later := signed(t, l, request(t, 2, asks("P-2", "production")))
		by := because("stolen")
		by.Now = now.Add(370 * day)
		// The ledger has seen that time: a clock alone is not believed.
		if err := sell(l, operationAt(by.Now), func(e *ledger.Entitlement) { e.Invoice, e.Expires = "P-3", now.Add(800*day) }); err != nil {
			t.Fatal(err)
		}
		if err := l.RevokeKey(ctx, by, ledger.RevokedKey{Name: "anna", Public: public(t, 102).Bytes()}); err != nil {
			t.Fatal(err)
		}
		wantSet(t, "anna", keptOf(t, l, by.Now, 102), digests(t, later))
	})
}

// What others record while the licenses are looked through, before the ledger is locked,
// is kept too.
func TestKeepListHasWhatCameMeanwhile(t *testing.T) {
	l, where := newLedger(t)
	sold(t, l, func(e *ledger.Entitlement) { e.Seats = 3 })
	before := signed(t, l, request(t, 1, nil))
	db := raw(t, where)
	conn, err := db.Conn(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.ExecContext(ctx, "BEGIN IMMEDIATE"); err != nil {
		t.Fatal(err)
	}
	// The license waits for the lock, then the revocation does: it has looked already.
	var meanwhile *ledger.License
	signs, issued, done := issue(t, now), make(chan bool), make(chan error, 2)
	go func() {
		var err error
		meanwhile, err = l.Sign(ctx, operation(), request(t, 2, nil), func(g []ledger.Grant) []ledger.Draft { defer close(issued); return signs(g) })
		done <- err
	}()
	<-issued
	time.Sleep(200 * time.Millisecond)
	go func() {
		done <- l.RevokeKey(ctx, because("stolen"), ledger.RevokedKey{Name: "anna", Public: public(t, 102).Bytes()})
	}()
	time.Sleep(200 * time.Millisecond)
	if _, err := conn.ExecContext(ctx, "ROLLBACK"); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := <-done; err != nil {
			t.Fatal(err)
		}
	}
	wantSet(t, "anna", keptOf(t, l, now, 102), digests(t, before, meanwhile))
	wantClean(t, l, nil)
}

// A revoked root keeps the delegations on record, for ever, whatever becomes of the
// licenses that they were found in: all that are signed under them stay good.
func TestKeepListOfARoot(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger, _ string) {
		sold(t, l, func(e *ledger.Entitlement) { e.Seats = 9 })
		anna, bert, carl, dora := staff(t), delegated(t, 101, 103), delegated(t, 101, 104), delegated(t, 100, 105)
		revoked := signedAs(t, l, anna, request(t, 1, nil))
		if _, err := l.RevokeLicense(ctx, because("leaked"), revoked.ID); err != nil {
			t.Fatal(err)
		}
		signedAs(t, l, dora, request(t, 2, nil))
		// Bert has signed nothing yet: the home knows his delegation. Nobody knows Carl's.
		err := l.RevokeKey(ctx, because("stolen"), ledger.RevokedKey{Name: "root", Public: public(t, 101).Bytes(), Root: true},
			bert.RawDelegation, dora.RawDelegation)
		if err != nil {
			t.Fatal(err)
		}
		wantSet(t, "the root", keptOf(t, l, now, 101), delegations(t, anna, bert))
		wantSet(t, "the root, years later", keptOf(t, l, now.Add(2000*day), 101), delegations(t, anna, bert))

		// Who is kept signs on; so does who has his delegation from another root.
		annas, berts := signedAs(t, l, anna, request(t, 3, nil)), signedAs(t, l, bert, request(t, 4, nil))
		signedAs(t, l, dora, request(t, 5, nil))
		_, err = l.Sign(ctx, operation(), request(t, 6, nil), issueBy(carl, now))
		wantRefusal(t, err, ledger.RuleRevoked, "root", "stolen")
		wantRefusal(t, l.RefuseRevokedKey(ctx, public(t, 104), carl.RawDelegation), ledger.RuleRevoked, public(t, 104).Fingerprint())
		wantRefusal(t, l.RefuseRevokedKey(ctx, public(t, 101), nil), ledger.RuleRevoked)
		for _, good := range []*issuer.Issuer{anna, bert, dora} {
			if err := l.RefuseRevokedKey(ctx, good.Key.Public(), good.RawDelegation); err != nil {
				t.Error(err)
			}
		}
		if err := l.RefuseRevokedKey(ctx, public(t, 104), nil); err != nil {
			t.Errorf("a key of which no delegation is known: %v", err)
		}

		v, err := verify.New(public(t, 101), public(t, 100)) // the standby comes last
		if err != nil {
			t.Fatal(err)
		}
		if _, err := issuer.SignList(key(t, 101), nil, *nextList(t, l), v, rand.Reader); err == nil {
			t.Error("the active root has revoked itself")
		}
		list := published(t, l, v, 100)
		for _, license := range []*ledger.License{annas, berts} {
			if err := judgedBy(t, v, list, license.File); err != nil {
				t.Errorf("a license under a kept delegation: %v", err)
			}
		}
		if err := judgedBy(t, v, list, revoked.File); err == nil {
			t.Error("a revoked license under a kept delegation is good")
		}
	})
}

// pastTheRules runs f while the ledger does not know of its revoked keys.
func pastTheRules(t testing.TB, where string, f func()) {
	t.Helper()
	rows := rowsOf(t, raw(t, where), "revoked_keys")
	for _, row := range rows {
		row.drop(t)
	}
	f()
	for _, row := range rows {
		row.insert(t)
	}
}

// Who holds a stolen key and can write to the database gets licenses on record. None is
// kept, and an audit names them.
func TestAuditFindsWhatARevokedKeyHasRecorded(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger, where string) {
		sold(t, l, func(e *ledger.Entitlement) { e.Seats = 9 })
		anna, bert := staff(t), delegated(t, 101, 103)
		annas, berts := signedAs(t, l, anna, request(t, 1, nil)), signedAs(t, l, bert, request(t, 2, nil))
		revokeKey(t, l, "anna", 102, false)
		var stolen *ledger.License
		pastTheRules(t, where, func() { stolen = signedAs(t, l, anna, request(t, 3, nil)) })
		signedAs(t, l, bert, request(t, 4, nil))

		wantSet(t, "anna", keptOf(t, l, now, 102), digests(t, annas))
		r := audited(t, l, nil)
		if len(r.Findings) != 1 || r.Findings[0].Table != "licenses" || r.Findings[0].Row != stolen.ID.String() || !strings.Contains(r.Findings[0].Text, "anna") {
			t.Errorf("found: %v, want the license %s", r.Findings, stolen.ID)
		}
		v := staff(t).Verifier
		list := published(t, l, v, 101)
		for _, license := range []*ledger.License{annas, berts} {
			if err := judgedBy(t, v, list, license.File); err != nil {
				t.Error(err)
			}
		}
		if err := judgedBy(t, v, list, stolen.File); err == nil {
			t.Error("what the thief has recorded is good")
		}
	})
}

func TestAuditFindsWhatARevokedRootHasDelegated(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger, where string) {
		sold(t, l, func(e *ledger.Entitlement) { e.Seats = 9 })
		anna, thief := staff(t), delegated(t, 101, 103)
		signedAs(t, l, anna, request(t, 1, nil))
		revokeKey(t, l, "root", 101, true)
		signedAs(t, l, anna, request(t, 2, nil))
		wantClean(t, l, nil)
		var stolen *ledger.License
		pastTheRules(t, where, func() { stolen = signedAs(t, l, thief, request(t, 3, nil)) })
		r := audited(t, l, nil)
		if len(r.Findings) != 1 || r.Findings[0].Table != "licenses" || r.Findings[0].Row != stolen.ID.String() || !strings.Contains(r.Findings[0].Text, "root") {
			t.Errorf("found: %v, want the license %s", r.Findings, stolen.ID)
		}
	})
}

// So it does of lists: one that a stolen list key has signed, and one that keeps what is
// not on record.
func TestAuditFindsWhatListsARevokedKeyHasRecorded(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger, where string) {
		entitle(t, l, entitlement())
		signed(t, l, request(t, 1, nil))
		thief := listKey(t, 104)
		record := func(text []byte) {
			t.Helper()
			if _, err := l.RecordList(ctx, operation(), staff(t).Verifier, text); err != nil {
				t.Fatal(err)
			}
		}
		if err := l.RevokeKey(ctx, because("stolen"), ledger.RevokedKey{Name: "lists", Public: public(t, 104).Bytes(), Lists: true}); err != nil {
			t.Fatal(err)
		}
		pastTheRules(t, where, func() {
			text, err := issuer.SignList(thief.Key, thief.RawDelegation, *nextList(t, l), thief.Verifier, rand.Reader)
			if err != nil {
				t.Fatal(err)
			}
			record(text)
		})
		revokeKey(t, l, "anna", 102, false)
		set := func(keep []byte) {
			if _, err := raw(t, where).Exec("UPDATE revoked_keys SET keep = $1 WHERE name = 'anna'", keep); err != nil {
				t.Fatal(err)
			}
		}
		was := keptOf(t, l, now, 102).At(0)
		set([]byte("sixteen bytes..."))
		record(signedList(t, nextList(t, l), 101))
		set(was[:])
		publish(t, l, 101)
		r := audited(t, l, nil)
		if len(r.Findings) != 2 ||
			!strings.Contains(r.Findings[0].String(), `table revocation_lists, row 1: the list is signed by the delegated key "anna"`) ||
			!strings.Contains(r.Findings[1].String(), `table revocation_lists, row 2: of the key "anna" the list keeps 1 licenses`) {
			t.Errorf("found: %v", r.Findings)
		}
	})
}

// A revocation that no list could say is not recorded, and all goes on as before.
func TestRevocationsThatNoListHolds(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger, where string) {
		entitle(t, l, entitlement())
		license := signed(t, l, request(t, 1, nil))
		fill := func(n int) {
			keep := make([]byte, 16*n)
			for i := range n {
				binary.BigEndian.PutUint32(keep[16*i:], uint32(i))
			}
			db := raw(t, where)
			if _, err := db.Exec("DELETE FROM revoked_keys"); err != nil {
				t.Fatal(err)
			}
			_, err := db.Exec("INSERT INTO revoked_keys (thumbprint, name, public, root, lists, since, why, list, seq, keep) VALUES ($1, 'old', $2, 0, 0, 0, '', 0, 1, $3)",
				strings.Repeat("0", 64), public(t, 103).Bytes(), keep)
			if err != nil {
				t.Fatal(err)
			}
		}
		refused := func(n int, err error) {
			t.Helper()
			known, ok := err.(*ledger.Error)
			if !ok || !strings.HasPrefix(known.Message, "nothing was recorded") || !strings.Contains(known.Message, fmt.Sprint(n)) {
				t.Errorf("%d would stay good: got %v", n, err)
			}
		}
		events := count(t, where, "events")
		revoke := func() error {
			return l.RevokeKey(ctx, because("stolen"), ledger.RevokedKey{Name: "anna", Public: public(t, 102).Bytes()})
		}
		// Less than the room for 4,096 licenses is left.
		fill(61_000)
		nextList(t, l)
		refused(61_001, revoke())
		if err := l.RefuseRevokedKey(ctx, public(t, 102), nil); err != nil {
			t.Error(err)
		}
		// None is left.
		fill(65_008)
		_, err := l.RevokeLicense(ctx, because("leaked"), license.ID)
		refused(65_008, err)
		_, err = l.RevokeActivation(ctx, because("leaked"), license.Activation)
		refused(65_008, err)
		if got := count(t, where, "events"); got != events {
			t.Errorf("%d events were recorded", got-events)
		}
		fill(60_000)
		if err := revoke(); err != nil {
			t.Fatal(err)
		}
		if _, err := l.RevokeLicense(ctx, because("leaked"), license.ID); err != nil {
			t.Fatal(err)
		}
		text := signedList(t, nextList(t, l), 101)
		if raw, err := format.DecodeTextAs(bytes.TrimSpace(text), format.RevocationFile); err != nil || len(raw) > format.MaxRevocation {
			t.Errorf("a list of %d bytes, %v", len(raw), err)
		}
	})
}
