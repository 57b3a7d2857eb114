package ledger_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"path/filepath"
	"testing"
	"time"

	"github.com/offlicense/offlicense/cmd/licensor/internal/issuer"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/keys"
	"github.com/offlicense/offlicense/verify"
)

// A vendor with real keys and a ledger on disk, and requests of as many sites as a
// test wants.

var now = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

func operation() ledger.Operation {
	return ledger.Operation{Operator: "anna", Now: now, Random: rand.Reader}
}

func newLedger(t testing.TB) (*ledger.Ledger, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "ledger.db")
	if err := ledger.Create(context.Background(), path, "acme.example"); err != nil {
		t.Fatal(err)
	}
	return openLedger(t, path), path
}

func openLedger(t testing.TB, path string) *ledger.Ledger {
	t.Helper()
	l, err := ledger.Open(context.Background(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

func entitlement() ledger.Entitlement {
	return ledger.Entitlement{
		Invoice: "INV0042-1", Email: "ops@site.example", Customer: "Site Ltd",
		Product: "evoq", Edition: "engage", Type: "production", Seats: 1,
		Expires:  time.Date(2027, 11, 21, 23, 59, 59, 0, time.UTC),
		Features: []string{"sso"}, Limits: map[string]uint64{"cores": 16},
	}
}

func entitle(t testing.TB, l *ledger.Ledger, e ledger.Entitlement) {
	t.Helper()
	if err := l.Entitle(context.Background(), operation(), e); err != nil {
		t.Fatal(err)
	}
}

func key(t testing.TB, seed byte) keys.PrivateKey {
	t.Helper()
	k, err := keys.FromSeed(bytes.Repeat([]byte{seed}, keys.SeedSize))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// request returns the request of the site whose machine key has the seed.
func request(t testing.TB, seed byte, change func(*format.Request)) *verify.Request {
	t.Helper()
	q := format.Request{
		Product: "evoq", Invoice: "INV0042-1", Account: format.AccountHash("INV0042-1", "ops@site.example"),
		Type: "production", Time: now.Unix(), Key: key(t, seed).Public().Bytes(),
		Components: []format.Component{{Label: format.LabelMachineID, Hash: []byte("machine1")}},
	}
	if change != nil {
		change(&q)
	}
	body, err := q.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	opened, err := verify.OpenRequest([]byte(format.EncodeText(format.RequestBody, body)))
	if err != nil {
		t.Fatal(err)
	}
	return opened
}

// staff returns what signs for the tests.
func staff(t testing.TB) *issuer.Issuer {
	t.Helper()
	root, anna := key(t, 101), key(t, 102)
	claims, text, err := issuer.Delegate(root, anna.Public(), format.DelegationClaims{
		Issuer: "acme.example", Name: "anna",
		IssuedAt: now.Unix() - 1, NotBefore: now.Unix() - 1, Expires: now.Unix() + 1e9,
		Scope: format.Scope{Products: []string{"*"}, Types: []string{"*"}, MaxTerm: 1e9, MaxSeats: 100, Unbound: true, Perpetual: true},
	}, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := format.DecodeTextAs(text, format.Delegation)
	if err != nil {
		t.Fatal(err)
	}
	v, err := verify.New(root.Public())
	if err != nil {
		t.Fatal(err)
	}
	return &issuer.Issuer{Key: anna, Delegation: claims, RawDelegation: raw, Verifier: v, Random: rand.Reader}
}

func sign(t testing.TB, l *ledger.Ledger, q *verify.Request) (*ledger.License, error) {
	t.Helper()
	return signAt(t, l, q, now)
}

func signAt(t testing.TB, l *ledger.Ledger, q *verify.Request, at time.Time) (*ledger.License, error) {
	t.Helper()
	by, i := operation(), staff(t)
	by.Now = at
	return l.Sign(context.Background(), by, q, func(g ledger.Grant) (format.ID, []byte, string, error) {
		id, file, err := i.Issue(g, at)
		return id, file, "anna", err
	})
}
