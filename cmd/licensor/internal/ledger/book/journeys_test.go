package book_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/offlicense/offlicense/cmd/internal/hint"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/audit"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/book"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/ledgertest"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/rules"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/store"
	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/keys"
	"github.com/offlicense/offlicense/verify"
)

var (
	ctx     = context.Background()
	now     = ledgertest.Now
	by      = ledgertest.By
	because = ledgertest.Because
	issue   = ledgertest.Issue
	site    = ledgertest.Site
)

const (
	day     = ledgertest.Day
	invoice = "INV0042-1"
)

// everywhere runs a test with a new ledger on SQLite and on PostgreSQL.
func everywhere(t *testing.T, f func(t *testing.T, b *book.Book, where string)) {
	t.Helper()
	ledgertest.Everywhere(t, func(t *testing.T, where string) { f(t, ledgertest.Create(t, where), where) })
}

func audited(t testing.TB, b *book.Book) *audit.Report {
	t.Helper()
	r, err := audit.Run(ctx, b.Store(), audit.Against{Verifier: ledgertest.Verifier(ledgertest.Root, ledgertest.Root-1)})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func wantClean(t testing.TB, b *book.Book) {
	t.Helper()
	if r := audited(t, b); !r.OK() {
		t.Fatalf("the audit found: %v", r.Findings)
	}
}

// says is what a license says, as a stranger reads it at the time when it was issued.
func says(t testing.TB, license *ledger.License) *verify.License {
	t.Helper()
	got, err := ledgertest.Verifier(ledgertest.Root).Check([]byte(format.EncodeText(format.LicenseFile, license.File)),
		verify.Facts{Now: license.Issued, Product: "evoq", AnyMachine: true})
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func holding(t testing.TB, b *book.Book, invoice string) ledger.Holding {
	t.Helper()
	holdings, err := b.List(ctx, store.Filter{Invoice: invoice})
	if err != nil || len(holdings) != 1 {
		t.Fatalf("%s: %d entitlements, %v", invoice, len(holdings), err)
	}
	return holdings[0]
}

// wantSeats wants so many seats in use, and so many activations: a bridge has no seat.
func wantSeats(t testing.TB, b *book.Book, invoice string, seats uint64, activations int) {
	t.Helper()
	if h := holding(t, b, invoice); h.SeatsUsed != seats || len(h.Activations) != activations {
		t.Errorf("%s: %d seats and %d activations, want %d and %d", invoice, h.SeatsUsed, len(h.Activations), seats, activations)
	}
}

// again is a later request of the same machine key.
func again(t testing.TB, q *verify.Request, change func(*format.Request)) *verify.Request {
	t.Helper()
	later, err := ledgertest.Request(q.Key, func(r *format.Request) {
		r.Invoice, r.Host, r.Time = q.Invoice, q.Host, q.Time+1
		if change != nil {
			change(r)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	return later
}

// asks is the request of a site for another type of license.
func asks(t testing.TB, n uint32, invoice, licenseType string) *verify.Request {
	t.Helper()
	return again(t, site(n, invoice), func(q *format.Request) { q.Type = licenseType })
}

// machineKey is the key of a site.
func machineKey(n uint32) keys.PublicKey { return site(n, invoice).Key }

// journey is a ledger with all that is done to it, one thing after the other. What the
// rules say is tested with them: here it is whether the databases keep it.
type journey struct {
	*testing.T
	*book.Book
	where string
}

// events returns how many events there are.
func (j *journey) events() int { return ledgertest.Count(j.T, j.where, "events") }

// nothing wants that f records nothing.
func (j *journey) nothing(what string, f func()) {
	j.Helper()
	before := j.events()
	if f(); j.events() != before {
		j.Errorf("%s: %d events were recorded", what, j.events()-before)
	}
}

func (j *journey) must(err error) {
	j.Helper()
	if err != nil {
		j.Fatal(err)
	}
}

func TestJourneys(t *testing.T) {
	ledgertest.Everywhere(t, func(t *testing.T, where string) {
		j := &journey{t, ledgertest.Create(t, where), where}
		j.creates()
		j.sells()
		j.imports()
		j.signs()
		j.signsBatches()
		j.revises()
		j.hasMoreAddresses()
		j.moves()
		j.movesByTheRequestAlone()
		j.movesTooOften()
		j.frees()
		j.signsUnbound()
		j.failsOver()
		j.revokes()
		j.lists()
		j.offers() // from here on, names are no longer free
		wantClean(t, j.Book)
		reader, err := book.OpenReadOnly(ctx, where)
		j.must(err)
		defer reader.Close()
		if holdings, err := reader.List(ctx, store.Filter{Active: true}); err != nil || len(holdings) < 5 || reader.Vendor() != "acme.example" {
			t.Errorf("opened to read: %d entitlements, %v", len(holdings), err)
		}
		for _, table := range store.Tables {
			if ledgertest.Count(t, where, table.Name) == 0 {
				t.Errorf("table %s is empty: no journey came by", table.Name)
			}
		}
	})
}

func (j *journey) creates() {
	err := book.Create(ctx, by(), j.where, "evil.example")
	if !errors.Is(err, fs.ErrExist) && !(err != nil && strings.Contains(err.Error(), "there is a ledger in that database already")) {
		j.Errorf("made over another: %v", err)
	}
	if j.Vendor() != "acme.example" {
		j.Errorf("the vendor is %q", j.Vendor())
	}
}

func (j *journey) offers() {
	p := ledger.Product{Name: "evoq", Editions: []ledger.Edition{{Name: "engage", Type: ledger.TypeProduction, Plan: ledger.Plan{"expires": "12m"}, Features: []string{"sso"}, Limits: []string{"cores", "users"}}}}
	changed, err := j.SetProduct(ctx, by(), p, false)
	if j.must(err); !changed {
		j.Error("a new product changes nothing")
	}
	j.nothing("the same product again", func() {
		changed, err := j.SetProduct(ctx, by(), p, true)
		if j.must(err); changed {
			j.Error("the same product is a change")
		}
	})
	if all, err := j.Products(ctx); err != nil || len(all) != 1 || all[0].Editions[0].Plan["expires"] != "12m" {
		j.Errorf("products: %+v, %v", all, err)
	}
}

// hasMoreAddresses lets a second person claim a sale, and a third one no longer.
func (j *journey) hasMoreAddresses() {
	for _, email := range []string{"second@site.example", "third@site.example"} {
		changed, err := j.SetAddress(ctx, because("a colleague"), []string{"ALONE"}, email, false)
		if j.must(err); changed != 1 {
			j.Errorf("%s: %d sales changed", email, changed)
		}
	}
	_, err := j.SetAddress(ctx, because("left"), []string{"ALONE"}, "third@site.example", true)
	j.must(err)
	of := func(n uint32, email string) *verify.Request {
		return again(j, site(n, "ALONE"), func(q *format.Request) { q.Account = format.AccountHash(q.Invoice, email) })
	}
	_, err = j.Preview(ctx, by(), of(70, "third@site.example"))
	ledgertest.WantRefusal(j, err, ledger.RuleClaim)
	_, err = j.Preview(ctx, by(), of(71, "second@site.example"))
	j.must(err)
}

func (j *journey) sells() {
	j.must(j.SetCustomer(ctx, by(), ledger.Customer{Name: "Partner  Ltd", Partner: true}))
	ledgertest.Sold(j, j.Book, func(e *ledger.Entitlement) { e.Seats = 2 })
	j.nothing("what is refused", func() {
		if err := j.Entitle(ctx, by(), ledgertest.Entitlement()); err == nil || hint.Of(err) == "" {
			j.Errorf("sold twice: %v", err)
		}
		second := ledgertest.Entitlement()
		second.Invoice, second.Type, second.Product = "X", ledger.TypeStaging, "liquid"
		ledgertest.WantRefusal(j, j.Entitle(ctx, by(), second), ledger.RuleProduction)
	})
	if partners, err := j.Partners(ctx); err != nil || !partners.Has("PARTNER ltd") || partners.Has("Site Ltd") {
		j.Errorf("partners: %v, %v", partners, err)
	}
	if events, err := j.CustomerHistory(ctx, "partner ltd"); err != nil || len(events) != 1 {
		j.Errorf("history of a customer: %v, %v", events, err)
	}
}

func (j *journey) imports() {
	e := ledgertest.Entitlement()
	row := func(line int, invoice string, change func(e *ledger.Entitlement)) book.Order {
		sold := *e.Clone()
		sold.Invoice = invoice
		change(&sold)
		return book.Order{Line: line, Entitlement: sold}
	}
	rows := []book.Order{
		row(2, "STAGE", func(e *ledger.Entitlement) { e.Type, e.Product = ledger.TypeStaging, "liquid" }), // its production comes next
		row(3, "LIQUID", func(e *ledger.Entitlement) { e.Product = "liquid" }),
		row(4, "FAIL", func(e *ledger.Entitlement) { e.Type, e.EmergencyDays = ledger.TypeFailover, 10 }),
		row(5, "ANY", func(e *ledger.Entitlement) { e.Binding, e.Seats = "any", 2 }),
		row(6, "DEV", func(e *ledger.Entitlement) { e.Type = ledger.TypeDevelopment }),
		row(7, "MOVE", func(e *ledger.Entitlement) { e.Seats = 1 }),
		row(10, "ALONE", func(e *ledger.Entitlement) { e.Seats = 1 }),
		row(11, "OFTEN", func(e *ledger.Entitlement) { e.Seats, e.Moves = 1, new(uint64) }),
		row(8, "GONE", func(e *ledger.Entitlement) { e.Seats = 2 }),
		row(9, "REVOKE", func(e *ledger.Entitlement) { e.Seats = 5 }),
	}
	j.nothing("an import with a mistake", func() {
		wrong := append(slices.Clone(rows), row(12, invoice, func(*ledger.Entitlement) {}))
		if err := j.Import(ctx, by(), wrong, nil); err == nil || !strings.Contains(err.Error(), "line 12:") || strings.Contains(err.Error(), "line 2:") {
			j.Errorf("got %v, want that line 12 is wrong", err)
		}
	})
	told := 0
	j.must(j.Import(ctx, by(), rows, func(done int) { told = done }))
	if holdings, err := j.List(ctx, store.Filter{}); err != nil || len(holdings) != len(rows)+1 || told != len(rows) {
		j.Errorf("%d are listed and %d were told of, want %d more; %v", len(holdings), told, len(rows), err)
	}
}

func (j *journey) signs() {
	q := site(1, invoice)
	offer, err := j.Preview(ctx, by(), q)
	if err != nil || offer.Entitlement.Invoice != invoice || offer.Epoch != 1 || offer.License != nil {
		j.Errorf("the offer: %+v, %v", offer, err)
	}
	license := ledgertest.Signed(j, j.Book, q)
	if got := says(j, license); got.Customer != "Site Ltd" || got.Activation != license.Activation || got.Binding == "any" || license.SignedBy != "anna" {
		j.Errorf("the license says %+v", got)
	}
	j.nothing("the same request again", func() {
		if same := ledgertest.Signed(j, j.Book, q); same.ID != license.ID || string(same.File) != string(license.File) {
			j.Errorf("got the license %s, want %s", same.ID, license.ID)
		}
		if offer, err := j.Preview(ctx, by(), q); err != nil || offer.License == nil || offer.License.ID != license.ID {
			j.Errorf("the offer: %+v, %v", offer, err)
		}
	})
	next := ledgertest.Signed(j, j.Book, again(j, q, func(q *format.Request) { q.Site = "shop" }))
	if next.Activation != license.Activation || next.Epoch != 2 {
		j.Errorf("another request of the site: %+v", next)
	}
	wantSeats(j, j.Book, invoice, 1, 1)
	if a := holding(j, j.Book, invoice).Activations[0]; a.Site != "shop" || a.License.ID != next.ID {
		j.Errorf("the activation is %+v", a)
	}
	kept, request, err := j.Issued(ctx, license.ID)
	if err != nil || kept.ID != license.ID || string(kept.File) != string(license.File) || request.Hash != q.Hash {
		j.Errorf("on record: %+v, %v", kept, err)
	}
	_, _, err = j.Issued(ctx, format.ID{9})
	ledgertest.WantRefusal(j, err, ledger.RuleRelease)
}

// A batch with all that can become of a request.
func (j *journey) signsBatches() {
	known, fresh := site(1, invoice), site(2, invoice)
	stranger, err := ledgertest.Request(machineKey(3), func(q *format.Request) { q.Account[0]++ })
	j.must(err)
	devs := ledgertest.Sites(20, 70, "DEV") // more than a statement asks for
	requests := []*verify.Request{known, fresh, stranger, site(4, invoice), fresh, again(j, fresh, nil), site(5, "NONE")}
	for i, q := range devs {
		devs[i] = again(j, q, func(q *format.Request) { q.Type = ledger.TypeDevelopment })
	}
	outcomes, err := j.SignBatch(ctx, by(), append(requests, devs...), issue())
	j.must(err)
	for i, rule := range []ledger.Rule{"", "", ledger.RuleClaim, ledger.RuleSeats, "", "", ledger.RuleClaim} {
		if o := outcomes[i]; rule != "" {
			ledgertest.WantRefusal(j, o.Err, rule)
		} else if o.Err != nil || says(j, o.License).Invoice != invoice {
			j.Errorf("request %d: %+v", i, o)
		}
	}
	first, same, later := outcomes[1], outcomes[4], outcomes[5]
	if !outcomes[0].Again || first.Again || !same.Again || same.License.ID != first.License.ID || later.License.Epoch != 2 || later.License.Activation != first.License.Activation {
		j.Errorf("the outcomes are %+v", outcomes[:6])
	}
	ledgertest.WantRefusal(j, outcomes[3].Err, ledger.RuleSeats, first.License.Activation)
	wantSeats(j, j.Book, invoice, 2, 2)
	wantSeats(j, j.Book, "DEV", 70, 70)
	j.nothing("the same batch again", func() {
		outcomes, err := j.SignBatch(ctx, by(), append(requests, devs...), issue())
		for i, o := range outcomes {
			if err != nil || o.Err == nil && !o.Again {
				j.Errorf("request %d: %+v, %v", i, o, err)
			}
		}
	})
}

func (j *journey) revises() {
	later := ledgertest.Entitlement().Expires.Add(30 * day)
	renewal := rules.NewRenewal(rules.Renewal{Expires: ledger.EndAt(later)})
	j.nothing("a preview", func() {
		if p, err := j.PreviewRevision(ctx, by(), invoice, renewal); err != nil || len(p.Steps) != 3 || p.Narrows() {
			j.Errorf("the preview: %+v, %v", p, err)
		}
	})
	renewed, err := j.Revise(ctx, by(), invoice, renewal, issue())
	j.must(err)
	if len(renewed.Licenses) != 2 || renewed.Licenses[0].Epoch != 3 || !says(j, renewed.Licenses[1]).Expires.Equal(later) {
		j.Errorf("renewed: %+v", renewed.Licenses)
	}
	j.nothing("the same renewal again", func() {
		same, err := j.Revise(ctx, by(), invoice, renewal, issue())
		j.must(err)
		if len(same.Steps) != 0 || len(same.Licenses) != 2 || same.Licenses[0].ID != renewed.Licenses[0].ID {
			j.Errorf("again: %+v", same)
		}
	})
	amended, err := j.Revise(ctx, by(), invoice, rules.NewAmendment(func(e *ledger.Entitlement) error {
		e.Seats, e.Limits["cores"] = 3, 32
		return nil
	}), issue())
	j.must(err)
	if len(amended.Licenses) != 2 || says(j, amended.Licenses[0]).Limits["cores"] != 32 || holding(j, j.Book, invoice).Seats != 3 {
		j.Errorf("amended: %+v", amended.Licenses)
	}
	if got := ledgertest.Signed(j, j.Book, again(j, site(1, invoice), func(q *format.Request) { q.Site = "shop" })); got.Epoch != 4 {
		j.Errorf("the request that was renewed gets epoch %d, want its newest license", got.Epoch)
	}
	ledgertest.Signed(j, j.Book, site(4, invoice)) // which had no seat
}

func (j *journey) moves() {
	old, q := ledgertest.Signed(j, j.Book, site(1, "MOVE")), site(2, "MOVE")
	move := func() *ledger.License {
		bridge, err := j.Move(ctx, because("new hardware"), "MOVE", old.Activation, 14*day, q, issue())
		j.must(err)
		return bridge
	}
	bridge := move()
	if got := says(j, bridge); got.Type != ledger.TypeDevelopment || !got.Expires.Equal(now.Add(14*day)) {
		j.Errorf("the bridge says %+v", got)
	}
	j.nothing("the same move again", func() {
		if move().ID != bridge.ID || ledgertest.Signed(j, j.Book, q).ID != bridge.ID {
			j.Error("another bridge")
		}
	})
	wantSeats(j, j.Book, "MOVE", 1, 2)
	_, err := j.Sign(ctx, by(), again(j, q, nil), issue())
	ledgertest.WantRefusal(j, err, ledger.RuleMove)

	r := ledgertest.Releasing(old, ledgertest.SiteKey(1), 0)
	released, err := j.Release(ctx, by(), r, issue())
	j.must(err)
	if got := says(j, released.License); released.Successor != bridge.Activation || got.Type != ledger.TypeProduction || got.Epoch != 2 {
		j.Errorf("released: %+v", released)
	}
	j.nothing("the same release again", func() {
		same, err := j.Release(ctx, by(), r, issue())
		if err != nil || !same.Already || same.License.ID != released.License.ID {
			j.Errorf("again: %+v, %v", same, err)
		}
	})
	wantSeats(j, j.Book, "MOVE", 1, 1)
	if final := ledgertest.Signed(j, j.Book, q); final.ID != released.License.ID {
		j.Error("the new server's request does not get its final license")
	}

	// A move that comes to nothing: the new server gives its bridge back.
	bridge, err = j.Move(ctx, because("once more"), "MOVE", bridge.Activation, day, site(3, "MOVE"), issue())
	j.must(err)
	if _, err := j.Release(ctx, by(), ledgertest.Releasing(bridge, ledgertest.SiteKey(3), 0), issue()); err != nil {
		j.Error(err)
	}
	wantSeats(j, j.Book, "MOVE", 1, 1)
}

// A new server asks for its bridge, the old one is released, and its seat waits.
func (j *journey) movesByTheRequestAlone() {
	ask := func(n uint32, kind string) *verify.Request { return asks(j.T, n, "ALONE", kind) }
	_, err := j.Sign(ctx, by(), ask(2, ledger.TypeDevelopment), issue())
	ledgertest.WantRefusal(j, err, ledger.RuleType)
	old := ledgertest.Signed(j, j.Book, site(1, "ALONE"))
	if offer, err := j.Preview(ctx, by(), ask(2, ledger.TypeDevelopment)); err != nil || offer.From == nil || offer.From.ID != old.Activation {
		j.Errorf("the offer: %+v, %v", offer, err)
	}
	bridge := ledgertest.Signed(j, j.Book, ask(2, ledger.TypeDevelopment))
	if got := says(j, bridge); got.Type != ledger.TypeDevelopment || !got.Expires.Equal(now.Add(14*day)) {
		j.Errorf("the bridge says %+v", got)
	}
	_, err = j.Sign(ctx, by(), ask(3, ledger.TypeDevelopment), issue())
	ledgertest.WantRefusal(j, err, ledger.RuleMove, bridge.Activation)
	r := ledgertest.Releasing(old, ledgertest.SiteKey(1), 0)
	for _, already := range []bool{false, true} {
		got, err := j.Release(ctx, by(), r, issue())
		if err != nil || got.Waits == nil || got.Waits.Hash != ask(2, ledger.TypeDevelopment).Hash || got.Successor != bridge.Activation || got.License != nil || got.Already != already {
			j.Errorf("released: %+v, %v", got, err)
		}
	}
	wantSeats(j, j.Book, "ALONE", 0, 1)
	_, err = j.Sign(ctx, by(), site(3, "ALONE"), issue())
	ledgertest.WantRefusal(j, err, ledger.RuleSeats, "1 waits")
	_, err = j.SignUnbound(ctx, by(), "ALONE", "", issue())
	ledgertest.WantRefusal(j, err, ledger.RuleBinding)
	if _, err := j.Revise(ctx, by(), "ALONE", rules.NewAmendment(func(e *ledger.Entitlement) error { e.Seats = 2; return nil }), issue()); err != nil {
		j.Error(err)
	}
	ledgertest.Signed(j, j.Book, site(3, "ALONE")) // the second
	_, err = j.Revise(ctx, by(), "ALONE", rules.NewAmendment(func(e *ledger.Entitlement) error { e.Seats = 1; return nil }), issue())
	ledgertest.WantRefusal(j, err, ledger.RuleSeats, "2 seats")
	final := ledgertest.Signed(j, j.Book, ask(2, ledger.TypeProduction))
	if final.Activation != bridge.Activation || says(j, final).Type != ledger.TypeProduction {
		j.Errorf("the final license: %+v", final)
	}
	wantSeats(j, j.Book, "ALONE", 2, 2)
	if same, err := j.Release(ctx, by(), r, issue()); err != nil || same.License == nil || same.License.ID != final.ID {
		j.Errorf("the same release again: %+v, %v", same, err)
	}
}

// A site changes its machine, more often than was sold.
func (j *journey) movesTooOften() {
	on := func(components string, prior *ledger.License) *verify.Request {
		q, err := ledgertest.Request(machineKey(1), func(q *format.Request) {
			q.Invoice, q.Components = "OFTEN", []format.Component{{Label: format.LabelMachineID, Hash: []byte(components)}}
			if prior != nil {
				q.Prior = &prior.ID
			}
		})
		j.must(err)
		raw, err := format.Seal(format.SignedRequest, q.Key.ID(), q.Body, ledgertest.SiteKey(1).Sign)
		j.must(err)
		q, err = verify.OpenRequest([]byte(format.EncodeText(format.SignedRequest, raw)))
		j.must(err)
		return q
	}
	first := ledgertest.Signed(j, j.Book, on("machine1", nil))
	j.nothing("another machine", func() {
		_, err := j.Sign(ctx, by(), on("machine2", nil), issue())
		ledgertest.WantRefusal(j, err, ledger.RuleMachine)
		_, err = j.Sign(ctx, by(), on("machine2", first), issue())
		ledgertest.WantRefusal(j, err, ledger.RuleMoves)
	})
	fire := because("a fire")
	fire.Override = true
	second, err := j.Sign(ctx, fire, on("machine2", first), issue())
	j.must(err)
	if second.Activation != first.Activation || second.Epoch != 2 {
		j.Errorf("on another machine: %+v", second)
	}
	kept, request, err := j.Issued(ctx, second.ID)
	if err != nil || !request.Signed || string(kept.Request) != string(request.Raw) || len(kept.Request) <= len(request.Body) {
		j.Errorf("the request is not on record as it came: %+v, %v", request, err)
	}
	events, err := j.History(ctx, "OFTEN")
	j.must(err)
	for _, e := range events[2:] {
		if !slices.Equal(e.Lifted, []ledger.Rule{ledger.RuleMoves}) || e.Why != "a fire" || e.Rules != ledger.RulesVersion {
			j.Errorf("on record: %+v", e)
		}
	}
	r, err := j.Revocations(ctx)
	if err != nil || len(events) != 4 || !slices.ContainsFunc(r.Licenses, func(l rules.RevokedLicense) bool { return l.License == first.ID }) {
		j.Errorf("%d events; revoked: %+v, %v", len(events), r.Licenses, err)
	}
}

func (j *journey) frees() {
	one, two := ledgertest.Signed(j, j.Book, site(1, "GONE")), ledgertest.Signed(j, j.Book, site(2, "GONE"))
	revoked, err := j.Deactivate(ctx, because("disk gone"), "GONE", one.Activation)
	if err != nil || len(revoked) != 1 || revoked[0] != one.ID {
		j.Errorf("to be revoked: %v, %v", revoked, err)
	}
	_, err = j.Sign(ctx, by(), site(1, "GONE"), issue())
	ledgertest.WantRefusal(j, err, ledger.RuleRequest)
	wantSeats(j, j.Book, "GONE", 1, 1)
	ledgertest.Signed(j, j.Book, site(3, "GONE")) // the seat is free

	// Both in one: the server that takes over has it or nothing has happened.
	j.nothing("a request that is refused", func() {
		_, err := j.Reactivate(ctx, because("burnt"), two.Activation, asks(j, 4, "GONE", "test"), issue())
		ledgertest.WantRefusal(j, err, ledger.RuleType)
	})
	q := site(4, "GONE")
	got, err := j.Reactivate(ctx, because("burnt"), two.Activation, q, issue())
	j.must(err)
	if len(got.Revoked) != 1 || got.Revoked[0] != two.ID || says(j, got.License).Invoice != "GONE" {
		j.Errorf("reactivated: %+v", got)
	}
	wantSeats(j, j.Book, "GONE", 2, 2)
	j.nothing("the same again", func() {
		same, err := j.Reactivate(ctx, because("burnt"), two.Activation, q, issue())
		if err != nil || same.License.ID != got.License.ID {
			j.Errorf("again: %+v, %v", same, err)
		}
	})

	// The old server of a move is gone: its successor takes the seat at once.
	bridge, err := j.Move(ctx, because("new hardware"), "GONE", got.License.Activation, day, site(5, "GONE"), issue())
	j.must(err)
	if _, err := j.Deactivate(ctx, because("it died"), "GONE", got.License.Activation); err != nil {
		j.Error(err)
	}
	final := ledgertest.Signed(j, j.Book, site(5, "GONE"))
	if final.Activation == bridge.Activation || says(j, final).Type != ledger.TypeProduction {
		j.Errorf("the new server got %+v", final)
	}
	wantSeats(j, j.Book, "GONE", 2, 2)
}

func (j *journey) signsUnbound() {
	_, err := j.SignUnbound(ctx, by(), invoice, "", issue())
	ledgertest.WantRefusal(j, err, ledger.RuleBinding)
	berlin, err := j.SignUnbound(ctx, by(), "ANY", " Berlin ", issue())
	j.must(err)
	if says(j, berlin).Binding != "any" {
		j.Error("the license for any machine is bound")
	}
	j.nothing("the same name again", func() {
		if same, err := j.SignUnbound(ctx, by(), "ANY", "Berlin", issue()); err != nil || same.ID != berlin.ID {
			j.Errorf("again: %+v, %v", same, err)
		}
	})
	ledgertest.Signed(j, j.Book, site(1, "ANY"))
	_, err = j.SignUnbound(ctx, by(), "ANY", "Bonn", issue())
	ledgertest.WantRefusal(j, err, ledger.RuleSeats, "Berlin")
	renewed, err := j.Revise(ctx, by(), "ANY", rules.NewRenewal(rules.Renewal{Expires: ledger.EndAt(ledgertest.Entitlement().Expires.Add(day))}), issue())
	if err != nil || len(renewed.Licenses) != 2 {
		j.Errorf("renewed: %+v, %v", renewed, err)
	}
}

func (j *journey) failsOver() {
	q := asks(j, 1, "FAIL", ledger.TypeFailover)
	license := ledgertest.Signed(j, j.Book, q)
	if days := says(j, license).EmergencyDays; days != 10 {
		j.Errorf("%d emergency days, want 10", days)
	}
	release := ledgertest.Releasing(license, ledgertest.SiteKey(1), 7)
	if _, err := j.Release(ctx, by(), release, issue()); err != nil {
		j.Fatal(err)
	}
	events, err := j.History(ctx, license.Activation)
	j.must(err)
	if closed := events[len(events)-1].Detail.(ledger.Closed); closed.EmergencyDays != 7 || string(closed.Release) != string(release.Raw) {
		j.Errorf("on record of the release: %+v", closed)
	}
	if days := says(j, ledgertest.Signed(j, j.Book, asks(j, 2, "FAIL", ledger.TypeFailover))).EmergencyDays; days != 10 {
		j.Errorf("the next server has %d emergency days, want 10", days)
	}
}

func (j *journey) revokes() {
	var all []*ledger.License
	for _, q := range ledgertest.Sites(1, 3, "REVOKE") {
		all = append(all, ledgertest.Signed(j, j.Book, q))
	}
	revoked, err := j.RevokeLicense(ctx, because("leaked"), all[0].ID)
	if err != nil || len(revoked) != 1 || revoked[0].License != all[0].ID || revoked[0].Why != "leaked" {
		j.Errorf("revoked: %+v, %v", revoked, err)
	}
	_, err = j.Sign(ctx, by(), site(1, "REVOKE"), issue())
	ledgertest.WantRefusal(j, err, ledger.RuleRevoked, all[0].ID.String())
	second := ledgertest.Signed(j, j.Book, again(j, site(2, "REVOKE"), nil))
	revoked, err = j.RevokeActivation(ctx, because("never paid"), second.Activation)
	if err != nil || len(revoked) != 2 {
		j.Errorf("revoked: %+v, %v, want both licenses", revoked, err)
	}
	wantSeats(j, j.Book, "REVOKE", 3, 3) // a server that no list has reached still runs
	renewed, err := j.Revise(ctx, by(), "REVOKE", rules.NewRenewal(rules.Renewal{Expires: ledger.EndAt(ledgertest.Entitlement().Expires.Add(day))}), issue())
	if err != nil || len(renewed.Licenses) != 1 || renewed.Licenses[0].Activation != all[2].Activation {
		j.Errorf("renewed: %+v, %v, want the one that was not revoked", renewed, err)
	}

	bert := ledgertest.Issuer(ledgertest.Root, 103)
	_, err = j.Sign(ctx, by(), site(4, "REVOKE"), bert.At(now))
	j.must(err)
	signers, err := j.Signers(ctx)
	if err != nil || len(signers) != 2 || !slices.ContainsFunc(signers, func(s ledger.Signer) bool {
		return string(s.Key) == string(bert.Key.Public().Bytes()) && s.Licenses == 1
	}) {
		j.Errorf("signers: %+v, %v", signers, err)
	}
	kept, err := j.RevokeKey(ctx, because("stolen"), ledger.RevokedKey{Name: "anna", Public: bert.Key.Public().Bytes()})
	if err != nil || kept != 1 {
		j.Errorf("%d licenses are kept, %v, want 1", kept, err)
	}
	_, err = j.Sign(ctx, by(), site(5, "REVOKE"), bert.At(now))
	ledgertest.WantRefusal(j, err, ledger.RuleRevoked, "anna")
	ledgertest.WantRefusal(j, j.CheckSigner(ctx, bert.Key.Public(), bert.RawDelegation), ledger.RuleRevoked)
	j.must(j.CheckSigner(ctx, ledgertest.Public(ledgertest.Staff), nil))
	ledgertest.Signed(j, j.Book, site(5, "REVOKE")) // by anna's other key
	if keys, err := j.RevokedKeys(ctx); err != nil || len(keys) != 1 || keys[0].Kept != 1 || keys[0].Why != "stolen" || keys[0].List != 0 || keys[0].Keep != nil {
		j.Errorf("revoked keys: %+v, %v", keys, err)
	}
}

func (j *journey) lists() {
	v := ledgertest.Verifier(ledgertest.Root, ledgertest.Root-1)
	if file, err := j.NewestList(ctx, format.MaxRevocation); err != nil || file != nil {
		j.Fatalf("there is a list already: %x, %v", file, err)
	}
	first := ledgertest.List(j, j.Book, ledgertest.Root, nil)
	// Meanwhile one more is revoked: it waits for the list after that.
	late, err := j.RevokeActivation(ctx, because("late"), holding(j, j.Book, "FAIL").Activations[0].ID)
	j.must(err)
	list, err := j.RecordList(ctx, by(), v, first)
	j.must(err)
	j.nothing("the same list again", func() {
		if same, err := j.RecordList(ctx, by(), v, first); err != nil || same.Number != 1 {
			j.Errorf("again: %+v, %v", same, err)
		}
	})
	r, err := j.Revocations(ctx)
	j.must(err)
	if r.Next != 2 || string(r.Newest) != string(list.Raw) || len(r.Keys) != 1 || r.Keys[0].List != 1 {
		j.Errorf("after the first list: %+v", r)
	}
	for _, l := range r.Licenses {
		if want := !slices.ContainsFunc(late, func(late ledger.Revocation) bool { return late.License == l.License }); (l.List == 1) != want || list.Licenses.Has(l.License) != want {
			j.Errorf("license %s is on list %d", l.License, l.List)
		}
	}

	lists := ledgertest.IssuerWith(ledgertest.Root, 104, format.Scope{Revocations: true})
	second, err := j.RecordList(ctx, by(), v, ledgertest.List(j, j.Book, ledgertest.Root, lists))
	j.must(err)
	if signers, err := j.ListSigners(ctx); err != nil || len(signers) != 1 || string(signers[0].Key) != string(lists.Key.Public().Bytes()) {
		j.Errorf("delegated keys that have signed lists: %+v, %v", signers, err)
	}
	j.must(j.CheckListSigner(ctx))
	for most, want := range map[int][]byte{len(list.Raw) - 1: nil, len(second.Raw) - 1: list.Raw, len(second.Raw): second.Raw} {
		if got, err := j.NewestList(ctx, most); err != nil || string(got) != string(want) {
			j.Errorf("the newest list of at most %d bytes: %x, %v", most, got, err)
		}
	}
	_, err = j.RevokeKey(ctx, because("stolen"), ledger.RevokedKey{Name: "anna", Public: lists.Key.Public().Bytes(), Lists: true})
	j.must(err)
	ledgertest.WantRefusal(j, j.CheckListSigner(ctx), ledger.RuleRevoked)
	_, err = j.RecordList(ctx, by(), v, ledgertest.List(j, j.Book, ledgertest.Root, lists))
	ledgertest.WantRefusal(j, err, ledger.RuleRevoked)
	_, err = j.RecordList(ctx, by(), v, ledgertest.List(j, j.Book, ledgertest.Root, nil))
	j.must(err)
}

// A workstation whose clock is behind the newest record records nothing, and says so.
func TestClockBehindTheLedger(t *testing.T) {
	b, _ := ledgertest.New(t)
	ledgertest.Sold(t, b, func(*ledger.Entitlement) {})
	early := ledgertest.At(now.Add(-verify.ClockTolerance - time.Second))
	_, err := b.Sign(ctx, early, site(1, invoice), issue())
	_, previewed := b.Preview(ctx, early, site(1, invoice))
	for what, err := range map[string]error{"sign": err, "preview": previewed, "entitle": b.Entitle(ctx, early, ledgertest.Entitlement())} {
		if err == nil || !strings.Contains(err.Error(), "clock") || hint.Of(err) == "" {
			t.Errorf("%s: %v", what, err)
		}
	}

	// Where it was the other clock that was wrong, staff lift that once.
	q := site(1, invoice)
	ahead := ledgertest.Entitlement()
	ahead.Invoice = "AHEAD"
	if err := b.Entitle(ctx, ledgertest.At(now.Add(99*day)), ahead); err != nil {
		t.Fatal(err)
	}
	_, err = b.Sign(ctx, by(), q, issue())
	ledgertest.WantRefusal(t, err, ledger.RuleClock)
	right := because("that clock was wrong")
	right.Override = true
	if _, err := b.Sign(ctx, right, q, issue()); err != nil {
		t.Fatal(err)
	}
	ledgertest.Signed(t, b, site(1, "AHEAD"))
	var lifted []ledger.Rule
	for _, of := range []string{invoice, "AHEAD"} {
		events, err := b.History(ctx, of)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range events {
			lifted = append(lifted, e.Lifted...)
		}
	}
	if !slices.Equal(lifted, []ledger.Rule{ledger.RuleClock}) {
		t.Errorf("lifted: %v, want the clock, once", lifted)
	}
}

// One run names all that is wrong with an import, in the order of the file.
func TestImportReportsAllMistakesTogether(t *testing.T) {
	b, where := ledgertest.New(t)
	ledgertest.Sold(t, b, func(e *ledger.Entitlement) { e.Invoice, e.Customer = "IMP-7", "Other Ltd" })
	events := ledgertest.Count(t, where, "events")
	orders := func(n int) (rows []book.Order) {
		for i := range n {
			e := ledgertest.Entitlement()
			e.Invoice = fmt.Sprintf("IMP-%d", i)
			rows = append(rows, book.Order{Line: i + 2, Entitlement: e})
		}
		return rows
	}
	unreadable := errors.New("seats does not take")
	wrongLines := func(rows []book.Order) string {
		t.Helper()
		err := b.Import(ctx, by(), rows, nil)
		if err == nil || hint.Of(err) == "" {
			t.Fatalf("got %v, want an error with a hint", err)
		}
		var lines []string
		for _, text := range strings.Split(err.Error(), "\n")[1:] {
			line, _, _ := strings.Cut(strings.TrimPrefix(text, "line "), ":")
			lines = append(lines, line)
		}
		return strings.Join(lines, " ")
	}

	rows := orders(9)
	rows[0].Type = "nfr"                                                    // 2: no partner
	rows[1].Err = unreadable                                                // 3
	rows[2].Type, rows[2].Product = "staging", "liquid"                     // 4: no production
	rows[3].Invoice = "IMP-0"                                               // 5: twice
	rows[4].Type, rows[4].Product, rows[4].Seats = "production", "solid", 0 // 6: no seats
	rows[5].Type, rows[5].Product = "staging", "solid"                      // its production is in line 6
	rows[8].Type, rows[6].Type = "evaluation", "evaluation"                 // 10, for 8 is the first; 9 is in the ledger
	if got := wrongLines(rows); got != "2 3 4 5 6 9 10" {
		t.Errorf("wrong lines: %s", got)
	}
	// One line may have several mistakes.
	rows = orders(9)
	rows[2].Err, rows[2].Invoice = unreadable, "IMP-1"             // 4: twice, too
	rows[4].Invoice = "IMP-1"                                      // 6
	rows[6].Seats, rows[6].Invoice = 0, "IMP-5"                    // 8: no seats, and twice
	rows[7].Err, rows[7].Invoice = unreadable, "IMP-7"             // 9: in the ledger; whether it says the same nobody knows
	rows[8].Err, rows[8].Invoice = errors.New("got 2 columns"), "" // 10
	if got := wrongLines(append(rows, rows[8])); got != "4 4 6 8 8 9 10 10" {
		t.Errorf("wrong lines: %s", got)
	}
	// Of very many the first are named, whatever is wrong with them.
	rows = orders(400)
	for i := range rows {
		rows[i].Invoice = fmt.Sprintf("MANY-%d", i)
		if rows[i].Type = "nfr"; i >= 50 {
			rows[i].Err = unreadable
		}
	}
	if got := wrongLines(rows); !strings.HasPrefix(got, "2 3 4 ") || !strings.HasSuffix(got, " 100 101 and 300 more") {
		t.Errorf("wrong lines: %s", got)
	}
	if got := ledgertest.Count(t, where, "events"); got != events {
		t.Errorf("refused imports left %d events", got-events)
	}
}
