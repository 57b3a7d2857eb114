package service

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/offlicense/offlicense/cmd/licensor/internal/home"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/ledgertest"
	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/keys"
	"github.com/offlicense/offlicense/keys/keyfile"
	"github.com/offlicense/offlicense/verify"
)

// vendor is a home with a ledger, whose key desk an Activator uses.
type vendor struct {
	testing.TB
	*Service
	at    home.Home
	where string
	root  keys.PrivateKey
	now   func() time.Time
}

func newVendor(t testing.TB, where string) *vendor {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "home")
	o := home.InitOptions{Vendor: "acme.example", Staff: "desk", Ledger: where, Now: ledgertest.Now, Random: rand.Reader}
	made, err := Init(ctx, dir, o, ledgertest.By())
	if err != nil {
		t.Fatal(err)
	}
	root, err := keyfile.Read(made.RootKey, nil)
	if err != nil {
		t.Fatal(err)
	}
	v := &vendor{TB: t, at: made.Home, where: where, root: root, now: func() time.Time { return ledgertest.Now }}
	v.Service = v.open()
	return v
}

func (v *vendor) open() *Service {
	v.Helper()
	s, err := Open(ctx, v.at, v.where, ToChange, Options{Random: rand.Reader, Warn: func(string) {}})
	if err != nil {
		v.Fatal(err)
	}
	v.Cleanup(func() { s.Close() })
	return s
}

// delegate gives the key desk another scope.
func (v *vendor) delegate(scope format.Scope) {
	v.Helper()
	public, err := v.at.PublicKeys()
	if err != nil {
		v.Fatal(err)
	}
	text, err := Delegate(v.root, public[0], format.DelegationClaims{
		Issuer: "acme.example", Name: "desk", IssuedAt: ledgertest.Now.Unix(), NotBefore: ledgertest.Now.Unix() - 1, Expires: ledgertest.Now.AddDate(1, 0, 0).Unix(), Scope: scope,
	}, rand.Reader)
	if err != nil {
		v.Fatal(err)
	}
	if err := v.at.WriteDelegation("desk", text); err != nil {
		v.Fatal(err)
	}
}

func (v *vendor) activator(change func(*ActivatorOptions)) (*Activator, *testQueue) {
	q := &testQueue{all: make(map[[32]byte]*Queued), closed: make(map[string]time.Time)}
	o := ActivatorOptions{Queue: q, Now: func() time.Time { return v.now() }, Random: rand.Reader, MaxPerHour: 1_000_000}
	if change != nil {
		change(&o)
	}
	a := v.NewActivator(o)
	v.Cleanup(func() { a.Close() })
	return a, q
}

// testQueue is a queue in memory.
type testQueue struct {
	mu     sync.Mutex
	all    map[[32]byte]*Queued
	closed map[string]time.Time
}

func (q *testQueue) KeepClosed(_ context.Context, until map[string]time.Time, _ time.Time) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	maps.Copy(q.closed, until)
	return nil
}

func (q *testQueue) Closed(context.Context, time.Time) (map[string]time.Time, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	return maps.Clone(q.closed), nil
}

func (q *testQueue) Add(_ context.Context, w Queued) (*Queued, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if known := q.all[w.Hash]; known != nil {
		return known, nil
	}
	w.Number = fmt.Sprint("Q-", len(q.all)+1)
	q.all[w.Hash] = &w
	return &w, nil
}

func (q *testQueue) OfRequests(_ context.Context, hashes [][32]byte) (map[[32]byte]*Queued, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	found := make(map[[32]byte]*Queued)
	for _, hash := range hashes {
		if w := q.all[hash]; w != nil {
			found[hash] = w
		}
	}
	return found, nil
}

func (q *testQueue) Signed(_ context.Context, number, _ string, _ time.Time) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	for hash, w := range q.all {
		if w.Number == number {
			delete(q.all, hash)
		}
	}
	return nil
}

func (q *testQueue) words() (all []string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, w := range q.all {
		all = append(all, w.Word)
	}
	slices.Sort(all)
	return all
}

// requestText is the request of a site, signed as a server sends it.
func requestText(t testing.TB, n uint32, change func(*format.Request)) []byte {
	t.Helper()
	key := ledgertest.SiteKey(n)
	hash := sha256.Sum256(key.Public().Bytes())
	q, err := ledgertest.Request(key.Public(), func(q *format.Request) {
		q.Components = []format.Component{
			{Label: format.LabelMachineID, Hash: hash[:8]}, {Label: format.LabelProductUUID, Hash: hash[8:16]}, {Label: format.LabelRootFS, Hash: hash[16:24]},
		}
		if change != nil {
			change(q)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	raw, err := format.Seal(format.SignedRequest, key.Public().ID(), q.Body, key.Sign)
	if err != nil {
		t.Fatal(err)
	}
	return format.EncodeFile(format.SignedRequest, raw)
}

func of(invoice string) func(*format.Request) {
	return func(q *format.Request) { q.Invoice = invoice }
}

func wrongMail(invoice string) func(*format.Request) {
	return func(q *format.Request) {
		q.Invoice, q.Account = invoice, format.AccountHash(invoice, "who@else.example")
	}
}

func (v *vendor) sell(change func(*ledger.Entitlement)) {
	v.Helper()
	ledgertest.Sold(v, v.Book, func(e *ledger.Entitlement) {
		e.Binding = ""
		if change != nil {
			change(e)
		}
	})
}

func (v *vendor) wantLicense(a *Activator, text []byte) *Activated {
	v.Helper()
	done, err := a.Activate(ctx, text)
	if err != nil || done.License == nil {
		v.Fatalf("got %+v, %v", done, err)
	}
	verifier, err := v.at.Verifier()
	if err != nil {
		v.Fatal(err)
	}
	if _, err := verifier.Check(done.License, verify.Facts{Now: v.now(), Product: "evoq", AnyMachine: true}); err != nil {
		v.Fatal(err)
	}
	return done
}

func (v *vendor) wantWaits(a *Activator, text []byte, word string) *Activated {
	v.Helper()
	done, err := a.Activate(ctx, text)
	if err != nil || !done.Waits || done.Word != word || done.Number == "" {
		v.Fatalf("got %+v, %v, want that it waits: %s", done, err, word)
	}
	return done
}

func (v *vendor) wantDeclined(a *Activator, text []byte, rule string) {
	v.Helper()
	done, err := a.Activate(ctx, text)
	var no *Declined
	if !errors.As(err, &no) || no.Rule != rule || no.Next == "" || !strings.HasSuffix(no.Detail, ".") {
		v.Fatalf("got %+v, %#v, want it declined: %s", done, err, rule)
	}
}

func everywhere(t *testing.T, f func(t *testing.T, v *vendor)) {
	t.Run("SQLite", func(t *testing.T) { f(t, newVendor(t, "")) })
	t.Run("PostgreSQL", func(t *testing.T) { f(t, newVendor(t, ledgertest.Postgres(t))) })
}

func (v *vendor) wantClean() {
	v.Helper()
	report, err := Audit(ctx, v.at, v.where, v.now(), nil, nil)
	if err != nil || !report.OK() {
		v.Fatalf("audit: %v %+v", err, report)
	}
}

// TestActivate: the same request gets the same license, and after a renewal the new one.
func TestActivate(t *testing.T) {
	everywhere(t, func(t *testing.T, v *vendor) {
		v.sell(func(e *ledger.Entitlement) { e.Seats = 2 })
		a, _ := v.activator(nil)
		text := requestText(t, 1, nil)
		first := v.wantLicense(a, text)
		again := v.wantLicense(a, text)
		if first.Again || !again.Again || string(first.License) != string(again.License) {
			t.Error("the same request got another license")
		}
		v.wantLicense(a, requestText(t, 2, nil))
		v.wantWaits(a, requestText(t, 3, nil), "seats")
		v.wantDeclined(a, []byte("OLS1:AAAA"), "malformed")
		v.wantDeclined(a, requestText(t, 4, wrongMail("INV0042-1")), "claim")
		v.wantDeclined(a, requestText(t, 4, func(q *format.Request) { q.Product = "other" }), "product")
		if _, err := v.Revise(ctx, ledgertest.By(), "INV0042-1", NewRenewal(Renewal{Expires: ledger.EndAt(ledgertest.Now.AddDate(1, 2, 0))}), Key{Name: "desk"}); err != nil {
			t.Fatal(err)
		}
		if renewed := v.wantLicense(a, text); renewed.ID == first.ID {
			t.Error("the request did not get the renewed license")
		}
		v.wantClean()
	})
}

// TestRenewalIsPulled: who renews need not sign. The same request again is signed with the new
// end, once, and by nobody who did not buy it.
func TestRenewalIsPulled(t *testing.T) {
	everywhere(t, func(t *testing.T, v *vendor) {
		v.sell(nil)
		a, _ := v.activator(nil)
		text := requestText(t, 1, nil)
		first := v.wantLicense(a, text)
		op := ledgertest.By()
		op.Later = true
		if _, err := v.Revise(ctx, op, "INV0042-1", NewRenewal(Renewal{Expires: ledger.EndAt(ledgertest.Now.AddDate(1, 2, 0))}), Key{Name: "no such key"}); err != nil {
			t.Fatal(err)
		}
		renewed := v.wantLicense(a, text)
		if again := v.wantLicense(a, text); renewed.ID == first.ID || renewed.Again || again.ID != renewed.ID || !again.Again {
			t.Errorf("got %s, %s and %s", first.ID, renewed.ID, again.ID)
		}
		v.wantClean()
	})
}

// TestDamageOfOne: what is damaged of one customer is no reason to serve nobody.
func TestDamageOfOne(t *testing.T) {
	v := newVendor(t, "")
	v.sell(func(e *ledger.Entitlement) { e.Seats = 9 })
	v.sell(func(e *ledger.Entitlement) { e.Invoice = "BAD" })
	a, _ := v.activator(nil)
	good := requestText(t, 1, nil)
	v.wantLicense(a, good)
	bad := v.wantLicense(a, requestText(t, 2, of("BAD")))
	ledgertest.Execute(t, v.place(), "UPDATE licenses SET named = 'x' WHERE id = '"+bad.ID.String()+"'")
	open := func(text []byte) *verify.Request {
		q, err := verify.OpenRequest(text)
		if err != nil {
			t.Fatal(err)
		}
		return q
	}
	var asks []*asking
	for _, text := range [][]byte{good, requestText(t, 2, of("BAD")), requestText(t, 3, nil)} {
		asks = append(asks, &asking{open(text), make(chan asked, 1)})
	}
	a.answer(ctx, asks)
	var batch []*activation
	for _, text := range [][]byte{requestText(t, 3, nil), requestText(t, 2, func(q *format.Request) { q.Invoice = "BAD"; q.Time++ })} {
		batch = append(batch, &activation{open(text), make(chan signed, 1)})
	}
	a.signBatch(batch)
	if first, other, third := <-asks[0].done, <-asks[1].done, <-asks[2].done; first.err != nil || other.err == nil || third.err != nil {
		t.Errorf("asked: %v, %v, %v", first.err, other.err, third.err)
	}
	if one, other := <-batch[0].done, <-batch[1].done; one.err != nil || one.license == nil || other.err == nil {
		t.Errorf("signed: %v, %v", one.err, other.err)
	}
}
