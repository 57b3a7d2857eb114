package audit_test

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/audit"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/book"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/ledgertest"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/rules"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/store"
	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/keys"
)

func TestMain(m *testing.M) {
	code := m.Run()
	ledgertest.Stop()
	os.Exit(code)
}

var (
	ctx   = context.Background()
	now   = ledgertest.Now
	by    = ledgertest.By
	issue = ledgertest.Issue
	site  = ledgertest.Site
)

const (
	day     = ledgertest.Day
	invoice = "INV0042-1"
)

func everywhere(t *testing.T, f func(t *testing.T, b *book.Book, where string)) {
	t.Helper()
	ledgertest.Everywhere(t, func(t *testing.T, where string) { f(t, ledgertest.Create(t, where), where) })
}

// lived fills a ledger with rows in every table, by events of every action.
func lived(t testing.TB, b *book.Book) {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(b.SetCustomer(ctx, by(), ledger.Customer{Name: "Partner Ltd", Partner: true}))
	ledgertest.Sold(t, b, func(e *ledger.Entitlement) { e.Binding, e.Seats = "any", 4 })
	ledgertest.Sold(t, b, func(e *ledger.Entitlement) { e.Invoice = "P-2" })
	old := ledgertest.Signed(t, b, site(1, invoice))
	_, err := b.Move(ctx, ledgertest.Because("new hardware"), invoice, old.Activation, 14*day, site(2, invoice), issue())
	must(err)
	_, err = b.Release(ctx, by(), ledgertest.Releasing(old, ledgertest.SiteKey(1), 0), issue())
	must(err)
	lost := ledgertest.Signed(t, b, site(3, invoice))
	_, err = b.Deactivate(ctx, ledgertest.Because("disk gone"), invoice, lost.Activation)
	must(err)
	_, err = b.SignUnbound(ctx, by(), invoice, "Berlin", issue())
	must(err)
	// A move that comes to nothing.
	other := ledgertest.Signed(t, b, site(4, "P-2"))
	bridge, err := b.Move(ctx, ledgertest.Because("x"), "P-2", other.Activation, day, site(5, "P-2"), issue())
	must(err)
	_, err = b.Deactivate(ctx, ledgertest.Because("the wrong server"), "P-2", bridge.Activation)
	must(err)
	for _, r := range []rules.Revision{
		rules.NewRenewal(rules.Renewal{Expires: ledger.EndAt(ledgertest.Entitlement().Expires.Add(day))}),
		rules.NewAmendment(func(e *ledger.Entitlement) error { e.Seats++; return nil }),
	} {
		_, err := b.Revise(ctx, by(), invoice, r, issue())
		must(err)
	}
	ledgertest.Sold(t, b, func(e *ledger.Entitlement) { e.Invoice, e.Seats = "P-8", 2 })
	for n := range uint32(2) {
		ledgertest.Signed(t, b, site(10+n, "P-8"))
	}
	for _, to := range []ledger.Standing{ledger.StandingSuspended, "", ledger.StandingSuspended, ledger.StandingCanceled} {
		_, _, err := b.SetStanding(ctx, ledgertest.Because("unpaid"), "P-8", to)
		must(err)
	}
	ledgertest.Sold(t, b, waits("T-1"))
	ledgertest.Signed(t, b, site(7, "T-1"))
	ledgertest.Sold(t, b, func(e *ledger.Entitlement) { e.Invoice, e.Product = "P-7", "evok" })
	_, err = b.Correct(ctx, ledgertest.Because("typed wrong"), "P-7", rules.NewCorrection(func(e *ledger.Entitlement) error {
		e.Invoice, e.Product, e.Email = "P-6", "evoq", "it@site.example"
		return nil
	}))
	must(err)
	_, err = b.Revise(ctx, ledgertest.Because("sold to them"), "P-6", rules.NewTransfer("Other Ltd", "it@other.example"), issue())
	must(err)
	for _, email := range []string{"a@site.example", "b@site.example"} {
		_, err = b.SetAddress(ctx, ledgertest.Because("a second person"), []string{invoice, "P-2"}, email, false)
		must(err)
	}
	_, err = b.SetAddress(ctx, ledgertest.Because("they left"), []string{"P-2"}, "b@site.example", true)
	must(err)
	_, err = b.Sign(ctx, by(), asks(t, 40, func(q *format.Request) { q.Account = format.AccountHash(invoice, "a@site.example") }), issue())
	must(err)
	_, err = b.Rename(ctx, ledgertest.Because("they say so"), "Other Ltd", "Another Ltd")
	must(err)
	_, err = b.RevokeLicense(ctx, ledgertest.Because("leaked"), other.ID)
	must(err)
	_, err = b.Sign(ctx, by(), site(6, invoice), ledgertest.Issuer(ledgertest.Root, 103).At(now))
	must(err)
	_, _, err = b.RevokeKey(ctx, ledgertest.Because("stolen"), ledger.RevokedKey{Name: "anna", Public: ledgertest.Public(103).Bytes()}, nil)
	must(err)
	_, err = b.SetProduct(ctx, by(), evoq("12m"), false)
	must(err)
	_, err = b.SetProduct(ctx, by(), evoq("none"), true)
	must(err)
	lists := ledgertest.IssuerWith(ledgertest.Root, 104, format.Scope{Revocations: true})
	_, err = b.RecordList(ctx, by(), ledgertest.Verifier(ledgertest.Root), ledgertest.List(t, b, ledgertest.Root, lists))
	must(err)
}

// soldLater sells after what lived has done.
func soldLater(t testing.TB, b *book.Book, invoice string) {
	t.Helper()
	ledgertest.Sold(t, b, func(e *ledger.Entitlement) { e.Invoice = invoice })
}

func auditedStore(t testing.TB, s *store.Store, checkpoint []byte) *audit.Report {
	t.Helper()
	anna := ledgertest.Public(ledgertest.Staff)
	r, err := audit.Run(ctx, s, audit.Against{Verifier: ledgertest.Verifier(ledgertest.Root), Checkpoint: checkpoint, Keys: []keys.PublicKey{anna, anna}})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func runAudit(b *book.Book) (*audit.Report, error) {
	return audit.Run(ctx, b.Store(), audit.Against{Verifier: ledgertest.Verifier(ledgertest.Root)})
}

func audited(t testing.TB, b *book.Book, checkpoint []byte) *audit.Report {
	t.Helper()
	return auditedStore(t, b.Store(), checkpoint)
}

func wantClean(t testing.TB, b *book.Book, checkpoint []byte) *audit.Report {
	t.Helper()
	r := audited(t, b, checkpoint)
	if !r.OK() {
		t.Fatalf("an honest ledger: %v", r.Findings)
	}
	return r
}

// wantFound wants a finding in the table, and in the column if one is given.
func wantFound(t testing.TB, r *audit.Report, table, column, what string) {
	t.Helper()
	for _, f := range r.Findings {
		if f.Table == table && (column == "" || f.Column == column) || strings.Contains(f.Text, "table "+table) {
			return
		}
	}
	t.Errorf("%s: nothing is found in table %s %s; found: %v", what, table, column, r.Findings)
}

func checkpointOf(t testing.TB, b *book.Book) []byte {
	t.Helper()
	c, err := audit.Checkpoint(ctx, b.Store(), ledgertest.Key(ledgertest.Staff))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// opened opens a ledger as an audit does.
func opened(t testing.TB, where string) *store.Store {
	t.Helper()
	s, err := store.OpenToAudit(ctx, where)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// wantStopped wants that the schema has stopped an audit, with a finding that says what.
func wantStopped(t testing.TB, r *audit.Report, what string) {
	t.Helper()
	var all []string
	for _, f := range r.Findings {
		all = append(all, f.String())
	}
	text := strings.Join(all, "\n")
	if !strings.Contains(text, what) || !strings.Contains(text, "nothing was judged") || r.Events > 0 {
		t.Errorf("after %d events found: %s, want %s", r.Events, text, what)
	}
}

// wantEvent wants a finding about an event, with each of the texts.
func wantEvent(t testing.TB, r *audit.Report, seq int64, texts ...string) {
	t.Helper()
	for _, f := range r.Findings {
		if f.Table == "events" && f.Row == fmt.Sprint(seq) {
			missing := slices.DeleteFunc(slices.Clone(texts), func(text string) bool { return strings.Contains(f.Text, text) })
			if len(missing) == 0 {
				return
			}
		}
	}
	t.Errorf("nothing says of event %d %q; found: %v", seq, texts, r.Findings)
}

// wantLicense wants a finding about a license.
func wantLicense(t testing.TB, r *audit.Report, id format.ID, text string) {
	t.Helper()
	for _, f := range r.Findings {
		if f.Table == "licenses" && f.Row == id.String() && strings.Contains(f.Text, text) {
			return
		}
	}
	t.Errorf("nothing says of the license %s %q; found: %v", id, text, r.Findings)
}
