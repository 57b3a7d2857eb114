package ledger_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/ledgertest"
	"github.com/offlicense/offlicense/keys"
	"github.com/offlicense/offlicense/verify"
)

// testdata/version1 is a vendor's ledger as the licensor of commit 730d0e7 has written
// it, with schema version 1: two servers, a checkpoint, then the second one is lost, the
// first one moves, and a license for any machine is signed. The staff key is no more.

// version1 makes that ledger again on both databases.
func version1(t *testing.T, f func(t *testing.T, where string)) {
	original := filepath.Join("testdata", "version1", "ledger.db")
	t.Run("sqlite", func(t *testing.T) {
		where := filepath.Join(t.TempDir(), "ledger.db")
		if err := os.WriteFile(where, readFile(t, original), 0o600); err != nil {
			t.Fatal(err)
		}
		f(t, where)
	})
	t.Run("postgres", func(t *testing.T) {
		where := ledgertest.Postgres(t)
		if err := ledger.ReplayAt(ctx, original, where, 1); err != nil {
			t.Fatal(err)
		}
		f(t, where)
	})
}

func readFile(t *testing.T, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// version1Key is a public key beside that ledger.
func version1Key(t *testing.T, name string) keys.PublicKey {
	t.Helper()
	all, err := keys.ParsePublicFile(readFile(t, filepath.Join("testdata", "version1", name)))
	if err != nil || len(all) != 1 {
		t.Fatalf("%s: %d keys, %v", name, len(all), err)
	}
	return all[0].PublicKey
}

// wantCleanVersion1 audits against the checkpoint of that time, by the root of that time
// and the one of these tests.
func wantCleanVersion1(t *testing.T, where string, events int64) {
	t.Helper()
	v, err := verify.New(version1Key(t, "root.pub"), key(t, 101).Public())
	if err != nil {
		t.Fatal(err)
	}
	l, err := ledger.OpenToAudit(ctx, where)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	r, err := l.Audit(ctx, ledger.Against{
		Verifier: v, Checkpoint: readFile(t, filepath.Join("testdata", "version1", "checkpoint")),
		Keys: []keys.PublicKey{version1Key(t, "anna.pub")},
	})
	if err != nil || !r.OK() || r.Since != 5 || r.Events != events || r.Licenses < 4 {
		t.Errorf("audited: %+v, %v, want %d events and nothing found", r, err, events)
	}
}

func schemaVersion(t *testing.T, where string) (version int) {
	t.Helper()
	if err := raw(t, where).QueryRow("SELECT version FROM schema_version").Scan(&version); err != nil {
		t.Fatal(err)
	}
	return version
}

// wantVersion1 wants a database to have what that ledger has, under its old schema.
func wantVersion1(t *testing.T, where string) {
	t.Helper()
	if version := schemaVersion(t, where); version != 1 {
		t.Errorf("it has the schema version %d now", version)
	}
	l, err := ledger.OpenToRead(ctx, where)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	holdings := list(t, l)
	if len(holdings) != 2 || len(holdings[0].Activations) != 2 || holdings[0].Usage.Seats != 1 || len(holdings[1].Activations) != 1 || l.Vendor() != "acme.example" {
		t.Errorf("%s has sold %+v", l.Vendor(), holdings)
	}
	if events, err := l.History(ctx, "INV0042-1"); err != nil || len(events) != 6 {
		t.Errorf("%d events, %v", len(events), err)
	}
	if waiting, err := l.Revocations(ctx); err != nil || len(waiting) != 1 || waiting[0].Why != "disk gone" {
		t.Errorf("to be revoked: %+v, %v", waiting, err)
	}
	if revoked, err := l.RevokedKeys(ctx); err != nil || len(revoked) != 0 {
		t.Errorf("revoked keys: %v, %v", revoked, err)
	}
	wantCleanVersion1(t, where, 9)
}

// An older ledger is read, audited and backed up as it is: what migrates goes forward
// only, and somebody may want to go back.
func TestOlderLedgerIsReadAsItIs(t *testing.T) {
	version1(t, func(t *testing.T, where string) {
		var before []byte
		if !isPostgres(where) {
			before = readFile(t, where)
		}
		wantVersion1(t, where)
		l, err := ledger.OpenAsIs(ctx, where)
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		copied := filepath.Join(t.TempDir(), "copy.db")
		if err := l.Backup(ctx, copied); err != nil {
			t.Fatal(err)
		}
		wantVersion1(t, copied)
		if !isPostgres(where) && !bytes.Equal(readFile(t, where), before) {
			t.Error("reading has changed the file")
		}
	})
}

// What an audit finds of a newer ledger it finds of an older one.
func TestOlderLedgerThatWasChanged(t *testing.T) {
	version1(t, func(t *testing.T, where string) {
		execute(t, where, "UPDATE entitlements SET seats = 7 WHERE invoice = 'INV0042-1'")
		execute(t, where, "CREATE TABLE revocation_lists (number BIGINT, issued BIGINT, signer TEXT, size BIGINT, seq BIGINT)")
		l, err := ledger.OpenToAudit(ctx, where)
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		v, err := verify.New(version1Key(t, "root.pub"))
		if err != nil {
			t.Fatal(err)
		}
		r, err := l.Audit(ctx, ledger.Against{Verifier: v})
		if err != nil {
			t.Fatal(err)
		}
		wantFound(t, r, "entitlements", "seats", "seats of an older ledger")
		wantFound(t, r, "revocation_lists", "", "a table of a newer one")
	})
}

// An older ledger whose events were changed is not read as if they were true.
func TestOlderLedgerWithChangedEventsIsNotRead(t *testing.T) {
	version1(t, func(t *testing.T, where string) {
		execute(t, where, `UPDATE events SET event = REPLACE(event, '"seats":3', '"seats":4')`)
		if l, err := ledger.OpenToRead(ctx, where); err == nil {
			l.Close()
			t.Error("it was read")
		}
	})
}

// The first change brings an older ledger up to date, and nothing is lost.
func TestOlderLedgerGoesOn(t *testing.T) {
	version1(t, func(t *testing.T, where string) {
		l := openLedger(t, where)
		if version := schemaVersion(t, where); version != ledger.NewestSchema {
			t.Errorf("it has the schema version %d, want %d", version, ledger.NewestSchema)
		}
		wantCleanVersion1(t, where, 9)
		by := operationAt(now.Add(10 * day))
		license, err := l.Sign(ctx, by, request(t, 1, nil), issue(t, by.Now))
		if err != nil || says(t, license).Seats != 3 {
			t.Fatalf("%+v, %v", license, err)
		}
		by.Why = "stolen"
		if err := l.RevokeKey(ctx, by, ledger.RevokedKey{Name: "bert", Public: public(t, 103).Bytes()}); err != nil {
			t.Fatal(err)
		}
		if revoked, err := l.RevokedKeys(ctx); err != nil || len(revoked) != 1 {
			t.Errorf("revoked keys: %v, %v", revoked, err)
		}
		if got := holding(t, l, "INV0042-1"); got.Usage.Seats != 2 || len(got.Activations) != 3 {
			t.Errorf("%d activations, %d seats, want 3 and 2", len(got.Activations), got.Usage.Seats)
		}
		wantCleanVersion1(t, where, 11)
	})
}
