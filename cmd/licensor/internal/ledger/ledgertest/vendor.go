package ledgertest

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/offlicense/offlicense/cmd/licensor/internal/issuer"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/book"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/rules"
	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/keys"
	"github.com/offlicense/offlicense/verify"
)

// A vendor with real keys, what it sells, and requests of as many sites as a test wants.

// Now is the time of a test.
var Now = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// Day is a day.
const Day = 24 * time.Hour

// The seeds of the vendor's keys.
const (
	Root  byte = 101
	Staff byte = 102 // by the name anna
)

// By is who changes the ledger.
func By() ledger.Operation {
	return ledger.Operation{Operator: "anna", Now: Now, Random: rand.Reader}
}

// At is By at another time.
func At(at time.Time) ledger.Operation {
	by := By()
	by.Now = at
	return by
}

// Because is By with a reason.
func Because(why string) ledger.Operation {
	by := By()
	by.Why = why
	return by
}

// Create makes a ledger and opens it.
func Create(t testing.TB, where string) *book.Book {
	t.Helper()
	if err := book.Create(context.Background(), By(), where, "acme.example"); err != nil {
		t.Fatal(err)
	}
	return Open(t, where)
}

// New makes a ledger on SQLite and opens it.
func New(t testing.TB) (b *book.Book, where string) {
	t.Helper()
	where = filepath.Join(t.TempDir(), "ledger.db")
	return Create(t, where), where
}

// Open opens a ledger until the test ends.
func Open(t testing.TB, where string) *book.Book {
	t.Helper()
	b, err := book.Open(context.Background(), where)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close() })
	return b
}

var salts atomic.Uint64

// Entitlement is what was sold: a seat of production.
func Entitlement() ledger.Entitlement {
	e := ledger.Entitlement{
		Invoice: "INV0042-1", Email: "ops@site.example", Customer: "Site Ltd",
		Product: "evoq", Edition: "engage", Type: ledger.TypeProduction, Seats: 1, Binding: "key",
		Expires:  time.Date(2027, 11, 22, 0, 0, 0, 0, time.UTC),
		Features: []string{"sso"}, Limits: map[string]uint64{"cores": 16},
	}
	e.Commit(binary.BigEndian.AppendUint64(make([]byte, 8), salts.Add(1)))
	return e
}

// Sold records an entitlement that differs from the usual one.
func Sold(t testing.TB, b *book.Book, change func(e *ledger.Entitlement)) {
	t.Helper()
	e := Entitlement()
	change(&e)
	if err := b.Entitle(context.Background(), By(), e); err != nil {
		t.Fatal(err)
	}
}

// Key returns the key with a seed.
func Key(seed byte) keys.PrivateKey {
	k, err := keys.FromSeed(bytes.Repeat([]byte{seed}, keys.SeedSize))
	if err != nil {
		panic(err) // of a seed that is long enough there is none
	}
	return k
}

// Public returns the public key of a seed.
func Public(seed byte) keys.PublicKey { return Key(seed).Public() }

// Request returns the request of a site with a key; change may be nil.
func Request(key keys.PublicKey, change func(*format.Request)) (*verify.Request, error) {
	q := format.Request{
		Product: "evoq", Invoice: "INV0042-1", Type: ledger.TypeProduction, Time: Now.Unix(), Key: key.Bytes(),
		Components: []format.Component{{Label: format.LabelMachineID, Hash: key.Bytes()[:8]}},
	}
	if change != nil {
		change(&q)
	}
	if q.Account == ([format.AccountSize]byte{}) {
		q.Account = format.AccountHash(q.Invoice, "ops@site.example")
	}
	body, err := q.Marshal()
	if err != nil {
		return nil, err
	}
	return verify.OpenRequest([]byte(format.EncodeText(format.RequestBody, body)))
}

// SiteKey returns the machine key of any of four billion sites.
func SiteKey(site uint32) keys.PrivateKey {
	seed := make([]byte, keys.SeedSize)
	seed[0] = 7
	binary.BigEndian.PutUint32(seed[4:], site)
	k, err := keys.FromSeed(seed)
	if err != nil {
		panic(err)
	}
	return k
}

// Site returns the request of a site.
func Site(site uint32, invoice string) *verify.Request {
	q, err := Request(SiteKey(site).Public(), func(q *format.Request) { q.Invoice, q.Host = invoice, fmt.Sprint("server-", site) })
	if err != nil {
		panic(err)
	}
	return q
}

// Sites returns the requests of n sites, the first of them numbered from.
func Sites(from uint32, n int, invoice string) []*verify.Request {
	all := make([]*verify.Request, n)
	for i := range all {
		all[i] = Site(from+uint32(i), invoice)
	}
	return all
}

// Issuer returns a staff key that a root has delegated to, by their seeds. It is called
// anna, as everybody here.
func Issuer(root, staff byte) *issuer.Issuer {
	return IssuerWith(root, staff, format.Scope{
		Products: []string{"*"}, Types: []string{"*"}, MaxTerm: 1e9, MaxSeats: 1e9, Weakest: format.StrengthAny, Perpetual: true,
	})
}

// IssuerWith is Issuer with a scope.
func IssuerWith(root, staff byte, scope format.Scope) *issuer.Issuer {
	claims, text, err := issuer.Delegate(Key(root), Public(staff), format.DelegationClaims{
		Issuer: "acme.example", Name: "anna", IssuedAt: Now.Unix() - 1, NotBefore: Now.Unix() - 1, Expires: Now.Unix() + 1e9, Scope: scope,
	}, rand.Reader)
	if err != nil {
		panic(err)
	}
	raw, err := format.DecodeTextAs(text, format.Delegation)
	if err != nil {
		panic(err)
	}
	return &issuer.Issuer{Key: Key(staff), Delegation: claims, RawDelegation: raw, Verifier: Verifier(root), Random: rand.Reader}
}

// Verifier returns what trusts roots, by their seeds.
func Verifier(roots ...byte) *verify.Verifier {
	var all []keys.PublicKey
	for _, root := range roots {
		all = append(all, Public(root))
	}
	v, err := verify.New(all...)
	if err != nil {
		panic(err)
	}
	return v
}

// Issue signs as anna does at the time of the test.
func Issue() ledger.Issue { return Issuer(Root, Staff).At(Now) }

// Unchecked signs without judging what was signed: twice as fast, and whatever a grant says.
func Unchecked(i *issuer.Issuer) ledger.Issue {
	return Each(func(g ledger.Grant) ledger.Draft {
		d := ledger.Draft{Signer: "anna", Key: i.Key.Public()}
		if d.ID, d.Err = format.NewID(rand.Reader); d.Err != nil {
			return d
		}
		var payload []byte
		if payload, d.Err = g.Claims("acme.example", d.ID, Now, 0).Marshal(); d.Err != nil {
			return d
		}
		var signed []byte
		if signed, d.Err = format.Seal(format.License, i.Key.Public().ID(), payload, i.Key.Sign); d.Err != nil {
			return d
		}
		d.File, d.Err = format.MarshalFile(i.RawDelegation, signed, nil)
		return d
	})
}

// Each signs one license after the other.
func Each(sign func(ledger.Grant) ledger.Draft) ledger.Issue {
	return func(grants []ledger.Grant) []ledger.Draft {
		drafts := make([]ledger.Draft, len(grants))
		for i, g := range grants {
			drafts[i] = sign(g)
		}
		return drafts
	}
}

// Signed signs a request that must get its license.
func Signed(t testing.TB, b *book.Book, q *verify.Request) *ledger.License {
	t.Helper()
	license, err := b.Sign(context.Background(), By(), q, Issue())
	if err != nil {
		t.Fatal(err)
	}
	return license
}

// Releasing returns the release of a license that the machine key of its site has signed.
func Releasing(l *ledger.License, key keys.PrivateKey, days uint64) rules.Releasing {
	id, err := format.NewID(rand.Reader)
	if err != nil {
		panic(err)
	}
	claims := format.ReleaseClaims{Activation: l.Activation, Vendor: "acme.example", IssuedAt: Now.Unix(), ID: id, License: l.ID, EmergencyDays: days}
	payload, err := claims.Marshal()
	if err != nil {
		panic(err)
	}
	raw, err := format.Seal(format.Release, key.Public().ID(), payload, key.Sign)
	if err != nil {
		panic(err)
	}
	return rules.Releasing{License: l.ID, Key: key.Public(), EmergencyDays: days, Raw: raw}
}

// List signs the next revocation list. delegated is who signs for a root, nil if the root
// itself does.
func List(t testing.TB, b *book.Book, root byte, delegated *issuer.Issuer) []byte {
	t.Helper()
	next, err := b.NextList(context.Background(), Now)
	if err != nil {
		t.Fatal(err)
	}
	return SignList(t, next, root, delegated)
}

// SignList signs a list.
func SignList(t testing.TB, list *format.RevocationClaims, root byte, delegated *issuer.Issuer) []byte {
	t.Helper()
	key, raw := Key(root), []byte(nil)
	if delegated != nil {
		key, raw = delegated.Key.(keys.PrivateKey), delegated.RawDelegation
	}
	text, err := issuer.SignList(key, raw, *list, Verifier(Root, Root-1), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// WantRefusal wants a refusal that upholds a rule and names what is given.
func WantRefusal(t testing.TB, err error, rule ledger.Rule, naming ...string) {
	t.Helper()
	var refusal *ledger.Refusal
	if !errors.As(err, &refusal) || refusal.Rule != rule {
		t.Fatalf("got %v, want a refusal by the rule %s", err, rule)
	}
	for _, name := range naming {
		if !strings.Contains(refusal.Message, name) {
			t.Errorf("%q does not name %q", refusal, name)
		}
	}
}
