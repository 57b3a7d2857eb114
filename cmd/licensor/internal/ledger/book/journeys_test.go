package book_test

import (
	"context"
	"errors"
	"io/fs"
	"slices"
	"strings"
	"testing"

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
