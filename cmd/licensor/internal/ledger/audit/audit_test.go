package audit_test

import (
	"bytes"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/offlicense/offlicense/cmd/internal/hint"
	"github.com/offlicense/offlicense/cmd/licensor/internal/issuer"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/audit"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/book"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/ledgertest"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/store"
	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/keys"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

func TestAuditOfAnHonestLedger(t *testing.T) {
	everywhere(t, func(t *testing.T, b *book.Book, where string) {
		empty := checkpointOf(t, b)
		wantClean(t, b, empty)
		lived(t, b)
		// A license that asks for the list that was in force when it was signed.
		with := ledgertest.Issuer(ledgertest.Root, ledgertest.Staff)
		raw, err := b.NewestList(ctx, issuer.MaxAttachedList)
		if err != nil {
			t.Fatal(err)
		}
		if with.List, err = with.Verifier.OpenRawRevocationList(raw); err != nil {
			t.Fatal(err)
		}
		signedBy(t, b, with, 7)
		middle := checkpointOf(t, b)
		soldLater(t, b, "P-3")
		for since, checkpoint := range [][]byte{nil, empty, middle, checkpointOf(t, b)} {
			r := wantClean(t, b, checkpoint)
			if r.Events != int64(ledgertest.Count(t, where, "events")) || r.Licenses != int64(ledgertest.Count(t, where, "licenses")) || r.Head == "" || (r.Since == 0) != (since == 0) {
				t.Errorf("the report: %+v", r)
			}
		}
	})
}

// A key that signs another license than the one that goes on record is found out, though
// its signature is good.
func TestAuditFindsWhatWasSignedBesideTheRecord(t *testing.T) {
	later := func(by time.Duration) func(g *ledger.Grant) {
		return func(g *ledger.Grant) {
			e := *g.Entitlement
			if e.Expires = e.Expires.Add(by); by == 0 {
				e.Expires = time.Time{}
			}
			g.Entitlement = &e
		}
	}
	other := func(g *ledger.Grant) *ledger.Grant {
		q := *g.Request
		g.Request = &q
		return g
	}
	for name, test := range map[string]struct {
		change func(g *ledger.Grant)
		want   string
	}{
		"as it is":        {func(*ledger.Grant) {}, ""},
		"a later end":     {later(day), `the license says end "2027-11-23T00:00:00Z", and what was granted "2027-11-22T00:00:00Z"`},
		"no end":          {later(0), `the license says end "never"`},
		"another request": {func(g *ledger.Grant) { other(g).Request.Hash[0]++ }, "the license says request "},
		"another machine": {func(g *ledger.Grant) { other(g).Request.Key = ledgertest.Public(9) }, "the license says machine key "},
		"no machine":      {func(g *ledger.Grant) { g.Request = nil }, `the license says request "none"`},
		"another epoch":   {func(g *ledger.Grant) { g.Epoch++ }, `the license says epoch "2"`},
	} {
		t.Run(name, func(t *testing.T) {
			b, _ := ledgertest.New(t)
			ledgertest.Sold(t, b, func(*ledger.Entitlement) {})
			honest := issue()
			_, err := b.Sign(ctx, by(), site(1, invoice), func(grants []ledger.Grant) []ledger.Draft {
				grants = slices.Clone(grants)
				test.change(&grants[0])
				return honest(grants)
			})
			if err != nil {
				t.Fatal(err)
			}
			r := audited(t, b, nil)
			switch {
			case test.want == "" && !r.OK():
				t.Errorf("found: %v", r.Findings)
			case test.want != "" && (len(r.Findings) != 1 || !strings.HasPrefix(r.Findings[0].Text, test.want)):
				t.Errorf("found: %v, want %s", r.Findings, test.want)
			}
		})
	}
}

// Who can rewrite events, hashes and tables still cannot sign.
func TestAuditFindsALicenseThatNobodySigned(t *testing.T) {
	b, _ := ledgertest.New(t)
	ledgertest.Sold(t, b, func(*ledger.Entitlement) {})
	good := issue()
	license, err := b.Sign(ctx, by(), site(1, invoice), func(grants []ledger.Grant) []ledger.Draft {
		drafts := good(grants)
		drafts[0].File[len(drafts[0].File)-1] ^= 1
		return drafts
	})
	if err != nil {
		t.Fatal(err)
	}
	r := audited(t, b, nil)
	if len(r.Findings) != 1 || r.Findings[0].Table != "licenses" || r.Findings[0].Row != license.ID.String() || !strings.Contains(r.Findings[0].Text, "verify") {
		t.Errorf("found: %v, want the license %s", r.Findings, license.ID)
	}
}

// An event that is spelled in another way is not the event, even if its log agrees.
func TestAuditFindsAnotherSpelling(t *testing.T) {
	b, where := ledgertest.New(t)
	ledgertest.Sold(t, b, func(*ledger.Entitlement) {})
	db := ledgertest.Raw(t, where)
	var leaf string
	var first []byte
	if err := db.QueryRow("SELECT event, hash FROM events, log WHERE seq = 2 AND idx = 0").Scan(&leaf, &first); err != nil {
		t.Fatal(err)
	}
	spaced := strings.Replace(leaf, ",", ", ", 1)
	added, err := tlog.StoredHashesForRecordHash(1, tlog.RecordHash([]byte(spaced)), tlog.HashReaderFunc(func([]int64) ([]tlog.Hash, error) {
		return []tlog.Hash{tlog.Hash(first)}, nil
	}))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec("UPDATE events SET event = $1 WHERE seq = 2", spaced); err != nil {
		t.Fatal(err)
	}
	for i, h := range added {
		if _, err := db.Exec("UPDATE log SET hash = $1 WHERE idx = $2", h[:], 1+i); err != nil {
			t.Fatal(err)
		}
	}
	wantFound(t, audited(t, b, nil), "events", "event", "a space added")
}

// Events that cannot follow from each other are named, whatever else was made to fit.
func TestAuditFindsWhatCannotBeReplayed(t *testing.T) {
	b, where := ledgertest.New(t)
	ledgertest.Sold(t, b, func(*ledger.Entitlement) {})
	soldLater(t, b, "P-2")
	ledgertest.Execute(t, where, "UPDATE events SET event = replace(event, '\"P-2\"', '\"INV0042-1\"') WHERE seq = 3")
	r := audited(t, b, nil)
	if len(r.Findings) != 3 || r.Findings[0].Column != "invoice" || r.Findings[1].Row != "3" || !strings.Contains(r.Findings[1].Text, "does not follow") || !strings.Contains(r.Findings[2].Text, "not compared") {
		t.Errorf("found: %v", r.Findings)
	}
}

// Of very many findings the first are listed, and the rest are counted.
func TestAuditOfALedgerThatIsAllWrong(t *testing.T) {
	b, where := ledgertest.New(t)
	ledgertest.Execute(t, where, `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i < 1500)
		INSERT INTO customers SELECT 'c' || i, 0 FROM n`)
	if r := audited(t, b, nil); len(r.Findings) != 1000 || r.More != 500 {
		t.Errorf("%d findings and %d more", len(r.Findings), r.More)
	}
}

// truncate drops the newest event, which sold an invoice, with its hashes and its effect:
// as if it had never been.
func truncate(t testing.TB, where, invoice string) {
	t.Helper()
	n := ledgertest.Count(t, where, "events") - 1
	ledgertest.Execute(t, where, fmt.Sprintf("DELETE FROM events WHERE seq = %d", n+1),
		fmt.Sprintf("DELETE FROM log WHERE idx >= %d", tlog.StoredHashIndex(0, int64(n))), "DELETE FROM emails WHERE account IN (SELECT account FROM entitlements WHERE invoice = '"+invoice+"')", "DELETE FROM entitlements WHERE invoice = '"+invoice+"'")
}

func TestAuditFindsTruncationByTheCheckpoint(t *testing.T) {
	everywhere(t, func(t *testing.T, b *book.Book, where string) {
		ledgertest.Sold(t, b, func(*ledger.Entitlement) {})
		before := checkpointOf(t, b)
		soldLater(t, b, "LAST")
		after := checkpointOf(t, b)
		truncate(t, where, "LAST")
		wantClean(t, b, nil) // nobody can tell without a checkpoint
		wantClean(t, b, before)
		wantFound(t, audited(t, b, after), "events", "", "the newest event dropped with all that it did")
		soldLater(t, b, "OTHER")
		wantFound(t, audited(t, b, after), "events", "", "another event put in its place")
		ledgertest.Execute(t, where, fmt.Sprintf("DELETE FROM events WHERE seq = %d", ledgertest.Count(t, where, "events")))
		wantFound(t, audited(t, b, nil), "log", "", "the newest event dropped alone")
	})
}

func TestAuditFindsANewHistory(t *testing.T) {
	b, _ := ledgertest.New(t)
	ledgertest.Sold(t, b, func(*ledger.Entitlement) {})
	checkpoint := checkpointOf(t, b)
	forged, _ := ledgertest.New(t)
	ledgertest.Sold(t, forged, func(e *ledger.Entitlement) { e.Seats = 100 })
	soldLater(t, forged, "P-2")
	wantClean(t, forged, nil)
	wantFound(t, audited(t, forged, checkpoint), "events", "", "a history written anew")
}

func TestCheckpointForm(t *testing.T) {
	b, where := ledgertest.New(t)
	lived(t, b)
	signed := checkpointOf(t, b)
	// The verifier key that any implementation of C2SP signed-note makes of the key.
	vkey, err := note.NewEd25519VerifierKey("acme.example/licensor-ledger", ledgertest.Public(ledgertest.Staff).Bytes())
	if err != nil {
		t.Fatal(err)
	}
	v, err := note.NewVerifier(vkey)
	if err != nil {
		t.Fatal(err)
	}
	n, err := note.Open(signed, note.VerifierList(v))
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(n.Text, "\n")
	if want := fmt.Sprint(ledgertest.Count(t, where, "events")); lines[0] != "acme.example/licensor-ledger" || lines[1] != want || lines[2] != audited(t, b, nil).Head || lines[3] != "" {
		t.Errorf("checkpoint %q", n.Text)
	}
	byBert, err := audit.Checkpoint(ctx, b.Store(), ledgertest.Key(103))
	if err != nil {
		t.Fatal(err)
	}
	elsewhere := filepath.Join(t.TempDir(), "other.db")
	if err := book.Create(ctx, by(), elsewhere, "evil.example"); err != nil {
		t.Fatal(err)
	}
	for name, spoiled := range map[string][]byte{
		"changed":      bytes.Replace(signed, []byte("-ledger\n"), []byte("-ledger\n1"), 1),
		"other key":    byBert,
		"empty":        {},
		"huge":         append(slices.Clone(signed), make([]byte, 1<<20)...),
		"other vendor": checkpointOf(t, ledgertest.Open(t, elsewhere)),
	} {
		_, err := audit.Run(ctx, b.Store(), audit.Against{Verifier: ledgertest.Verifier(ledgertest.Root), Checkpoint: spoiled,
			Keys: []keys.PublicKey{ledgertest.Public(ledgertest.Staff)}})
		if err == nil || hint.Of(err) == "" {
			t.Errorf("%s: got %v, want an error with a hint", name, err)
		}
	}
	if _, err := audit.Run(ctx, b.Store(), audit.Against{}); err == nil {
		t.Error("an audit without roots")
	}
}

// Each step says how far it is, to its end.
func TestAuditTellsItsProgress(t *testing.T) {
	b, _ := ledgertest.New(t)
	orders := make([]book.Order, 2500)
	for i := range orders {
		orders[i] = book.Order{Line: i + 2, Entitlement: ledgertest.Entitlement()}
		orders[i].Invoice = fmt.Sprint("IMP-", i)
	}
	if err := b.Import(ctx, by(), orders, nil); err != nil {
		t.Fatal(err)
	}
	var steps []string
	most := map[string]int64{}
	against := audit.Against{Verifier: ledgertest.Verifier(ledgertest.Root), Progress: func(step string, done, total int64) {
		if len(steps) == 0 || steps[len(steps)-1] != step {
			steps = append(steps, step)
		}
		if total > 0 && done > total || done < most[step] {
			t.Errorf("%s: %d of %d after %d", step, done, total, most[step])
		}
		most[step] = done
	}}
	if _, err := audit.Run(ctx, b.Store(), against); err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(steps, ", "); got != "reading the schema, judging events, comparing tables" {
		t.Errorf("the steps are %s", got)
	}
	if most["judging events"] != 2000 || most["comparing tables"] != 5000 {
		t.Errorf("the steps came to %v", most)
	}
}

// pastTheRules runs f while the ledger does not know of its revoked keys.
func pastTheRules(t testing.TB, where string, f func()) {
	t.Helper()
	rows := rowsOf(t, ledgertest.Raw(t, where), store.Table{Name: "revoked_keys", Key: "public"})
	for _, row := range rows {
		row.drop(t)
	}
	f()
	for _, row := range rows {
		row.insert(t)
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

func revokeKey(t testing.TB, b *book.Book, key ledger.RevokedKey, seed byte) {
	t.Helper()
	key.Public = ledgertest.Public(seed).Bytes()
	if _, _, err := b.RevokeKey(ctx, ledgertest.Because("stolen"), key, nil); err != nil {
		t.Fatal(err)
	}
}

// Who holds a stolen key, or has a delegation of a stolen root, and can write to the
// database gets licenses on record. An audit names them.
func TestAuditFindsWhatARevokedKeyHasRecorded(t *testing.T) {
	anna, bert := ledgertest.Issuer(ledgertest.Root, ledgertest.Staff), ledgertest.Issuer(ledgertest.Root, 103)
	for name, test := range map[string]struct {
		key   ledger.RevokedKey
		seed  byte
		thief *issuer.Issuer
		still *issuer.Issuer // signs on
	}{
		"key":  {ledger.RevokedKey{Name: "anna"}, ledgertest.Staff, anna, bert},
		"root": {ledger.RevokedKey{Name: "root", Root: true}, ledgertest.Root, ledgertest.Issuer(ledgertest.Root, 104), anna},
	} {
		t.Run(name, func(t *testing.T) {
			b, where := ledgertest.New(t)
			ledgertest.Sold(t, b, func(e *ledger.Entitlement) { e.Seats = 9 })
			signedBy(t, b, anna, 1)
			signedBy(t, b, bert, 2)
			revokeKey(t, b, test.key, test.seed)
			signedBy(t, b, test.still, 3)
			wantClean(t, b, nil)
			var stolen *ledger.License
			pastTheRules(t, where, func() { stolen = signedBy(t, b, test.thief, 4) })
			r := audited(t, b, nil)
			if len(r.Findings) != 1 || r.Findings[0].Table != "licenses" || r.Findings[0].Row != stolen.ID.String() || !strings.Contains(r.Findings[0].Text, test.key.Name) {
				t.Errorf("found: %v, want the license %s", r.Findings, stolen.ID)
			}
		})
	}
}

// Nor does a list keep what was not on record: of a license that a thief has signed, and
// put on the list when the key was revoked, an audit says so.
func TestAuditFindsWhatAThiefKeeps(t *testing.T) {
	b, _ := ledgertest.New(t)
	ledgertest.Sold(t, b, func(*ledger.Entitlement) {})
	ledgertest.Signed(t, b, site(1, invoice))
	operation := ledgertest.Because("stolen")
	err := b.Store().Write(ctx, func(w *store.Writer) error {
		key := ledger.RevokedKey{Name: "anna", Public: ledgertest.Public(ledgertest.Staff).Bytes(), Keep: []byte("sixteen bytes...")}
		return w.Record(&ledger.Event{Action: ledger.ActionRevoke, Detail: ledger.Revoked{Key: &key}}, &operation)
	})
	if err != nil {
		t.Fatal(err)
	}
	r := audited(t, b, nil)
	if len(r.Findings) != 1 || r.Findings[0].Row != "4" || !strings.Contains(r.Findings[0].Text, "1 licenses that do not follow from the record") {
		t.Errorf("found: %v", r.Findings)
	}
}

// So it is with lists: one that a stolen list key has signed, and one that keeps what is
// not on record.
func TestAuditFindsWhatListsARevokedKeyHasRecorded(t *testing.T) {
	b, where := ledgertest.New(t)
	ledgertest.Sold(t, b, func(*ledger.Entitlement) {})
	ledgertest.Signed(t, b, site(1, invoice))
	record := func(text []byte) {
		t.Helper()
		if _, err := b.RecordList(ctx, by(), ledgertest.Verifier(ledgertest.Root), text); err != nil {
			t.Fatal(err)
		}
	}
	thief := ledgertest.IssuerWith(ledgertest.Root, 104, format.Scope{Revocations: true})
	revokeKey(t, b, ledger.RevokedKey{Name: "lists", Lists: true}, 104)
	pastTheRules(t, where, func() { record(ledgertest.List(t, b, ledgertest.Root, thief)) })
	revokeKey(t, b, ledger.RevokedKey{Name: "anna"}, ledgertest.Staff)
	set := func(keep []byte) {
		if _, err := ledgertest.Raw(t, where).Exec("UPDATE revoked_keys SET keep = $1 WHERE name = 'anna'", keep); err != nil {
			t.Fatal(err)
		}
	}
	var was []byte
	if err := ledgertest.Raw(t, where).QueryRow("SELECT keep FROM revoked_keys WHERE name = 'anna'").Scan(&was); err != nil {
		t.Fatal(err)
	}
	set([]byte("sixteen bytes..."))
	record(ledgertest.List(t, b, ledgertest.Root, nil))
	set(was)
	record(ledgertest.List(t, b, ledgertest.Root, nil))
	r := audited(t, b, nil)
	if len(r.Findings) != 2 ||
		!strings.Contains(r.Findings[0].Text, `the key "lists", which signed revocation lists, was revoked`) ||
		!strings.Contains(r.Findings[1].Text, `the revocation list 2 does not fit this ledger: of the key "anna" it keeps 1 licenses`) {
		t.Errorf("found: %v", r.Findings)
	}
}
