package store_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/ledgertest"
	"github.com/offlicense/offlicense/cmd/licensor/internal/ledger/store"
	"github.com/offlicense/offlicense/format"
	"github.com/offlicense/offlicense/verify"
)

func TestMain(m *testing.M) {
	code := m.Run()
	ledgertest.Stop()
	os.Exit(code)
}

// The events of these tests are written by hand: the store takes what it is given, and
// knows no rule and no signature.

var (
	ctx = context.Background()
	now = ledgertest.Now
)

const day = ledgertest.Day

// begin makes a store with the first event.
func begin(t testing.TB, where string) *store.Store {
	t.Helper()
	s, err := store.Create(ctx, where)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	record(t, s, ledger.Event{Action: ledger.ActionCreate, Detail: ledger.Created{Vendor: "acme.example"}})
	return s
}

func everywhere(t *testing.T, f func(t *testing.T, s *store.Store, where string)) {
	t.Helper()
	ledgertest.Everywhere(t, func(t *testing.T, where string) { f(t, begin(t, where), where) })
}

// onFile makes a store on SQLite.
func onFile(t testing.TB) (s *store.Store, where string) {
	t.Helper()
	where = filepath.Join(t.TempDir(), "ledger.db")
	return begin(t, where), where
}

func write(s *store.Store, at time.Time, events ...ledger.Event) error {
	by := ledgertest.At(at)
	return s.Write(ctx, func(w *store.Writer) error {
		for i := range events {
			if err := w.Record(&events[i], &by); err != nil {
				return err
			}
		}
		return nil
	})
}

func record(t testing.TB, s *store.Store, events ...ledger.Event) {
	t.Helper()
	if err := write(s, now, events...); err != nil {
		t.Fatal(err)
	}
}

func sell(change func(e *ledger.Entitlement)) ledger.Event {
	e := ledgertest.Entitlement()
	if change != nil {
		change(&e)
	}
	return ledger.Event{Action: ledger.ActionEntitle, Invoice: e.Invoice, Detail: &e}
}

// id is the id of a license.
func id(n byte) format.ID { return format.ID{n} }

// license is what an event has on record of a license that nobody signed.
func license(n byte, activation string, epoch uint64, q *verify.Request) *ledger.License {
	l := &ledger.License{ID: id(n), Activation: activation, Epoch: epoch, Issued: now, HardEnd: ledgertest.Entitlement().Expires,
		SignedBy: "anna", SignerKey: ledgertest.Public(ledgertest.Staff).Bytes(), File: []byte{n}}
	if q != nil {
		l.Request = q.Body
		for _, c := range q.Components {
			l.Components = append(l.Components, c.Label)
		}
		l.Need = ledger.Majority(len(q.Components))
	}
	return l
}

// begins is the event by which an activation begins, the name of its site and its first
// license.
func begins(name string, n byte, state ledger.State, invoice string, q *verify.Request, since time.Time) ledger.Event {
	a := &ledger.Activation{ID: name, State: state, Site: "site " + name, Since: since}
	if q != nil {
		a.MachineKey, a.Host = q.Key.Bytes(), q.Host
	}
	return ledger.Event{Action: ledger.ActionSign, Invoice: invoice, Activation: name, Detail: &ledger.Signed{Activation: a, License: license(n, name, 1, q)}}
}

// signs is the event of a later license.
func signs(name string, n byte, epoch uint64, invoice string, q *verify.Request) ledger.Event {
	return ledger.Event{Action: ledger.ActionSign, Invoice: invoice, Activation: name, Detail: &ledger.Signed{License: license(n, name, epoch, q)}}
}

func facts(t testing.TB, s *store.Store, f func(t *store.Tx) error) {
	t.Helper()
	if err := s.Read(ctx, f); err != nil {
		t.Fatal(err)
	}
}
