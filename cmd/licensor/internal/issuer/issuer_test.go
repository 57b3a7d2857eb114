package issuer_test

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/offlicense/offlicense/cmd/internal/hint"
	"github.com/offlicense/offlicense/cmd/licensor/internal/issuer"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/keys"
	"github.com/offlicense/offlicense/verify"
)

var now = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

func keyOf(t testing.TB, seed byte) keys.PrivateKey {
	t.Helper()
	k, err := keys.FromSeed(bytes.Repeat([]byte{seed}, keys.SeedSize))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// chance is the same in every run, and may be drawn by many goroutines at once.
type chance struct {
	mu sync.Mutex
	of *rand.ChaCha8
}

func newChance() *chance { return &chance{of: rand.NewChaCha8([32]byte{7})} }

func (c *chance) Read(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.of.Read(p)
}

// newIssuer returns what signs under a scope.
func newIssuer(t testing.TB, scope format.Scope) *issuer.Issuer {
	t.Helper()
	return issuerOf(t, format.DelegationClaims{
		Issuer: "acme.example", Name: "anna", IssuedAt: now.Unix(), NotBefore: now.Unix(), Expires: now.Unix() + 1e8, Scope: scope,
	})
}

func issuerOf(t testing.TB, delegation format.DelegationClaims) *issuer.Issuer {
	t.Helper()
	root, staff, random := keyOf(t, 1), keyOf(t, 2), newChance()
	claims, text, err := issuer.Delegate(root, staff.Public(), delegation, random)
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
	return &issuer.Issuer{Key: staff, Delegation: claims, RawDelegation: raw, Verifier: v, Random: random}
}

var wide = format.Scope{Products: []string{"*"}, Types: []string{"*"}, MaxTerm: 1e8, MaxSeats: 100, Weakest: format.StrengthAny, Perpetual: true}

func grant(t testing.TB, licenseType string) ledger.Grant {
	t.Helper()
	q := format.Request{
		Product: "evoq", Invoice: "INV1", Account: format.AccountHash("INV1", "ops@site.example"), Type: licenseType,
		Time: now.Unix(), Key: keyOf(t, 3).Public().Bytes(), Site: "shop",
		Components: []format.Component{{Label: format.LabelMachineID, Hash: []byte("machine1")}},
	}
	body, err := q.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	request, err := verify.OpenRequest([]byte(format.EncodeText(format.RequestBody, body)))
	if err != nil {
		t.Fatal(err)
	}
	return ledger.Grant{
		Entitlement: &ledger.Entitlement{Invoice: "INV1", Email: "ops@site.example", Customer: "Site Ltd", Product: "evoq", Type: licenseType, Seats: 1},
		Activation:  "ACTIVATION", Epoch: 7, Request: request,
	}
}

// one signs the license of one grant.
func one(i *issuer.Issuer, g ledger.Grant) ledger.Draft {
	return i.At(now)([]ledger.Grant{g})[0]
}

// refused wants that nothing was signed: no file comes along with an error.
func refused(t testing.TB, what string, d ledger.Draft) {
	t.Helper()
	if d.Err == nil || d.File != nil {
		t.Errorf("%s: got %d bytes with the error %v", what, len(d.File), d.Err)
	}
}

// issued is what the license of a grant says to a stranger.
func issued(t testing.TB, i *issuer.Issuer, g ledger.Grant) *verify.License {
	t.Helper()
	d := one(i, g)
	if d.Err != nil {
		t.Fatal(d.Err)
	}
	l, err := judged(i, d.File)
	if err != nil {
		t.Fatal(err)
	}
	if l.ID != d.ID || l.Activation != g.Activation || l.Epoch != g.Epoch || l.SignedBy != d.Signer || d.Signer != "anna" || d.Key != i.Key.Public() {
		t.Errorf("the license is %s of %s, epoch %d, signed by %s; the draft says %s, %s", l.ID, l.Activation, l.Epoch, l.SignedBy, d.ID, d.Signer)
	}
	return l
}

func judged(i *issuer.Issuer, file []byte) (*verify.License, error) {
	return i.Verifier.Check([]byte(format.EncodeText(format.LicenseFile, file)), verify.Facts{Now: now, Product: "evoq", AnyMachine: true})
}

func TestBoundAndUnbound(t *testing.T) {
	i, g := newIssuer(t, wide), grant(t, "production")
	if l := issued(t, i, g); l.Binding == "any" || l.Site != "shop" {
		t.Errorf("binding %s, site %q", l.Binding, l.Site)
	}
	g.Request = nil
	if l := issued(t, i, g); l.Binding != "any" || l.Site != "" || l.Customer != "Site Ltd" {
		t.Errorf("without a request: binding %s, site %q, customer %q", l.Binding, l.Site, l.Customer)
	}
}

// A failover license carries the days that were sold, the bridge of its move none.
func TestEmergencyDays(t *testing.T) {
	i, g := newIssuer(t, wide), grant(t, format.TypeFailover)
	g.Entitlement.EmergencyDays = 10
	g.Entitlement.CountEmergencyFrom(now)
	if l := issued(t, i, g); l.EmergencyDays != 10 {
		t.Errorf("%d days, want the 10 that were sold", l.EmergencyDays)
	}
	g.BridgeUntil = now.Add(time.Hour)
	if l := issued(t, i, g); l.EmergencyDays != 0 || l.Type != "development" || !l.Expires.Equal(g.BridgeUntil) {
		t.Errorf("the bridge is of type %s with %d days until %s", l.Type, l.EmergencyDays, l.Expires)
	}
}

// A license that cannot be written is not signed.
func TestGrantThatCannotBe(t *testing.T) {
	i, g := newIssuer(t, wide), grant(t, "production")
	g.Entitlement.Customer = "\x1b[2J"
	refused(t, "a customer with an escape", one(i, g))
	i.Random = bytes.NewReader(nil)
	refused(t, "no chance", one(i, grant(t, "production")))
	i = newIssuer(t, wide)
	i.Key = failing{i.Key, errGone}
	if d := one(i, grant(t, "production")); !errors.Is(d.Err, errGone) || d.File != nil {
		t.Errorf("got %d bytes, %v", len(d.File), d.Err)
	}
}

var errGone = errors.New("the agent is gone")

type failing struct {
	keys.Signer
	err error
}

func (f failing) Sign([]byte) ([]byte, error) { return nil, f.err }

// broken is a key of which each so-many-th signature is wrong, as in broken memory.
type broken struct {
	keys.Signer
	wrong func(n int) bool // the n-th signature, from 0
	mu    sync.Mutex
	count int
}

func (b *broken) Sign(message []byte) ([]byte, error) {
	signature, err := b.Signer.Sign(message)
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.wrong(b.count) {
		signature[10] ^= 1
	}
	b.count++
	return signature, err
}

// Of many licenses that are signed together those with a wrong signature are found,
// the first as well as a later one, and the others come out.
func TestWrongSignaturesAreFound(t *testing.T) {
	for name, wrong := range map[string]func(n int) bool{
		"none":        func(int) bool { return false },
		"the first":   func(n int) bool { return n == 0 },
		"a later one": func(n int) bool { return n == 7 },
		"the last":    func(n int) bool { return n == 19 },
		"every third": func(n int) bool { return n%3 == 2 },
		"all":         func(int) bool { return true },
	} {
		i := newIssuer(t, wide)
		i.Key = &broken{Signer: i.Key, wrong: wrong}
		drafts := i.IssueAll(slices.Repeat([]ledger.Grant{grant(t, "production")}, 20), now)
		if len(drafts) != 20 {
			t.Fatalf("%d drafts of 20 licenses", len(drafts))
		}
		ids := make(map[format.ID]bool)
		for n, d := range drafts {
			if wrong(n) {
				if refused(t, name, d); !strings.Contains(d.Err.Error(), "does not verify") {
					t.Errorf("%s: %v", name, d.Err)
				}
				continue
			}
			if d.Err != nil {
				t.Errorf("%s, license %d: %v", name, n, d.Err)
				continue
			}
			l, err := judged(i, d.File)
			if err != nil || l.ID != d.ID || ids[d.ID] {
				t.Errorf("%s, license %d: %v", name, n, err)
			}
			ids[d.ID] = true
		}
	}
}

// Nothing comes out that does not verify, whoever signs at the same time.
func TestManySignAtOnce(t *testing.T) {
	i, g := newIssuer(t, wide), grant(t, "production")
	i.Key = &broken{Signer: i.Key, wrong: func(n int) bool { return n%3 == 2 }}
	const n = 60
	var mu sync.Mutex
	var wait sync.WaitGroup
	ids, failed := map[format.ID]bool{}, 0
	for range 6 {
		wait.Go(func() {
			for _, d := range i.IssueAll(slices.Repeat([]ledger.Grant{g}, n/6), now) {
				mu.Lock()
				if d.Err != nil {
					failed++
					refused(t, "a wrong signature", d)
				} else {
					ids[d.ID] = true
				}
				mu.Unlock()
			}
		})
	}
	wait.Wait()
	if failed != n/3 || len(ids) != n-n/3 {
		t.Errorf("%d of %d failed and %d have an id of their own, want every third to fail", failed, n, len(ids))
	}
}

// A key that is not that of the delegation signs nothing, and is told so beforehand.
func TestAnotherKey(t *testing.T) {
	i, g := newIssuer(t, wide), grant(t, "production")
	if err := i.Check(g, now); err != nil {
		t.Error(err)
	}
	i.Key = keyOf(t, 4)
	if err := i.Check(g, now); err == nil || !strings.Contains(err.Error(), `"anna"`) || !strings.Contains(hint.Of(err), "put the key and the delegation") {
		t.Errorf("got %v, hint %q", err, hint.Of(err))
	}
	for _, d := range i.IssueAll([]ledger.Grant{g, g}, now) {
		refused(t, "another key", d)
	}
}

// A delegation that is not the one it is said to be, and one by another root: what the
// issuer was told is not believed, the customer's verifier judges.
func TestAnotherDelegation(t *testing.T) {
	narrow := wide
	narrow.Types = []string{"test"}
	i := newIssuer(t, wide)
	i.RawDelegation = newIssuer(t, narrow).RawDelegation
	refused(t, "its bytes allow less", one(i, grant(t, "production")))

	i = newIssuer(t, wide)
	v, err := verify.New(keyOf(t, 9).Public())
	if err != nil {
		t.Fatal(err)
	}
	i.Verifier = v
	refused(t, "customers trust another root", one(i, grant(t, "production")))

	i = newIssuer(t, wide)
	i.RawDelegation = []byte("nothing")
	refused(t, "its bytes are none", one(i, grant(t, "production")))
}

// BenchmarkIssue shows what the check of the own signature costs: x-raw is the time of
// a license to that of one bare signature and one bare verification.
func BenchmarkIssue(b *testing.B) {
	i, g := newIssuer(b, wide), grant(b, "production")
	message := make([]byte, 400)
	var issuing, raw time.Duration
	for b.Loop() {
		start := time.Now()
		if d := one(i, g); d.Err != nil {
			b.Fatal(d.Err)
		}
		issuing += time.Since(start)
		start = time.Now()
		signature, err := i.Key.Sign(message)
		if err != nil || !i.Key.Public().Verify(message, signature) {
			b.Fatal(err)
		}
		raw += time.Since(start)
	}
	b.ReportMetric(float64(issuing)/float64(raw), "x-raw")
}
