package audit_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/book"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/ledgertest"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/rules"
	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/keys"
	"github.com/offlicense/offlicense/verify"
)

// What honest staff do is no finding, however the rules put it together.

// asks is a request of a site for an invoice.
func asks(t testing.TB, n uint32, change func(*format.Request)) *verify.Request {
	t.Helper()
	q, err := ledgertest.Request(ledgertest.SiteKey(n).Public(), change)
	if err != nil {
		t.Fatal(err)
	}
	return q
}

// signedBySite is a request that its machine has signed.
func signedBySite(t testing.TB, key keys.PrivateKey, q *verify.Request) *verify.Request {
	t.Helper()
	raw, err := format.Seal(format.SignedRequest, key.Public().ID(), q.Body, key.Sign)
	if err != nil {
		t.Fatal(err)
	}
	signed, err := verify.OpenRequest([]byte(format.EncodeText(format.SignedRequest, raw)))
	if err != nil {
		t.Fatal(err)
	}
	return signed
}

func machineID(id string) []format.Component {
	return []format.Component{{Label: format.LabelMachineID, Hash: []byte(id + "........")[:8]}}
}

func TestHonestImport(t *testing.T) {
	everywhere(t, func(t *testing.T, b *book.Book, where string) {
		staging, production := ledgertest.Entitlement(), ledgertest.Entitlement()
		staging.Invoice, staging.Type, production.Invoice = "S-1", ledger.TypeStaging, "P-1"
		if err := b.Import(ctx, by(), []book.Order{{Line: 2, Entitlement: staging}, {Line: 3, Entitlement: production}}, nil); err != nil {
			t.Fatal(err)
		}
		wantClean(t, b, nil)
		// Its sales are one operation: taken apart, what requires production has none.
		ledgertest.Execute(t, where, `UPDATE events SET event = replace(event, '"more":true,', '') WHERE seq = 2`)
		wantEvent(t, audited(t, b, nil), 2, "(rule: production)")
	})
}

func TestHonestRebind(t *testing.T) {
	b, _ := ledgertest.New(t)
	ledgertest.Sold(t, b, func(e *ledger.Entitlement) { e.Seats = 2 })
	first := ledgertest.Signed(t, b, asks(t, 1, func(q *format.Request) { q.Components = machineID("old") }))
	moved := signedBySite(t, ledgertest.SiteKey(1), asks(t, 1, func(q *format.Request) { q.Components, q.Prior = machineID("new"), &first.ID }))
	ledgertest.Signed(t, b, moved)
	unsigned := asks(t, 1, func(q *format.Request) { q.Components, q.Host = machineID("newer"), "web" })
	because := ledgertest.Because("they have no disk to sign it with")
	because.Override = true
	if _, err := b.Sign(ctx, because, unsigned, issue()); err != nil {
		t.Fatal(err)
	}
	if r := wantClean(t, b, nil); r.Requests != 1 || len(r.Overrides) != 2 {
		t.Errorf("%d signed requests, overrides %+v", r.Requests, r.Overrides)
	}
}

func TestHonestBridges(t *testing.T) {
	b, _ := ledgertest.New(t)
	ledgertest.Sold(t, b, func(*ledger.Entitlement) {})
	old := ledgertest.Signed(t, b, site(1, invoice))
	development := func(q *format.Request) { q.Type = ledger.TypeDevelopment }
	ledgertest.Signed(t, b, asks(t, 2, development)) // one seat sold: by the request alone
	// It ends, and another one is given with a reason.
	late := ledgertest.Because("the first had no disk")
	late.Now, late.Override = now.Add(20*day), true
	at := ledgertest.Issuer(ledgertest.Root, ledgertest.Staff).At(late.Now)
	if _, err := b.Move(ctx, late, invoice, old.Activation, 5*day, asks(t, 3, development), at); err != nil {
		t.Fatal(err)
	}
	wantClean(t, b, nil)
	if _, err := b.Release(ctx, late, ledgertest.Releasing(old, ledgertest.SiteKey(1), 0), at); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Sign(ctx, late, asks(t, 3, nil), at); err != nil { // the seat has waited
		t.Fatal(err)
	}
	if r := wantClean(t, b, nil); r.Releases != 1 || r.Licenses != 4 {
		t.Errorf("the report: %+v", r)
	}
}

func TestHonestReactivation(t *testing.T) {
	b, _ := ledgertest.New(t)
	moves := uint64(9)
	ledgertest.Sold(t, b, func(e *ledger.Entitlement) { e.Moves = &moves })
	old := ledgertest.Signed(t, b, site(1, invoice))
	if _, err := b.Move(ctx, ledgertest.Because("new disks"), invoice, old.Activation, 5*day, site(2, invoice), issue()); err != nil {
		t.Fatal(err)
	}
	result, err := b.Reactivate(ctx, ledgertest.Because("both are gone"), old.Activation, site(3, invoice), issue())
	if err != nil {
		t.Fatal(err)
	}
	bridge, err := b.Move(ctx, ledgertest.Because("new disks"), invoice, result.License.Activation, 5*day, site(4, invoice), issue())
	if err != nil {
		t.Fatal(err)
	}
	_, err = b.RevokeActivation(ctx, ledgertest.Because("leaked"), bridge.Activation)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.Release(ctx, by(), ledgertest.Releasing(result.License, ledgertest.SiteKey(3), 0), issue()); err != nil {
		t.Fatal(err)
	}
	wantClean(t, b, nil)
}

func TestHonestBatch(t *testing.T) {
	b, _ := ledgertest.New(t)
	ledgertest.Sold(t, b, func(e *ledger.Entitlement) { e.Seats, e.Binding = 3, "" })
	clustered := asks(t, 9, func(q *format.Request) {
		q.Components = []format.Component{{Label: "cluster", Hash: []byte("cluster.")}}
	})
	weaker := ledgertest.Because("a cluster")
	weaker.Weaker = true
	outcomes, err := b.SignBatch(ctx, weaker, []*verify.Request{site(1, invoice), site(1, "NOPE"), clustered, site(1, invoice), site(2, invoice), site(3, invoice)}, issue())
	if err != nil || outcomes[2].Err != nil || outcomes[5].Err == nil {
		t.Fatal(outcomes, err)
	}
	if r := wantClean(t, b, nil); r.Licenses != 3 || len(r.Sales) != 2 {
		t.Errorf("the report: %+v", r)
	}
	if _, err := b.Revise(ctx, by(), invoice, rules.NewAmendment(func(e *ledger.Entitlement) error { e.Binding = "key"; e.Seats++; return nil }), issue()); err != nil {
		t.Fatal(err)
	}
	wantClean(t, b, nil)
}

// A clock that was ahead, and a second evaluation: what staff lift is listed.
func TestHonestOverrides(t *testing.T) {
	b, _ := ledgertest.New(t)
	evaluation := func(invoice string) ledger.Entitlement {
		e := ledgertest.Entitlement()
		e.Invoice, e.Type = invoice, ledger.TypeEvaluation
		return e
	}
	ahead := ledgertest.At(now.Add(30 * day))
	if err := b.Entitle(ctx, ahead, evaluation("E-1")); err != nil {
		t.Fatal(err)
	}
	by := ledgertest.Because("the clock was wrong, and they want more")
	by.Now, by.Override = now.Add(time.Second/3), true
	if err := b.Entitle(ctx, by, evaluation("E-2")); err != nil {
		t.Fatal(err)
	}
	late := ledger.Entitlement(evaluation("S-1"))
	late.Type = ledger.TypeStaging
	soldLater(t, b, "P-1")
	if err := b.Entitle(ctx, ledgertest.By(), late); err != nil {
		t.Fatal(err)
	}
	by.Now = ledgertest.Entitlement().Expires.Add(day) // production has ended
	if _, err := b.Revise(ctx, by, "S-1", rules.NewRenewal(rules.Renewal{Expires: ledger.EndAt(by.Now.Add(30 * day))}), issue()); err != nil {
		t.Fatal(err)
	}
	r := wantClean(t, b, nil)
	if len(r.Overrides) != 2 || len(r.Overrides[0].Rules) != 2 || r.Overrides[1].Rules[0] != ledger.RuleProduction {
		t.Errorf("overrides: %+v", r.Overrides)
	}
}

// What was forgotten is counted, and judged no more.
func TestHonestForgetting(t *testing.T) {
	everywhere(t, func(t *testing.T, b *book.Book, where string) {
		change := func(invoice, email string) {
			t.Helper()
			if _, err := b.Revise(ctx, ledgertest.Because("a new address"), invoice, rules.NewAmendment(func(e *ledger.Entitlement) error { e.Email = email; return nil }), issue()); err != nil {
				t.Fatal(err)
			}
		}
		ledgertest.Sold(t, b, func(e *ledger.Entitlement) { e.Seats = 9 })
		ledgertest.Signed(t, b, site(1, invoice))
		change(invoice, "second@site.example")
		for i, id := range []string{"E-1", "E-2"} {
			by := ledgertest.Because("they asked")
			by.Override = i > 0
			e := ledgertest.Entitlement()
			e.Invoice, e.Type, e.Customer = id, ledger.TypeEvaluation, "Customer "+id
			if err := b.Entitle(ctx, by, e); err != nil {
				t.Fatal(err)
			}
		}
		wantClean(t, b, nil)
		for _, email := range []string{"ops@site.example", "second@site.example"} {
			if n, err := b.Forget(ctx, by(), email); n == 0 || err != nil {
				t.Fatal(n, err)
			}
			wantClean(t, b, nil)
		}
		change(invoice, "third@site.example")
		if r := wantClean(t, b, nil); r.Forgotten != 4 {
			t.Errorf("%d addresses were forgotten, want 4", r.Forgotten)
		}
		// An address that somebody else removes is missed.
		ledgertest.Execute(t, where, "DELETE FROM emails")
		wantFound(t, audited(t, b, nil), "emails", "", "an address removed by hand")
	})
}

// The request that a license answers again is the one on record.
func TestRequestThatIsAnotherWhenSignedAgain(t *testing.T) {
	b, where := ledgertest.New(t)
	ledgertest.Sold(t, b, func(*ledger.Entitlement) {})
	ledgertest.Signed(t, b, site(1, invoice))
	if _, err := b.Revise(ctx, by(), invoice, rules.NewAmendment(func(e *ledger.Entitlement) error { e.Features = nil; return nil }), issue()); err != nil {
		t.Fatal(err)
	}
	wantClean(t, b, nil)
	other := site(2, invoice)
	db := ledgertest.Raw(t, where)
	var leaf []byte
	if err := db.QueryRow("SELECT event FROM events WHERE seq = 5").Scan(&leaf); err != nil {
		t.Fatal(err)
	}
	e, err := ledger.ParseEvent(leaf)
	if err != nil {
		t.Fatal(err)
	}
	e.Detail.(*ledger.Signed).License.Request = bytes.Clone(other.Raw)
	if leaf, err = e.Marshal(); err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec("UPDATE events SET event = $1 WHERE seq = 5", string(leaf)); err != nil {
		t.Fatal(err)
	}
	r := audited(t, b, nil)
	wantEvent(t, r, 4)
}

func TestHonestWeakerBridge(t *testing.T) {
	b, _ := ledgertest.New(t)
	ledgertest.Sold(t, b, func(e *ledger.Entitlement) { e.Binding = "" })
	ledgertest.Signed(t, b, site(1, invoice))
	weaker := ledgertest.Because("a cluster")
	weaker.Weaker = true
	q := asks(t, 2, func(q *format.Request) {
		q.Type = ledger.TypeDevelopment
		q.Components = []format.Component{{Label: "cluster", Hash: []byte("cluster.")}}
	})
	if _, err := b.Sign(ctx, weaker, q, issue()); err != nil {
		t.Fatal(err)
	}
	wantClean(t, b, nil)
}

func TestHonestReturn(t *testing.T) {
	b, _ := ledgertest.New(t)
	ledgertest.Sold(t, b, func(*ledger.Entitlement) {})
	first := ledgertest.Signed(t, b, site(1, invoice))
	second, err := b.Reactivate(ctx, ledgertest.Because("gone"), first.Activation, site(2, invoice), issue())
	if err != nil {
		t.Fatal(err)
	}
	wantClean(t, b, nil)
	back := asks(t, 1, func(q *format.Request) { q.Host = "back" })
	if _, err := b.Reactivate(ctx, ledgertest.Because("gone"), second.License.Activation, back, issue()); err != nil {
		t.Fatal(err)
	}
	wantClean(t, b, nil)
}

// Two spellings of one address, which nobody can compare once they are forgotten.
func TestHonestForgettingOfSpellings(t *testing.T) {
	b, _ := ledgertest.New(t)
	ledgertest.Sold(t, b, func(e *ledger.Entitlement) { e.Type = ledger.TypeEvaluation })
	if _, err := b.Revise(ctx, by(), invoice, rules.NewAmendment(func(e *ledger.Entitlement) error { e.Email = "Ops@site.example"; return nil }), issue()); err != nil {
		t.Fatal(err)
	}
	wantClean(t, b, nil)
	if _, err := b.Forget(ctx, by(), "ops@site.example"); err != nil {
		t.Fatal(err)
	}
	wantClean(t, b, nil)
}

// Two sites on one machine, in the batch in which the bridge of the first makes way.
func TestHonestBatchAfterEndedBridge(t *testing.T) {
	b, _ := ledgertest.New(t)
	moves := uint64(20)
	ledgertest.Sold(t, b, func(e *ledger.Entitlement) { e.Seats, e.Moves = 3, &moves })
	old := ledgertest.Signed(t, b, site(1, invoice))
	gone := []*ledger.License{ledgertest.Signed(t, b, site(20, invoice)), ledgertest.Signed(t, b, site(21, invoice))}
	for _, l := range gone {
		if _, err := b.Deactivate(ctx, ledgertest.Because("gone"), invoice, l.Activation); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := b.Move(ctx, ledgertest.Because("x"), invoice, old.Activation, 5*day, site(2, invoice), issue()); err != nil {
		t.Fatal(err)
	}
	late := ledgertest.At(now.Add(10 * day))
	at := ledgertest.Issuer(ledgertest.Root, ledgertest.Staff).At(late.Now)
	same := asks(t, 7, func(q *format.Request) {
		q.Components = []format.Component{{Label: format.LabelMachineID, Hash: ledgertest.SiteKey(2).Public().Bytes()[:8]}}
	})
	o, err := b.SignBatch(ctx, late, []*verify.Request{asks(t, 2, func(q *format.Request) { q.Host = "b" }), same}, at)
	if err != nil || o[0].Err != nil || o[1].Err != nil {
		t.Fatal(err, o)
	}
	wantClean(t, b, nil)
}

func TestBatchOfVoidBridge(t *testing.T) {
	b, _ := ledgertest.New(t)
	moves := uint64(20)
	ledgertest.Sold(t, b, func(e *ledger.Entitlement) { e.Moves = &moves })
	old := ledgertest.Signed(t, b, site(1, invoice))
	if _, err := b.Move(ctx, ledgertest.Because("x"), invoice, old.Activation, 5*day, site(2, invoice), issue()); err != nil {
		t.Fatal(err)
	}
	late := ledgertest.Because("x")
	late.Now, late.Override = now.Add(10*day), true
	at := ledgertest.Issuer(ledgertest.Root, ledgertest.Staff).At(late.Now)
	o, err := b.SignBatch(ctx, late, []*verify.Request{asks(t, 3, func(q *format.Request) { q.Type = ledger.TypeDevelopment }), asks(t, 2, func(q *format.Request) { q.Host = "b" })}, at)
	if err != nil || o[0].Err != nil || o[1].Err == nil {
		t.Fatal(err, o)
	}
	wantClean(t, b, nil)
}

func TestBridgeThatIsWeakerThanSold(t *testing.T) {
	b, _ := ledgertest.New(t)
	ledgertest.Sold(t, b, func(e *ledger.Entitlement) { e.Binding = "operator" })
	old := ledgertest.Signed(t, b, site(1, invoice))
	q := asks(t, 2, func(q *format.Request) {
		q.Components = []format.Component{{Label: "cluster", Hash: []byte("cluster.")}}
	})
	if _, err := b.Move(ctx, ledgertest.Because("x"), invoice, old.Activation, 5*day, q, issue()); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Revise(ctx, by(), invoice, rules.NewAmendment(func(e *ledger.Entitlement) error { e.Binding = ""; return nil }), issue()); err != nil {
		t.Fatal(err)
	}
	r, err := b.Release(ctx, by(), ledgertest.Releasing(old, ledgertest.SiteKey(1), 0), issue())
	if err != nil {
		t.Fatal(err)
	}
	if r.Refusal == nil || r.License != nil {
		t.Errorf("a weak license: %+v", r)
	}
	wantClean(t, b, nil)
}

// An evaluation is not given on to who has had one, by an amendment of its address.
func TestSecondEvaluationByAmendment(t *testing.T) {
	everywhere(t, func(t *testing.T, b *book.Book, _ string) {
		for _, id := range []string{"E-1", "E-2"} {
			ledgertest.Sold(t, b, func(e *ledger.Entitlement) {
				e.Invoice, e.Type, e.Customer, e.Email = id, ledger.TypeEvaluation, "Customer "+id, id+"@site.example"
			})
		}
		by := ledgertest.Because("they wrote")
		change := rules.NewAmendment(func(e *ledger.Entitlement) error { e.Email = "e-1@site.example"; return nil })
		_, err := b.Revise(ctx, by, "E-2", change, issue())
		ledgertest.WantRefusal(t, err, ledger.RuleOnce, "E-1")
		by.Override = true
		if _, err := b.Revise(ctx, by, "E-2", change, issue()); err != nil {
			t.Fatal(err)
		}
		wantClean(t, b, nil)
		if _, err := b.Forget(ctx, by, "e-1@site.example"); err != nil {
			t.Fatal(err)
		}
		wantClean(t, b, nil)
	})
}

// A rule is lifted for who gets a seat in place of a bridge that has ended, and not for its
// end.
func TestHonestReactivationOfABridge(t *testing.T) {
	b, _ := ledgertest.New(t)
	ledgertest.Sold(t, b, func(e *ledger.Entitlement) { e.Invoice, e.Expires = "P-1", now.Add(6*day) })
	ledgertest.Sold(t, b, func(e *ledger.Entitlement) { e.Type, e.Seats = ledger.TypeStaging, 2 })
	staging := func(q *format.Request) { q.Type = ledger.TypeStaging }
	old := ledgertest.Signed(t, b, asks(t, 1, staging))
	bridge, err := b.Move(ctx, ledgertest.Because("new disks"), invoice, old.Activation, 5*day, asks(t, 2, staging), issue())
	if err != nil {
		t.Fatal(err)
	}
	late := ledgertest.Because("they renew next week")
	late.Now, late.Override = now.Add(10*day), true
	at := ledgertest.Issuer(ledgertest.Root, ledgertest.Staff).At(late.Now)
	again := asks(t, 2, func(q *format.Request) { q.Type, q.Host = ledger.TypeStaging, "again" })
	if _, err := b.Reactivate(ctx, late, bridge.Activation, again, at); err != nil {
		t.Fatal(err)
	}
	wantClean(t, b, nil)
}
