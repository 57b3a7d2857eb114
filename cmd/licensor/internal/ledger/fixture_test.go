package ledger_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/offlicense/offlicense/cmd/licensor/internal/issuer"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/ledgertest"
	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/keys"
	"github.com/offlicense/offlicense/verify"
)

// A vendor with real keys and a ledger on disk, and requests of as many sites as a
// test wants.

var now = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

const day = 24 * time.Hour

func operation() ledger.Operation {
	return ledger.Operation{Operator: "anna", Now: now, Random: rand.Reader}
}

func operationAt(at time.Time) ledger.Operation {
	by := operation()
	by.Now = at
	return by
}

func because(why string) ledger.Operation {
	by := operation()
	by.Why = why
	return by
}

func override(why string) ledger.Operation {
	by := because(why)
	by.Override = true
	return by
}

// everywhere runs a test on SQLite and on PostgreSQL.
func everywhere(t *testing.T, f func(t *testing.T, l *ledger.Ledger, where string)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) {
		l, where := newLedger(t)
		f(t, l, where)
	})
	t.Run("postgres", func(t *testing.T) {
		where := ledgertest.Postgres(t)
		create(t, where)
		f(t, openLedger(t, where), where)
	})
}

func create(t testing.TB, where string) {
	t.Helper()
	if err := ledger.Create(context.Background(), operation(), where, "acme.example"); err != nil {
		t.Fatal(err)
	}
}

// newLedger returns a ledger on SQLite.
func newLedger(t testing.TB) (*ledger.Ledger, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "ledger.db")
	create(t, path)
	return openLedger(t, path), path
}

func openLedger(t testing.TB, where string) *ledger.Ledger {
	t.Helper()
	l, err := ledger.Open(context.Background(), where)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

// raw opens a ledger's database without the ledger.
func raw(t testing.TB, where string) *sql.DB {
	t.Helper()
	if strings.HasPrefix(where, "postgres://") {
		return ledgertest.Raw(t, where)
	}
	db, err := sql.Open("sqlite", where)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

func execute(t testing.TB, where, statement string) {
	t.Helper()
	if _, err := raw(t, where).Exec(statement); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

func count(t testing.TB, where, table string) (n int) {
	t.Helper()
	if err := raw(t, where).QueryRow("SELECT COUNT(*) FROM " + table).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func entitlement() ledger.Entitlement {
	return ledger.Entitlement{
		Invoice: "INV0042-1", Email: "ops@site.example", Customer: "Site Ltd",
		Product: "evoq", Edition: "engage", Type: "production", Seats: 1,
		Expires:  time.Date(2027, 11, 21, 23, 59, 59, 0, time.UTC),
		Features: []string{"sso"}, Limits: map[string]uint64{"cores": 16},
	}
}

// entitle records what was sold; change may be nil.
func entitle(t testing.TB, l *ledger.Ledger, e ledger.Entitlement) {
	t.Helper()
	if err := l.Entitle(context.Background(), operation(), e); err != nil {
		t.Fatal(err)
	}
}

// sold records an entitlement that differs from the usual one.
func sold(t testing.TB, l *ledger.Ledger, change func(e *ledger.Entitlement)) {
	t.Helper()
	e := entitlement()
	change(&e)
	entitle(t, l, e)
}

func key(t testing.TB, seed byte) keys.PrivateKey {
	t.Helper()
	k, err := keyOf(seed)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func keyOf(seed byte) (keys.PrivateKey, error) {
	return keys.FromSeed(bytes.Repeat([]byte{seed}, keys.SeedSize))
}

// request returns the request of the site whose machine key has the seed.
func request(t testing.TB, seed byte, change func(*format.Request)) *verify.Request {
	t.Helper()
	q, err := requestOf(key(t, seed), change)
	if err != nil {
		t.Fatal(err)
	}
	return q
}

func requestOf(key keys.PrivateKey, change func(*format.Request)) (*verify.Request, error) {
	q := format.Request{
		Product: "evoq", Invoice: "INV0042-1", Type: "production", Time: now.Unix(), Key: key.Public().Bytes(),
		Components: []format.Component{{Label: format.LabelMachineID, Hash: []byte("machine1")}},
	}
	q.Account = format.AccountHash(q.Invoice, "ops@site.example")
	if change != nil {
		change(&q)
	}
	body, err := q.Marshal()
	if err != nil {
		return nil, err
	}
	return verify.OpenRequest([]byte(format.EncodeText(format.RequestBody, body)))
}

// asks makes a request for an invoice and a type.
func asks(invoice, licenseType string) func(*format.Request) {
	return func(q *format.Request) {
		q.Invoice, q.Type = invoice, licenseType
		q.Account = format.AccountHash(invoice, "ops@site.example")
	}
}

// staff returns what signs for the tests.
func staff(t testing.TB) *issuer.Issuer {
	t.Helper()
	i, err := newStaff()
	if err != nil {
		t.Fatal(err)
	}
	return i
}

func newStaff() (*issuer.Issuer, error) {
	root, err := keyOf(101)
	if err != nil {
		return nil, err
	}
	anna, err := keyOf(102)
	if err != nil {
		return nil, err
	}
	claims, text, err := issuer.Delegate(root, anna.Public(), format.DelegationClaims{
		Issuer: "acme.example", Name: "anna",
		IssuedAt: now.Unix() - 1, NotBefore: now.Unix() - 1, Expires: now.Unix() + 1e9,
		Scope: format.Scope{Products: []string{"*"}, Types: []string{"*"}, MaxTerm: 1e9, MaxSeats: 1e9, Unbound: true, Perpetual: true},
	}, rand.Reader)
	if err != nil {
		return nil, err
	}
	raw, err := format.DecodeTextAs(text, format.Delegation)
	if err != nil {
		return nil, err
	}
	v, err := verify.New(root.Public())
	if err != nil {
		return nil, err
	}
	return &issuer.Issuer{Key: anna, Delegation: claims, RawDelegation: raw, Verifier: v, Random: rand.Reader}, nil
}

// issue is what signs at a time.
func issue(t testing.TB, at time.Time) ledger.Issue {
	t.Helper()
	return issueBy(staff(t), at)
}

// each signs one license after the other.
func each(sign func(ledger.Grant) (format.ID, []byte, string, error)) ledger.Issue {
	return func(grants []ledger.Grant) []ledger.Draft {
		drafts := make([]ledger.Draft, len(grants))
		for i, g := range grants {
			d := &drafts[i]
			d.ID, d.File, d.Signer, d.Err = sign(g)
		}
		return drafts
	}
}

// one signs one license.
func one(issue ledger.Issue, g ledger.Grant) (format.ID, []byte, string, error) {
	d := issue([]ledger.Grant{g})[0]
	return d.ID, d.File, d.Signer, d.Err
}

func issueBy(i *issuer.Issuer, at time.Time) ledger.Issue {
	return each(func(g ledger.Grant) (format.ID, []byte, string, error) {
		if g.Request == nil {
			return issueUnbound(i, g, at)
		}
		id, file, err := i.Issue(g, at)
		return id, file, "anna", err
	})
}

// issueUnbound signs a license for any machine.
func issueUnbound(i *issuer.Issuer, g ledger.Grant, at time.Time) (format.ID, []byte, string, error) {
	id, err := format.NewID(rand.Reader)
	if err != nil {
		return id, nil, "", err
	}
	claims := format.LicenseClaims{
		Issuer: "acme.example", Activation: g.Activation, Product: g.Entitlement.Product,
		IssuedAt: at.Unix(), ID: id, Terms: g.Entitlement.Terms(),
	}
	claims.Terms.Epoch = g.Epoch
	if end := g.Entitlement.HardEnd(); !end.IsZero() {
		claims.Expires = end.Unix()
	}
	payload, err := claims.Marshal()
	if err != nil {
		return id, nil, "", err
	}
	license, err := format.Seal(format.License, i.Key.Public().ID(), payload, i.Key.Sign)
	if err != nil {
		return id, nil, "", err
	}
	file, err := format.MarshalFile(i.RawDelegation, license, nil)
	return id, file, "anna", err
}

func sign(t testing.TB, l *ledger.Ledger, q *verify.Request) (*ledger.License, error) {
	t.Helper()
	return signAt(t, l, q, now)
}

func signAt(t testing.TB, l *ledger.Ledger, q *verify.Request, at time.Time) (*ledger.License, error) {
	t.Helper()
	return l.Sign(context.Background(), operationAt(at), q, issue(t, at))
}

// signed is sign for a request that must get its license.
func signed(t testing.TB, l *ledger.Ledger, q *verify.Request) *ledger.License {
	t.Helper()
	license, err := sign(t, l, q)
	if err != nil {
		t.Fatal(err)
	}
	return license
}

// wantRefusal wants a refusal that upholds the rule, says what to do and who may lift
// it, and names what is given.
func wantRefusal(t testing.TB, err error, rule ledger.Rule, naming ...string) {
	t.Helper()
	var refusal *ledger.Refusal
	if !errors.As(err, &refusal) || refusal.Rule != rule {
		t.Fatalf("got %v, want a refusal by the rule %s", err, rule)
	}
	if refusal.Next == "" || refusal.Lift == "" || !strings.Contains(refusal.Hint(), refusal.Lift) {
		t.Errorf("%q says too little: next %q, who may lift it %q", refusal, refusal.Next, refusal.Lift)
	}
	for _, name := range naming {
		if !strings.Contains(refusal.Message, name) {
			t.Errorf("%q does not name %q", refusal, name)
		}
	}
}

func list(t testing.TB, l *ledger.Ledger) []ledger.Holding {
	t.Helper()
	holdings, err := l.List(context.Background(), ledger.Filter{})
	if err != nil {
		t.Fatal(err)
	}
	return holdings
}

func holding(t testing.TB, l *ledger.Ledger, invoice string) ledger.Holding {
	t.Helper()
	holdings, err := l.List(context.Background(), ledger.Filter{Invoice: invoice})
	if err != nil || len(holdings) != 1 {
		t.Fatalf("%s: %d entitlements, %v", invoice, len(holdings), err)
	}
	return holdings[0]
}

// says is what a license says, as a stranger reads it at the time when it was issued.
func says(t testing.TB, license *ledger.License) *verify.License {
	t.Helper()
	got, err := staff(t).Verifier.Check([]byte(format.EncodeText(format.LicenseFile, license.File)),
		verify.Facts{Now: license.Issued, Product: "evoq", AnyMachine: true})
	if err != nil {
		t.Fatal(err)
	}
	return got
}
