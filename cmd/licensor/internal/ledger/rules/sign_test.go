package rules_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/rules"
	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/verify"
)

func TestRequestAndSale(t *testing.T) {
	grace := func(e *ledger.Entitlement) { e.GraceDays = 14 }
	for name, test := range map[string]struct {
		rule   ledger.Rule // empty: it gets its license
		naming string
		at     time.Time
		sold   func(*ledger.Entitlement)
		asked  func(*format.Request)
	}{
		"what was bought": {},
		"unknown invoice": {rule: ledger.RuleClaim, naming: "INV0043", asked: func(q *format.Request) { q.Invoice = "INV0043" }},
		"other e-mail address": {rule: ledger.RuleClaim, naming: "e-mail",
			asked: func(q *format.Request) { q.Account = format.AccountHash(q.Invoice, "other@site.example") }},
		"e-mail address in other letters": {sold: func(e *ledger.Entitlement) { e.Email = " OPS@Site.example" }},
		"other product":                   {rule: ledger.RuleProduct, naming: "liquid", asked: func(q *format.Request) { q.Product = "liquid" }},
		"other type":                      {rule: ledger.RuleType, naming: "staging", asked: func(q *format.Request) { q.Type = "staging" }},
		"the last second of the term":     {at: entitlement().Expires.Add(-time.Second)},
		"the end, without grace":          {rule: ledger.RuleTerm, naming: "2027-11-21", at: entitlement().Expires},
		"the end, with grace":             {rule: ledger.RuleTerm, naming: "2027-11-21", at: entitlement().Expires, sold: grace},
		"after it, in grace":              {rule: ledger.RuleTerm, naming: "2027-11-21", at: entitlement().Expires.Add(time.Second), sold: grace},
		"long after it":                   {rule: ledger.RuleTerm, naming: inv, at: entitlement().Expires.Add(999 * day), sold: grace},
		"perpetual never end":             {at: time.Date(2050, 1, 1, 0, 0, 0, 0, time.UTC), sold: func(e *ledger.Entitlement) { e.Expires = time.Time{} }},
	} {
		t.Run(name, func(t *testing.T) {
			e, asked, at := entitlement(), func(*format.Request) {}, now
			if test.sold != nil {
				e = entitlement(test.sold)
			}
			if test.asked != nil {
				asked = test.asked
			}
			if !test.at.IsZero() {
				at = test.at
			}
			r := newRecord(t, e)
			license, err := r.signAs(byAt(at), request(t, 1, asked))
			if test.rule == "" {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			wantRefusal(t, err, test.rule, test.naming)
			if license != nil || len(r.events) > 0 {
				t.Errorf("refused, and it left %v and %d events", license, len(r.events))
			}
		})
	}
}

// Staff are told which of invoice and address is wrong. Customers are told the same of
// both, so that nobody can find out by trying which there are.
func TestClaimIsRefusedInOneWay(t *testing.T) {
	told := make(map[string]bool)
	for why, change := range map[string]struct {
		sold  func(*ledger.Entitlement)
		asked func(*format.Request)
		staff string
	}{
		"unknown": {nil, func(q *format.Request) { q.Invoice = "INV0042-9" }, `there is no invoice "INV0042-9"`},
		"wrong":   {nil, func(q *format.Request) { q.Account[0] ^= 1 }, "another account's: it was sold to Site Ltd"},
		"canceled": {func(e *ledger.Entitlement) { e.Standing = ledger.StandingCanceled },
			func(q *format.Request) { q.Account[0] ^= 1 }, "another account's"},
		"forgotten": {func(e *ledger.Entitlement) { e.Email, e.Forgotten = "", true }, func(*format.Request) {}, "was removed"},
	} {
		r := newRecord(t, entitlement())
		if change.sold != nil {
			change.sold(r.sales[inv])
		}
		_, err := r.sign(request(t, 1, change.asked))
		wantRefusal(t, err, ledger.RuleClaim, change.staff)
		var refusal *ledger.Refusal
		errors.As(err, &refusal)
		told[refusal.ForCustomers()] = true
		if strings.Contains(refusal.ForCustomers(), "Site Ltd") {
			t.Errorf("%s: customers are told %s", why, refusal.ForCustomers())
		}
	}
	if len(told) != 1 {
		t.Errorf("customers find out: %v", told)
	}
}

// The claim comes first: who has guessed an invoice learns nothing of the rest.
func TestClaimIsRefusedBeforeAllElse(t *testing.T) {
	r := newRecord(t, entitlement(func(e *ledger.Entitlement) { e.Expires = now.Add(-day) }))
	r.refused(request(t, 1, func(q *format.Request) { q.Account[0] ^= 1; q.Product = "liquid"; q.Type = "test" }), ledger.RuleClaim)
}

func TestSameRequestSameLicense(t *testing.T) {
	r := newRecord(t, entitlement())
	q := request(t, 1)
	first := r.signed(q)
	r.unchanged(func() {
		o := r.batch(byAt(now.Add(400*day)), q)[0] // even after the term
		if o.err != nil || !o.again || o.license.ID != first.ID || !bytes.Equal(o.license.File, first.File) {
			t.Errorf("the same request got %+v", o)
		}
	})
	r.using(1, 1)
}

func TestSameSiteKeepsItsSeat(t *testing.T) {
	r := newRecord(t, entitlement())
	first := r.signed(request(t, 1))
	second := r.signed(request(t, 1, later))
	if second.Activation != first.Activation || second.Epoch != first.Epoch+1 || second.ID == first.ID {
		t.Errorf("got activation %s, epoch %d after %s, epoch %d", second.Activation, second.Epoch, first.Activation, first.Epoch)
	}
	if d := r.last().Detail.(*ledger.Signed); d.Activation != nil {
		t.Errorf("a site that is as it was is recorded again: %+v", d.Activation)
	}
	for _, name := range [][2]string{{"shop", ""}, {"shop", "web-1"}, {"blog", "web-1"}, {"", ""}} {
		r.signed(request(t, 1, func(q *format.Request) { q.Site, q.Host = name[0], name[1]; q.Time += 2 }))
		if a := r.activation(first.Activation); a.Site != name[0] || a.Host != name[1] || !a.Since.Equal(now) {
			t.Errorf("a site that is called %q now is recorded as %+v", name, a.Activation)
		}
	}
	r.using(1, 1)
}

// What a license says is what was sold and what was asked for, as a stranger reads it.
func TestLicenseSaysWhatWasSold(t *testing.T) {
	e := entitlement(func(e *ledger.Entitlement) {
		e.GraceDays, e.MaxVersion, e.UpdatesUntil = 14, "9.x", now.Add(time.Hour)
	})
	r := newRecord(t, e)
	q := request(t, 1, func(q *format.Request) { q.Site = "shop" })
	license := r.signed(q)
	got, err := r.signer.Verifier.Check([]byte(format.EncodeText(format.LicenseFile, license.File)), verify.Facts{
		Now: now, Product: "evoq", Edition: "engage", Version: "9.4",
		Site: &verify.Site{Key: q.Key, Requests: [][32]byte{q.Hash}, Components: q.Components},
	})
	if err != nil {
		t.Fatal(err)
	}
	if got.Customer != e.Customer || got.Invoice != e.Invoice || got.Type != e.Type || got.Seats != 1 || got.Epoch != 1 ||
		!got.Expires.Equal(e.Expires) || !got.HardEnd.Equal(e.Expires.Add(14*day)) || !got.UpdatesUntil.Equal(e.UpdatesUntil) ||
		got.MaxVersion != "9.x" || got.Limits["cores"] != 16 || !got.HasFeature("sso") || got.Site != "shop" ||
		got.Vendor != vendor || got.Activation != license.Activation || got.ID != license.ID || got.Binding == "any" || got.SignedBy != "anna" {
		t.Errorf("the license says %+v", got)
	}
}

// Every failover license carries the days that were sold, whatever others used.
func TestFailoverCarriesTheDaysSold(t *testing.T) {
	r := newRecord(t, entitlement(), entitlement(sold("F-1", "failover"), seats(2)))
	first := r.signed(request(t, 1, asks("F-1", "failover")))
	if _, err := r.release(by(), first, 1, 30); err != nil {
		t.Fatal(err)
	}
	if days := r.last().Detail.(ledger.Closed).EmergencyDays; days != 30 {
		t.Errorf("the release is recorded with %d days used", days)
	}
	for seed := byte(2); seed <= 3; seed++ {
		if got := r.says(r.signed(request(t, seed, asks("F-1", "failover")))); got.EmergencyDays != 30 || got.Type != "failover" {
			t.Errorf("site %d gets %d days of type %s", seed, got.EmergencyDays, got.Type)
		}
	}
}

// In one batch as one by one: a request given twice gets one license, only as many sites
// are signed as there are seats, and one that is refused holds nobody up.
func TestBatchCountsAsOneByOne(t *testing.T) {
	r := newRecord(t, entitlement(seats(2)))
	q := []*verify.Request{
		request(t, 1), request(t, 1), request(t, 9, asks("NONE", "production")),
		request(t, 2), request(t, 3), request(t, 1, later), request(t, 1),
	}
	got := r.batch(by(), q...)
	wantRefusal(t, got[2].err, ledger.RuleClaim)
	wantRefusal(t, got[4].err, ledger.RuleSeats, "2 of 2", got[0].license.Activation, got[3].license.Activation)
	for _, i := range []int{0, 1, 3, 5, 6} {
		if o := got[i]; o.err != nil || o.license == nil || o.again != (i == 1 || i == 6) {
			t.Errorf("request %d: %+v", i, o)
		}
	}
	if got[1].license.ID != got[0].license.ID || got[6].license.ID != got[0].license.ID {
		t.Error("a request that is in the batch twice got two licenses")
	}
	if next := got[5].license; next.Activation != got[0].license.Activation || next.Epoch != 2 {
		t.Errorf("another request of a site of the batch got %s, epoch %d", next.Activation, next.Epoch)
	}
	r.using(2, 2)
	r.unchanged(func() {
		for i, o := range r.batch(by(), q...) {
			if got[i].err == nil && (!o.again || o.license.ID != got[i].license.ID) {
				t.Errorf("request %d got another license the second time", i)
			}
		}
	})
}

// A copy of a state directory gets nothing, in a batch either.
func TestBatchComparesMachines(t *testing.T) {
	r := newRecord(t, entitlement())
	got := r.batch(by(), request(t, 1, on("m1 u1 r1")), request(t, 1, on("m1 u1 r2")), request(t, 1, on("m1 u2 r2")), request(t, 1, on("m9 u9 r9")))
	for i, o := range got[:2] {
		if o.err != nil || o.license.Epoch != uint64(i+1) { // a new disk
			t.Errorf("request %d: %+v", i, o)
		}
	}
	wantRefusal(t, got[2].err, ledger.RuleMachine)
	wantRefusal(t, got[3].err, ledger.RuleMachine)
}

// The rules are asked before anything is signed: what they offer.
func TestOffer(t *testing.T) {
	r := newRecord(t, entitlement(seats(3)))
	license := r.signed(request(t, 1))
	for name, test := range map[string]struct {
		q          *verify.Request
		activation string
		epoch      uint64
		license    bool
	}{
		"another site":          {request(t, 2), "", 1, false},
		"the site itself":       {request(t, 1, later), license.Activation, 2, false},
		"the very same request": {request(t, 1), license.Activation, 1, true},
	} {
		offer, err := rules.Judge(r.facts(), by(), test.q)
		if err != nil {
			t.Fatal(err)
		}
		activation := ""
		if offer.Activation != nil {
			activation = offer.Activation.ID
		}
		if activation != test.activation || offer.Epoch != test.epoch || (offer.License != nil) != test.license ||
			offer.SeatsUsed != 1 || offer.Entitlement.Invoice != inv {
			t.Errorf("%s is offered %+v", name, offer)
		}
	}
	offer, err := rules.Judge(r.facts(), by(), request(t, 2, func(q *format.Request) { q.Product = "liquid" }))
	if wantRefusal(t, err, ledger.RuleProduct); offer != nil {
		t.Errorf("refused, and offered %+v", offer)
	}
}

// What contradicts itself is said to be damaged, and is no refusal of the customer.
func TestDamagedRecord(t *testing.T) {
	r := newRecord(t, entitlement())
	old, _, bridge := r.moving()
	f := r.facts()
	f.Activations[bridge.Activation].Bridge = nil
	_, _, err := rules.Sign(f, by(), request(t, 2, later), "NEW")
	wantDamaged(t, err)
	f = r.facts()
	delete(f.Activations, bridge.Activation)
	_, err = rules.Release(f, by(), rules.Releasing{License: old.ID, Key: public(1)})
	wantDamaged(t, err)
	f = r.facts()
	newest := *f.Activations[old.Activation].Newest
	newest.Request = []byte("nothing")
	f.Activations[old.Activation].Newest = &newest
	_, err = rules.Revise(f, by(), inv, amendment(seats(9)), []*rules.Activation{f.Activations[old.Activation]})
	wantDamaged(t, err)
}

func wantDamaged(t testing.TB, err error) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), "the ledger is damaged") {
		t.Errorf("got %v, want that the ledger is damaged", err)
	}
	wantHint(t, err, "licensor audit")
}

func TestUnboundOnlyWhereSoldSo(t *testing.T) {
	r := newRecord(t, entitlement(seats(2)))
	_, err := r.unbound("")
	wantRefusal(t, err, ledger.RuleBinding, inv)
	if _, err := r.amend(by(), func(e *ledger.Entitlement) { e.Binding = "any" }); err != nil {
		t.Fatal(err)
	}
	license, err := r.unbound("")
	if err != nil {
		t.Fatal(err)
	}
	if got := r.says(license); got.Binding != "any" || got.Customer != "Site Ltd" || got.Site != "" {
		t.Errorf("the license says %+v", got)
	}
	r.unchanged(func() {
		if again, err := r.unbound(""); err != nil || again.ID != license.ID {
			t.Errorf("again: %v, %v", again, err)
		}
	})
	if _, err = r.unbound("Berlin"); err != nil {
		t.Error(err)
	}
	_, err = r.unbound("Bonn")
	wantRefusal(t, err, ledger.RuleSeats, "Berlin", "2 of 2")
	renewed, err := r.renew(by(), rules.Renewal{Expires: ledger.EndAt(entitlement().Expires.Add(day))})
	if err != nil || len(renewed) != 2 || r.says(renewed[0]).Binding != "any" || renewed[0].Epoch != 2 {
		t.Errorf("renewed: %v, %v", renewed, err)
	}
	if _, _, err := rules.SignUnbound(r.facts(), by(), "NONE", "", nil, "X"); err == nil {
		t.Error("a license under an unknown invoice")
	}
	for _, name := range []string{"Ber\r\nlin", "\x1b[31mBerlin", strings.Repeat("b", 129)} {
		if _, _, err := rules.SignUnbound(r.facts(), by(), inv, name, nil, "X"); err == nil || !strings.Contains(err.Error(), "name of a copy") {
			t.Errorf("%q: got %v", name, err)
		}
	}
}

// It is a license like others: the term holds, and production where it is required.
func TestUnboundFollowsTheOtherRules(t *testing.T) {
	anyMachine := func(e *ledger.Entitlement) { e.Binding = "any" }
	r := newRecord(t, entitlement(anyMachine))
	_, _, err := rules.SignUnbound(r.facts(), byAt(entitlement().Expires.Add(day)), inv, "", nil, "X")
	wantRefusal(t, err, ledger.RuleTerm)
	r = newRecord(t, entitlement(sold(inv, "test"), anyMachine))
	_, err = r.unbound("")
	wantRefusal(t, err, ledger.RuleProduction)
	r = newRecord(t, entitlement(), entitlement(sold("D-1", "development"), anyMachine, func(e *ledger.Entitlement) { e.Allowance = 1 }))
	r.signed(request(t, 1, asks("D-1", "development")))
	_, _, err = rules.SignUnbound(r.facts(), by(), "D-1", "", nil, "X")
	wantRefusal(t, err, ledger.RuleAllowance)
}

// Nor is one that was revoked given out again.
func TestUnboundThatWasRevoked(t *testing.T) {
	r := newRecord(t, entitlement(func(e *ledger.Entitlement) { e.Binding = "any" }))
	license, err := r.unbound("Berlin")
	if err != nil {
		t.Fatal(err)
	}
	r.mustRevoke(license)
	_, err = r.unbound("Berlin")
	wantRefusal(t, err, ledger.RuleRevoked, license.ID.String())
	if _, err := r.deactivate(because("they have paid"), inv, license.Activation); err != nil {
		t.Fatal(err)
	}
	if again, err := r.unbound("Berlin"); err != nil || again.ID == license.ID {
		t.Errorf("%v, %v", again, err)
	}
}

func (r *record) unbound(name string) (*ledger.License, error) {
	r.Helper()
	id := r.newID()
	license, err := ask(r, by(), func(f *rules.Facts) (*ledger.License, []*rules.Step, error) {
		var earlier *rules.Activation
		for _, a := range f.Activations {
			if a.Invoice == inv && a.State == ledger.StateActive && a.MachineKey == nil && a.Site == name {
				earlier = a
			}
		}
		return rules.SignUnbound(f, by(), inv, name, earlier, id)
	})
	// ask has recorded what came of the first of two questions.
	if err == nil && license == nil {
		license = r.licenses[len(r.licenses)-1]
	}
	return license, err
}
