package service

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/offlicense/offlicense/cmd/internal/hint"
	"github.com/offlicense/offlicense/cmd/licensor/internal/home"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/audit"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/book"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/ledgertest"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/store"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/store/database"
	"github.com/offlicense/offlicense/keys"
)

func TestMain(m *testing.M) {
	if what := os.Getenv(crashing); what != "" {
		crash(what)
	}
	code := m.Run()
	ledgertest.Stop()
	os.Exit(code)
}

var ctx = context.Background()

// mover is a ledger that moves from one place to another and back.
type mover struct {
	*testing.T
	Relocation
	sites uint32
}

// newMover makes a ledger with sales, licenses, and an address that was forgotten.
func newMover(t *testing.T, from, to string) *mover {
	t.Helper()
	at := home.Home{Dir: filepath.Dir(to)}
	if database.IsPostgres(to) {
		at.Dir = filepath.Dir(from)
	}
	if err := at.PinRoots([]keys.NamedKey{{PublicKey: ledgertest.Public(ledgertest.Root), Comment: "root"}}); err != nil {
		t.Fatal(err)
	}
	b := ledgertest.Create(t, from)
	ledgertest.Sold(t, b, func(e *ledger.Entitlement) { e.Seats = 1000 })
	ledgertest.Sold(t, b, func(e *ledger.Entitlement) { e.Invoice, e.Email = "INV0042-2", "gone@site.example" })
	if n, err := b.Forget(ctx, ledgertest.By(), "gone@site.example"); n != 1 || err != nil {
		t.Fatal(n, err)
	}
	m := &mover{t, Relocation{Home: at, Vendor: b.Vendor(), From: from, To: to}, 0}
	ledgertest.Signed(t, b, ledgertest.Site(1, "INV0042-1"))
	m.sites = 1
	return m
}

// signs reports whether a place gives out a license now.
func (m *mover) signs(where string) bool {
	m.Helper()
	b, err := book.Open(ctx, where)
	if err != nil {
		return false
	}
	defer b.Close()
	m.sites++
	_, err = b.Sign(ctx, ledgertest.By(), ledgertest.Site(m.sites, "INV0042-1"), ledgertest.Issue())
	var refusal *ledger.Refusal
	if err != nil && (!errors.As(err, &refusal) || refusal.Rule != ledger.RuleFrozen) {
		m.Fatal(err)
	}
	return err == nil
}

// wantSigner wants that the one place signs and the other does not; "" for neither.
func (m *mover) wantSigner(where string) {
	m.Helper()
	for _, place := range [...]string{m.From, m.To} {
		if got := m.signs(place); got != (place == where) {
			m.Errorf("%s signs: %t", place, got)
		}
	}
}

func (m *mover) wantClean(where string) *audit.Report {
	m.Helper()
	s, err := store.OpenToAudit(ctx, where)
	if err != nil {
		m.Fatal(err)
	}
	defer s.Close()
	report, err := audit.Run(ctx, s, audit.Against{Verifier: ledgertest.Verifier(ledgertest.Root)})
	if err != nil || !report.OK() {
		m.Fatalf("audit of %s: %v %v", where, err, report)
	}
	return report
}

var errCut = errors.New("the power was cut")

// cut ends what follows before a step.
func (m *mover) cut(before string) {
	m.before = func(step string) error {
		if step == before {
			return errCut
		}
		return nil
	}
}

func (m *mover) run() (*Relocated, error) { return m.Relocation.Run(ctx, ledgertest.By()) }

func (m *mover) wantHint(err error, text, next string) {
	m.Helper()
	if err == nil || !strings.Contains(err.Error(), text) || !strings.Contains(hint.Of(err), next) || len(hint.Of(err)) > 100 {
		m.Errorf("got %v, hint %q; want %q, hint %q", err, hint.Of(err), text, next)
	}
}

// ways runs a test from SQLite to PostgreSQL and back.
func ways(t *testing.T, f func(t *testing.T, from, to string)) {
	t.Helper()
	t.Run("to postgres", func(t *testing.T) { f(t, filepath.Join(t.TempDir(), "ledger.db"), ledgertest.Postgres(t)) })
	t.Run("to sqlite", func(t *testing.T) { f(t, ledgertest.Postgres(t), filepath.Join(t.TempDir(), "ledger.db")) })
}

var steps = []string{"claim", "freeze", "copy", "judge", "open", ""}

// Cut before each step, nobody signs twice, the same command goes on, and until the new
// ledger is open the move can be given up.
func TestRelocationCutBeforeEachStep(t *testing.T) {
	t.Parallel()
	ways(t, func(t *testing.T, from, to string) {
		m := newMover(t, from, to)
		for _, step := range steps[:5] {
			m.cut(step)
			if _, err := m.run(); !errors.Is(err, errCut) {
				t.Fatalf("cut before %s: %v", step, err)
			}
			signer := ""
			if slices.Index(steps, step) <= 1 {
				signer = from
			}
			m.wantSigner(signer)
			if signer != "" {
				m.wantHint(m.Abort(ctx, ledgertest.By()), "is not frozen", "go on with it")
				continue
			}
			for _, cut := range []string{"give up", "thaw", "clear"} {
				m.cut(cut)
				if err := m.Abort(ctx, ledgertest.By()); !errors.Is(err, errCut) {
					t.Fatalf("abort, cut before %s: %v", cut, err)
				}
				if signer := map[string]string{"clear": from}[cut]; signer != "" {
					m.wantSigner(signer)
					continue
				}
				m.wantSigner("")
				if cut == "thaw" { // nobody can go on with it any more
					_, err := m.run()
					m.wantHint(err, "was given up", "--abort")
				}
			}
			m.cut("")
			m.wantHint(m.Abort(ctx, ledgertest.By()), "is not frozen", "go on with it")
			m.wantSigner(from)
			m.wantClean(from)

			// And on again, past the same cut.
			m.cut(step)
			if _, err := m.run(); !errors.Is(err, errCut) {
				t.Fatalf("cut again before %s: %v", step, err)
			}
			m.wantSigner("")
			m.cut("")
			if step != "open" {
				if err := m.Abort(ctx, ledgertest.By()); err != nil {
					t.Fatal(err)
				}
			}
		}
		result, err := m.run()
		if err != nil || result.Already {
			t.Fatal(result, err)
		}
		m.wantSigner(to)
		if again, err := m.run(); err != nil || !again.Already {
			t.Errorf("run again: %+v, %v", again, err)
		}
		m.wantHint(m.Abort(ctx, ledgertest.By()), "is open in", "go on there")
		m.wantClean(from)
		report := m.wantClean(to)
		if report.Forgotten != 1 || result.Events != report.Events-2 {
			t.Errorf("moved %+v, and an audit says %+v", result, report)
		}
		b := ledgertest.Open(t, to)
		sold, err := b.List(ctx, store.Filter{Invoice: "INV0042-1"})
		if err != nil || len(sold) != 1 || sold[0].Email != ledgertest.Entitlement().Email {
			t.Errorf("sold: %+v, %v", sold, err)
		}
		// No other place is taken for it.
		other := *m
		other.To = filepath.Join(t.TempDir(), "other.db")
		if _, err := other.run(); err == nil {
			t.Error("a second copy was made")
		}
	})
}

// A ledger goes there and back.
func TestRelocationAndBack(t *testing.T) {
	t.Parallel()
	ways(t, func(t *testing.T, from, to string) {
		m := newMover(t, from, to)
		if _, err := m.run(); err != nil {
			t.Fatal(err)
		}
		m.wantSigner(to)
		back := *m
		back.From, back.To = to, filepath.Join(t.TempDir(), "back.db")
		if database.IsPostgres(from) {
			back.To = ledgertest.Postgres(t)
		}
		// The old place holds a ledger, which is not overwritten.
		inTheWay := back
		inTheWay.To = from
		_, err := inTheWay.run()
		back.wantHint(err, "there is a ledger already in", "moved away")
		if _, err := back.run(); err != nil {
			t.Fatal(err)
		}
		back.wantSigner(back.To)
		m.wantSigner("")
		m.wantClean(back.To)
	})
}

// A ledger that is frozen for one place goes to no other, and is not thawed by looking at
// another: on each workstation a path, or localhost, is another place.
func TestRelocationToAnotherPlace(t *testing.T) {
	t.Parallel()
	m := newMover(t, ledgertest.Postgres(t), filepath.Join(t.TempDir(), "ledger.db"))
	m.cut("judge")
	if _, err := m.run(); !errors.Is(err, errCut) {
		t.Fatal(err)
	}
	m.before = nil
	elsewhere := *m
	elsewhere.To = filepath.Join(t.TempDir(), "ledger.db") // as the same path on another workstation
	if _, err := elsewhere.run(); err == nil {
		t.Error("moved to a place that is missing")
	}
	if err := elsewhere.Abort(ctx, ledgertest.By()); err == nil {
		t.Error("thawed without the draft")
	}
	ledgertest.Create(t, elsewhere.To)
	_, err := elsewhere.run()
	m.wantHint(err, "is not what --ledger names", "name that place")
	m.wantHint(elsewhere.Abort(ctx, ledgertest.By()), "is not what --ledger names", "name that place")
	elsewhere.To = ledgertest.Postgres(t)
	_, err = elsewhere.run()
	m.wantHint(err, "is not what --ledger names", "name that place")
	m.wantHint(elsewhere.Abort(ctx, ledgertest.By()), "is not what --ledger names", "name that place")
	m.wantSigner("")
	if _, err := m.run(); err != nil {
		t.Fatal(err)
	}
	m.wantSigner(m.To)
}

// Two ledgers do not become one.
func TestRelocationOfTwo(t *testing.T) {
	t.Parallel()
	to := ledgertest.Postgres(t)
	first := newMover(t, filepath.Join(t.TempDir(), "ledger.db"), to)
	second := newMover(t, filepath.Join(t.TempDir(), "ledger.db"), to)
	ledgertest.Execute(t, second.From, "DELETE FROM events", "DELETE FROM log", "DELETE FROM customers", "DELETE FROM entitlements",
		"DELETE FROM emails", "DELETE FROM activations", "DELETE FROM licenses")
	s, err := store.Open(ctx, second.From)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	err = s.Write(ctx, func(w *store.Writer) error {
		by := ledgertest.At(ledgertest.Now.Add(-ledgertest.Day))
		return w.Record(&ledger.Event{Action: ledger.ActionCreate, Detail: ledger.Created{Vendor: second.Vendor}}, &by)
	})
	if err != nil {
		t.Fatal(err)
	}
	first.cut("freeze")
	if _, err := first.run(); !errors.Is(err, errCut) {
		t.Fatal(err)
	}
	_, err = second.run()
	first.wantHint(err, "another ledger is being moved to", "--ledger")
	first.before = nil
	if _, err := first.run(); err != nil {
		t.Fatal(err)
	}
	_, err = second.run()
	first.wantHint(err, "there is a ledger already", "--ledger")
	b := ledgertest.Open(t, second.From)
	if frozen, err := b.Frozen(ctx); frozen != nil || err != nil {
		t.Errorf("the second is frozen: %+v, %v", frozen, err)
	}
}

// One opens while another gives up: one of the two comes first.
func TestRelocationOpensOrIsGivenUp(t *testing.T) {
	t.Parallel()
	outcomes := map[string]int{}
	for i := 0; i < 20 || i < 200 && len(outcomes) < 2; i++ {
		m := newMover(t, filepath.Join(t.TempDir(), "ledger.db"), ledgertest.Postgres(t))
		m.cut("judge")
		if _, err := m.run(); !errors.Is(err, errCut) {
			t.Fatal(err)
		}
		opens, aborts := m.Relocation, m.Relocation
		ready, begin := make(chan bool, 4), make(chan bool) // each is ready at its step, and at its end
		opens.before = func(step string) error {
			if step == "open" {
				ready <- true
				<-begin
			}
			return nil
		}
		aborts.before = func(step string) error {
			if step == "give up" {
				ready <- true
				<-begin
			}
			return nil
		}
		var opened, thawed error
		var both sync.WaitGroup
		both.Go(func() {
			_, opened = opens.Run(ctx, ledgertest.By())
			ready <- true
		})
		both.Go(func() {
			thawed = aborts.Abort(ctx, ledgertest.By())
			ready <- true
		})
		<-ready
		<-ready
		close(begin)
		both.Wait()
		switch {
		case opened == nil && thawed != nil:
			outcomes["opened"]++
			m.wantSigner(m.To)
		case opened != nil && thawed == nil:
			outcomes["given up"]++
			m.wantSigner(m.From)
		default:
			t.Fatalf("opened: %v; thawed: %v", opened, thawed)
		}
	}
	if len(outcomes) < 2 {
		t.Errorf("both came first never: %v", outcomes)
	}
}

// A ledger in which an audit finds something is not moved, nor frozen.
func TestRelocationOfAnEditedLedger(t *testing.T) {
	t.Parallel()
	m := newMover(t, filepath.Join(t.TempDir(), "ledger.db"), ledgertest.Postgres(t))
	ledgertest.Execute(t, m.From, "UPDATE entitlements SET seats_used = 0")
	_, err := m.run()
	m.wantHint(err, "finds 1 fault, the first in table entitlements", `"licensor audit"`)
	m.wantSigner(m.From)
}

// An address that is changed in the copy is found.
func TestRelocationLosesNoAddress(t *testing.T) {
	t.Parallel()
	for i, change := range []string{"DELETE FROM emails", "UPDATE emails SET owner = 'x'"} {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			m := newMover(t, filepath.Join(t.TempDir(), "ledger.db"), ledgertest.Postgres(t))
			m.before = func(step string) error {
				if step == "judge" {
					ledgertest.Execute(t, m.To, change)
				}
				return nil
			}
			if _, err := m.run(); err == nil {
				t.Error("opened")
			}
			m.before = nil
			m.wantSigner("")
			if err := m.Abort(ctx, ledgertest.By()); err != nil {
				t.Fatal(err)
			}
			m.wantSigner(m.From)
		})
	}
}
