package service

import (
	"errors"
	"os"
	"testing"
	"time"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/ledgertest"
	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/keys/keyfile"
)

// aClock is a clock that a test sets.
func (v *vendor) aClock() func(time.Duration) {
	now := ledgertest.Now
	v.now = func() time.Time { return now }
	return func(d time.Duration) { now = now.Add(d) }
}

// TestScopeOfTheDesk: what the delegation does not cover waits. A wider one, and another key,
// are taken without a restart, and so is that a delegation is gone.
func TestScopeOfTheDesk(t *testing.T) {
	v := newVendor(t, "")
	pass := v.aClock()
	v.sell(func(e *ledger.Entitlement) { e.Seats = 50 })
	narrow := format.Scope{Products: []string{"*"}, Types: []string{"development"}, MaxTerm: 400 * SecondsPerDay, MaxSeats: 100}
	v.delegate(narrow)
	a, queue := v.activator(nil)
	text := requestText(t, 1, nil)
	first := v.wantWaits(a, text, waitsForScope)
	if again := v.wantWaits(a, text, waitsForScope); again.Number != first.Number {
		t.Errorf("the same request waits as %s and %s", first.Number, again.Number)
	}
	wide := narrow
	wide.Types = []string{"production", "development"}
	v.delegate(wide)
	pass(2 * time.Second)
	v.wantLicense(a, text)
	if len(queue.all) != 0 {
		t.Error("it still waits")
	}

	// Another key by the same name.
	for _, end := range []string{"", ".pub"} {
		if err := os.Remove(v.at.KeyFile("desk") + end); err != nil {
			t.Fatal(err)
		}
	}
	key := ledgertest.Key(9)
	if err := errors.Join(keyfile.Write(v.at.KeyFile("desk"), key, "desk", nil), keyfile.WritePublic(v.at.KeyFile("desk")+".pub", key.Public(), "desk")); err != nil {
		t.Fatal(err)
	}
	v.delegate(wide)
	pass(2 * time.Second)
	done := v.wantLicense(a, requestText(t, 2, nil))
	if license, _, err := v.Issued(ctx, done.ID); err != nil || string(license.SignerKey) != string(key.Public().Bytes()) {
		t.Errorf("signed by %x, %v", license.SignerKey, err)
	}
	if load := a.Stats(); load.Living != 1 || load.LastHour != 2 {
		t.Errorf("one license is of the new key, two are of this hour: %+v", load)
	}

	pass(2 * 365 * 24 * time.Hour) // the delegation has ended, and what was sold
	v.sell(func(e *ledger.Entitlement) { e.Invoice, e.Expires = "LATER", v.now().AddDate(1, 0, 0) })
	v.wantWaits(a, requestText(t, 3, of("LATER")), waitsForKey)
}

// TestRevokedDesk: a key that was revoked signs nothing more, and the requests wait.
func TestRevokedDesk(t *testing.T) {
	v := newVendor(t, "")
	v.sell(func(e *ledger.Entitlement) { e.Seats = 50 })
	a, _ := v.activator(nil)
	recorded := requestText(t, 1, nil)
	v.wantLicense(a, recorded)
	public, err := v.at.PublicKeys()
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := v.Book.RevokeKey(ctx, ledgertest.Because("stolen"), ledger.RevokedKey{Name: "desk", Public: public[0].Bytes()}, nil); err != nil {
		t.Fatal(err)
	}
	v.wantWaits(a, requestText(t, 2, nil), waitsForKey)
	v.wantLicense(a, recorded)
}

// TestMostOfAnHour: the rest waits for staff, in a process beside and in a later one, too; what
// is on record is given again, and what the rules refuse is refused.
func TestMostOfAnHour(t *testing.T) {
	v := newVendor(t, "")
	pass := v.aClock()
	v.sell(func(e *ledger.Entitlement) { e.Seats = 50 })
	three := func(o *ActivatorOptions) { o.MaxPerHour = 3 }
	a, queue := v.activator(three)
	beside, _ := v.activator(func(o *ActivatorOptions) { three(o); o.Queue = queue })
	first := requestText(t, 1, nil)
	v.wantLicense(beside, first)
	for n := range uint32(2) {
		v.wantLicense(a, requestText(t, 2+n, nil))
		pass(lookEvery)
	}
	text := requestText(t, 4, nil)
	v.wantWaits(beside, text, waitsForHour)
	if load := beside.Stats(); load.Living != 3 || load.LastHour != 3 {
		t.Errorf("three licenses are of the key: %+v", load)
	}
	v.wantWaits(a, text, waitsForHour)
	v.wantLicense(a, first)
	v.wantDeclined(a, requestText(t, 5, func(q *format.Request) { q.Product = "other" }), "product")
	a.Close()
	pass(10 * time.Minute)
	a, _ = v.activator(func(o *ActivatorOptions) { three(o); o.Queue = queue })
	v.wantWaits(a, text, waitsForHour)
	pass(time.Hour)
	v.wantLicense(a, text)
}

// TestMostLiving: a key is not to sign more than a list has room for.
func TestMostLiving(t *testing.T) {
	v := newVendor(t, "")
	v.sell(func(e *ledger.Entitlement) { e.Seats = 50 })
	a, _ := v.activator(nil)
	first := requestText(t, 1, nil)
	v.wantLicense(a, first)
	a.desk.tally.Lock()
	a.desk.living = mostLiving - 1
	a.desk.tally.Unlock()
	v.wantLicense(a, requestText(t, 2, nil))
	v.wantWaits(a, requestText(t, 3, nil), waitsForKey)
	v.wantLicense(a, first)
	if !a.desk.warned {
		t.Error("nobody was warned")
	}
}

// TestRefusedByStaff: a request that staff have refused is not signed, whatever comes.
func TestRefusedByStaff(t *testing.T) {
	v := newVendor(t, "")
	v.sell(nil)
	a, queue := v.activator(nil)
	text := requestText(t, 2, nil)
	v.wantLicense(a, requestText(t, 1, nil))
	v.wantWaits(a, text, "seats")
	for _, w := range queue.all {
		w.Refused, w.Said = true, "Please release the old server first."
	}
	v.wantDeclined(a, text, "refused")
}

// TestKeyThatIsHeld: a new delegation of the key that is held needs no other look at its file,
// which may want a passphrase.
func TestKeyThatIsHeld(t *testing.T) {
	v := newVendor(t, "")
	pass := v.aClock()
	v.sell(func(e *ledger.Entitlement) { e.Seats = 50 })
	a, _ := v.activator(nil)
	if err := a.Load(ctx); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(v.at.KeyFile("desk"), []byte("nobody can read this"), 0o600); err != nil {
		t.Fatal(err)
	}
	scope := format.Scope{Products: []string{"*"}, Types: []string{"development"}, MaxTerm: 400 * SecondsPerDay, MaxSeats: 100}
	v.delegate(scope)
	pass(2 * time.Second)
	text := requestText(t, 1, nil)
	v.wantWaits(a, text, waitsForScope)
	scope.Types = []string{"production"}
	v.delegate(scope)
	pass(2 * time.Second)
	v.wantLicense(a, text)
	b, _ := v.activator(nil)
	if err := b.Load(ctx); err == nil {
		t.Error("a key that nobody can read was loaded")
	}
}
