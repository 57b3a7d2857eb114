package book_test

import (
	"database/sql"
	"testing"
	"time"

	"github.com/offlicense/offlicense/cmd/licensor/internal/issuer"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/book"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/ledgertest"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/rules"
	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/keys"
	"github.com/offlicense/offlicense/verify"
)

// What remains valid of a revoked key. That it is stored and listed is part of the
// journeys, on both databases; here it is what is found.

// judged returns how a server judges a license once it has a list.
func judged(list *verify.RevocationList, file []byte) error {
	v := ledgertest.Verifier(ledgertest.Root, ledgertest.Root-1)
	list, err := v.OpenRawRevocationList(list.Raw)
	if err != nil {
		return err
	}
	_, err = v.Check([]byte(format.EncodeText(format.LicenseFile, file)),
		verify.Facts{Now: now, Product: "evoq", AnyMachine: true, Revocations: []*verify.RevocationList{list}})
	return err
}

// keptOf returns what the next list keeps of a key.
func keptOf(t testing.TB, b *book.Book, at time.Time, key keys.PublicKey) format.Set {
	t.Helper()
	next, err := b.NextList(ctx, at)
	if err != nil {
		t.Fatal(err)
	}
	listed := rules.FindKey(next.Keys, key.Thumbprint())
	if listed == nil {
		t.Fatalf("the next list does not revoke the key %s", key.Fingerprint())
	}
	return listed.Keep
}

// digests returns the digests of licenses.
func digests(t testing.TB, licenses ...*ledger.License) format.Set {
	t.Helper()
	var all [][16]byte
	for _, l := range licenses {
		file, err := l.OpenFile()
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
	if string(ledger.JoinSet(got)) != string(ledger.JoinSet(want)) {
		t.Errorf("%s: %d are kept, want %d others", what, got.Len(), want.Len())
	}
}

func signedBy(t testing.TB, b *book.Book, i *issuer.Issuer, n uint32) *ledger.License {
	t.Helper()
	license, err := b.Sign(ctx, by(), site(n, invoice), i.At(now))
	if err != nil {
		t.Fatal(err)
	}
	return license
}

// revokeKey revokes a staff key, or a root with the delegations that are known.
func revokeKey(t testing.TB, b *book.Book, by ledger.Operation, seed byte, root bool, delegations ...[]byte) {
	t.Helper()
	key := ledger.RevokedKey{Name: "anna", Public: ledgertest.Public(seed).Bytes(), Root: root}
	if _, _, err := b.RevokeKey(ctx, by, key, nil, delegations...); err != nil {
		t.Fatal(err)
	}
}

func published(t testing.TB, b *book.Book, root byte) *verify.RevocationList {
	t.Helper()
	list, err := b.RecordList(ctx, by(), ledgertest.Verifier(ledgertest.Root, ledgertest.Root-1), ledgertest.List(t, b, root, nil))
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// sameID gives out one id as if it were random.
type sameID struct{ id format.ID }

func (s *sameID) Read(p []byte) (int, error) { return copy(p, s.id[:]), nil }

// The keep list has what is on record of the key, and nothing that a thief signs: not
// under an old date, and not under the id of a license that is kept.
func TestKeepList(t *testing.T) {
	b, _ := ledgertest.New(t)
	ledgertest.Sold(t, b, func(e *ledger.Entitlement) { e.Seats = 9 })
	anna := ledgertest.Issuer(ledgertest.Root, ledgertest.Staff)
	kept, revoked := signedBy(t, b, anna, 1), signedBy(t, b, anna, 2)
	other := signedBy(t, b, ledgertest.Issuer(ledgertest.Root, 103), 3)
	if _, err := b.RevokeLicense(ctx, because("leaked"), revoked.ID); err != nil {
		t.Fatal(err)
	}
	// One whose signature is wrong, under the key's name.
	sign := anna.At(now)
	_, err := b.Sign(ctx, by(), site(4, invoice), func(grants []ledger.Grant) []ledger.Draft {
		drafts := sign(grants)
		drafts[0].File[len(drafts[0].File)-1] ^= 1
		return drafts
	})
	if err != nil {
		t.Fatal(err)
	}
	stray := ledger.RevokedKey{Name: "anna", Public: anna.Key.Public().Bytes(), Keep: []byte("sixteen bytes...")}
	if _, _, err := b.RevokeKey(ctx, because("stolen"), stray, nil, anna.RawDelegation); err != nil {
		t.Fatal(err)
	}
	wantSet(t, "anna", keptOf(t, b, now, anna.Key.Public()), digests(t, kept))
	list := published(t, b, ledgertest.Root)
	for _, license := range []*ledger.License{kept, other} {
		if err := judged(list, license.File); err != nil {
			t.Errorf("a license on record: %v", err)
		}
	}
	thief := *anna
	thief.Random = &sameID{kept.ID}
	e := ledgertest.Entitlement()
	stolen := thief.At(now)([]ledger.Grant{{Entitlement: &e, Activation: kept.Activation, Epoch: 2, Request: site(5, invoice)}})[0]
	if stolen.Err != nil || stolen.ID != kept.ID {
		t.Fatal(stolen.Err)
	}
	for what, file := range map[string][]byte{"the revoked license": revoked.File, "a license that a thief has signed under a kept id": stolen.File} {
		if judged(list, file) == nil {
			t.Errorf("%s is good", what)
		}
	}
}

// A license that ended more than a year before its key was revoked is not kept, and a
// clock that is years ahead is no reason to leave one out.
func TestKeepListForgetsWhatEndedLongAgo(t *testing.T) {
	b, _ := ledgertest.New(t)
	ledgertest.Sold(t, b, func(e *ledger.Entitlement) { e.Expires = now.Add(day) })
	ledgertest.Sold(t, b, func(e *ledger.Entitlement) { e.Invoice, e.Expires = "P-2", now.Add(10*day) })
	_, later := ledgertest.Signed(t, b, site(1, invoice)), ledgertest.Signed(t, b, site(2, "P-2"))
	bert := ledgertest.Issuer(ledgertest.Root, 103)
	third, err := b.Sign(ctx, by(), again(t, site(1, invoice), nil), bert.At(now))
	if err != nil {
		t.Fatal(err)
	}
	ahead := because("stolen")
	ahead.Now = now.Add(370 * day)
	ahead.Override = true
	revokeKey(t, b, ahead, 103, false)
	wantSet(t, "by a clock alone", keptOf(t, b, ahead.Now, ledgertest.Public(103)), digests(t, third))
	// By now the ledger has seen that time.
	revokeKey(t, b, ahead, ledgertest.Staff, false)
	wantSet(t, "a year later", keptOf(t, b, ahead.Now, ledgertest.Public(ledgertest.Staff)), digests(t, later))
}

// A revoked root keeps the delegations on record, and those that the caller knows of, for
// ever, whatever becomes of the licenses that they were found in.
func TestKeepListOfARoot(t *testing.T) {
	b, _ := ledgertest.New(t)
	ledgertest.Sold(t, b, func(e *ledger.Entitlement) { e.Seats = 9 })
	const standby = ledgertest.Root - 1
	anna, bert := ledgertest.Issuer(ledgertest.Root, ledgertest.Staff), ledgertest.Issuer(ledgertest.Root, 103)
	carl, dora := ledgertest.Issuer(ledgertest.Root, 104), ledgertest.Issuer(standby, 105)
	revoked := signedBy(t, b, anna, 1)
	if _, err := b.RevokeLicense(ctx, because("leaked"), revoked.ID); err != nil {
		t.Fatal(err)
	}
	signedBy(t, b, dora, 2)
	// Bert has signed nothing yet: the home knows his delegation. Nobody knows Carl's.
	revokeKey(t, b, because("stolen"), ledgertest.Root, true, bert.RawDelegation, dora.RawDelegation)
	root := ledgertest.Public(ledgertest.Root)
	wantSet(t, "the root", keptOf(t, b, now, root), delegations(t, anna, bert))
	wantSet(t, "the root, years later", keptOf(t, b, now.Add(2000*day), root), delegations(t, anna, bert))

	// Who is kept signs on; so does who has a delegation from another root.
	annas, berts := signedBy(t, b, anna, 3), signedBy(t, b, bert, 4)
	signedBy(t, b, dora, 5)
	_, err := b.Sign(ctx, by(), site(6, invoice), carl.At(now))
	ledgertest.WantRefusal(t, err, ledger.RuleRevoked, "stolen")
	ledgertest.WantRefusal(t, b.CheckSigner(ctx, carl.Key.Public(), carl.RawDelegation), ledger.RuleRevoked)

	list := published(t, b, standby)
	for _, license := range []*ledger.License{annas, berts} {
		if err := judged(list, license.File); err != nil {
			t.Errorf("a license under a kept delegation: %v", err)
		}
	}
	if judged(list, revoked.File) == nil {
		t.Error("a revoked license under a kept delegation is good")
	}
}

// What others record after the licenses were looked through, and before the ledger is
// locked, is kept too.
func TestKeepListHasWhatCameMeanwhile(t *testing.T) {
	where := ledgertest.Postgres(t)
	b := ledgertest.Create(t, where)
	other := ledgertest.Open(t, where+"&application_name=revoker")
	ledgertest.Sold(t, b, func(e *ledger.Entitlement) { e.Seats = 3 })
	before := ledgertest.Signed(t, b, site(1, invoice))
	admin := ledgertest.Raw(t, where)
	done := make(chan error, 1)
	sign, calls := issue(), 0
	meanwhile, err := b.Sign(ctx, by(), site(2, invoice), func(grants []ledger.Grant) []ledger.Draft {
		if calls++; calls == 1 { // so that it is called again, with the ledger locked
			if err := raiseCores(ledgertest.Open(t, where)); err != nil {
				t.Error(err)
			}
			return sign(grants)
		}
		go func() {
			_, _, err := other.RevokeKey(ctx, because("stolen"), ledger.RevokedKey{Name: "anna", Public: ledgertest.Public(ledgertest.Staff).Bytes()}, nil)
			done <- err
		}()
		waitForLock(t, admin, "revoker")
		return sign(grants)
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil || calls != 2 {
		t.Fatalf("%v, after %d calls", err, calls)
	}
	kept := keptOf(t, b, now, ledgertest.Public(ledgertest.Staff))
	for what, license := range map[string]*ledger.License{"before": before, "meanwhile": meanwhile} {
		if digest := digests(t, license).At(0); !kept.Has(digest) {
			t.Errorf("the license that came %s is not kept", what)
		}
	}
	wantClean(t, b)
}

// waitForLock waits until somebody waits for the lock that a writer holds.
func waitForLock(t *testing.T, db *sql.DB, who string) {
	t.Helper()
	for n := 0; n == 0; time.Sleep(time.Millisecond) {
		if err := db.QueryRow("SELECT COUNT(*) FROM pg_stat_activity WHERE application_name = $1 AND wait_event_type = 'Lock'", who).Scan(&n); err != nil {
			t.Fatal(err)
		}
	}
}
