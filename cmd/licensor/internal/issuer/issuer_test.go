package issuer_test

import (
	"bytes"
	"crypto/rand"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

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

// newIssuer returns what signs under a scope.
func newIssuer(t testing.TB, scope format.Scope) *issuer.Issuer {
	t.Helper()
	root, staff := keyOf(t, 1), keyOf(t, 2)
	claims, text, err := issuer.Delegate(root, staff.Public(), format.DelegationClaims{
		Issuer: "acme.example", Name: "anna", IssuedAt: now.Unix(), NotBefore: now.Unix(), Expires: now.Unix() + 1e8, Scope: scope,
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
	return &issuer.Issuer{Key: staff, Delegation: claims, RawDelegation: raw, Verifier: v, Random: rand.Reader}
}

var wide = format.Scope{Products: []string{"*"}, Types: []string{"*"}, MaxTerm: 1e8, MaxSeats: 100, Unbound: true, Perpetual: true}

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

// issued is what the license of a grant says to a stranger.
func issued(t testing.TB, i *issuer.Issuer, g ledger.Grant) *verify.License {
	t.Helper()
	id, file, err := i.Issue(g, now)
	if err != nil {
		t.Fatal(err)
	}
	l, err := i.Verifier.Check([]byte(format.EncodeText(format.LicenseFile, file)), verify.Facts{Now: now, Product: "evoq", AnyMachine: true})
	if err != nil {
		t.Fatal(err)
	}
	if l.ID != id || l.Activation != g.Activation || l.Epoch != g.Epoch {
		t.Errorf("the license is %s of %s, epoch %d", l.ID, l.Activation, l.Epoch)
	}
	return l
}

func TestBoundAndUnbound(t *testing.T) {
	i, g := newIssuer(t, wide), grant(t, "production")
	if l := issued(t, i, g); !l.Bound || l.Site != "shop" {
		t.Errorf("bound %t, site %q", l.Bound, l.Site)
	}
	g.Request = nil
	if l := issued(t, i, g); l.Bound || l.Site != "" || l.Customer != "Site Ltd" {
		t.Errorf("without a request: bound %t, site %q, customer %q", l.Bound, l.Site, l.Customer)
	}
	narrow := wide
	narrow.Unbound = false
	var scope *issuer.Error
	if _, file, err := newIssuer(t, narrow).Issue(g, now); !errors.As(err, &scope) || file != nil {
		t.Errorf("a key that must bind signed for any machine: %v", err)
	}
}

// A failover license carries the days that are left; when none is left, or none was
// sold, there is no license, for one without days would not be limited.
func TestEmergencyDays(t *testing.T) {
	i, g := newIssuer(t, wide), grant(t, format.TypeFailover)
	if _, file, err := i.Issue(g, now); err == nil || file != nil {
		t.Errorf("a license of no days, where none was sold: %v", err)
	}
	g.Entitlement.EmergencyDays, g.EmergencyDays = 10, 3
	if l := issued(t, i, g); l.EmergencyDays != 3 {
		t.Errorf("%d days, want the 3 that are left", l.EmergencyDays)
	}
	g.EmergencyDays = 0
	var used *issuer.Error
	if _, file, err := i.Issue(g, now); !errors.As(err, &used) || file != nil || !strings.Contains(used.Hint(), "licensor amend INV1 --emergency-days") {
		t.Errorf("no day is left, and the answer is %v", err)
	}
	g.Entitlement.Type = "development" // the bridge of its move
	if l := issued(t, i, g); l.EmergencyDays != 0 || l.Type != "development" {
		t.Errorf("the bridge is of type %s with %d days", l.Type, l.EmergencyDays)
	}
}

// broken is a key whose signatures are wrong now and then, as in broken memory.
type broken struct {
	keys.Signer
	mu    sync.Mutex
	count int
}

func (b *broken) Sign(message []byte) ([]byte, error) {
	signature, err := b.Signer.Sign(message)
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.count++; b.count%3 == 0 {
		signature[10] ^= 1
	}
	return signature, err
}

// Nothing comes out that does not verify, whoever signs at the same time.
func TestWrongSignaturesAreFound(t *testing.T) {
	i, g := newIssuer(t, wide), grant(t, "production")
	i.Key = &broken{Signer: i.Key}
	const n = 60
	var mu sync.Mutex
	var wait sync.WaitGroup
	ids, failed := map[format.ID]bool{}, 0
	for range 6 {
		wait.Go(func() {
			for range n / 6 {
				id, file, err := i.Issue(g, now)
				mu.Lock()
				if err != nil {
					failed++
					if file != nil || !strings.Contains(err.Error(), "does not verify") {
						t.Errorf("got %d bytes with the error %v", len(file), err)
					}
				} else {
					ids[id] = true
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

// Of many licenses that are signed together, those with a wrong signature are found, and
// the others come out.
func TestWrongSignaturesAmongMany(t *testing.T) {
	i, g := newIssuer(t, wide), grant(t, "production")
	for _, n := range []int{1, 2, 3, 64, 65, 200} {
		i.Key = &broken{Signer: keyOf(t, 2)}
		drafts := i.IssueAll(slices.Repeat([]ledger.Grant{g}, n), now)
		if len(drafts) != n {
			t.Fatalf("%d drafts of %d licenses", len(drafts), n)
		}
		for at, d := range drafts {
			if wrong := at%3 == 2; wrong != (d.Err != nil) || wrong != (d.File == nil) {
				t.Errorf("%d of %d: got %d bytes with the error %v, want an error: %t", at, n, len(d.File), d.Err, wrong)
			}
			if d.Err != nil {
				continue
			}
			l, err := i.Verifier.Check([]byte(format.EncodeText(format.LicenseFile, d.File)), verify.Facts{Now: now, Product: "evoq", AnyMachine: true})
			if err != nil || l.ID != d.ID {
				t.Errorf("%d of %d: %v", at, n, err)
			}
		}
	}
}

// A key that is not that of the delegation signs nothing, however many are signed.
func TestAnotherKeysSignatures(t *testing.T) {
	i, g := newIssuer(t, wide), grant(t, "production")
	i.Key = keyOf(t, 4)
	for at, d := range i.IssueAll(slices.Repeat([]ledger.Grant{g}, 100), now) {
		if d.Err == nil || d.File != nil {
			t.Errorf("%d: got %d bytes with the error %v", at, len(d.File), d.Err)
		}
	}
}

// BenchmarkIssue shows what the check of the own signature costs: x-raw is the time of
// a license to that of one bare signature and one bare verification.
func BenchmarkIssue(b *testing.B) {
	i, g := newIssuer(b, wide), grant(b, "production")
	message := make([]byte, 400)
	var issuing, raw time.Duration
	for b.Loop() {
		start := time.Now()
		if _, _, err := i.Issue(g, now); err != nil {
			b.Fatal(err)
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
